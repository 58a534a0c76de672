// SPDX-License-Identifier: Apache-2.0
// Registers the tile dialect.
#include "tile/IR/TileDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal::tile;

#include "tile/IR/TileDialect.cpp.inc"

#include "tile/IR/TileEnums.cpp.inc"

ParseResult hadal::tile::parseExtents(AsmParser &parser, SmallVectorImpl<int64_t> &shape,
                                      Type &elementType) {
  return failure(failed(parser.parseDimensionList(shape)) || failed(parser.parseType(elementType)));
}

void hadal::tile::printExtents(AsmPrinter &printer, ArrayRef<int64_t> shape, Type elementType) {
  for (int64_t extent : shape) {
    if (ShapedType::isDynamic(extent))
      printer << "?";
    else
      printer << extent;
    printer << "x";
  }
  printer << elementType;
}

#define GET_TYPEDEF_CLASSES
#include "tile/IR/TileTypes.cpp.inc"

#define GET_OP_CLASSES
#include "tile/IR/TileOps.cpp.inc"

void TileDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "tile/IR/TileTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tile/IR/TileOps.cpp.inc"
      >();
}
