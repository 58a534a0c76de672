// SPDX-License-Identifier: Apache-2.0
// The safetensors file beside an artifact that holds its packed weights.
#include "WeightsFile.h"

#include "files/WeightsName.h"
#include "plan/IR/PlanDialect.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <memory>

using namespace mlir;
using namespace hadal;

static constexpr uint64_t kAlignment = 64;
static constexpr char kNoBuildId[] = "0000000000000000";

/// Everything that decides a parameter's bytes; null where they are not known.
static Attribute recipeOf(ParameterOp parameter) {
  if (!parameter.getSourcesAttr() && !parameter.getTableAttr())
    return {};
  NamedAttrList recipe(parameter->getAttrDictionary());
  recipe.erase(parameter.getSymNameAttrName());
  return recipe.getDictionary(parameter.getContext());
}

/// Gives every parameter of every program a place in the list, and a name.
static void placeParameters(WeightsLayout &layout, ModuleOp module) {
  llvm::DenseMap<Attribute, uint32_t> byRecipe; // of the programs before
  llvm::StringSet<> names;
  for (auto program : module.getOps<plan::ProgramOp>()) {
    std::vector<std::pair<Attribute, uint32_t>> ofThis;
    for (auto parameter : program.getContents().getOps<ParameterOp>()) {
      Attribute recipe = recipeOf(parameter);
      if (auto it = byRecipe.find(recipe); recipe && it != byRecipe.end()) {
        layout.numbers[parameter] = it->second;
        continue;
      }
      std::string name = parameter.getSymName().str();
      while (!names.insert(name).second)
        name += ("@" + program.getSymName()).str();
      uint32_t number = layout.parameters.size();
      layout.numbers[parameter] = number;
      ofThis.push_back({recipe, number});
      layout.parameters.push_back({parameter, name});
      PlacedParameter &placed = layout.parameters.back();
      if (placed.isStored())
        placed.length = storedBytes(parameter.getTensorType());
    }
    for (auto [recipe, number] : ofThis)
      if (recipe)
        byRecipe.try_emplace(recipe, number);
  }
}

WeightsLayout hadal::layOutWeights(ModuleOp module) {
  WeightsLayout layout;
  placeParameters(layout, module);
  std::string json = "{\"__metadata__\":{\"" + std::string(files::kBuildIdKey) + "\":\"";
  layout.buildIdAt = 8 + json.size();
  json += std::string(kNoBuildId) + "\",\"format\":\"hadal\"}";
  uint64_t at = 0;
  for (PlacedParameter &placed : layout.parameters) {
    if (!placed.isStored())
      continue;
    // Padding belongs to the tensor: the format allows no holes. The bytes are
    // packed, so their type is that of bytes.
    uint64_t padded = llvm::alignTo(placed.length, kAlignment);
    json += llvm::formatv(",{0}:{{\"dtype\":\"U8\",\"shape\":[{1}],\"data_offsets\":[{2},{3}]}",
                          llvm::json::Value(placed.name), padded, at, at + padded)
                .str();
    placed.offset = at;
    at = llvm::SaturatingAdd(at, padded);
  }
  json += "}";
  json.resize(llvm::alignTo(json.size() + 8, kAlignment) - 8, ' ');
  char length[8];
  llvm::support::endian::write64le(length, json.size());
  layout.header = std::string(length, 8) + json;
  for (PlacedParameter &placed : layout.parameters)
    if (placed.isStored())
      placed.offset += layout.header.size();
  layout.size = llvm::SaturatingAdd<uint64_t>(layout.header.size(), at);
  return layout;
}

llvm::Expected<std::string>
hadal::writeWeights(WeightsLayout &layout, files::OutputFile &file, const SourceFiles &sources,
                    NonFiniteValues &nonFinite, uint64_t seed,
                    const std::function<void(uint64_t, uint64_t)> &progress) {
  auto check = [&](bool done) {
    return done ? llvm::Error::success() : llvm::createStringError(file.error());
  };
  if (llvm::Error failed = check(file.write(layout.header.data(), layout.header.size())))
    return std::move(failed);
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t *)> state(XXH3_createState(),
                                                                         XXH3_freeState);
  std::vector<uint64_t> identity = {seed, XXH3_64bits(layout.header.data(), layout.header.size())};
  for (PlacedParameter &placed : layout.parameters) {
    if (!placed.isStored())
      continue;
    XXH3_64bits_reset(state.get());
    uint64_t begin = file.size();
    auto write = [&](const uint8_t *data, size_t size) -> llvm::Error {
      // The rest is packed only to tell of all weights that are not finite.
      if (nonFinite.refused())
        return llvm::Error::success();
      XXH3_64bits_update(state.get(), data, size);
      llvm::Error error = check(file.write(data, size));
      if (!error && progress)
        progress(file.size(), layout.size);
      return error;
    };
    if (llvm::Error failed = packParameter(placed.parameter, sources, nonFinite, write))
      return std::move(failed);
    if (nonFinite.refused())
      continue;
    if (file.size() - begin != placed.length)
      return llvm::createStringError(std::errc::invalid_argument,
                                     "parameter '%s': expected %llu bytes, got %llu",
                                     placed.name.c_str(), (unsigned long long)placed.length,
                                     (unsigned long long)(file.size() - begin));
    placed.checksum = XXH3_64bits_digest(state.get());
    identity.push_back(placed.checksum);
    static const uint8_t zeros[kAlignment] = {};
    if (llvm::Error failed =
            check(file.write(zeros, llvm::alignTo(placed.length, kAlignment) - placed.length)))
      return std::move(failed);
  }
  if (nonFinite.refused())
    return nonFinite.error();
  std::string buildId =
      llvm::formatv("{0:x-16}", XXH3_64bits(identity.data(), identity.size() * 8)).str();
  if (llvm::Error failed = check(file.patch(layout.buildIdAt, buildId.data(), buildId.size())))
    return std::move(failed);
  layout.header.replace(layout.buildIdAt, buildId.size(), buildId);
  return buildId;
}
