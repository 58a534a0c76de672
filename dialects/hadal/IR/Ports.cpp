// SPDX-License-Identifier: Apache-2.0
// What functions, their arguments and results are: the attributes hadal.entry and hadal.port.
#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hadal;

FailureOr<PortExtent> hadal::parsePortExtent(AsmParser &parser) {
  PortExtent extent;
  if (succeeded(parser.parseOptionalQuestion()))
    return extent;
  if (parser.parseSymbolName(extent.dim) ||
      (succeeded(parser.parseOptionalPlus()) && parser.parseInteger(extent.plus)))
    return failure();
  return extent;
}

AsmPrinter &hadal::operator<<(AsmPrinter &printer, const PortExtent &extent) {
  if (!extent.dim)
    return printer << "?";
  printer.printSymbolName(extent.dim);
  if (extent.plus)
    printer << " + " << extent.plus;
  return printer;
}

plan::EntryRole hadal::entryRoleOf(FunctionOpInterface function) {
  auto entry = function->getAttrOfType<EntryAttr>(kEntryAttrName);
  return entry ? entry.getRole() : plan::EntryRole::Other;
}

/// What the attribute says, or a value named after its position.
static PortAttr portOf(Attribute attr, MLIRContext *context, unsigned number) {
  if (auto port = dyn_cast_if_present<PortAttr>(attr))
    return port;
  return PortAttr::get(context, std::to_string(number), plan::PortRole::Value, {}, {});
}

PortAttr hadal::argumentPortOf(FunctionOpInterface function, unsigned number) {
  return portOf(function.getArgAttr(number, kPortAttrName), function->getContext(), number);
}

PortAttr hadal::resultPortOf(FunctionOpInterface function, unsigned number) {
  return portOf(function.getResultAttr(number, kPortAttrName), function->getContext(), number);
}

plan::Signature hadal::signatureOf(FunctionOpInterface function) {
  plan::Signature signature{function, entryRoleOf(function), {}, {}};
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    PortAttr port = argumentPortOf(function, i);
    signature.arguments.push_back({port.getName(), port.getRole(), type});
  }
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    PortAttr port = resultPortOf(function, i);
    signature.results.push_back({port.getName(), port.getRole(), type});
  }
  return signature;
}

/// Whether the extents of an argument are dims, and those of its role.
static LogicalResult verifyExtents(Operation *op, PortAttr port, RankedTensorType type) {
  // port_c3
  ArrayRef<PortExtent> extents = port.getExtents();
  if (!extents.empty() && extents.size() != type.getNumDynamicDims())
    return op->emitOpError() << "expected extents for each of " << type.getNumDynamicDims()
                             << " dynamic axes of '" << port.getName() << "', got "
                             << extents.size();
  // port_c4
  const plan::PortRule &rule = plan::ruleOf(port.getRole());
  unsigned next = 0;
  for (auto [axis, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size) || extents.empty())
      continue;
    const PortExtent &extent = extents[next++];
    if (!extent.dim)
      continue;
    auto dim = SymbolTable::lookupNearestSymbolFrom<plan::HostDimOp>(op, extent.dim);
    if (!dim)
      return op->emitOpError() << "expected @" << extent.dim.getValue()
                               << " to name a plan.host_dim";
    if (axis < rule.extents.size() &&
        (dim.getKind() != rule.extents[axis].kind || extent.plus != rule.extents[axis].plus))
      return op->emitOpError() << "expected extent " << axis << " of '" << port.getName()
                               << "' to be " << plan::stringifyDimKind(rule.extents[axis].kind)
                               << " + " << rule.extents[axis].plus << ", got "
                               << plan::stringifyDimKind(dim.getKind()) << " + " << extent.plus;
  }
  return success();
}

static LogicalResult verifyPort(Operation *op, Attribute value, Type type, bool isArgument) {
  // port_c1
  auto port = dyn_cast<PortAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!port || !tensor)
    return op->emitOpError() << "expected " << kPortAttrName
                             << " to be #hadal.port on a ranked tensor, got " << value << " on "
                             << type;
  // port_c6
  if (failed(plan::verifyName([&] { return op->emitOpError(); }, kPortAttrName, port.getName())))
    return failure();
  // port_c2
  auto report = [&] { return op->emitOpError() << "'" << port.getName() << "': "; };
  if (failed(plan::verifyPortType(report, port.getRole(), isArgument, tensor)))
    return failure();
  // port_c5
  FlatSymbolRefAttr table = port.getBlockTable();
  if (static_cast<bool>(table) != (port.getRole() == plan::PortRole::BlockTable))
    return report() << "expected a plan.block_table exactly for the role block_table, got "
                    << (table ? "one" : "none");
  if (table && !SymbolTable::lookupNearestSymbolFrom<plan::BlockTableOp>(op, table))
    return report() << "expected " << table << " to name a plan.block_table";
  if (isArgument)
    return verifyExtents(op, port, tensor);
  // port_c3
  if (!port.getExtents().empty())
    return report() << "expected no extents of a result, which follow from the function, got "
                    << port.getExtents().size();
  return success();
}

/// Arguments and results have one attribute of the dialect.
static LogicalResult verifyPortAttribute(Operation *op, NamedAttribute attribute,
                                         function_ref<Type(FunctionOpInterface)> typeIn,
                                         bool isArgument) {
  // hadal_c2
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (attribute.getName() != kPortAttrName || !function)
    return op->emitOpError() << "expected " << kPortAttrName << " on "
                             << (isArgument ? "an argument" : "a result")
                             << " of a function and no other attribute of the hadal dialect, got "
                             << attribute.getName().strref();
  return verifyPort(op, attribute.getValue(), typeIn(function), isArgument);
}

LogicalResult HadalDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned number,
                                                     NamedAttribute attribute) {
  return verifyPortAttribute(
      op, attribute, [&](FunctionOpInterface f) { return f.getArgumentTypes()[number]; },
      /*isArgument=*/true);
}

LogicalResult HadalDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned number,
                                                        NamedAttribute attribute) {
  return verifyPortAttribute(
      op, attribute, [&](FunctionOpInterface f) { return f.getResultTypes()[number]; },
      /*isArgument=*/false);
}
