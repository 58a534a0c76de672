// SPDX-License-Identifier: Apache-2.0
// What expansions are built from: maps and sums in linalg, rows written in scf.
#ifndef HADAL_IR_EXPANSION_H
#define HADAL_IR_EXPANSION_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal {

/// Arithmetic of one element: of the body of a linalg.generic, or of a loop.
class ElementBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Value f32(double value);
  Value i32(int64_t value);
  Value index(int64_t value);
  /// The number of an iteration, of loop `loop`.
  Value loop(int64_t loop);
  Value toIndex(Value integer);
  Value toI32(Value index);
  /// Floats of any type as f32; f32 as any type, rounded to nearest even.
  Value widen(Value value);
  Value round(Value value, mlir::Type element);

  // Of floats and of integers.
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  // Of floats.
  Value div(Value a, Value b);
  Value max(Value a, Value b);
  Value exp(Value x);
  /// x / (1 + exp(-x)).
  Value silu(Value x);
  // Of indices, none negative.
  Value divIndex(Value a, int64_t b);
  Value remIndex(Value a, int64_t b);
  Value minIndex(Value a, Value b);

  /// a < b, of floats or signed integers; false where one is a NaN.
  Value less(Value a, Value b);
  Value equal(Value a, Value b);
  Value isNaN(Value x);
  Value both(Value a, Value b);
  Value either(Value a, Value b);
  Value negate(Value condition);
  Value select(Value condition, Value yes, Value no);
  /// 1 where the condition holds, else 0: to be counted.
  Value count(Value condition);

  Value extract(Value tensor, mlir::ValueRange indices);
};

/// A tensor that a map or a sum reads an element of, by the numbers of the loops
/// that are its indices.
struct Read {
  mlir::Value tensor;
  llvm::SmallVector<int64_t, 4> loops;
};

/// The expansion of one op, built where its builder stands. Every op that it makes
/// is named after the op, with a suffix that says what of it.
class Expansion {
public:
  using Value = mlir::Value;
  using Extents = llvm::ArrayRef<mlir::OpFoldResult>;
  using Element = llvm::function_ref<Value(ElementBuilder &builder, mlir::ValueRange read)>;

  Expansion(mlir::OpBuilder &builder, mlir::Operation *op) : builder(builder), op(op) {}

  mlir::OpFoldResult extent(int64_t value);
  mlir::OpFoldResult extent(Value tensor, int64_t axis);
  llvm::SmallVector<mlir::OpFoldResult> extentsOf(Value tensor);
  /// An integer that the host knows, by its kind. Fails where none is declared.
  mlir::FailureOr<Value> hostDim(plan::DimKind kind);

  /// A tensor of `extents` whose elements are all `value`.
  Value fill(Extents extents, mlir::TypedAttr value);
  Value zeros(Extents extents);
  /// A tensor of `extents`, each element computed from what is read at its indices.
  Value map(llvm::StringRef what, Extents extents, mlir::Type element, llvm::ArrayRef<Read> reads,
            Element compute);
  /// The same, written over `destination`, whose element comes last.
  Value mapOver(llvm::StringRef what, Value destination, llvm::ArrayRef<Read> reads,
                Element compute);
  /// Combines elements of `reductions` loops inside those of `start`, in ascending
  /// order, with what there is so far, which comes last.
  Value reduce(llvm::StringRef what, Value start, int64_t reductions, llvm::ArrayRef<Read> reads,
               Element combine);
  /// `rows`, of f32, as `element`.
  Value rounded(Value rows, mlir::Type element);

  /// [N, heads * width] as [N, heads, width], and back.
  Value split(Value rows, int64_t heads);
  Value join(Value heads);
  /// `count` columns of the last dimension.
  Value columns(Value tensor, int64_t first, int64_t count);

  /// `into` with row n of `rows` over the slice that starts at place(n), for each n.
  /// No two places are the same.
  Value scatter(llvm::StringRef what, Value rows, Value into,
                llvm::function_ref<llvm::SmallVector<Value>(ElementBuilder &, Value n)> place);

  /// 1 / sqrt(mean(x²) + eps) of rows, times x, times weight.
  Value rmsNorm(Value x, Value weight, llvm::APFloat eps, mlir::Type element);
  /// The last columns of each head rotated, the first copied; see hadal.rope.
  Value rope(Value x, Value positions, Value cos, Value sin, int64_t heads, bool interleaved,
             mlir::Type element);
  /// sum_i x[.., i] * weight[.., o, i] in f32, of rows [N, in] and a weight [out, in] or
  /// of heads of both.
  Value product(llvm::StringRef what, Value x, Value weight, Value scale = {},
                std::optional<llvm::ArrayRef<int64_t>> block = {});
  /// silu(gate) * up.
  Value swiglu(Value gate, Value up, mlir::Type element);
  /// [count]: which of the ragged groups [offsets[g], offsets[g + 1]) each n is in: how
  /// many of them end at n or before. Groups may be empty.
  Value groupOf(llvm::StringRef what, Value offsets, mlir::OpFoldResult count);

private:
  Value build(llvm::StringRef what, Value out, int64_t reductions, llvm::ArrayRef<Read> reads,
              Element compute);
  mlir::Location location(llvm::StringRef what = "");

  mlir::OpBuilder &builder;
  mlir::Operation *op;
};

/// The element of a weight as f32, times that of its block of `scale` if there is
/// one; `indices` are those of the weight.
mlir::Value scaledWeight(ElementBuilder &b, mlir::Value element, mlir::Value scale,
                         std::optional<llvm::ArrayRef<int64_t>> block, mlir::ValueRange indices);

} // namespace hadal

#endif // HADAL_IR_EXPANSION_H
