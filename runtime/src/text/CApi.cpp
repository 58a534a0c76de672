// SPDX-License-Identifier: Apache-2.0
// The C interface over the classes of the text library.
#include "GenerationDefaults.h"
#include "Sampler.h"
#include "Tokenizer.h"
#include "hadal_text.h"
#include "support/Structs.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace hadal::text;

struct hadal_text_status {
  std::string message;
};

struct hadal_tokenizer {
  Tokenizer tokenizer;
};

struct hadal_text_stream {
  hadal_text_stream(const Tokenizer &tokenizer, bool skipSpecial)
      : tokenizer(tokenizer), decoding(tokenizer.textDecoder(), /*whole=*/false),
        skipSpecial(skipSpecial) {}
  const Tokenizer &tokenizer;
  DecodeStream decoding;
  bool skipSpecial;
  std::string text;
};

struct hadal_sampler {
  Sampler sampler;
};

namespace {

hadal_text_status_t failure(const Error &error) { return new hadal_text_status{error.text()}; }

std::string_view view(const char *data, size_t size) {
  return data ? std::string_view(data, size) : std::string_view();
}

/// `given` may be null.
template <typename T>
T options(const T *given) {
  return given ? hadal::known(given) : T{};
}

} // namespace

const char *hadal_text_status_message(hadal_text_status_t status) {
  return status ? status->message.c_str() : "ok";
}

void hadal_text_status_release(hadal_text_status_t status) { delete status; }

hadal_text_status_t hadal_tokenizer_create(const hadal_tokenizer_options_t *given,
                                           hadal_tokenizer_t **out) {
  *out = nullptr;
  hadal_tokenizer_options_t o = options(given);
  auto tokenizer = std::make_unique<hadal_tokenizer>();
  if (Error error = tokenizer->tokenizer.read(view(o.tokenizer_json, o.tokenizer_json_size),
                                              view(o.config_json, o.config_json_size)))
    return failure(error);
  *out = tokenizer.release();
  return nullptr;
}

void hadal_tokenizer_release(hadal_tokenizer_t *tokenizer) { delete tokenizer; }

int32_t hadal_tokenizer_id_limit(const hadal_tokenizer_t *tokenizer) {
  return tokenizer->tokenizer.idLimit();
}

int32_t hadal_tokenizer_find(const hadal_tokenizer_t *tokenizer, const char *token) {
  return tokenizer->tokenizer.find(token);
}

hadal_text_status_t hadal_tokenizer_encode(const hadal_tokenizer_t *tokenizer, const char *text,
                                           size_t size, int addSpecial, int32_t **outIds,
                                           size_t *outCount) {
  *outIds = nullptr;
  *outCount = 0;
  std::vector<int32_t> ids;
  if (Error error = tokenizer->tokenizer.encode(view(text, size), addSpecial != 0, ids))
    return failure(error);
  auto *copy = static_cast<int32_t *>(std::malloc(ids.size() * sizeof(int32_t) + 1));
  if (!copy)
    return failure(Error("out of memory"));
  std::copy(ids.begin(), ids.end(), copy);
  *outIds = copy;
  *outCount = ids.size();
  return nullptr;
}

void hadal_text_release_ids(int32_t *ids) { std::free(ids); }

hadal_text_status_t hadal_tokenizer_decode(const hadal_tokenizer_t *tokenizer, const int32_t *ids,
                                           size_t count, int skipSpecial, char **outText,
                                           size_t *outSize) {
  *outText = nullptr;
  *outSize = 0;
  std::string text;
  if (Error error = tokenizer->tokenizer.decode(ids, count, skipSpecial != 0, text))
    return failure(error);
  auto *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (!copy)
    return failure(Error("out of memory"));
  std::memcpy(copy, text.c_str(), text.size() + 1);
  *outText = copy;
  *outSize = text.size();
  return nullptr;
}

void hadal_text_release_string(char *text) { std::free(text); }

hadal_text_status_t hadal_text_stream_create(const hadal_tokenizer_t *tokenizer, int skipSpecial,
                                             hadal_text_stream_t **out) {
  *out = new hadal_text_stream(tokenizer->tokenizer, skipSpecial != 0);
  return nullptr;
}

void hadal_text_stream_release(hadal_text_stream_t *stream) { delete stream; }

hadal_text_status_t hadal_text_stream_push(hadal_text_stream_t *stream, int32_t id,
                                           const char **outText, size_t *outSize) {
  *outText = nullptr;
  *outSize = 0;
  stream->text.clear();
  if (const std::string *token = stream->tokenizer.visibleToken(id, stream->skipSpecial))
    if (Error error = stream->decoding.push(*token, stream->text))
      return failure(error);
  *outText = stream->text.c_str();
  *outSize = stream->text.size();
  return nullptr;
}

hadal_text_status_t hadal_text_stream_finish(hadal_text_stream_t *stream, const char **outText,
                                             size_t *outSize) {
  stream->text.clear();
  stream->decoding.finish(stream->text);
  *outText = stream->text.c_str();
  *outSize = stream->text.size();
  return nullptr;
}

hadal_text_status_t hadal_generation_defaults_read(const char *json, size_t size,
                                                   hadal_generation_defaults_t *out) {
  using Defaults = hadal_generation_defaults_t;
  GenerationDefaults read;
  if (json)
    if (Error error = read.read(view(json, size)))
      return failure(error);
  // The caller may have been built when there was room for fewer. Counted in
  // pairs, since the struct ends in padding of the size of one.
  size_t room = std::min(sizeof(*out), std::max(out->struct_size, offsetof(Defaults, eos_tokens)));
  room = (room - offsetof(Defaults, eos_tokens)) / (2 * sizeof(int32_t)) * 2;
  if (read.eosTokens.size() > room)
    return failure(Error("generation_config.json: eos_token_id: expected at most " +
                         std::to_string(room) + " ids, got " +
                         std::to_string(read.eosTokens.size())));
  hadal_generation_defaults_t value{};
  value.do_sample = read.doSample;
  value.temperature = read.temperature;
  value.top_p = read.topP;
  value.top_k = read.topK;
  value.bos_token = read.bosToken;
  value.eos_count = static_cast<uint32_t>(read.eosTokens.size());
  std::copy(read.eosTokens.begin(), read.eosTokens.end(), value.eos_tokens);
  hadal::give(value, out);
  return nullptr;
}

hadal_text_status_t hadal_sampler_create(const hadal_sampler_options_t *given,
                                         hadal_sampler_t **out) {
  *out = nullptr;
  hadal_sampler_options_t o = options(given);
  if (Error error = Sampler::check(o.temperature, o.top_p, o.top_k))
    return failure(error);
  *out = new hadal_sampler{Sampler(o.temperature, o.top_p, o.top_k, o.seed)};
  return nullptr;
}

void hadal_sampler_release(hadal_sampler_t *sampler) { delete sampler; }

hadal_text_status_t hadal_sampler_sample(hadal_sampler_t *sampler, const float *logits,
                                         size_t count, int32_t *outId) {
  *outId = 0;
  if (Error error = sampler->sampler.sample(logits, count, *outId))
    return failure(error);
  return nullptr;
}
