// SPDX-License-Identifier: Apache-2.0
// Shorthand for programs in the tile dialect.
#ifndef HADAL_LIB_TARGET_CUDA_PROGRAMBUILDER_H
#define HADAL_LIB_TARGET_CUDA_PROGRAMBUILDER_H

#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal::cuda {

/// Positions are i32; what a loop carries is what its body returns.
class ProgramBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)>;
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantOp::create(*this, getI32IntegerAttr(int32_t(value)));
  }
  mlir::Value add(mlir::Value x, mlir::Value y) { return mlir::arith::AddIOp::create(*this, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return mlir::arith::SubIOp::create(*this, x, y); }
  mlir::Value mul(mlir::Value x, int64_t y) {
    return mlir::arith::MulIOp::create(*this, x, constant(y));
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return mlir::arith::MulIOp::create(*this, x, y); }
  /// Of what is not negative.
  mlir::Value div(mlir::Value x, int64_t y) {
    return mlir::arith::DivUIOp::create(*this, x, constant(y));
  }
  mlir::Value least(mlir::Value x, mlir::Value y) {
    return mlir::arith::MinSIOp::create(*this, x, y);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpIOp::create(*this, predicate, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(*this, condition, x, y);
  }
  /// Of the launch of a kernel, which has it at the address that is passed last.
  mlir::Value launchConstant(mlir::Block &entry, int64_t index);
  mlir::Value workgroup(mlir::gpu::Dimension dimension) {
    mlir::Value id = mlir::gpu::BlockIdOp::create(*this, dimension);
    return mlir::arith::IndexCastOp::create(*this, getI32Type(), id);
  }

  /// begin, begin + 1, ... below end.
  mlir::ValueRange loop(mlir::Value begin, mlir::Value end, mlir::ValueRange carried, Body body);
  void onlyIf(mlir::Value condition, llvm::function_ref<void()> body);
  /// What `body` returns where the condition holds, else `otherwise`.
  mlir::ValueRange onlyIf(mlir::Value condition, mlir::ValueRange otherwise,
                          llvm::function_ref<llvm::SmallVector<mlir::Value>()> body);
  void either(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);

  mlir::Value alloc(llvm::ArrayRef<int64_t> shape, mlir::Type element, tile::Order order,
                    int64_t pad = 0, mlir::ValueRange over = {});
  mlir::Value plane(mlir::Value tile, mlir::Value index);
  tile::FragmentType fragment(int64_t rows, int64_t columns, tile::Role role,
                              llvm::ArrayRef<int64_t> warps,
                              tile::Depth depth = tile::Depth::Eights);
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_PROGRAMBUILDER_H
