// SPDX-License-Identifier: Apache-2.0
// The families of models that can be imported, and what their readers share.
#ifndef HADAL_LIB_IMPORT_FAMILIES_H
#define HADAL_LIB_IMPORT_FAMILIES_H

#include "ConfigReader.h"

#include "hadal/Import/ModelConfig.h"

namespace hadal {

/// What a key means that config.json leaves out: the defaults of the family's
/// configuration class in transformers 5, so that a checkpoint means here what
/// it means there. Nothing: the key must be there.
struct FamilyDefaults {
  int64_t intermediateSize;
  int64_t maxPositions;
  double normEps;
  std::optional<int64_t> queryRank;
  int64_t latentRank;
  int64_t nopeDim;
  int64_t ropeDim;
  int64_t valueDim;
  int64_t firstDense;
  int64_t experts;
  int64_t sharedExperts;
  int64_t expertSize;
  std::optional<int64_t> expertsPerToken;
  std::optional<int64_t> groups;
  std::optional<int64_t> keptGroups;
  bool normaliseWeights;
  double routedScale;
  int64_t bosToken;
  int64_t eosToken;
  /// The class or the makers' model code gives null a meaning: no experts, no
  /// groups, a flag that is false. Otherwise the class refuses it.
  bool ownNulls;
  /// The class reads mlp_layer_types; otherwise first_k_dense_replace decides.
  bool typesOfLayers;
};

/// Beyond every published model by a factor of ten or more: a larger number is
/// a damaged file.
constexpr int64_t maxLayers = 4096;

/// norm_topk_prob or rope_interleave.
bool readFlag(ConfigReader &reader, const FamilyDefaults &defaults, llvm::StringRef key,
              bool absent);

/// Sizes, layers, attention, norms, tokens: what all families write alike.
void readCommon(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config);
/// bos_token_id and eos_token_id, where they are there.
void readTokens(const ConfigReader &reader, ModelConfig &config);
/// `rope_scaling` or `rope_parameters`, and `rope_theta` in it or beside it.
void readRope(ConfigReader &reader, ModelConfig &config);
/// `quantization_config`.
void readQuantization(const ConfigReader &reader, ModelConfig &config);
/// `first_k_dense_replace` and `moe_layer_freq`, or `mlp_layer_types`, or both.
void readLayerPattern(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config);
/// Experts, their sizes and how many of them a token gets.
void readExperts(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config);
/// Passes over experts and their router in a model that has none.
void ignoreExperts(const ConfigReader &reader);
/// n_group and topk_group under `rule`, checked against the experts.
void readGroups(ConfigReader &reader, const FamilyDefaults &defaults, GroupRule rule,
                ModelConfig &config);
/// Router of V3 and what follows it: sigmoid, correction bias, sum of the two
/// best of a group.
void readNoAuxRouter(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config);

/// A whole configuration in the keys of V3, with that router.
void readNoAuxFamily(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config);

/// A key that other readers honour and that changes what the model computes.
struct RefusedKey {
  const char *key;
  const char *neutral; // JSON of the value that changes nothing, or null
};
llvm::ArrayRef<RefusedKey> modelKeysOfOthers();
llvm::ArrayRef<RefusedKey> ropeKeysOfOthers();
/// Refuses each of these keys, unless its value is null or the neutral one.
void refuseKeys(ConfigReader &reader, llvm::ArrayRef<RefusedKey> keys);
/// Reports what nobody asked for and what is not known to be harmless; `text`
/// is the language model's part where that is not all.
void reportUnread(const ConfigReader &top, const ConfigReader *text);

void readDeepseekV2(ConfigReader &reader, ModelConfig &config);
void readDeepseekV3(ConfigReader &reader, ModelConfig &config);
void readKimiK2(ConfigReader &reader, ModelConfig &config);
void readGlm4MoeLite(ConfigReader &reader, ModelConfig &config);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_FAMILIES_H
