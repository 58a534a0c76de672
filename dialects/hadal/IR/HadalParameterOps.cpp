// SPDX-License-Identifier: Apache-2.0
// Verifiers of parameters and of the ops that read and write them and states.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/OpChecks.h"

#include "hadal_limits.h"

using namespace mlir;
using namespace hadal;

// parameter_c7
static LogicalResult verifyLength(ParameterOp op, SourceAttr source) {
  if (source.getLength() == static_cast<uint64_t>(storedBytes(source.getType())))
    return success();
  return op.emitOpError() << "expected source '" << source.getTensor() << "' of "
                          << storedBytes(source.getType()) << " bytes, got " << source.getLength();
}

/// Whether the elements of a source come with block scales.
static bool isScaled(SourceAttr source) {
  return isa<Float8E4M3FNType>(source.getType().getElementType());
}

/// Elements that one source contributes after selection.
static FailureOr<int64_t> elementsOf(ParameterOp op, RankedTensorType stored) {
  std::optional<RowSelectAttr> select = op.getSelect();
  if (!select)
    return stored.getNumElements();
  int64_t rows = stored.getRank() == 2 ? stored.getDimSize(0) : 0;
  // parameter_c5
  if (select->getGroup() <= 0 || select->getStart() < 0 || select->getCount() <= 0 ||
      select->getStart() > select->getGroup() ||
      select->getCount() > select->getGroup() - select->getStart() || rows == 0 ||
      rows % select->getGroup() != 0)
    return op.emitOpError() << "expected a selection inside groups that divide the rows of a "
                               "stored matrix, got "
                            << select->getCount() << " rows from " << select->getStart()
                            << " of each " << select->getGroup() << " in " << stored;
  return stored.getNumElements() / select->getGroup() * select->getCount();
}

LogicalResult RopeTableAttr::verify(function_ref<InFlightDiagnostic()> emitError, TableComponent,
                                    int64_t dim, FloatAttr theta, FloatAttr factor,
                                    int64_t positions, FloatAttr betaFast, FloatAttr betaSlow,
                                    FloatAttr mscale, bool, bool yarn) {
  // rope_table_c1
  if (dim < 2 || dim > kMaxRopeDim || dim % 2 != 0)
    return emitError() << "expected an even dim from 2 to " << kMaxRopeDim << ", got " << dim;
  // rope_table_c2
  for (FloatAttr positive : {theta, factor})
    if (double number = positive.getValueAsDouble(); !std::isfinite(number) || number <= 0)
      return emitError() << "expected a positive theta and factor, got " << theta << " and "
                         << factor;
  for (FloatAttr finite : {betaFast, betaSlow, mscale})
    if (!std::isfinite(static_cast<float>(finite.getValueAsDouble())))
      return emitError() << "expected numbers within f32, got " << finite;
  if (positions < 0)
    return emitError() << "expected original positions that are not negative, got " << positions;
  // rope_table_c3
  bool isPlain = factor.getValueAsDouble() == 1 && !yarn;
  double betas = std::min(betaFast.getValueAsDouble(), betaSlow.getValueAsDouble());
  if (!isPlain && (positions == 0 || betas <= 0 || theta.getValueAsDouble() == 1))
    return emitError() << "expected positive betas and original positions, and a theta that is "
                          "not 1, with YaRN, got "
                       << betaFast << ", " << betaSlow << ", " << positions << " and " << theta;
  return success();
}

/// The largest angle of a table: that of the last position that there can be, and its
/// fastest pair. YaRN only slows pairs down.
static double largestAngle(RopeTableAttr table) {
  double dim = table.getDim(), theta = table.getTheta().getValueAsDouble();
  double fastest = std::max(1.0, std::pow(theta, -(dim - 2) / dim));
  return fastest / std::min(1.0, table.getFactor().getValueAsDouble()) * (kMaxPositions + 1.0);
}

/// Whether the type is one of a weight, and an artifact can describe it.
static bool isParameterType(RankedTensorType type) {
  return isWeightType(type) && type.getRank() <= kMaxRank &&
         !llvm::is_contained(type.getShape(), 0);
}

LogicalResult ParameterOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  // parameter_c6
  if (!type || !isParameterType(type))
    return emitOpError() << "expected a tensor of static shape, of rank " << kMaxRank
                         << " at most and without an extent of 0, and elements of f32, f16, bf16 "
                            "or f8E4M3FN, got "
                         << getType();
  // parameter_c12
  if (storedBytes(type) == kTooManyBytes)
    return emitOpError() << "expected a size within 63 bits, got " << type;
  ArrayAttr sources = getSourcesAttr();
  // parameter_c1
  if (sources && getTableAttr())
    return emitOpError("expected sources or a table, got both");
  // parameter_c4
  int64_t scaled = sources ? llvm::count_if(sources.getAsRange<SourceAttr>(), isScaled) : 0;
  if (getScalesAttr() && static_cast<int64_t>(getScalesAttr().size()) != scaled)
    return emitOpError() << "expected one scale for each source of f8E4M3FN, got "
                         << getScalesAttr().size() << " for " << scaled;
  // parameter_c8
  std::optional<ArrayRef<int64_t>> block = getBlock();
  if (block.has_value() != static_cast<bool>(getScalesAttr()) ||
      (block && (block->size() != 2 || (*block)[0] <= 0 || (*block)[1] <= 0)))
    return emitOpError() << "expected a block of two positive extents exactly where scales are "
                            "given, got "
                         << (block ? "[" : "none") << block.value_or(ArrayRef<int64_t>())
                         << (block ? "]" : "") << (getScalesAttr() ? " with" : " without")
                         << " scales";
  // parameter_c9
  if (std::optional<RopeTableAttr> table = getTable())
    if (type.getRank() != 2 || !type.getElementType().isF32() ||
        type.getDimSize(1) != table->getDim() / 2 || type.getEncoding())
      return emitOpError() << "expected a table of [positions, " << table->getDim() / 2
                           << "] of f32, got " << type;
  // parameter_c11
  if (std::optional<RopeTableAttr> table = getTable())
    if (!(largestAngle(*table) <= std::numeric_limits<float>::max()))
      return emitOpError() << "expected finite angles of a rotary table, got theta "
                           << table->getTheta() << " and factor " << table->getFactor();
  // parameter_c10
  if (type.getEncoding() && !isa<LayoutAttrInterface>(type.getEncoding()))
    return emitOpError() << "expected a layout as the encoding, got " << type.getEncoding();
  if (getScalesAttr())
    for (auto scale : getScalesAttr().getAsRange<SourceAttr>())
      if (failed(verifyLength(*this, scale)))
        return failure();
  if (!sources || sources.empty())
    return success();
  RankedTensorType stored = cast<SourceAttr>(sources[0]).getType();
  for (Attribute attr : sources) {
    auto source = cast<SourceAttr>(attr);
    // parameter_c2
    if (source.getType().getShape() != stored.getShape())
      return emitOpError() << "expected all sources to be of the shape of " << stored << ", got "
                           << source.getType() << " in '" << source.getTensor() << "'";
    if (failed(verifyLength(*this, source)))
      return failure();
  }
  FailureOr<int64_t> each = elementsOf(*this, stored);
  if (failed(each))
    return failure();
  // parameter_c3
  int64_t given = saturatingProduct({*each, static_cast<int64_t>(sources.size())});
  if (given != type.getNumElements())
    return emitOpError() << "expected sources with " << type.getNumElements()
                         << " elements in all, got " << given;
  return success();
}

/// Fails unless `name` is a DeclOp of the given type.
template <typename DeclOp>
static LogicalResult verifySymbolOf(Operation *op, FlatSymbolRefAttr name, Type type,
                                    SymbolTableCollection &symbols) {
  auto decl = symbols.lookupNearestSymbolFrom<DeclOp>(op, name);
  if (!decl)
    return op->emitOpError() << "expected " << name << " to name a " << DeclOp::getOperationName();
  return expectSameType(op, "the type of the symbol", decl.getType(), type);
}

// param_c1
LogicalResult ParamOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySymbolOf<ParameterOp>(*this, getNameAttr(), getValue().getType(), symbols);
}

// host_dim_c1
LogicalResult HostDimOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (plan::lookupHostDim(*this, getNameAttr()))
    return success();
  return emitOpError() << "expected " << getNameAttr() << " to name a plan.host_dim";
}

// state_read_c1
LogicalResult StateReadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySymbolOf<StateOp>(*this, getNameAttr(), getValue().getType(), symbols);
}

// state_write_c1
LogicalResult StateWriteOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySymbolOf<StateOp>(*this, getNameAttr(), getValue().getType(), symbols);
}
