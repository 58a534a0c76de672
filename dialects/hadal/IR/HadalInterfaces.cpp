// SPDX-License-Identifier: Apache-2.0
// What generic code may ask of an op of the dialect, and of a layout.
#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal;

#include "hadal/IR/HadalOpInterfaces.cpp.inc"

#include "hadal/IR/HadalAttrInterfaces.cpp.inc"

/// Whether the op computes numbers of numbers.
static bool isScalar(Operation *op) {
  auto isNumber = [](Type type) { return type.isIntOrIndexOrFloat(); };
  return isa<arith::ArithDialect, affine::AffineDialect>(op->getDialect()) &&
         op->getNumRegions() == 0 && llvm::all_of(op->getOperandTypes(), isNumber) &&
         llvm::all_of(op->getResultTypes(), isNumber);
}

bool hadal::staysInEntry(Operation *op) {
  return op->hasTrait<StaysInEntry>() || isScalar(op) ||
         isa<tensor::EmptyOp, tensor::DimOp, arith::ConstantOp, func::ReturnOp>(op);
}

bool hadal::isCarried(Operation *op) {
  if (op->hasTrait<OpTrait::ConstantLike>() || isScalar(op) || isa<tensor::DimOp, HostDimOp>(op))
    return true;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return fill.getOutputs().front().getDefiningOp<tensor::EmptyOp>();
  return isa<tensor::EmptyOp, tensor::ExtractSliceOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, tensor::CastOp>(op);
}

bool hadal::belongsInBody(Operation *op) {
  if (isa<ComputeOpInterface, HostDimOp>(op))
    return true;
  static constexpr StringRef dialects[] = {"affine", "arith", "linalg", "math", "scf", "tensor"};
  return llvm::is_contained(dialects, op->getName().getDialectNamespace()) &&
         isMemoryEffectFree(op);
}

std::optional<plan::ExprKind> hadal::exprKindOf(Operation *op) {
  using Kind = std::optional<plan::ExprKind>;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case([](arith::AddIOp) { return plan::ExprKind::Add; })
      .Case([](arith::SubIOp) { return plan::ExprKind::Sub; })
      .Case([](arith::MulIOp) { return plan::ExprKind::Mul; })
      .Case<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(
          [](auto) { return plan::ExprKind::FloorDiv; })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([](auto) { return plan::ExprKind::CeilDiv; })
      .Case<arith::MinSIOp, arith::MinUIOp>([](auto) { return plan::ExprKind::Min; })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([](auto) { return plan::ExprKind::Max; })
      .Default([](Operation *) { return std::nullopt; });
}

bool hadal::isOfNonNegative(Operation *op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivUIOp, arith::MinUIOp, arith::MaxUIOp>(
      op);
}

Value hadal::makeExpr(Operation *op, Value a, Value b, const ExprMaker &make) {
  using Kind = plan::ExprKind;
  std::optional<Kind> kind = exprKindOf(op);
  if (!kind)
    return {};
  if (!isOfNonNegative(op) || (make.isNonNegative(a) && make.isNonNegative(b)))
    return make.expr(*kind, a, b);
  Value zero = make.constant(0);
  // Towards zero: down where the dividend is positive, up where it is negative.
  if (isa<arith::DivSIOp>(op))
    return make.expr(Kind::Add, make.expr(Kind::FloorDiv, make.expr(Kind::Max, a, zero), b),
                     make.expr(Kind::CeilDiv, make.expr(Kind::Min, a, zero), b));
  // What is negative is more than any number that is not.
  Value isNegative = make.expr(Kind::Lt, a, zero);
  if (isa<arith::MinUIOp, arith::MaxUIOp>(op)) {
    Value areAlike = make.expr(Kind::Eq, isNegative, make.expr(Kind::Lt, b, zero));
    Value least = make.expr(Kind::Min, a, b), most = make.expr(Kind::Max, a, b);
    return isa<arith::MinUIOp>(op) ? make.select(areAlike, least, most)
                                   : make.select(areAlike, most, least);
  }
  // An unsigned quotient of a negative number is no size: reported, as a divisor of 0 is.
  return make.expr(*kind, a, make.select(isNegative, zero, b));
}

Operation *hadal::findRoot(ArrayRef<Operation *> ops) {
  Operation *root = nullptr, *first = nullptr, *firstOwn = nullptr;
  int64_t most = -1;
  for (Operation *op : ops) {
    if (!first && !op->hasTrait<OpTrait::ConstantLike>())
      first = op;
    if (!firstOwn && !isCarried(op))
      firstOwn = op;
    auto compute = dyn_cast<ComputeOpInterface>(op);
    if (!compute)
      continue;
    Work work = compute.getWork();
    if (int64_t each = work.perRow + work.perRowAndKey; each > most) {
      most = each;
      root = op;
    }
  }
  return root ? root : firstOwn ? firstOwn : first;
}

BlockArgument hadal::findDestination(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    auto inPlace = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    OpOperand *tied = inPlace ? inPlace.getTiedOpOperand(result) : nullptr;
    if (!tied)
      return {};
    value = tied->get();
  }
  return cast<BlockArgument>(value);
}

std::optional<int64_t> hadal::bufferBytesOf(Type element) {
  if (element.isIndex())
    return 8;
  bool isNumber = element.isUnsignedInteger(8) || isa<Float8E4M3FNType, BFloat16Type>(element) ||
                  element.isF16() || element.isF32() || element.isF64();
  for (unsigned bits : {1, 8, 16, 32, 64})
    isNumber |= element.isSignlessInteger(bits);
  if (!isNumber)
    return std::nullopt;
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

std::optional<StoredElement> hadal::storedElementOf(Type element) {
  if (element.isBF16())
    return StoredElement::BF16;
  if (element.isF16())
    return StoredElement::F16;
  if (element.isF32())
    return StoredElement::F32;
  if (isa<Float8E4M3FNType>(element))
    return StoredElement::F8E4M3;
  return std::nullopt;
}

int64_t hadal::saturatingProduct(ArrayRef<int64_t> extents) {
  uint64_t product = 1;
  for (int64_t extent : extents)
    product = llvm::SaturatingMultiply(product, static_cast<uint64_t>(extent));
  return std::min<uint64_t>(product, kTooManyBytes);
}

int64_t hadal::storedBytes(RankedTensorType type) {
  int64_t elements = saturatingProduct(type.getShape());
  if (auto layout = dyn_cast_if_present<LayoutAttrInterface>(type.getEncoding()))
    elements = std::max(elements, layout.getStoredElements(type.getShape()));
  int64_t bits = type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth();
  return bits % 8 == 0 ? saturatingProduct({elements, bits / 8})
                       : saturatingProduct({elements, bits}) / 8;
}
