# SPDX-License-Identifier: Apache-2.0
# How lit finds and runs Hadal's tests: suffixes, tools, features of machine and build.
import os
import shutil
import subprocess
import sys

config.test_source_root = os.path.dirname(__file__)
sys.path.insert(0, config.test_source_root)
from levels import EachLevel

config.name = "hadal"
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "goldens", "demo-model", "family", "configs"]


def tool(folder, name):
    return os.path.join(folder, name)


def quoted(path):
    return '"' + path + '"' if " " in path else path


# ---- Tools: an absolute path for each, so that no other of that name is used.
hadal_tools = [
    "hadal-opt", "hadal-import", "hadal-compile", "hadal-run", "hadal-verify",
    "hadal-objdump", "hadal-bench", "hadal-sim", "hadal-conformance",
    "hadal-conformance-run",
]
test_tools = ["FileCheck", "not", "count", "split-file"]

# The name as a command word: not part of a path or of a longer name.
word = r"(?<![\w./-])%s(?![\w.-])"
for name in hadal_tools:
    path = tool(config.hadal_tools_dir, name)
    if os.path.exists(path):
        config.available_features.add(name)
    config.substitutions.append((word % name, quoted(path)))
for name in test_tools:
    config.substitutions.append((word % name, quoted(tool(config.hadal_test_tools_dir, name))))
integration = os.path.join(config.test_source_root, "Integration")
config.substitutions += [
    ("%judge", quoted(config.python) + " " + quoted(os.path.join(integration, "judge.py"))),
    ("%chunks", quoted(config.python) + " " + quoted(os.path.join(integration, "chunks.py"))),
    ("%python", quoted(config.python)),
    ("%source", quoted(config.hadal_source_root)),
    ("%build", quoted(config.hadal_build_root)),
    ("%llvm", quoted(os.path.dirname(config.hadal_test_tools_dir))),
    ("%bin", quoted(config.hadal_tools_dir)),
    ("%lib", quoted(config.hadal_lib_dir)),
    ("%flatc", quoted(config.flatc)),
    ("%cmake", quoted(config.cmake)),
    ("%cc", quoted(config.c_compiler)),
    ("%cxx", quoted(config.cxx_compiler)),
    ("%integration", quoted(integration)),
    ("%goldens", quoted(os.path.join(integration, "goldens"))),
    ("%demo", quoted(os.path.join(integration, "demo-model"))),
]

# ---- Features
# The levels of kernels that the machine executes, or the environment lets it; best first.
asked = subprocess.run([tool(config.hadal_tools_dir, "hadal-host-levels")], capture_output=True, text=True)
if asked.returncode != 0:
    lit_config.fatal(asked.stderr.strip())
levels = asked.stdout.split()
config.available_features |= set(levels)
config.test_format = EachLevel(levels)
if config.available_features >= {"hadal-opt", "hadal-compile", "hadal-import"}:
    config.available_features.add("compiler")
if levels and config.available_features >= {"hadal-run", "hadal-verify", "compiler"}:
    config.available_features.add("end-to-end")
if os.path.exists(os.path.join(config.hadal_lib_dir, "libhadal_runtime.so")):
    config.available_features.add("runtime-library")
if config.hadal_sanitize:
    config.available_features.add("sanitizer")
elif "end-to-end" in config.available_features:
    config.available_features.add("installation")  # tested once, as the machine is
# NVIDIA's assembler: of a toolkit, or what scripts/bootstrap --cuda installs.
toolkits = [os.environ.get("CUDA_HOME", ""), os.path.join(config.hadal_source_root, "build", "cuda"), "/usr/local/cuda"]
ptxas = shutil.which("ptxas", path=os.pathsep.join(
    [os.environ.get("PATH", "")] + [os.path.join(each, "bin") for each in toolkits if each]))
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%cuda", quoted(os.path.dirname(os.path.dirname(ptxas)))))
if os.environ.get("HADAL_TEST_LONG"):
    config.available_features.add("long")

# ---- Environment: FileCheck is strict for all, and nothing of the caller leaks in.
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --allow-unused-prefixes=false"
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.environment["PYTHONPATH"] = integration
for name in hadal_tools:
    config.environment[name.upper().replace("-", "_")] = os.path.join(config.hadal_tools_dir, name)
config.environment["PATH"] = "/usr/bin:/bin:" + config.environment.get("PATH", "")
for name in ("HADAL_CPU_LEVEL", "HADAL_CPU_AT_MOST", "HADAL_SIM_LEVEL", "HADAL_TEST_LONG", "ASAN_OPTIONS",
             "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
