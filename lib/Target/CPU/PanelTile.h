// SPDX-License-Identifier: Apache-2.0
// The register tile that all contraction kernels are made of.
#ifndef HADAL_LIB_TARGET_CPU_PANELTILE_H
#define HADAL_LIB_TARGET_CPU_PANELTILE_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/Linear.h"

namespace hadal::cpu {

/// A packed weight inside a kernel. Memrefs have one dimension.
struct PanelWeight {
  WeightType type = WeightType::BF16;
  int64_t outputs = 0;
  int64_t inputs = 0;
  mlir::Value data;
  mlir::Value scaleData; ///< with F8E4M3 only
  std::optional<BlockScales> scales;
};

/// One panel of a weight: which, and in which batch.
struct PanelPosition {
  mlir::Value batch; ///< index
  mlir::Value panel; ///< index within the batch
};

/// Columns of a panel that one tile covers: [first, first + vectors * width).
struct TileColumns {
  unsigned first = 0;
  unsigned vectors = 0;
};

/// Rows of the largest tile of a level: as many as its registers hold.
unsigned getMaxTileRows(const KernelTarget &target);

/// How a tile of `rows` rows divides the 32 columns of a panel.
llvm::SmallVector<TileColumns> getTileColumns(const KernelTarget &target,
                                              unsigned rows);

/// Calls `body(row, count)` for tiles that cover the rows [begin, end): full
/// tiles first, then 4, 2 and 1 rows as needed.
void forEachRowTile(
    KernelBuilder &k, mlir::Value begin, mlir::Value end,
    llvm::function_ref<void(mlir::Value row, unsigned count)> body);

/// Emits the sums of a tile: rows x columns over all inputs. `rowBases[r]` is
/// the element of `x` where row r starts. Returns f32 vectors, row by row.
llvm::SmallVector<mlir::Value> emitTile(KernelBuilder &k,
                                        const PanelWeight &weight,
                                        const PanelPosition &position,
                                        mlir::Value x,
                                        mlir::ValueRange rowBases,
                                        TileColumns columns);

/// Stores a tile: `rowBases[r]` is the element of `y` of row r, column 0 of the
/// panel. Columns beyond `outputs` in the last panel are not written. With a
/// residual, adds its elements first.
struct TileResidual {
  mlir::Value data;
  llvm::SmallVector<mlir::Value> rowBases;
};
void storeTile(KernelBuilder &k, mlir::ValueRange tile, TileColumns columns,
               mlir::Value panel, int64_t outputs, mlir::Value y,
               mlir::ValueRange rowBases,
               const std::optional<TileResidual> &residual = std::nullopt);

/// silu(gate) * up, vector by vector.
llvm::SmallVector<mlir::Value> combineGateUp(KernelBuilder &k,
                                             mlir::ValueRange gate,
                                             mlir::ValueRange up);

/// The element type of a weight or of activations in memory.
mlir::Type getMemoryType(KernelBuilder &k, WeightType type);
mlir::Type getMemoryType(KernelBuilder &k, ActivationType type);

/// Panels that a workgroup takes where the specification leaves it open.
int64_t choosePanelsPerWorkgroup(WeightType type, int64_t outputs,
                                 int64_t inputs, bool dual, int64_t requested);

/// Checks what dense and grouped kernels have in common.
mlir::LogicalResult
verifyWeight(mlir::ModuleOp module, llvm::StringRef kernel, WeightType type,
             int64_t outputs, int64_t inputs,
             const std::optional<BlockScales> &scales);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_PANELTILE_H
