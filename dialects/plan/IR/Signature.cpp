// SPDX-License-Identifier: Apache-2.0
// What arguments and results of the known roles look like, and what entry points have of them.
#include "plan/IR/Signature.h"

#include "hadal_limits.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::plan;

static PortRule integers(SmallVector<KnownExtent> extents) {
  PortRule rule;
  rule.hasType = true;
  rule.rank = extents.size();
  rule.extents = std::move(extents);
  return rule;
}

static PortRule makeRule(PortRole role) {
  PortRule rule;
  switch (role) {
  case PortRole::Value:
  case PortRole::Kept: rule.isResult = true; return rule;
  case PortRole::Tokens:
  case PortRole::Positions: return integers({{DimKind::Tokens}});
  case PortRole::SequenceOffsets: return integers({{DimKind::Sequences, 1}});
  case PortRole::Slots: return integers({{DimKind::Sequences}});
  case PortRole::LogitRows: return integers({{DimKind::LogitRows}});
  case PortRole::BlockTable: return integers({{DimKind::Slots}, {DimKind::PagesPerSlot}});
  case PortRole::Logits:
    rule = integers({{DimKind::LogitRows}});
    rule.isFloat = rule.isResult = true;
    rule.isArgument = false;
    rule.rank = 2;
    return rule;
  }
  return rule;
}

const PortRule &hadal::plan::ruleOf(PortRole role) {
  static const std::vector<PortRule> rules = [] {
    std::vector<PortRule> list;
    for (uint32_t i = 0; i <= getMaxEnumValForPortRole(); ++i)
      list.push_back(makeRule(static_cast<PortRole>(i)));
    return list;
  }();
  return rules[static_cast<uint32_t>(role)];
}

LogicalResult hadal::plan::verifyPortType(function_ref<InFlightDiagnostic()> emitError,
                                          PortRole role, bool isArgument, RankedTensorType type) {
  const PortRule &rule = ruleOf(role);
  StringRef name = stringifyPortRole(role);
  if (isArgument ? !rule.isArgument : !rule.isResult)
    return emitError() << "expected a role of " << (isArgument ? "an argument" : "a result")
                       << ", got " << name;
  Type element = type.getElementType();
  bool fits = rule.isFloat ? element.isF32() : element.isSignlessInteger(32);
  if (!rule.hasType || (fits && type.getRank() == rule.rank))
    return success();
  return emitError() << "expected " << name << " to be a tensor of rank " << rule.rank << " of "
                     << (rule.isFloat ? "f32" : "i32") << ", got " << type;
}

/// What an artifact can hold: so many ports, of such names and tensors.
static LogicalResult verifyLimits(Operation *op, StringRef what, ArrayRef<Port> ports) {
  if (ports.size() > kMaxPorts)
    return op->emitOpError() << "expected " << kMaxPorts << " " << what << "s at most, got "
                             << ports.size();
  for (const Port &port : ports) {
    auto type = dyn_cast<RankedTensorType>(port.type);
    if (type && type.getRank() > kMaxRank)
      return op->emitOpError() << "expected " << what << " '" << port.name << "' of rank "
                               << kMaxRank << " at most, got " << type;
  }
  return success();
}

/// One port of each name, and of each role that the session fills by itself.
static LogicalResult verifyOnce(Operation *op, StringRef what, ArrayRef<Port> ports) {
  llvm::SmallDenseSet<StringRef> names;
  llvm::SmallDenseSet<uint32_t> roles;
  for (const Port &port : ports) {
    if (!names.insert(port.name).second)
      return op->emitOpError() << "expected one " << what << " '" << port.name << "', got another";
    bool repeats = port.role == PortRole::Value || port.role == PortRole::Kept ||
                   port.role == PortRole::BlockTable;
    if (!repeats && !roles.insert(static_cast<uint32_t>(port.role)).second)
      return op->emitOpError() << "expected one " << what << " of the role "
                               << stringifyPortRole(port.role) << ", got another";
  }
  return success();
}

static bool hasRole(ArrayRef<Port> ports, PortRole role) {
  return llvm::any_of(ports, [&](const Port &port) { return port.role == role; });
}

LogicalResult hadal::plan::verifySignatures(ArrayRef<Signature> entries) {
  llvm::SmallDenseSet<uint32_t> roles;
  llvm::StringMap<Type> kept;
  if (entries.size() > kMaxEntries)
    return entries[kMaxEntries].op->emitOpError()
           << "expected " << kMaxEntries << " entry points at most, got " << entries.size();
  for (const Signature &entry : entries) {
    if (failed(verifyName([&] { return entry.op->emitOpError(); }, "its name",
                          SymbolTable::getSymbolName(entry.op))) ||
        failed(verifyLimits(entry.op, "argument", entry.arguments)) ||
        failed(verifyLimits(entry.op, "result", entry.results)))
      return failure();
    if (failed(verifyOnce(entry.op, "argument", entry.arguments)) ||
        failed(verifyOnce(entry.op, "result", entry.results)))
      return failure();
    for (const Port &result : entry.results)
      if (result.role == PortRole::Kept)
        if (auto [it, isNew] = kept.try_emplace(result.name, result.type);
            !isNew && it->second != result.type)
          return entry.op->emitOpError() << "expected the kept result '" << result.name << "' of "
                                         << it->second << ", as elsewhere, got " << result.type;
    if (entry.role == EntryRole::Other)
      continue;
    if (!roles.insert(static_cast<uint32_t>(entry.role)).second)
      return entry.op->emitOpError() << "expected one entry point of the role "
                                     << stringifyEntryRole(entry.role) << ", got another";
    if (!hasRole(entry.arguments, PortRole::Tokens) || !hasRole(entry.results, PortRole::Logits))
      return entry.op->emitOpError()
             << "expected an argument of the role tokens and a result of the role logits in an "
                "entry point of the role "
             << stringifyEntryRole(entry.role) << ", found none";
  }
  for (const Signature &entry : entries)
    for (const Port &argument : entry.arguments)
      if (argument.role == PortRole::Kept && kept.lookup(argument.name) != argument.type)
        return entry.op->emitOpError() << "expected a kept result '" << argument.name << "' of "
                                       << argument.type << " of an entry point, found none";
  return success();
}
