#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles cuda/*.cu into ptx/*.ptx with nvcc (13.0 made the committed files) and, where given, clang.
#   NVCC=path CLANG=path ./regenerate.sh [name...]
# The Triton kernels have a script of their own, triton/regenerate.py.
set -eu
cd "$(dirname "$0")"
NVCC=${NVCC:-nvcc}
CLANG=${CLANG:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Keeps what the simulator reads: drops comments and blank lines, and folders in .file directives.
trim() {
  sed -E -e 's@[[:space:]]*//.*$@@' -e '/^[[:space:]]*$/d' -e 's@^([[:space:]]*\.file[[:space:]]+[0-9]+ )"[^"]*/@\1"@' "$1" > "$2"
}

# compile SOURCE ARCH OUTPUT [flags...]
compile() {
  source=$1 arch=$2 output=$3
  shift 3
  "$NVCC" -ptx -arch="$arch" -O3 -std=c++17 -DNDEBUG "$@" -o "$work/out.ptx" "cuda/$source.cu"
  trim "$work/out.ptx" "ptx/$output.ptx"
}

wanted() {
  [ "$#" -eq 1 ] && return 0
  name=$1
  shift
  for choice in "$@"; do [ "$choice" = "$name" ] && return 0; done
  return 1
}

for name in reduce scan sort gemm gemm_bf16 pipeline control atomics coop arith structs flash apps cub mma sharedlock speed groups report wide; do
  if wanted "$name" "$@"; then compile "$name" sm_80 "$name"; fi
done
# Short names for the kernels of templates: device_scan for ...DeviceScanKernel..., with a number where there are several.
if wanted cub_device "$@"; then
  compile cub_device sm_80 cub_device
  number=0
  for mangled in $(sed -nE 's/^\.visible \.entry (_Z[A-Za-z0-9_]*)\(.*/\1/p' ptx/cub_device.ptx); do
    number=$((number + 1))
    short=$(printf '%s' "$mangled" | sed -E 's/.*[0-9]((Device|Empty)[A-Za-z]*Kernel).*/\1/')
    sed -e "s/${mangled}_param_/p/g" -e "s/$mangled/${short}_$number/g" ptx/cub_device.ptx > "$work/renamed"
    sed -E "s/_ZZN3cub[A-Za-z0-9_]*E(12temp_storage|1s)/storage/g" "$work/renamed" > ptx/cub_device.ptx
  done
fi
if wanted fp8 "$@"; then compile fp8 sm_89 fp8; fi
# Other levels and options: older code paths of the headers, source lines, fused and flushed arithmetic, no optimisation.
if wanted variants "$@"; then
  compile cub sm_75 cub.sm_75
  compile sharedlock sm_75 sharedlock.sm_75
  compile groups sm_75 groups.sm_75
  compile atomics sm_90 atomics.sm_90
  compile apps sm_89 apps.fast -use_fast_math -lineinfo
  compile control sm_80 control.debug -Xcicc -O0
fi
if [ -n "$CLANG" ] && wanted clang "$@"; then
  for name in reduce scan sort control structs; do
    "$CLANG" -x cuda --cuda-device-only --cuda-gpu-arch=sm_70 -O2 -std=c++17 -Wno-unknown-cuda-version -S \
      -o "$work/out.ptx" "cuda/$name.cu"
    trim "$work/out.ptx" "ptx/$name.clang.ptx"
  done
fi
