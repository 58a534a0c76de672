// SPDX-License-Identifier: Apache-2.0
// The tile dialect: everything that its generated code is made from.
#ifndef TILE_IR_TILEOPS_TD
#define TILE_IR_TILEOPS_TD

include "tile/IR/TileBase.td"
include "tile/IR/TileMemoryOps.td"
include "tile/IR/TileMatrixOps.td"
include "tile/IR/TileRaggedOps.td"
include "tile/IR/TileRowOps.td"
include "tile/IR/TileScaleOps.td"
include "tile/IR/TileWindowOps.td"

#endif // TILE_IR_TILEOPS_TD
