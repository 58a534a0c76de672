// SPDX-License-Identifier: Apache-2.0
// kimi_k2: Kimi K2, and the language model of K2.5, whose configuration nests
// it in text_config.
#include "Families.h"

using namespace llvm;

namespace hadal {

// Kimi K2 ships DeepSeek-V3's configuration class under its own model_type
// (technical report, arXiv:2507.20534, section 2.3), so the defaults are V3's;
// its own values, one group of experts among them, are written out.
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
    /*eosToken=*/1};

void readKimiK2(ConfigReader &reader, ModelConfig &config) {
  readCommon(reader, defaults, config);
  readLayerPattern(reader, defaults, config);
  if (config.hasMoE()) {
    readExperts(reader, defaults, config);
    readNoAuxRouter(reader, defaults, config);
  }
  readRope(reader, config);
  config.rope.interleaved = !reader.find("rope_interleave") ||
                            reader.boolean("rope_interleave", true);
}

} // namespace hadal
