# SPDX-License-Identifier: Apache-2.0
# Compiles published configurations without weights and checks what the reports say: shapes.py CONFIGS SCRATCH
import json
import os
import subprocess
import sys

COMPILE, OBJDUMP, RUN = (os.environ["HADAL_" + name] for name in ("COMPILE", "OBJDUMP", "RUN"))

# Parameters in all and active per token without the embedding table, in units of 1e8 (from the
# models' reports); bytes of cache a token in bf16: layers x (kv_lora_rank + qk_rope_head_dim) x 2.
EXPECTED = {
    "deepseek-v2-lite": (157, None, 31104),
    "deepseek-v2": (2357, None, 69120),
    "deepseek-v3": (6710, 366, 70272),
    "kimi-k2": (10264, None, 70272),
}


def call(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def compile_shapes(folder, artifact):
    status, out, error = call(COMPILE, folder, "-o", artifact, "--target=cpu", "--shapes-only", "--report=json")
    if status != 0:
        sys.exit(f"shapes: {folder}: exit status {status}\n{error}")
    return json.loads(out)


def main(configs, scratch):
    wrong = []

    def expect(what, got, want):
        print(f"{what}: {got}")
        if want is not None and got != want:
            wrong.append(f"{what}: expected {want}, got {got}")

    for name, (total, active, cache) in EXPECTED.items():
        artifact = os.path.join(scratch, name + ".hadal")
        report = compile_shapes(os.path.join(configs, name), artifact)
        expect(f"{name}: parameters / 1e8", round(report["parameters_total"] / 1e8), total)
        expect(f"{name}: active / 1e8", round(report["parameters_active_per_token"] / 1e8), active)
        expect(f"{name}: cache bytes a token", report["cache_bytes_per_token"], cache)
        expect(f"{name}: switch point", report["switch_point_tokens"], 171)
        # It can be looked into, and is refused by name when it is run.
        expect(f"{name}: hadal-objdump", call(OBJDUMP, artifact)[0], 0)
        status, _, error = call(RUN, artifact, "--input-ids=1", "--max-new-tokens=1")
        expect(f"{name}: hadal-run", status, 1)
        expect(f"{name}: the message names the file", artifact in error, True)

    # Equal layers share kernels: a model of 61 layers has those of one with 5.
    with open(os.path.join(configs, "deepseek-v3", "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    kernels = {}
    for layers in (5, 61):
        folder = os.path.join(scratch, f"v3-{layers}")
        os.makedirs(folder)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump({**config, "num_hidden_layers": layers}, file)
        kernels[layers] = compile_shapes(folder, folder + ".hadal")["distinct_kernels"]
    expect("distinct kernels of 61 layers", kernels[61], kernels[5])

    print(f"{len(wrong)} wrong")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
