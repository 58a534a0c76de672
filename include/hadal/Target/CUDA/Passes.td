// SPDX-License-Identifier: Apache-2.0
// The passes of the target for NVIDIA GPUs.
#ifndef HADAL_TARGET_CUDA_PASSES_TD
#define HADAL_TARGET_CUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernelsPass : Pass<"hadal-cuda-emit-kernels", "::hadal::ProgramOp"> {
  let summary = "Make kernels for every level";
  let description = [{
    Precondition: a program for GPUs, executables with a variant in the flat form, or with a body
    that has a kernel in tiles (docs/Tile.md), two of them side by side, or one of lanes (docs/Lanes.md). Postcondition (the kernel stage): instead of it one
    variant for each level that the program wants. Of a flat variant: a work item is a thread's; one that sums, or reduces
    otherwise, and of which a row has less than a warp has threads, is a warp's:
    lane l takes the elements l, l + 32, ... and lanes are combined in a butterfly.

    ```
    variant "flat" { func.func @k(%x: memref<?xf32>, %rows: index, %item: index) }
    ==>
    variant "sm_80" { func.func @k(%x: memref<?xf32>, %constants: memref<?xi64>) }
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels emitted">,
                    Statistic<"numRowWise", "num-row-wise", "Executables whose items are a warp's">,
                    Statistic<"numInTiles", "num-in-tiles", "Executables with kernels in tiles">,
                    Statistic<"numInLanes", "num-in-lanes", "Executables with kernels of lanes">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::gpu::GPUDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::scf::SCFDialect", "::hadal::tile::TileDialect"];
}

def ExpandMathPass : Pass<"hadal-cuda-expand-math"> {
  let summary = "Replace what PTX has no exact instruction for by arithmetic";
  let description = [{
    Precondition: functions on scalars. Postcondition: mathematical functions of
    f32 are polynomials in exactly rounded instructions, so that every device has
    the same bits, and no function is left that would become a call of a library;
    conversions of bf16 and f8E4M3FN are integer arithmetic, which every level has.

    ```
    %y = math.exp %x : f32
    ==>
    %y = (polynomial of degree 5 on the reduced argument, scaled by 2^n)
    ```
  }];
  let statistics = [Statistic<"numExpanded", "num-expanded", "Functions and conversions expanded">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ConvertToNVVMPass : Pass<"hadal-cuda-convert-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Convert kernels to the llvm and nvvm dialects at once";
  let description = [{
    Precondition: kernels in func, cf, arith, math, memref, gpu and ub. Bindings are
    arguments of flat memrefs, of which only the address is passed. Postcondition: the
    llvm and nvvm dialects alone, but for casts that nothing needs; functions that are
    not private are entries. Indices and addresses have 64 bits.

    ```
    func.func @k(%x: memref<?xf32>) { %i = gpu.thread_id x ... }
    ==>
    llvm.func @k(%x: !llvm.ptr) attributes {nvvm.kernel} { %i = nvvm.read.ptx.sreg.tid.x ... }
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels converted">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

def LowerTilesPass : Pass<"hadal-cuda-lower-tiles", "::mlir::ModuleOp"> {
  let summary = "Lower the tile dialect to the matrix units of a level";
  let description = [{
    Precondition: kernels whose number of threads is known (`nvvm.reqntid`), of as many warps as
    tiles in registers have, with no more shared memory than the level has. Postcondition: no op or type of the
    tile dialect: words of registers, mma.sync, cp.async and accesses of 16 bytes. An address is a base
    that a thread has for a whole loop, and a constant of the instruction. Layouts
    by which lanes wait for each other's banks are warned of.

    ```
    %d = tile.mma %a, %b, %c : ...
    ==>
    %0 = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%c0, %c1, %c2, %c3] ...
    ```
  }];
  let options = [Option<"level", "level", "std::string", "\"sm_80\"", "The level that kernels are for">];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels in tiles lowered">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
}

def LowerImagePass : Pass<"hadal-cuda-lower-image", "::hadal::plan::ImageOp"> {
  let summary = "Lower the kernels of an image to the llvm and nvvm dialects";
  let description = [{
    Precondition: kernels in scf, memref and gpu. Postcondition: kernels in the llvm
    and nvvm dialects, ready to be compiled for the image's level.

    ```
    func.func @k(%x: memref<?xf32>, %constants: memref<?xi64>) { scf.if ... }
    ==>
    llvm.func @k(%x: !llvm.ptr, %constants: !llvm.ptr) attributes {nvvm.kernel} { llvm.cond_br ... }
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels lowered">];
}

#endif // HADAL_TARGET_CUDA_PASSES_TD
