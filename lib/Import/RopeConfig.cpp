// SPDX-License-Identifier: Apache-2.0
// Reads how positions are rotated, in the keys of transformers 4 and of
// transformers 5.
#include "Families.h"

#include <cmath>

using namespace llvm;

namespace hadal {

// YaRN's attention temperature (arXiv:2309.00071, section 3.4), as DeepSeek's
// model code writes it.
static double yarnMscale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

static double optionalNumber(ConfigReader &reader, StringRef key, double absent,
                             double least, double most) {
  return reader.find(key) ? reader.number(key, absent, least, most) : absent;
}

static void readYarn(ConfigReader &scaling, const ModelConfig &config,
                     RopeConfig &rope) {
  rope.yarn = true;
  rope.factor =
      scaling.number("factor", std::nullopt, 1.0, 1e6, /*closed=*/true);
  rope.originalPositions = scaling.size("original_max_position_embeddings",
                                        config.maxPositions, INT32_MAX);
  rope.betaFast = optionalNumber(scaling, "beta_fast", 32.0, 0, 1e6);
  rope.betaSlow = optionalNumber(scaling, "beta_slow", 1.0, 0, 1e6);
  if (scaling.find("truncate"))
    rope.truncate = scaling.boolean("truncate", true);
  // The ramp's ends are logarithms to the base theta.
  if (rope.theta <= 1.0)
    scaling.error("rope_theta", "expected more than 1 with YaRN, got " +
                                    std::to_string(rope.theta));

  // cos and sin are multiplied by the ratio of the two mscales, and the softmax
  // scale by the square of the second. Where one is absent (or 0), transformers
  // takes mscale(factor, 1) for the ratio.
  bool hasMscale = scaling.find("mscale"),
       hasAllDim = scaling.find("mscale_all_dim");
  double mscale =
      hasMscale ? scaling.number("mscale", 1.0, 0, 1e3, /*closed=*/true) : 0.0;
  double allDim =
      hasAllDim ? scaling.number("mscale_all_dim", 1.0, 0, 1e3, /*closed=*/true)
                : 0.0;
  rope.attentionFactor =
      mscale != 0 && allDim != 0
          ? yarnMscale(rope.factor, mscale) / yarnMscale(rope.factor, allDim)
          : yarnMscale(rope.factor, 1.0);
  rope.attentionFactor =
      optionalNumber(scaling, "attention_factor", rope.attentionFactor, 0, 1e6);
  if (allDim != 0) {
    double all = yarnMscale(rope.factor, allDim);
    rope.softmaxFactor = all * all;
  }
}

static double readTheta(ConfigReader &reader, ConfigReader *scaling) {
  bool inner = scaling && scaling->find("rope_theta");
  double theta =
      inner ? scaling->number("rope_theta", 10000.0, 0, 1e12) : 10000.0;
  if (inner && !reader.find("rope_theta"))
    return theta;
  double outer = reader.number("rope_theta", 10000.0, 0, 1e12);
  if (inner && outer != theta)
    scaling->error("rope_theta",
                   "expected the same as outside of it, got " +
                       describeJson(*scaling->find("rope_theta")));
  return outer;
}

// What one of the two objects says, with rope_theta in it or beside it.
static RopeConfig readPlace(ConfigReader &reader, StringRef key,
                            const ModelConfig &config) {
  RopeConfig rope;
  std::optional<ConfigReader> scaling = reader.nested(key);
  rope.theta = readTheta(reader, scaling ? &*scaling : nullptr);
  rope.originalPositions = config.maxPositions;
  // Where a part of a head rotates, MLA says so by qk_rope_head_dim.
  for (ConfigReader *where : {&reader, scaling ? &*scaling : nullptr})
    if (where && where->find("partial_rotary_factor") &&
        where->number("partial_rotary_factor", 1.0, 0, 1) != 1.0)
      where->error("partial_rotary_factor",
                   "expected 1, got " +
                       describeJson(*where->find("partial_rotary_factor")));
  if (!scaling)
    return rope;

  std::string type =
      scaling->string("rope_type", scaling->string("type", "default"));
  if (type == "yarn")
    readYarn(*scaling, config, rope);
  else if (type != "default")
    scaling->error(scaling->find("rope_type") ? "rope_type" : "type",
                   "expected \"default\" or \"yarn\", got \"" + type + "\"");
  else if (scaling->find("factor") &&
           scaling->number("factor", 1.0, 0, 1e6) != 1.0)
    scaling->error("factor",
                   "expected none without a rope_type of \"yarn\", got " +
                       describeJson(*scaling->find("factor")));
  return rope;
}

static bool same(const RopeConfig &a, const RopeConfig &b) {
  return a.theta == b.theta && a.yarn == b.yarn && a.factor == b.factor &&
         a.originalPositions == b.originalPositions &&
         a.betaFast == b.betaFast && a.betaSlow == b.betaSlow &&
         a.truncate == b.truncate && a.attentionFactor == b.attentionFactor &&
         a.softmaxFactor == b.softmaxFactor;
}

void readRope(ConfigReader &reader, ModelConfig &config) {
  bool current = reader.find("rope_parameters");
  config.rope =
      readPlace(reader, current ? "rope_parameters" : "rope_scaling", config);
  if (current && reader.find("rope_scaling") &&
      !same(readPlace(reader, "rope_scaling", config), config.rope))
    reader.error("rope_scaling",
                 "expected the same as rope_parameters where both are given");
  config.softmaxScale = config.rope.softmaxFactor /
                        std::sqrt(double(config.nopeDim + config.ropeDim));
}

} // namespace hadal
