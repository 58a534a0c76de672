// SPDX-License-Identifier: Apache-2.0
// What modules, functions and ops of other dialects have of this one, and whether it is well formed.
#include "hadal/IR/HadalDialect.h"

#include "hadal_limits.h"

using namespace mlir;
using namespace hadal;

//===-- #hadal.model -------------------------------------------------------------===//

LogicalResult ModelAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef,
                                int64_t layers, int64_t hiddenSize, int64_t vocabSize,
                                int64_t heads, int64_t maxPositions, int64_t maxPositionEmbeddings,
                                int64_t kvLoraRank, int64_t qkNopeHeadDim, int64_t qkRopeHeadDim,
                                int64_t vHeadDim, int64_t experts, int64_t expertsPerToken,
                                int64_t bosToken, DenseI64ArrayAttr eosTokens, int64_t total,
                                int64_t active) {
  // model_c1
  constexpr int64_t field = std::numeric_limits<uint32_t>::max();
  std::tuple<StringRef, int64_t, int64_t> sizes[] = {
      {"layers", layers, field},
      {"hidden_size", hiddenSize, field},
      {"vocab_size", vocabSize, kMaxVocabSize},
      {"heads", heads, field},
      {"max_positions", maxPositions, kMaxPositions},
      {"max_position_embeddings", maxPositionEmbeddings, field},
      {"kv_lora_rank", kvLoraRank, field},
      {"qk_nope_head_dim", qkNopeHeadDim, field},
      {"qk_rope_head_dim", qkRopeHeadDim, field},
      {"v_head_dim", vHeadDim, field}};
  for (auto [name, size, most] : sizes)
    if (size < 1 || size > most)
      return emitError() << "expected " << name << " from 1 to " << most << ", got " << size;
  // model_c2
  if (experts < 0 || expertsPerToken < 0 || expertsPerToken > experts)
    return emitError() << "expected experts that are not negative and at most all for a token, got "
                       << expertsPerToken << " of " << experts;
  // model_c3
  if (bosToken < -1 || bosToken >= vocabSize)
    return emitError() << "expected bos_token from -1 to " << vocabSize - 1 << ", got " << bosToken;
  for (int64_t token : eosTokens ? eosTokens.asArrayRef() : ArrayRef<int64_t>())
    if (token < 0 || token >= vocabSize)
      return emitError() << "expected eos_tokens from 0 to " << vocabSize - 1 << ", got " << token;
  // model_c4
  if (total < 0 || active < 0)
    return emitError() << "expected parameters that are not negative, got " << total << " in all, "
                       << active << " active";
  return success();
}

ModelAttr ModelAttr::withParameters(int64_t total, int64_t active) const {
  return get(getContext(), getFamily(), getLayers(), getHiddenSize(), getVocabSize(), getHeads(),
             getMaxPositions(), getMaxPositionEmbeddings(), getKvLoraRank(), getQkNopeHeadDim(),
             getQkRopeHeadDim(), getVHeadDim(), getExperts(), getExpertsPerToken(), getBosToken(),
             getEosTokens(), total, active);
}

//===-- reading ------------------------------------------------------------------===//

ModelAttr hadal::modelOf(ModuleOp module) {
  return module->getAttrOfType<ModelAttr>(kModelAttrName);
}

StringRef hadal::textOf(ModuleOp module, StringRef name) {
  auto text = module->getAttrOfType<StringAttr>(name);
  return text ? text.getValue() : StringRef();
}

SmallVector<FileAttr> hadal::filesOf(ModuleOp module) {
  auto files = module->getAttrOfType<ArrayAttr>(kFilesAttrName);
  return files ? llvm::to_vector(files.getAsRange<FileAttr>()) : SmallVector<FileAttr>();
}

//===-- verification -------------------------------------------------------------===//

namespace {
/// What an attribute of that name has to be, on which ops.
struct AttributeRule {
  StringRef name;
  StringRef kind;
  bool (*fits)(Attribute);
  StringRef place;
  bool (*isPlace)(Operation *);
};

template <typename T>
bool isOf(Attribute attribute) {
  return isa<T>(attribute);
}
bool areFiles(Attribute attribute) {
  auto list = dyn_cast<ArrayAttr>(attribute);
  return list && llvm::all_of(list, isOf<FileAttr>);
}
bool isPrecision(Attribute attribute) {
  auto text = dyn_cast<StringAttr>(attribute);
  return text && (text == "native" || text == "reference");
}
bool isForm(Attribute attribute) {
  auto text = dyn_cast<StringAttr>(attribute);
  std::optional<AttentionForm> form = text ? symbolizeAttentionForm(text.getValue()) : std::nullopt;
  return form && *form != AttentionForm::Unset;
}

bool areCounts(Attribute attribute) {
  auto counts = dyn_cast<DictionaryAttr>(attribute);
  return counts && llvm::all_of(counts, [](NamedAttribute each) {
           auto count = dyn_cast<IntegerAttr>(each.getValue());
           return count && count.getType().isSignlessInteger(64);
         });
}

/// Pairs of an argument and its axis.
bool areAxes(Attribute attribute) {
  auto list = dyn_cast<ArrayAttr>(attribute);
  return list && llvm::all_of(list, [](Attribute each) {
           auto pair = dyn_cast<DenseI64ArrayAttr>(each);
           return pair && pair.size() == 4 &&
                  llvm::all_of(pair.asArrayRef(), [](int64_t number) { return number >= 0; });
         });
}

AttributeRule ofModule(StringRef name, StringRef kind, bool (*fits)(Attribute)) {
  return {name, kind, fits, "a module", [](Operation *op) { return isa<ModuleOp>(op); }};
}

ArrayRef<AttributeRule> rules() {
  static const AttributeRule list[] = {
      ofModule(kModelAttrName, "#hadal.model", isOf<ModelAttr>),
      ofModule(kCheckpointAttrName, "a string", isOf<StringAttr>),
      ofModule(kFilesAttrName, "a list of #hadal.file", areFiles),
      ofModule(kTokenizerAttrName, "#hadal.file", isOf<FileAttr>),
      ofModule(kTokenizerConfigAttrName, "#hadal.file", isOf<FileAttr>),
      ofModule(kGenerationAttrName, "#hadal.file", isOf<FileAttr>),
      ofModule(kTextNoteAttrName, "a string", isOf<StringAttr>),
      ofModule(kGenerationNoteAttrName, "a string", isOf<StringAttr>),
      ofModule(kPrecisionAttrName, "native or reference", isPrecision),
      ofModule(kAttentionAttrName, "auto, absorbed or expanded", isForm),
      ofModule(kExpandedAttrName, "a dictionary of numbers of i64", areCounts),
      {kEntryAttrName, "#hadal.entry", isOf<EntryAttr>, "a function",
       [](Operation *op) { return isa<FunctionOpInterface>(op); }},
      {kAlikeAttrName, "a list of arrays of four numbers of i64", areAxes, "a function",
       [](Operation *op) { return isa<FunctionOpInterface>(op); }},
      {kWhenAttrName, "#hadal.when", isOf<WhenAttr>, "an op", [](Operation *) { return true; }},
      {kValueAttrName, "a string", isOf<StringAttr>, "an op", [](Operation *) { return true; }}};
  return list;
}
} // namespace

LogicalResult HadalDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  // hadal_c1
  StringRef name = attribute.getName().strref();
  const AttributeRule *rule =
      llvm::find_if(rules(), [&](const AttributeRule &each) { return each.name == name; });
  if (rule == rules().end())
    return op->emitOpError() << "expected an attribute that the hadal dialect knows, got " << name;
  if (!rule->isPlace(op))
    return op->emitOpError() << "expected " << name << " on " << rule->place << ", got "
                             << op->getName();
  if (!rule->fits(attribute.getValue()))
    return op->emitOpError() << "expected " << name << " to be " << rule->kind << ", got "
                             << attribute.getValue();
  return success();
}
