// SPDX-License-Identifier: Apache-2.0
// Shorthand for kernels of lanes: addresses, elements of rows, and what a warp does together.
#ifndef HADAL_LIB_TARGET_CUDA_LANEBUILDER_H
#define HADAL_LIB_TARGET_CUDA_LANEBUILDER_H

#include "ProgramBuilder.h"
#include "Words.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace hadal::cuda {

/// Integers are i32 and numbers f32. Warps are whole where they do something together.
class LaneBuilder : public ProgramBuilder {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;
  using ProgramBuilder::ProgramBuilder;

  /// Begins a kernel of so many bindings.
  mlir::func::FuncOp kernel(llvm::StringRef name, int64_t bindings, int64_t threads);
  Value thread();
  Value lane() { return rem(thread(), kWarp); }
  Value warp() { return div(thread(), kWarp); }
  void barrier() { mlir::NVVM::Barrier0Op::create(*this); }

  // Of integers.
  Value rem(Value x, int64_t y) { return mlir::arith::RemUIOp::create(*this, x, constant(y)); }
  using ProgramBuilder::add;
  Value add(Value x, int64_t y) { return y == 0 ? x : add(x, constant(y)); }
  Value isLess(Value x, Value y) { return compare(mlir::arith::CmpIPredicate::slt, x, y); }
  Value isLess(Value x, int64_t y) { return isLess(x, constant(y)); }
  Value isEqual(Value x, Value y) { return compare(mlir::arith::CmpIPredicate::eq, x, y); }
  Value isEqual(Value x, int64_t y) { return isEqual(x, constant(y)); }
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(*this, x, y); }
  /// 1 where the condition holds, else 0.
  Value count(Value condition) {
    return mlir::arith::ExtUIOp::create(*this, getI32Type(), condition);
  }

  // Of numbers.
  Value f32(double value) {
    return mlir::arith::ConstantOp::create(*this, getF32FloatAttr(float(value)));
  }
  Value addF(Value x, Value y) { return mlir::arith::AddFOp::create(*this, x, y); }
  Value subF(Value x, Value y) { return mlir::arith::SubFOp::create(*this, x, y); }
  Value mulF(Value x, Value y) { return mlir::arith::MulFOp::create(*this, x, y); }
  Value divF(Value x, Value y) { return mlir::arith::DivFOp::create(*this, x, y); }
  Value maxF(Value x, Value y) { return mlir::arith::MaxNumFOp::create(*this, x, y); }
  Value is(mlir::arith::CmpFPredicate predicate, Value x, Value y) {
    return mlir::arith::CmpFOp::create(*this, predicate, x, y);
  }
  Value bits(mlir::Type type, Value x) { return mlir::arith::BitcastOp::create(*this, type, x); }

  // Of a warp: what another lane has; what lanes have, combined in a butterfly, 16 lanes apart
  // first; the largest or least of all; which lanes a condition holds in.
  Value apart(Value x, int64_t lanes) { return laneApart(*this, x, lanes); }
  Value from(Value x, Value lane);
  Value below(Value x, int64_t lanes) { return laneBelow(*this, x, lanes); }
  Value sumOfWarp(Value x);
  Value reduce(mlir::NVVM::ReduxKind kind, Value x);
  Value ballot(Value condition);
  Value match(Value x); // which lanes have the same integer
  void syncWarp();

  // Addresses: of global memory, and of memory that a workgroup shares.
  Value plus(Value pointer, int64_t bytes) { return plusBytes(*this, pointer, bytes); }
  Value plus(Value pointer, Value bytes) { return plusBytes(*this, pointer, bytes); }
  /// A number of rows, of so many bytes, further: more than 32 bits count.
  Value row(Value pointer, Value number, int64_t bytes);
  Value shared(int64_t bytes);
  Value load(mlir::Type type, Value pointer, int64_t alignment = 4);
  void store(Value value, Value pointer, int64_t alignment = 4);

  /// As many elements in f32 that lie side by side, in one access; 1, 2 or 4 of them.
  Values loadElements(mlir::Type element, Value pointer, int64_t count);
  void storeElements(mlir::Type element, llvm::ArrayRef<Value> values, Value pointer);
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_LANEBUILDER_H
