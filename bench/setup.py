# SPDX-License-Identifier: Apache-2.0
"""What bench/run needs before it measures: the slice, its compilations, the peers and their files."""
import json
import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
ENGINES = os.path.join(ROOT, "bench", "engines")
LLAMA_KINDS = {"bf16": "bf16", "int8": "q8_0", "int4": "q4_0"}

# From PyPI. llama.cpp is compiled here, for this machine's instructions.
PACKAGES = {"llama.cpp": ["llama-cpp-python==0.3.36", "gguf", "numpy"], "PyTorch": ["torch", "transformers"]}


class Setup:
    def __init__(self, options):
        self.options = options
        for peer in options.peers:
            if peer not in PACKAGES:
                sys.exit(f"bench: --peers: expected some of {', '.join(PACKAGES)}, got '{peer}'")
        os.makedirs(options.work, exist_ok=True)
        self.python = sys.executable
        if options.peers:
            self.make_environment()
        self.checkpoint = options.checkpoint or self.make_slice()
        with open(os.path.join(self.checkpoint, "config.json"), encoding="utf-8") as file:
            self.vocabulary = json.load(file)["vocab_size"]

    def tool(self, name):
        return os.path.join(self.options.bin, name)

    def make_environment(self):
        folder = os.path.join(self.options.work, "venv")
        self.python = os.path.join(folder, "bin", "python")
        if not os.path.exists(self.python):
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        environment = dict(os.environ, CMAKE_ARGS="-DGGML_NATIVE=ON -DGGML_OPENMP=OFF")
        for peer in self.options.peers:
            done = os.path.join(folder, peer + ".installed")
            if not os.path.exists(done):
                print(f"installing {peer}", file=sys.stderr)
                subprocess.run([self.python, "-m", "pip", "install", "--quiet", "--no-binary", "llama-cpp-python"] + PACKAGES[peer],
                               env=environment, check=True)
                with open(done, "w", encoding="ascii"):
                    pass

    def make_slice(self):
        folder = os.path.join(self.options.work, "slice")
        if not os.path.exists(os.path.join(folder, "config.json")):
            subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "make-slice"), folder], check=True)
        return folder

    def artifact(self, precision):
        path = os.path.join(self.options.work, f"slice-{precision}.hadal")
        quantise = [] if precision == "bf16" else [f"--quantize={precision}"]
        subprocess.run([self.tool("hadal-compile"), self.checkpoint, "-o", path, "--target=cpu"] + quantise, check=True, stdout=subprocess.DEVNULL)
        return path

    def gguf(self, precision):
        path = os.path.join(self.options.work, f"slice-{precision}.gguf")
        if not os.path.exists(path):
            part = path + ".part"
            subprocess.run([self.python, os.path.join(ROOT, "bench", "to_gguf.py"), self.checkpoint, part, LLAMA_KINDS[precision]], check=True)
            os.rename(part, path)
        return path

    def bench(self, artifact, *arguments):
        return json.loads(subprocess.run([self.tool("hadal-bench"), artifact, "--json", *arguments], check=True, stdout=subprocess.PIPE).stdout)

    def engines(self, precision, options):
        """(name, command) of each that has this precision."""
        common = [f"--threads={options.threads}", f"--vocabulary={self.vocabulary}"]

        def command(script, *arguments):
            return [self.python, "-B", os.path.join(ENGINES, script), *arguments, *common]

        library = os.path.join(os.path.dirname(os.path.realpath(options.bin)), "lib", "libhadal_runtime.so")
        yield "Hadal", command("hadal.py", "--library=" + library, "--model=" + os.path.join(options.work, f"slice-{precision}.hadal"))
        if "llama.cpp" in options.peers:
            yield "llama.cpp", command("llama.py", "--model=" + self.gguf(precision))
        if "PyTorch" in options.peers and precision == "bf16":
            yield "PyTorch", command("pytorch.py", "--model=" + self.checkpoint)

    def versions(self):
        found = {"Hadal": subprocess.run([self.tool("hadal-run"), "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]}
        if self.options.peers:
            listed = subprocess.run([self.python, "-m", "pip", "list", "--format=json"], check=True, stdout=subprocess.PIPE).stdout
            wanted = {"llama_cpp_python", "llama-cpp-python", "torch", "transformers"}
            found.update({entry["name"]: entry["version"] for entry in json.loads(listed) if entry["name"] in wanted})
        return found
