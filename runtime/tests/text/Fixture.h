// SPDX-License-Identifier: Apache-2.0
// What the tests of the text library share: files, objects that release themselves.
#ifndef HADAL_TESTS_TEXT_FIXTURE_H
#define HADAL_TESTS_TEXT_FIXTURE_H

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hadal_text.h"

namespace hadal::tests {

struct Release {
  void operator()(hadal_tokenizer_t *p) const { hadal_tokenizer_release(p); }
  void operator()(hadal_text_stream_t *p) const { hadal_text_stream_release(p); }
  void operator()(hadal_sampler_t *p) const { hadal_sampler_release(p); }
};
using TokenizerPointer = std::unique_ptr<hadal_tokenizer_t, Release>;
using StreamPointer = std::unique_ptr<hadal_text_stream_t, Release>;
using SamplerPointer = std::unique_ptr<hadal_sampler_t, Release>;

std::string readFile(const std::string &path);
/// The path of "demo", or of a tokenizer of the folder fixtures.
std::string tokenizerPath(const std::string &name);

/// The status's message, "" for success; releases it.
std::string take(hadal_text_status_t status);

/// NULL and a message in `error` on failure.
TokenizerPointer makeTokenizer(const std::string &json, const std::string &config,
                               std::string &error);
/// Throw on failure, which fails the test.
TokenizerPointer makeTokenizer(const std::string &json);
TokenizerPointer loadTokenizer(const std::string &name);

std::vector<int32_t> encode(const hadal_tokenizer_t *tokenizer, const std::string &text,
                            bool special);
std::string decode(const hadal_tokenizer_t *tokenizer, const std::vector<int32_t> &ids,
                   bool skipSpecial);
/// Decodes id by id; fails the test where a call hands out broken UTF-8.
std::string stream(const hadal_tokenizer_t *tokenizer, const std::vector<int32_t> &ids,
                   bool skipSpecial);

bool isUtf8(const std::string &text);

} // namespace hadal::tests

#endif // HADAL_TESTS_TEXT_FIXTURE_H
