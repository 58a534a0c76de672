// SPDX-License-Identifier: Apache-2.0
// Writes what a model is as a table of the artifact.
#include "ModelInfoWriter.h"

#include "Field.h"

#include "hadal/IR/HadalDialect.h"

using namespace mlir;
using namespace hadal;

flatbuffers::Offset<fb::ModelInfo> hadal::writeModelInfo(flatbuffers::FlatBufferBuilder &builder,
                                                         ModuleOp module, bool shapesOnly,
                                                         const SerializeResult &counted) {
  ModelAttr model = modelOf(module);
  auto text = [&](StringRef name) { return builder.CreateString(textOf(module, name).str()); };
  std::vector<int32_t> eosTokens;
  if (DenseI64ArrayAttr list = model.getEosTokens())
    eosTokens.assign(list.asArrayRef().begin(), list.asArrayRef().end());
  auto family = builder.CreateString(model.getFamily().str());
  auto precision = text(kPrecisionAttrName);
  auto attention = text(kAttentionAttrName);
  auto eosList = builder.CreateVector(eosTokens);
  auto textNote = text(kTextNoteAttrName);
  auto generationNote = text(kGenerationNoteAttrName);
  fb::ModelInfoBuilder info(builder);
  info.add_family(family);
  info.add_layers(fieldOf(model.getLayers()));
  info.add_hidden_size(fieldOf(model.getHiddenSize()));
  info.add_vocab_size(fieldOf(model.getVocabSize()));
  info.add_heads(fieldOf(model.getHeads()));
  info.add_max_positions(fieldOf(model.getMaxPositions()));
  info.add_precision(precision);
  info.add_attention(attention);
  info.add_parameters_total(model.getParametersTotal());
  info.add_parameters_active(model.getParametersActive());
  info.add_cache_bytes_per_token(counted.cacheBytes);
  info.add_plain_cache_bytes_per_token(counted.plainCacheBytes);
  info.add_decode_weight_bytes(counted.decodeWeightBytes);
  info.add_bos_token(model.getBosToken());
  info.add_eos_tokens(eosList);
  info.add_shapes_only(shapesOnly);
  info.add_text_note(textNote);
  info.add_generation_note(generationNote);
  info.add_model_positions(fieldOf(model.getMaxPositionEmbeddings()));
  return info.Finish();
}
