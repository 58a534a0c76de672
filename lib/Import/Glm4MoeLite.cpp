// SPDX-License-Identifier: Apache-2.0
// glm4_moe_lite: GLM-4.7-Flash, with the attention of DeepSeek-V3 and 192 + 64
// / 256 columns a head.
#include "Families.h"

using namespace llvm;

namespace hadal {

static const FamilyDefaults defaults = {
    /*intermediateSize=*/10240,
    /*maxPositions=*/202752,
    /*normEps=*/1e-5,
    /*queryRank=*/768,
    /*latentRank=*/512,
    /*nopeDim=*/192,
    /*ropeDim=*/64,
    /*valueDim=*/256,
    /*firstDense=*/1,
    /*experts=*/64,
    /*sharedExperts=*/1,
    /*expertSize=*/1536,
    /*expertsPerToken=*/4,
    /*groups=*/1,
    /*keptGroups=*/1,
    /*normaliseWeights=*/true,
    /*routedScale=*/1.8,
    /*bosToken=*/0,
    /*eosToken=*/1,
    /*ownNulls=*/false,
    /*typesOfLayers=*/true};

void readGlm4MoeLite(ConfigReader &reader, ModelConfig &config) {
  readNoAuxFamily(reader, defaults, config);
}

} // namespace hadal
