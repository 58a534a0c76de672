// SPDX-License-Identifier: Apache-2.0
// Declares the parameters of a module and gives their values to ops.
#include "ParameterBuilder.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace hadal {

Type ParameterBuilder::elementType(StringRef dtype) {
  return llvm::StringSwitch<Type>(dtype)
      .Case("F32", body.getF32Type())
      .Case("F16", body.getF16Type())
      .Case("F8_E4M3", Float8E4M3FNType::get(body.getContext()))
      .Default(body.getBF16Type());
}

RankedTensorType ParameterBuilder::scaleType(const BoundWeight &weight) {
  return RankedTensorType::get(scaleShape(*config.fp8, weight.spec.shape), body.getF32Type());
}

ArrayAttr ParameterBuilder::sourceList(ArrayRef<BoundSource> sources, ArrayRef<int64_t> shape) {
  if (sources.empty())
    return ArrayAttr();
  SmallVector<Attribute> list;
  list.reserve(sources.size());
  for (const BoundSource &source : sources)
    list.push_back(SourceAttr::get(body.getContext(), source.file, source.tensor, source.offset,
                                   source.length,
                                   RankedTensorType::get(shape, elementType(source.dtype)),
                                   /*checksum=*/0));
  return body.getArrayAttr(list);
}

ArrayAttr ParameterBuilder::scaleList(const BoundWeight &weight) {
  if (weight.scales.empty())
    return ArrayAttr();
  return sourceList(weight.scales, scaleType(weight).getShape());
}

Value ParameterBuilder::read(StringRef name, RankedTensorType type) {
  Location location = NameLoc::get(body.getStringAttr(name));
  return ParamOp::create(body, location, type, FlatSymbolRefAttr::get(body.getContext(), name));
}

Value ParameterBuilder::declare(const Twine &name, RankedTensorType type, ArrayAttr sources,
                                ArrayAttr scales, RopeTableAttr table, RowSelectAttr select) {
  std::string symbol = name.str();
  Value &value = values[symbol];
  if (value)
    return value;
  Location location = NameLoc::get(declarations.getStringAttr(symbol));
  ParameterOp::create(declarations, location, declarations.getStringAttr(symbol),
                      TypeAttr::get(type), sources, scales,
                      scales ? blockAttr() : DenseI64ArrayAttr(), table, select,
                      /*transpose=*/UnitAttr());
  return value = read(symbol, type);
}

DenseI64ArrayAttr ParameterBuilder::blockAttr() {
  return body.getDenseI64ArrayAttr({config.fp8->rows, config.fp8->columns});
}

WeightValue ParameterBuilder::weight(const Twine &name) {
  std::string symbol = name.str();
  const BoundWeight *weight = weights.find(symbol);
  assert(weight && "the table lists every weight that the builder asks for");
  auto stored = RankedTensorType::get(weight->spec.shape, elementType(weight->dtype));
  auto stack = [&](RankedTensorType one) {
    if (!weight->spec.stacked)
      return one;
    SmallVector<int64_t, 3> shape = {config.experts};
    llvm::append_range(shape, one.getShape());
    return one.clone(shape);
  };
  WeightValue result;
  result.value = declare(symbol, stack(stored), sourceList(weight->sources, weight->spec.shape),
                         weight->mixed ? scaleList(*weight) : ArrayAttr(), nullptr, nullptr);
  if (weight->isFp8()) {
    result.scale = declare(symbol + ".scale", stack(scaleType(*weight)), scaleList(*weight),
                           nullptr, nullptr, nullptr);
    result.block = blockAttr();
  }
  return result;
}

std::pair<Value, Value> ParameterBuilder::upProjections(const Twine &prefix) {
  std::string base = prefix.str();
  const BoundWeight *weight = weights.find(base + "kv_b");
  assert(weight && "the table lists every weight that the builder asks for");
  Type element = weight->isFp8() ? body.getF32Type() : elementType(weight->dtype);
  ArrayAttr sources = sourceList(weight->sources, weight->spec.shape);
  ArrayAttr scales = scaleList(*weight);
  auto part = [&](const char *name, int64_t start, int64_t count) {
    auto select =
        RowSelectAttr::get(body.getContext(), config.nopeDim + config.valueDim, start, count);
    return declare(base + name,
                   RankedTensorType::get({config.heads, count, config.latentRank}, element),
                   sources, scales, nullptr, select);
  };
  Value keys = part("w_uk", 0, config.nopeDim);
  return {keys, part("w_uv", config.nopeDim, config.valueDim)};
}

Value ParameterBuilder::ropeTable(TableComponent component) {
  const RopeConfig &rope = config.rope;
  auto number = [&](double value) { return body.getF64FloatAttr(value); };
  auto table = RopeTableAttr::get(
      body.getContext(), component, config.ropeDim, number(rope.theta), number(rope.factor),
      rope.originalPositions, number(rope.betaFast), number(rope.betaSlow),
      number(rope.attentionFactor), rope.truncate, rope.yarn && rope.factor == 1);
  auto type = RankedTensorType::get({config.context, config.ropeDim / 2}, body.getF32Type());
  return declare(component == TableComponent::Cos ? "rope.cos" : "rope.sin", type, nullptr, nullptr,
                 table, nullptr);
}

} // namespace hadal
