// SPDX-License-Identifier: Apache-2.0
// The register tile that all contraction kernels are made of.
#ifndef HADAL_LIB_TARGET_CPU_PANELTILE_H
#define HADAL_LIB_TARGET_CPU_PANELTILE_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/Linear.h"

#include <functional>

namespace hadal::cpu {

/// A packed weight inside a kernel. Memrefs have one dimension.
struct PanelWeight {
  WeightType type = WeightType::BF16;
  int64_t outputs = 0;
  int64_t inputs = 0;
  std::optional<BlockScales> scales;
  mlir::Value data;
  mlir::Value scaleData; ///< with F8E4M3 only
};

/// One panel of a weight: which, and in which batch.
struct PanelPosition {
  mlir::Value batch; ///< index
  mlir::Value panel; ///< index within the batch
};

/// Columns of a panel that a tile covers: `vectors` vectors from `first` on.
struct TileColumns {
  mlir::Value first;
  unsigned vectors = 0;
};

/// Emits the sums of a tile, rows x columns, over all inputs. `rowBases[r]` is
/// the element of `x` where row r starts. Returns f32 vectors, row by row.
llvm::SmallVector<mlir::Value> emitTile(KernelBuilder &k, const PanelWeight &weight,
                                        const PanelPosition &position, mlir::Value x,
                                        mlir::ValueRange rowBases, TileColumns columns);

/// All that the rows of a panel have in common: operands and addresses.
/// Functions of a row give the element at which it starts.
struct PanelProgram {
  PanelWeight weight; ///< without data
  /// Type of the second weight in dual mode, where it is another.
  std::optional<WeightType> otherType;
  /// Binding of the weight; in dual mode that of the second follows. The same
  /// for the scales, which only F8E4M3 has.
  unsigned weightBinding = 0;
  unsigned scaleBinding = 0;
  bool dual = false;
  mlir::Value x, y;
  mlir::Value residual; ///< or null
  /// Row `row + plus`, so that addresses may share a register.
  std::function<mlir::Value(mlir::Value row, int64_t plus)> xBase;
  std::function<mlir::Value(mlir::Value row)> yBase, residualBase;
  /// Holds a tile between its sums and its results; see `prepare`.
  mlir::Value sums;

  /// Sets `sums`. At the entry of the kernel.
  void prepare(KernelBuilder &k);
};

/// Emits the results of one panel for the rows [begin, end). Rows are taken in
/// tiles as high as the registers allow, then 4, 2 and 1; a tile of any height
/// computes a row the same way.
void emitPanel(KernelBuilder &k, const PanelProgram &program, const PanelPosition &position,
               mlir::Value begin, mlir::Value end);

/// The element type of a weight or of activations in memory.
mlir::Type getMemoryType(KernelBuilder &k, WeightType type);
mlir::Type getMemoryType(KernelBuilder &k, ActivationType type);

/// Panels that a workgroup takes where the specification leaves it open.
int64_t choosePanelsPerWorkgroup(WeightType type, int64_t outputs, int64_t inputs, bool dual,
                                 int64_t requested);

/// Checks what dense and grouped kernels have in common.
mlir::LogicalResult verifyWeight(mlir::ModuleOp module, llvm::StringRef kernel, WeightType type,
                                 int64_t outputs, int64_t inputs,
                                 const std::optional<BlockScales> &scales);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_PANELTILE_H
