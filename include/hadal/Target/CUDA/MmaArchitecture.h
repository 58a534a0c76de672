// SPDX-License-Identifier: Apache-2.0
// The tile dialect in mma.sync, ld.shared and cp.async: every GPU from sm_80 on.
#ifndef HADAL_TARGET_CUDA_MMAARCHITECTURE_H
#define HADAL_TARGET_CUDA_MMAARCHITECTURE_H

#include "hadal/Target/CUDA/Level.h"
#include "hadal/Target/TileArchitecture.h"

namespace hadal::cuda {

/// Warps multiply 16 x 8 x 16 elements, operands in registers. Levels differ by the shared
/// memory that they have.
class MmaArchitecture : public TileArchitecture {
public:
  explicit MmaArchitecture(const Level &level) : level(level) {}

  llvm::StringRef getName() const override { return level.name; }
  int64_t getSharedBytes() const override { return level.sharedBytes; }
  int64_t getWarpThreads() const override { return kWarp; }
  std::optional<int64_t> getThreads(mlir::FunctionOpInterface kernel) const override;
  void addTypes(mlir::TypeConverter &types) const override;
  void addPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns,
                   mlir::ConversionTarget &target) const override;
  std::optional<Wavefronts> countWavefronts(mlir::Operation *op, int64_t threads) const override;

private:
  const Level &level;
};

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_MMAARCHITECTURE_H
