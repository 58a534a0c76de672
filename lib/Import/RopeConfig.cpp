// SPDX-License-Identifier: Apache-2.0
// Reads how positions are rotated, in the keys of transformers 4 and of
// transformers 5. Where a key stands in two places, the one that transformers 5
// takes is taken, and the other is noted.
#include "Families.h"

#include <cmath>

using namespace llvm;

namespace hadal {

// YaRN's attention temperature (arXiv:2309.00071, section 3.4), as DeepSeek's
// model code writes it.
static double yarnMscale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

// What a block holds for YaRN, and nothing else reads.
static const StringRef yarnKeys[] = {"factor",   "beta_fast", "beta_slow",     "attention_factor",
                                     "truncate", "mscale",    "mscale_all_dim"};

// A key whose absence and whose null both mean `absent`.
static double optionalNumber(ConfigReader &reader, StringRef key, double absent, double least,
                             double most, bool closed = false) {
  return reader.find(key) ? reader.number(key, absent, least, most, closed) : absent;
}

// Where the length of the first training counts: beside the block, which wins,
// or in it.
static void readOriginalPositions(ConfigReader &reader, ConfigReader &scaling,
                                  const ModelConfig &config, RopeConfig &rope) {
  StringRef key = "original_max_position_embeddings";
  ConfigReader &where = reader.has(key) ? reader : scaling;
  rope.originalPositions = where.size(key, config.maxPositions, INT32_MAX);
  const json::Value *inside = scaling.find(key);
  if (reader.has(key) && inside && inside->getAsInteger() != rope.originalPositions)
    scaling.note(key, "not read, the value beside the block wins");
}

// A factor of null is the ratio of the lengths; transformers' softmax scale
// asks for the number itself, so null is of use without mscale_all_dim alone.
static double readFactor(ConfigReader &scaling, bool mayBeNull, const ModelConfig &config,
                         const RopeConfig &rope) {
  double ratio = double(config.maxPositions) / rope.originalPositions;
  if (mayBeNull && scaling.isNull("factor") && ratio >= 1.0) {
    scaling.note("factor", "null, taken as max_position_embeddings / "
                           "original_max_position_embeddings");
    return ratio;
  }
  return scaling.number("factor", std::nullopt, 1.0, 1e6, /*closed=*/true);
}

static void readYarn(ConfigReader &reader, ConfigReader &scaling, const ModelConfig &config,
                     RopeConfig &rope) {
  rope.yarn = true;
  readOriginalPositions(reader, scaling, config, rope);
  rope.betaFast = optionalNumber(scaling, "beta_fast", 32.0, 0, 1e6);
  rope.betaSlow = optionalNumber(scaling, "beta_slow", 1.0, 0, 1e6);
  // Null is false there, absence is not.
  if (scaling.has("truncate"))
    rope.truncate = !scaling.isNull("truncate") && scaling.boolean("truncate", true);
  // The ramp's ends are logarithms to the base theta.
  if (rope.theta <= 1.0)
    scaling.error("rope_theta",
                  "expected more than 1 with YaRN, got " + std::to_string(rope.theta));

  // cos and sin are multiplied by the ratio of the two mscales, and the softmax
  // scale by the square of the second. Where one is absent (or 0), transformers
  // takes mscale(factor, 1) for the ratio.
  double mscale = optionalNumber(scaling, "mscale", 0, 0, 1e3, true);
  double allDim = optionalNumber(scaling, "mscale_all_dim", 0, 0, 1e3, true);
  rope.factor = readFactor(scaling, /*mayBeNull=*/allDim == 0, config, rope);
  rope.attentionFactor = mscale != 0 && allDim != 0
                             ? yarnMscale(rope.factor, mscale) / yarnMscale(rope.factor, allDim)
                             : yarnMscale(rope.factor, 1.0);
  rope.attentionFactor = optionalNumber(scaling, "attention_factor", rope.attentionFactor, 0, 1e6);
  if (allDim != 0) {
    double all = yarnMscale(rope.factor, allDim);
    rope.softmaxFactor = all * all;
  }
}

// The base, in the block, which wins, or beside it.
static double readTheta(ConfigReader &reader, ConfigReader *scaling) {
  StringRef key = "rope_theta";
  if (!scaling || !scaling->has(key))
    return reader.number(key, 10000.0, 0, 1e12);
  double theta = scaling->number(key, 10000.0, 0, 1e12);
  if (const json::Value *beside = reader.find(key))
    if (beside->getAsNumber() != theta)
      reader.note(key, "not read, the value in the block wins");
  return theta;
}

// The method, under its name or the older one. What other programs call theirs
// is refused with the word that says the same here.
static void readMethod(ConfigReader &reader, ConfigReader &scaling, const ModelConfig &config,
                       RopeConfig &rope) {
  StringRef key = scaling.has("rope_type") ? "rope_type" : "type";
  size_t before = scaling.sink().raised();
  std::string type = scaling.string(key, "default");
  if (const json::Value *older = scaling.find("type"))
    if (older->getAsString() != StringRef(type))
      scaling.note("type", "not read, rope_type wins");
  if (type == "yarn")
    return readYarn(reader, scaling, config, rope);
  const json::Value *factor = scaling.find("factor");
  bool stretched = factor && factor->getAsNumber() != 1.0;
  bool bad = scaling.sink().raised() != before;
  if (type != "default" && (type != "none" || stretched))
    scaling.error(key, "expected \"default\" or \"yarn\", got \"" + type + "\"" +
                           (type == "deepseek_yarn" ? ", which is \"yarn\" here" : ""));
  else if (stretched && !bad)
    scaling.error("factor",
                  "expected none without a rope_type of \"yarn\", got " + describeJson(*factor));
  // Without a method the rest of the block says nothing.
  scaling.ignore(yarnKeys);
  for (ConfigReader *where : {&reader, &scaling})
    where->ignore({"original_max_position_embeddings"});
}

// The block that counts: rope_scaling unless it is null or empty.
static std::optional<ConfigReader> readBlock(ConfigReader &reader) {
  std::optional<ConfigReader> scaling = reader.nested("rope_scaling");
  std::optional<ConfigReader> parameters = reader.nested("rope_parameters");
  if (!scaling || scaling->json().empty())
    return parameters;
  if (parameters && !parameters->json().empty()) {
    reader.note("rope_parameters", "not read, rope_scaling wins");
    for (const auto &member : parameters->json())
      parameters->ignore({member.first});
  }
  return scaling;
}

void readRope(ConfigReader &reader, ModelConfig &config) {
  RopeConfig &rope = config.rope;
  std::optional<ConfigReader> scaling = readBlock(reader);
  rope.theta = readTheta(reader, scaling ? &*scaling : nullptr);
  rope.originalPositions = config.maxPositions;
  // Where a part of a head rotates, MLA says so by qk_rope_head_dim.
  for (ConfigReader *where : {&reader, scaling ? &*scaling : nullptr})
    if (const json::Value *part = where ? where->find("partial_rotary_factor") : nullptr)
      if (part->getAsNumber() != 1.0)
        where->error("partial_rotary_factor", "expected 1, got " + describeJson(*part));
  if (scaling) {
    refuseKeys(*scaling, ropeKeysOfOthers());
    readMethod(reader, *scaling, config, rope);
  }
  // transformers reads these in the block alone, so here they would be lost.
  for (StringRef key : yarnKeys)
    if (const json::Value *lost = reader.find(key))
      reader.error(key, "expected it in rope_scaling, got " + describeJson(*lost) + " beside it");
  config.softmaxScale =
      config.rope.softmaxFactor / std::sqrt(double(config.nopeDim + config.ropeDim));
}

} // namespace hadal
