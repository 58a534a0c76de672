// SPDX-License-Identifier: Apache-2.0
// Every fact about a model that its config.json states, in one form for all
// families.
#ifndef HADAL_IMPORT_MODELCONFIG_H
#define HADAL_IMPORT_MODELCONFIG_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Import/Problems.h"

#include <optional>

namespace hadal {

/// Rotary position embedding. YaRN (arXiv:2309.00071) is on where `factor` > 1
/// or the configuration asks for it; `factor` is 1 otherwise.
struct RopeConfig {
  double theta = 10000.0;
  bool interleaved = true; // pairs are columns (2i, 2i + 1) of the checkpoint
  bool yarn = false;
  double factor = 1.0;
  int64_t originalPositions = 0;                  // positions that the model was first trained on
  double betaFast = 32.0; // rotations over originalPositions: kept from here on
  double betaSlow = 1.0;  // interpolated up to here
  bool truncate = true;   // round the ramp's ends outwards
  double attentionFactor = 1.0; // multiplies cos and sin
  double softmaxFactor = 1.0; // multiplies the softmax scale: mscale(factor, mscale_all_dim)²
};

/// fp8 weights with one f32 scale for each block.
struct BlockScales {
  int64_t rows = 128;
  int64_t columns = 128;
  std::vector<std::string> unconverted; // modules that stay as they were
};

struct ModelConfig {
  std::string family; // model_type: deepseek_v2, deepseek_v3, kimi_k2, glm4_moe_lite
  bool nested = false; // read from text_config of a multimodal configuration
  bool shapesKnown = true; // nothing that tells the shapes of tensors is wrong

  int64_t layers = 0;
  int64_t hiddenSize = 0;
  int64_t vocabSize = 0;
  int64_t maxPositions = 0; // max_position_embeddings
  int64_t context = 0;      // positions that a session may use
  double normEps = 1e-6;
  double latentNormEps = 1e-6; // of the norms on both latents: the families fix
                               // it, see ModelConfig.cpp
  bool tiedEmbeddings = false;
  int64_t nextTokenLayers = 0; // MTP layers after the last one

  int64_t heads = 0;
  std::optional<int64_t> queryRank;           // q_lora_rank; absent: one full query projection
  int64_t latentRank = 0;  // kv_lora_rank
  int64_t nopeDim = 0;     // qk_nope_head_dim
  int64_t ropeDim = 0;     // qk_rope_head_dim
  int64_t valueDim = 0;    // v_head_dim
  double softmaxScale = 0; // (nopeDim + ropeDim)^-0.5 * rope.softmaxFactor
  RopeConfig rope;

  int64_t intermediateSize = 0; // of a dense layer
  std::vector<bool> isMoE;      // one for each layer
  int64_t expertSize = 0;       // moe_intermediate_size
  int64_t experts = 0;
  int64_t sharedExperts = 0;
  int64_t expertsPerToken = 0;
  Scoring scoring = Scoring::Softmax;
  GroupRule groupRule = GroupRule::None;
  int64_t groups = 1;
  int64_t keptGroups = 1;
  bool correctionBias = false;
  bool normaliseWeights = false;
  double routedScale = 1.0;

  std::optional<BlockScales> fp8;
  std::string storedType = "bfloat16"; // what a module made from the configuration alone assumes
  std::optional<int64_t> bosToken;
  std::vector<int64_t> eosTokens;

  int64_t queryHeadDim() const { return nopeDim + ropeDim; }
  bool hasMoE() const {
    for (bool moe : isMoE)
      if (moe)
        return true;
    return false;
  }
};

/// Reads `DIR/config.json`. Every unsupported or ill-formed value becomes an
/// error that names its key; defaults that were taken become notes. The result
/// is usable only if there was no error.
ModelConfig readModelConfig(llvm::StringRef directory, Problems &problems);

} // namespace hadal

#endif // HADAL_IMPORT_MODELCONFIG_H
