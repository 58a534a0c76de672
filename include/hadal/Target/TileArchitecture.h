// SPDX-License-Identifier: Apache-2.0
// What a machine implements of the tile dialect, and what lowers kernels by it.
#ifndef HADAL_TARGET_TILEARCHITECTURE_H
#define HADAL_TARGET_TILEARCHITECTURE_H

#include "tile/IR/TileDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/DialectConversion.h"

#include <optional>

namespace hadal {

/// How often the lanes of a warp go to shared memory in one instruction, and how often they
/// would without conflicts of banks.
struct Wavefronts {
  int64_t taken = 0, least = 0;
};

/// A machine with matrix units. Programs in the tile dialect ask it what fits; lowerTiles
/// asks it for everything else. Another machine, or other instructions of the same one, is
/// another implementation of this interface for the same programs.
class TileArchitecture {
public:
  virtual ~TileArchitecture();

  /// For messages.
  virtual llvm::StringRef getName() const = 0;

  /// Bytes of shared memory that a workgroup may have.
  virtual int64_t getSharedBytes() const = 0;

  /// Threads that execute one instruction together.
  virtual int64_t getWarpThreads() const = 0;

  /// Threads of a workgroup of a kernel, or nothing where it does not say.
  virtual std::optional<int64_t> getThreads(mlir::FunctionOpInterface kernel) const = 0;

  /// Says what values of each type of the dialect are: any number of others. Here it is
  /// decided which lane holds which element of a tile in registers.
  virtual void addTypes(mlir::TypeConverter &types) const = 0;

  /// A pattern for each op of the dialect, to dialects that are legal in `target`.
  virtual void addPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns,
                           mlir::ConversionTarget &target) const = 0;

  /// What `op` costs of shared memory by the layouts of its types, for an instruction of
  /// a warp; nothing where it does not touch any.
  virtual std::optional<Wavefronts> countWavefronts(mlir::Operation *op, int64_t threads) const = 0;
};

/// Replaces the tile dialect in the kernels of `module` by what `architecture` makes of it.
/// Fails with a diagnostic where a kernel has not the warps that its types want, or asks for
/// more shared memory than there is; warns of conflicts of banks. How many kernels there were.
mlir::FailureOr<unsigned> lowerTiles(mlir::ModuleOp module, const TileArchitecture &architecture);

} // namespace hadal

#endif // HADAL_TARGET_TILEARCHITECTURE_H
