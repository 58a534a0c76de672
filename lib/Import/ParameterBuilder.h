// SPDX-License-Identifier: Apache-2.0
// Declares the parameters of a module and gives their values to ops.
#ifndef HADAL_LIB_IMPORT_PARAMETERBUILDER_H
#define HADAL_LIB_IMPORT_PARAMETERBUILDER_H

#include "WeightTable.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace hadal {

/// A weight as an operand: its value and, for fp8, that of its block scales.
struct WeightValue {
  mlir::Value value;
  mlir::Value scale;
  mlir::DenseI64ArrayAttr block;
};

/// Declares a parameter in the module when it is first asked for, so that the
/// module lists them in the order of the model.
class ParameterBuilder {
public:
  /// `declarations` inserts into the module's body, `body` into the function's.
  ParameterBuilder(mlir::OpBuilder &declarations, mlir::OpBuilder &body, const ModelConfig &config,
                   const WeightTable &weights)
      : declarations(declarations), body(body), config(config), weights(weights) {}

  WeightValue weight(const llvm::Twine &name);
  /// W_UK and W_UV of a layer, `prefix` being `layers.N.attn.`: the first
  /// nopeDim and the other valueDim rows of each head of kv_b_proj, as
  /// [heads, rows, latentRank]. fp8 is widened to f32, since attention takes no
  /// block scales.
  std::pair<mlir::Value, mlir::Value> upProjections(const llvm::Twine &prefix);
  /// A rotary table [positions, ropeDim / 2].
  mlir::Value ropeTable(TableComponent component);

private:
  /// Extents of the blocks of fp8 scales.
  mlir::DenseI64ArrayAttr blockAttr();
  mlir::Value declare(const llvm::Twine &name, mlir::RankedTensorType type, mlir::ArrayAttr sources,
                      mlir::ArrayAttr scales, RopeTableAttr table, RowSelectAttr select);
  mlir::Value read(llvm::StringRef name, mlir::RankedTensorType type);
  mlir::ArrayAttr sourceList(llvm::ArrayRef<BoundSource> sources, llvm::ArrayRef<int64_t> shape);
  mlir::Type elementType(llvm::StringRef dtype);
  /// The block scales of a weight's fp8 sources, or none.
  mlir::ArrayAttr scaleList(const BoundWeight &weight);
  mlir::RankedTensorType scaleType(const BoundWeight &weight);

  mlir::OpBuilder &declarations;
  mlir::OpBuilder &body;
  const ModelConfig &config;
  const WeightTable &weights;
  llvm::StringMap<mlir::Value> values; // what was declared, and read at the top of the function
};

} // namespace hadal

#endif // HADAL_LIB_IMPORT_PARAMETERBUILDER_H
