// SPDX-License-Identifier: Apache-2.0
// Ops that are written as others before bodies are formed.
#ifndef HADAL_LIB_CODEGEN_DECOMPOSEOPS_H
#define HADAL_LIB_CODEGEN_DECOMPOSEOPS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace hadal {

/// Makes ops that the plain path has no loops for of those that it has.
mlir::LogicalResult decomposeOps(mlir::func::FuncOp function);

/// Make a map: each element is one of the source, or what it is padded with.
mlir::LogicalResult expandPad(mlir::tensor::PadOp op, mlir::RewriterBase &rewriter);
mlir::LogicalResult expandGather(mlir::tensor::GatherOp op, mlir::RewriterBase &rewriter);
mlir::LogicalResult expandPack(mlir::linalg::PackOp op, mlir::RewriterBase &rewriter);
mlir::LogicalResult expandUnpack(mlir::linalg::UnPackOp op, mlir::RewriterBase &rewriter);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_DECOMPOSEOPS_H
