// SPDX-License-Identifier: Apache-2.0
// How kernels of lanes see the body of an executable.
#ifndef HADAL_LIB_TARGET_CUDA_LANEBODIES_H
#define HADAL_LIB_TARGET_CUDA_LANEBODIES_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CUDA/RowKernels.h"

#include <functional>
#include <optional>

namespace hadal::cuda {

struct LaneBody {
  /// What the kernel reads, what it writes a part of, and what it may write, in the order of its
  /// bindings.
  llvm::SmallVector<mlir::Value> operands, destinations, results;
  /// The constants of a launch: extents of operands.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> constants;
  /// Emits the kernel of that name, which writes those of the results.
  std::function<LaneLaunch(mlir::OpBuilder &, mlir::Location, llvm::StringRef,
                           llvm::ArrayRef<mlir::Value>)>
      emit;

  /// Those of the results that a body returns.
  llvm::SmallVector<mlir::Value> orderResults(mlir::ValueRange returned) const {
    llvm::SmallVector<mlir::Value> ordered;
    for (mlir::Value result : results)
      if (llvm::is_contained(returned, result))
        ordered.push_back(result);
    return ordered;
  }
};

/// Steps of rows, without what is written.
struct RowBody {
  RowSpec spec;
  llvm::SmallVector<mlir::Value> operands, results;
  llvm::DenseMap<mlir::Value, size_t> steps; // that make them
  mlir::Value rows;                          // the first extent of it is how many there are
};

std::optional<RowBody> matchRowBody(llvm::ArrayRef<mlir::Operation *> ops);
std::optional<LaneBody> matchRows(llvm::ArrayRef<mlir::Operation *> ops);
std::optional<LaneBody> matchRoute(llvm::ArrayRef<mlir::Operation *> ops);
std::optional<LaneBody> matchScores(llvm::ArrayRef<mlir::Operation *> ops);
std::optional<LaneBody> matchTokens(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_LANEBODIES_H
