// SPDX-License-Identifier: Apache-2.0
// deepseek_v2: DeepSeek-V2, V2.5, V2-Lite and their coder models.
#include "Families.h"

using namespace llvm;

namespace hadal {

static const FamilyDefaults defaults = {
    /*intermediateSize=*/11008,
    /*maxPositions=*/2048,
    /*normEps=*/1e-6,
    /*queryRank=*/1536,
    /*latentRank=*/512,
    /*nopeDim=*/128,
    /*ropeDim=*/64,
    /*valueDim=*/128,
    /*firstDense=*/0,
    /*experts=*/64,
    /*sharedExperts=*/2,
    /*expertSize=*/1407,
    /*expertsPerToken=*/std::nullopt,
    /*groups=*/std::nullopt,
    /*keptGroups=*/std::nullopt,
    /*normaliseWeights=*/false,
    /*routedScale=*/1.0,
    /*bosToken=*/1,
    /*eosToken=*/2,
    /*ownNulls=*/true,
    /*typesOfLayers=*/false};

// DeepSeek-V2 (arXiv:2405.04434, section 2.2): softmax scores; `greedy` takes
// the best experts, `group_limited_greedy` the best of the groups with the
// largest *maximum*.
static void readRouter(ConfigReader &reader, ModelConfig &config) {
  reader.requireString("scoring_func", "softmax");
  config.scoring = Scoring::Softmax;
  std::string method = reader.string("topk_method", "greedy");
  // The other method has one group of all experts, whatever is said of groups.
  reader.ignore({"n_group", "topk_group"});
  // "gready" is how the published model code spelled it at first.
  if (method == "group_limited_greedy")
    readGroups(reader, defaults, GroupRule::Max, config);
  else if (method != "greedy" && method != "gready")
    reader.error("topk_method",
                 "expected \"greedy\" or \"group_limited_greedy\", got \"" + method + "\"");
  // The published model code normalises the weights of two or more experts,
  // and scales them only where it does not.
  config.normaliseWeights = readFlag(reader, defaults, "norm_topk_prob", defaults.normaliseWeights);
  config.routedScale = reader.number("routed_scaling_factor", defaults.routedScale, 0, 1e6);
  config.normaliseWeights &= config.expertsPerToken > 1;
  if (!config.normaliseWeights)
    return;
  reader.note("norm_topk_prob", "weights of experts are normalised and routed_scaling_factor is "
                                "not applied, as in DeepSeek's model code; other readers scale "
                                "them, or do both");
  config.routedScale = 1.0;
}

void readDeepseekV2(ConfigReader &reader, ModelConfig &config) {
  readCommon(reader, defaults, config);
  readLayerPattern(reader, defaults, config);
  if (config.hasMoE()) {
    readExperts(reader, defaults, config);
    readRouter(reader, config);
  } else {
    ignoreExperts(reader);
  }
  readRope(reader, config);
  // The model code rotates adjacent columns whatever the configuration says.
  if (reader.has("rope_interleave") && !reader.boolean("rope_interleave", true))
    reader.error("rope_interleave", "expected true, got false");
  config.rope.interleaved = true;
}

} // namespace hadal
