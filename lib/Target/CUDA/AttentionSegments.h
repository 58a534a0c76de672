// SPDX-License-Identifier: Apache-2.0
// A context in segments, by absolute position: which of them a workgroup has, and how their results
// become one, in an order that nothing else decides.
#ifndef HADAL_LIB_TARGET_CUDA_ATTENTIONSEGMENTS_H
#define HADAL_LIB_TARGET_CUDA_ATTENTIONSEGMENTS_H

#include "AttentionBuilder.h"

#include "hadal/Target/CUDA/AttentionKernels.h"

#include <functional>

namespace hadal::cuda {

/// Segments are leaves of a binary tree: those of a node are neighbours, and begin at a multiple of their
/// number, a power of two. A child without a neighbour, as the context ends before it, is its parent. A workgroup has
/// the leaves of one node, its run, and adds them up; then of two children the workgroup that comes second adds both and
/// goes on.
class AttentionSegments {
public:
  /// What the launch is of, and which part the workgroup has: pairs of a token and a group of heads, of which it is
  /// number `pair` of those whose results are kept, with so many keys.
  struct Place {
    mlir::Value pairs, context, pair, keys;
  };

  /// `place` is asked where it is needed, so that nothing of it need stay in registers over the tiles
  /// between. A difference of scores times `factor` is a power of two.
  AttentionSegments(AttentionBuilder &builder, const AttentionProgram &program,
                    mlir::Value workspace, float factor, std::function<Place()> place)
      : b(builder), program(program), workspace(workspace), factor(factor),
        place(std::move(place)) {}

  /// Whether the workgroup has any.
  mlir::Value exist();
  /// Attends to each segment that the workgroup has, upwards. Whether the whole context has come together
  /// in this workgroup, and then what it is.
  std::pair<mlir::Value, Attended> attend(llvm::ArrayRef<mlir::Type> state,
                                          llvm::function_ref<Attended(mlir::Value)> attendSegment);

  /// A row for what is kept of a node.
  static tile::GlobalType workspaceType(mlir::MLIRContext *context,
                                        const AttentionProgram &program);

private:
  struct Walk {
    mlir::Value levels; // of the tree that a run is
    mlir::Value runs; // of the longest context
    mlir::Value pair; // of those of the launch
    mlir::Value count; // of the token's segments
  };
  /// A node that is no root: how many levels above segments, the first of its own, and of its neighbour.
  struct Node {
    mlir::Value level, begin, other;
  };
  Walk load();
  mlir::Value segmentsOf(mlir::Value keys);
  mlir::Value log2OfCeiling(mlir::Value number);
  mlir::Value shl(mlir::Value x, mlir::Value y);
  mlir::Value shr(mlir::Value x, mlir::Value y);
  mlir::Value rowOf(const Walk &walk, const Node &node, mlir::Value begin);
  std::pair<mlir::Value, Attended> merge(const Walk &walk, mlir::Value segment,
                                         const Attended &own);
  llvm::SmallVector<mlir::Value> meet(const Walk &walk, const Node &node, const Attended &own);
  Attended add(mlir::Value row, const Attended &own);

  AttentionBuilder &b;
  const AttentionProgram &program;
  mlir::Value workspace;
  float factor;
  std::function<Place()> place;
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_ATTENTIONSEGMENTS_H
