// SPDX-License-Identifier: Apache-2.0
// Emits scalar ops of a region for several lanes at once.
#ifndef HADAL_LIB_CODEGEN_FLATLANES_H
#define HADAL_LIB_CODEGEN_FLATLANES_H

#include "FlatEmitter.h"

namespace hadal {

mlir::Value broadcastLanes(FlatBuilder &builder, mlir::Value scalar, int64_t lanes);

/// Combines halves until one lane is left: lane i with lane i + n/2.
mlir::Value reduceLanes(FlatBuilder &builder, mlir::Value vector,
                        llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

/// Emits the ops of a region in their order. A value is the same in all lanes (a
/// scalar), grows by one from lane to lane, or differs (a vector). With one lane all
/// are scalars.
class LaneEmitter {
public:
  LaneEmitter(FlatEmitter &emitter, int64_t lanes)
      : emitter(emitter), b(emitter.builder), lanes(lanes) {}

  /// A value is a vector of the lanes, or a scalar.
  void define(mlir::Value value, mlir::Value flat);
  /// An index of which `first` is that of the first lane.
  void defineIndex(mlir::Value value, mlir::Value first, bool grows);
  mlir::LogicalResult emit(mlir::Operation *op);
  /// What a value became: a vector, where there are lanes.
  mlir::Value get(mlir::Value value);

private:
  enum class Kind { Same, Grows, Differs };
  struct Lanes {
    Kind kind;
    mlir::Value value; // of the first lane, where it grows
  };
  Lanes lookup(mlir::Value value);
  mlir::Value laneOf(mlir::Value value, int64_t lane);
  bool emitGrowing(mlir::Operation *op);
  mlir::LogicalResult emitLoad(mlir::memref::LoadOp op);
  mlir::LogicalResult emitEachLane(mlir::Operation *op);

  FlatEmitter &emitter;
  FlatBuilder &b;
  const int64_t lanes;
  llvm::DenseMap<mlir::Value, Lanes> known; // but what is the same
};

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_FLATLANES_H
