// SPDX-License-Identifier: Apache-2.0
// Places tiles in the shared memory of a workgroup.
#include "tile/IR/TileDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal::tile;

/// Of a tile, so that no piece of 16 bytes shares banks with another's by its place.
static constexpr int64_t kAlignment = 128;

int64_t hadal::tile::sharedEnd(AllocOp op) {
  return sharedOffset(op) + int64_t(llvm::alignTo(op.getTile().getType().getBytes(), kAlignment));
}

int64_t hadal::tile::sharedOffset(AllocOp op) {
  if (!op.getOver().empty())
    return sharedOffset(op.getOver().front().getDefiningOp<AllocOp>());
  for (Operation *at = op; at; at = at->getParentOp()) {
    if (!at->getBlock())
      break;
    for (Operation *before = at->getPrevNode(); before; before = before->getPrevNode())
      if (auto other = dyn_cast<AllocOp>(before); other && other.getOver().empty())
        return sharedEnd(other);
  }
  return 0;
}

int64_t hadal::tile::sharedBytes(Operation *op) {
  int64_t bytes = 0;
  op->walk([&](AllocOp alloc) { bytes = std::max(bytes, sharedEnd(alloc)); });
  return bytes;
}
