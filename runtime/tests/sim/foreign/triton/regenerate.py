# SPDX-License-Identifier: Apache-2.0
# Compiles the Triton kernels to ../ptx/triton_*.ptx; needs `pip install triton` (3.9.0 made the files), no GPU.
import pathlib
import re
import sys

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

import kernels

# name: (output, argument types, constants, options); `*` is a pointer. Pointers and `k`, `n`, ... marked below are
# known to be multiples of 16, which is what the launcher would find for aligned tensors.
VARIANTS = [
    ("triton_gemm", "triton_gemm_f16", "*fp16 *fp16 *fp32 i32 i32 i32", dict(BM=64, BN=64, BK=32), dict(num_warps=4, num_stages=3), "abcnk"),
    ("triton_gemm", "triton_gemm_bf16", "*bf16 *bf16 *fp32 i32 i32 i32", dict(BM=128, BN=64, BK=32), dict(num_warps=8, num_stages=4), "abcnk"),
    ("triton_gemm", "triton_gemm_tf32", "*fp32 *fp32 *fp32 i32 i32 i32", dict(BM=32, BN=32, BK=32), dict(num_warps=2, num_stages=2), "abcnk"),
    ("triton_gemm_int8", "triton_gemm_int8", "*i8 *i8 *i32 i32 i32 i32", dict(BM=32, BN=32, BK=64), dict(num_warps=2, num_stages=3), "abcnk"),
    ("triton_softmax", "triton_softmax", "*fp32 *fp32 i32 i32", dict(BLOCK=1024), dict(num_warps=4), "xy"),
    ("triton_layer_norm", "triton_layer_norm", "*fp16 *fp32 *fp32 *fp16 i32 fp32", dict(BLOCK=256), dict(num_warps=2), "x gain bias y"),
    ("triton_attention", "triton_attention", "*fp16 *fp16 *fp16 *fp16 i32 fp32", dict(HEAD=64, BM=64, BN=32), dict(num_warps=4, num_stages=2), "qkvo"),
    ("triton_decode_split", "triton_decode_split", "*bf16 *bf16 *i32 *fp32 *fp32 i32 i32 fp32",
     dict(RANK=128, ROPE=32, HEADS=16, PAGE=32, CHUNK=128), dict(num_warps=4, num_stages=2), "q cache part lse"),
    ("triton_scan", "triton_scan", "*i32 *i32 *i32", dict(BLOCK=256), dict(num_warps=4), "x y last"),
    ("triton_histogram", "triton_histogram", "*i32 *i32 i32", dict(BLOCK=512, BINS=32), dict(num_warps=4), "x bins"),
]


def trim(text):
    text = re.sub(r"\s*//.*$", "", text, flags=re.M)
    text = re.sub(r"(?ms)^\s*\.section.*?^\s*\}\s*$", "", text)  # debug information names folders
    text = re.sub(r"(?m)^(\s*\.file\s+\d+\s+)\"[^\"]*/", r'\1"', text)
    return re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "ptx"
    for kernel, output, types, constants, options, aligned in VARIANTS:
        if len(sys.argv) > 1 and output not in sys.argv[1:]:
            continue
        function = getattr(kernels, kernel)
        names = [name for name in function.arg_names if name not in constants]
        signature = dict(zip(names, types.split()))
        signature.update({name: "constexpr" for name in constants})
        marked = aligned.split() if " " in aligned else list(aligned)
        attributes = {(function.arg_names.index(name),): [["tt.divisibility", 16]] for name in marked}
        source = ASTSource(fn=function, signature=signature, constexprs=constants, attrs=attributes)
        compiled = triton.compile(source, target=GPUTarget("cuda", 80, 32), options=options)
        text = trim(compiled.asm["ptx"])
        (folder / f"{output}.ptx").write_text(text)
        print(output, "shared", compiled.metadata.shared, "warps", compiled.metadata.num_warps, "lines", text.count("\n"))


main()
