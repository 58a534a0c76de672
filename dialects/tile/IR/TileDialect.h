// SPDX-License-Identifier: Apache-2.0
// The tile dialect: its ops, types and enumerations.
#ifndef TILE_IR_TILEDIALECT_H
#define TILE_IR_TILEDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tile/IR/TileDialect.h.inc"

#include "tile/IR/TileEnums.h.inc"

namespace hadal::tile {

/// Extents and elements as text: `128x64xbf16`.
mlir::ParseResult parseExtents(mlir::AsmParser &parser, llvm::SmallVectorImpl<int64_t> &shape,
                               mlir::Type &elementType);
void printExtents(mlir::AsmPrinter &printer, llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

/// Packed matrices are blocks of so many rows and columns: two steps of the matrix unit. Of bf16 a lane has 16 bytes
/// of each step, of f8E4M3FN of both. Their columns are padded to kPackedPadding.
inline constexpr int64_t kPackedRows = 16, kPackedColumns = 32, kPackedPadding = 64;

/// Bytes of a block of packed elements.
inline int64_t packedBytes(mlir::Type element) {
  return kPackedRows * kPackedColumns * element.getIntOrFloatBitWidth() / 8;
}

/// Bytes that a copy, or a lane, moves at once.
inline constexpr int64_t kPieceBytes = 16;

} // namespace hadal::tile

#define GET_TYPEDEF_CLASSES
#include "tile/IR/TileTypes.h.inc"

#define GET_OP_CLASSES
#include "tile/IR/TileOps.h.inc"

namespace hadal::tile {

/// Where `op`'s tile begins in the shared memory of a workgroup: behind those before it in
/// its block and in the blocks around it.
int64_t sharedOffset(AllocOp op);

/// Where it ends, and the next one begins.
int64_t sharedEnd(AllocOp op);

/// Bytes of shared memory that the tiles below `op` need.
int64_t sharedBytes(mlir::Operation *op);

} // namespace hadal::tile

#endif // TILE_IR_TILEDIALECT_H
