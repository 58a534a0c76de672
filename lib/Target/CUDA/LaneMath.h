// SPDX-License-Identifier: Apache-2.0
// Integers of a lane: as values of a kernel, or as numbers, by the same formulas.
#ifndef HADAL_LIB_TARGET_CUDA_LANEMATH_H
#define HADAL_LIB_TARGET_CUDA_LANEMATH_H

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal::cuda {

/// In a kernel, of 32 bits.
class LaneValues {
public:
  using Int = mlir::Value;

  explicit LaneValues(mlir::ImplicitLocOpBuilder &builder) : b(builder) {}

  Int thread() { return mlir::NVVM::ThreadIdXOp::create(b, b.getI32Type()); }
  Int constant(int64_t value) {
    return mlir::arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value)));
  }
  Int add(Int x, Int y) { return mlir::arith::AddIOp::create(b, x, y); }
  Int exclusiveOr(Int x, Int y) { return mlir::arith::XOrIOp::create(b, x, y); }
  Int orBits(Int x, Int y) { return mlir::arith::OrIOp::create(b, x, y); }
  // By constants; those that change nothing are left out.
  Int add(Int x, int64_t y) { return y == 0 ? x : add(x, constant(y)); }
  Int mul(Int x, int64_t y) {
    return y == 1 ? x : mlir::arith::MulIOp::create(b, x, constant(y)).getResult();
  }
  Int div(Int x, int64_t y) {
    return y == 1 ? x : mlir::arith::DivUIOp::create(b, x, constant(y)).getResult();
  }
  Int rem(Int x, int64_t y) { return mlir::arith::RemUIOp::create(b, x, constant(y)); }

private:
  mlir::ImplicitLocOpBuilder &b;
};

/// For one thread, when the kernel is compiled.
class LaneNumbers {
public:
  using Int = int64_t;

  explicit LaneNumbers(int64_t thread) : number(thread) {}

  Int thread() { return number; }
  Int constant(int64_t value) { return value; }
  Int add(Int x, Int y) { return x + y; }
  Int exclusiveOr(Int x, Int y) { return x ^ y; }
  Int orBits(Int x, Int y) { return x | y; }
  Int mul(Int x, int64_t y) { return x * y; }
  Int div(Int x, int64_t y) { return x / y; }
  Int rem(Int x, int64_t y) { return x % y; }

private:
  int64_t number;
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_LANEMATH_H
