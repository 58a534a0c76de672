// SPDX-License-Identifier: Apache-2.0
// Builds the function of one CPU kernel: its interface, its loops, its vectors.
#ifndef HADAL_TARGET_CPU_KERNELBUILDER_H
#define HADAL_TARGET_CPU_KERNELBUILDER_H

#include "hadal/Target/CPU/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal::cpu {

/// Loads the dialects that kernels are built from.
void loadKernelDialects(mlir::MLIRContext *context);

/// A builder positioned inside `func.func @name(!llvm.ptr, !llvm.ptr) -> i32`,
/// the function type of runtime/include/hadal_kernel_abi.h. It is itself an
/// op builder, so `arith::AddFOp::create(k, a, b)` works beside the helpers.
///
/// All indices and counts are of type `index`. Memory is reached through
/// memrefs made by `binding` and `scratch`; their base is 64-byte aligned.
/// Order of additions is the caller's: nothing here reassociates.
class KernelBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ValueFn = llvm::function_ref<mlir::Value()>;
  /// The body of a loop: takes the induction variable and the carried values,
  /// returns the carried values of the next iteration.
  using LoopBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)>;

  /// Appends the function to `module` and enters it.
  KernelBuilder(mlir::ModuleOp module, llvm::StringRef name, const KernelTarget &target);

  /// Ends the kernel: returns 0.
  void finish();

  const KernelTarget &target() const { return kernelTarget; }
  /// Lanes of a native f32 vector.
  unsigned width() const { return kernelTarget.width(); }
  mlir::func::FuncOp function() const { return func; }

  // ---- what the runtime passes -------------------------------------------

  /// Position in the grid, extent of the grid (0 = x, 1 = y, 2 = z), number
  /// of the executing thread.
  mlir::Value workgroupId(unsigned dim);
  mlir::Value workgroupCount(unsigned dim);
  mlir::Value thread();

  /// Launch constant `i` (an i64 in memory) as an index.
  mlir::Value launchConstant(unsigned i);

  /// Binding `i` as a contiguous memref. A dynamic extent
  /// (ShapedType::kDynamic) takes its value from `dynamicSizes`, in order; the
  /// leading extent may stay unknown (no value given) since addressing does not
  /// need it.
  mlir::Value binding(unsigned i, mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                      mlir::ValueRange dynamicSizes = {});

  /// The same with a number that is computed.
  mlir::Value binding(mlir::Value i, mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                      mlir::ValueRange dynamicSizes = {});

  /// A few KB on the stack, 64-byte aligned. Only before the first returnIf,
  /// outside of loops and branches.
  mlir::Value stackBuffer(mlir::Type elementType, llvm::ArrayRef<int64_t> shape);

  /// The same over the workgroup's private scratch, `byteOffset` bytes in
  /// (a multiple of 64). The caller adds up the sizes it uses.
  mlir::Value scratch(int64_t byteOffset, mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                      mlir::ValueRange dynamicSizes = {});

  /// Leaves the kernel with `code` where `condition` (i1) holds. Only outside
  /// of loops and branches.
  void returnIf(mlir::Value condition, int32_t code = 0);

  // ---- scalars ------------------------------------------------------------

  mlir::Value index(int64_t value);
  mlir::Value i32(int32_t value);
  mlir::Value f32(float value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }
  /// Quotients and remainders of values that are not negative.
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, int64_t b) { return div(a, index(b)); }
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, int64_t b) { return rem(a, index(b)); }
  mlir::Value ceilDiv(mlir::Value a, int64_t b) { return div(add(a, b - 1), b); }
  mlir::Value minIndex(mlir::Value a, mlir::Value b);
  mlir::Value maxIndex(mlir::Value a, mlir::Value b);
  mlir::Value cmp(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value cmp(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// An integer (sign-extended) as an index, and back.
  mlir::Value toIndex(mlir::Value integer);
  mlir::Value fromIndex(mlir::Value index, mlir::Type integerType);

  // ---- control flow -------------------------------------------------------

  /// `scf.for` with carried values; returns its results.
  llvm::SmallVector<mlir::Value> forLoop(mlir::Value lower, mlir::Value upper, int64_t step,
                                         mlir::ValueRange inits, LoopBody body);
  /// `scf.for` without carried values.
  void forLoop(mlir::Value lower, mlir::Value upper, int64_t step,
               llvm::function_ref<void(mlir::Value iv)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then);
  void ifElse(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);
  /// A value chosen by a branch, of type `type`.
  mlir::Value ifValue(mlir::Type type, mlir::Value condition, ValueFn then, ValueFn otherwise);

  // ---- memory -------------------------------------------------------------

  /// One element, of the memref's type.
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices);
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);

  /// `lanes` neighbouring elements, of the memref's type.
  mlir::Value loadVector(mlir::Value memref, mlir::ValueRange indices, unsigned lanes);
  /// The first `count` of `lanes` elements; the other lanes are zero and their
  /// memory is not read.
  mlir::Value loadVectorPart(mlir::Value memref, mlir::ValueRange indices, unsigned lanes,
                             unsigned count);
  /// Elements of an f32 or bf16 memref, widened to f32.
  mlir::Value loadF32(mlir::Value memref, mlir::ValueRange indices);
  mlir::Value loadVectorF32(mlir::Value memref, mlir::ValueRange indices, unsigned lanes);
  mlir::Value loadVectorPartF32(mlir::Value memref, mlir::ValueRange indices, unsigned lanes,
                                unsigned count);

  void storeVector(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices);
  /// Stores the first `count` lanes and nothing else.
  void storeVectorPart(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices,
                       unsigned count);
  /// f32 values into an f32 or bf16 memref, rounded to nearest even.
  void storeF32(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);
  void storeVectorF32(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices);
  void storeVectorPartF32(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices,
                          unsigned count);

  // ---- vectors and numbers ------------------------------------------------

  mlir::VectorType vectorType(unsigned lanes, mlir::Type elementType);
  mlir::Value broadcast(mlir::Value scalar, unsigned lanes);
  /// A vector constant of equal lanes.
  mlir::Value splat(float value, unsigned lanes);
  mlir::Value splat(int32_t value, unsigned lanes);
  mlir::Value bitcast(mlir::Value value, mlir::Type type);

  /// Arithmetic on f32 scalars or vectors.
  mlir::Value addF(mlir::Value a, mlir::Value b);
  mlir::Value subF(mlir::Value a, mlir::Value b);
  mlir::Value mulF(mlir::Value a, mlir::Value b);
  mlir::Value divF(mlir::Value a, mlir::Value b);
  /// The larger, ignoring a NaN where the other is a number.
  mlir::Value maxF(mlir::Value a, mlir::Value b);
  /// a * b + c rounded once; the only way in which a kernel contracts.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value exp(mlir::Value x);
  /// x / (1 + exp(-x)).
  mlir::Value silu(mlir::Value x);

  /// bf16 scalar or vector to f32: exact, also for subnormals and NaN.
  mlir::Value extBF16(mlir::Value value);
  /// f32 scalar or vector to bf16: nearest even, NaN stays a quiet NaN. V3
  /// keeps subnormal results, the instruction of V4BF16 flushes them to zero.
  mlir::Value truncBF16(mlir::Value value);

  // ---- pairs of bf16 in lanes of i32, the first in the low half ------------

  /// The pair at an element of a bf16 memref, in all lanes; with `count` 1 its
  /// second is zero and not read.
  mlir::Value broadcastPair(mlir::Value memref, mlir::Value index, int64_t count = 2);
  /// The f32 values of the first and of the second elements.
  std::pair<mlir::Value, mlir::Value> splitPairs(mlir::Value pairs);
  /// Pairs of f32 values, rounded.
  mlir::Value joinPairs(mlir::Value first, mlir::Value second);
  /// sum + the products of both elements, in the dot unit's order: that of the
  /// second elements is added first. Only where the target usesPairDot().
  mlir::Value dotPairs(mlir::Value sum, mlir::Value a, mlir::Value b);

  /// Pairs of the elements of two bf16 vectors, in the order that costs least:
  /// within each eight lanes, the first four are in the first result.
  std::pair<mlir::Value, mlir::Value> interleave(mlir::Value a, mlir::Value b);
  /// Two vectors in that order, in the order that their lanes had.
  std::pair<mlir::Value, mlir::Value> undoInterleave(mlir::Value a, mlir::Value b);
  /// As many vectors as each has lanes become their transpose.
  void transpose(llvm::MutableArrayRef<mlir::Value> vectors);

  /// Adds (takes the largest of) all lanes: halves are combined until one is
  /// left, lane i with lane i + n/2. The lane count is a power of two.
  mlir::Value sumLanes(mlir::Value vector);
  mlir::Value maxLanes(mlir::Value vector);

private:
  mlir::Value field(unsigned argument, int64_t byteOffset, mlir::Type type);
  mlir::Value view(mlir::Value pointer, mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                   mlir::ValueRange dynamicSizes);
  mlir::Value reduceLanes(mlir::Value vector,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  KernelTarget kernelTarget;
  mlir::func::FuncOp func;
};

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_KERNELBUILDER_H
