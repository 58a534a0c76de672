// SPDX-License-Identifier: Apache-2.0
// deepseek_v3: DeepSeek-V3, R1, V3.1, and Moonlight, which leaves keys out.
#include "Families.h"

using namespace llvm;

namespace hadal {

static const FamilyDefaults defaults = {
    /*intermediateSize=*/18432,
    /*maxPositions=*/4096,
    /*normEps=*/1e-6,
    /*queryRank=*/1536,
    /*latentRank=*/512,
    /*nopeDim=*/128,
    /*ropeDim=*/64,
    /*valueDim=*/128,
    /*firstDense=*/3,
    /*experts=*/256,
    /*sharedExperts=*/1,
    /*expertSize=*/2048,
    /*expertsPerToken=*/8,
    /*groups=*/8,
    /*keptGroups=*/4,
    /*normaliseWeights=*/true,
    /*routedScale=*/2.5,
    /*bosToken=*/0,
    /*eosToken=*/1,
    /*ownNulls=*/true,
    /*typesOfLayers=*/false};

// DeepSeek-V3 (arXiv:2412.19437, equations 13 to 16) and its published model
// code (`noaux_tc`): sigmoid scores; a correction bias that takes part in the
// choice alone; groups ranked by the sum of their two best experts.
void readNoAuxRouter(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  reader.requireString("scoring_func", "sigmoid");
  reader.requireString("topk_method", "noaux_tc");
  config.scoring = Scoring::Sigmoid;
  config.correctionBias = true;
  readGroups(reader, defaults, GroupRule::TopTwoSum, config);
  config.normaliseWeights = readFlag(reader, defaults, "norm_topk_prob", defaults.normaliseWeights);
  config.routedScale = reader.number("routed_scaling_factor", defaults.routedScale, 0, 1e6);
}

bool readFlag(ConfigReader &reader, const FamilyDefaults &defaults, StringRef key, bool absent) {
  if (defaults.ownNulls && reader.isNull(key))
    return false;
  return reader.boolean(key, absent);
}

void readNoAuxFamily(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  readCommon(reader, defaults, config);
  readLayerPattern(reader, defaults, config);
  if (config.hasMoE()) {
    readExperts(reader, defaults, config);
    readNoAuxRouter(reader, defaults, config);
  } else {
    ignoreExperts(reader);
  }
  readRope(reader, config);
  config.rope.interleaved =
      !reader.has("rope_interleave") || readFlag(reader, defaults, "rope_interleave", true);
}

void readDeepseekV3(ConfigReader &reader, ModelConfig &config) {
  readNoAuxFamily(reader, defaults, config);
}

} // namespace hadal
