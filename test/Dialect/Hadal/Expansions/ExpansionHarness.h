// SPDX-License-Identifier: Apache-2.0
// Runs expansions in this process, lowered by upstream's passes alone.
#ifndef HADAL_TEST_DIALECT_HADAL_EXPANSIONS_EXPANSIONHARNESS_H
#define HADAL_TEST_DIALECT_HADAL_EXPANSIONS_EXPANSIONHARNESS_H

#include "../../../Target/CPU/KernelHarness.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace hadal::testing {

/// One context with all dialects, for all tests.
mlir::MLIRContext &context();

/// Expands the ops of a module, makes arguments of index of the integers that the host
/// knows, at the end of the function and in their order, and drops declarations. False
/// after a failure of the test.
bool expand(mlir::ModuleOp module);

/// Makes arguments of what an entry point reads from a session: weights, which may not be
/// written, and states, whose last values become results. Gives their names, in the
/// order of the arguments, which come last. Taps are dropped.
std::vector<std::string> passStatesAndWeights(mlir::func::FuncOp function);

/// The module with tensors in buffers. What is updated in place is no result.
bool bufferize(mlir::ModuleOp module);

/// An argument: a buffer and its extents.
struct Argument {
  Argument(Buffer &buffer, std::vector<int64_t> extents)
      : data(buffer.data()), extents(std::move(extents)) {}
  void *data;
  std::vector<int64_t> extents;
};

/// The function of a module of ops, expanded and compiled.
class Expanded {
public:
  explicit Expanded(const std::string &text);
  explicit Expanded(mlir::ModuleOp module) { compile(module); }

  bool valid() const { return engine != nullptr; }
  /// Results of elements of `elementBytes` each, in buffers of their own.
  std::vector<Buffer> run(const std::vector<Argument> &arguments, std::vector<size_t> elementBytes,
                          const std::vector<int64_t> &hostDims = {});

private:
  void compile(mlir::ModuleOp module);

  std::string entry;
  std::vector<int64_t> resultRanks;
  std::unique_ptr<mlir::ExecutionEngine> engine;
};

/// An op as text, for messages.
std::string toString(mlir::Operation *op);

/// An element type as text.
std::string typeOf(FloatType type);

} // namespace hadal::testing

#endif // HADAL_TEST_DIALECT_HADAL_EXPANSIONS_EXPANSIONHARNESS_H
