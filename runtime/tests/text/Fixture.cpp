// SPDX-License-Identifier: Apache-2.0
// What the tests of the text library share: files, objects that release themselves.
#include "Fixture.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gtest/gtest.h>

namespace hadal::tests {

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string tokenizerPath(const std::string &name) {
  return name == "demo" ? std::string(HADAL_DEMO_MODEL "/tokenizer.json")
                        : std::string(HADAL_TEXT_FIXTURES "/") + name + ".json";
}

std::string take(hadal_text_status_t status) {
  std::string message = status ? hadal_text_status_message(status) : "";
  hadal_text_status_release(status);
  return message;
}

TokenizerPointer makeTokenizer(const std::string &json, const std::string &config,
                               std::string &error) {
  hadal_tokenizer_options_t options{};
  options.struct_size = sizeof(options);
  options.tokenizer_json = json.data();
  options.tokenizer_json_size = json.size();
  options.config_json = config.empty() ? nullptr : config.data();
  options.config_json_size = config.size();
  hadal_tokenizer_t *tokenizer = nullptr;
  error = take(hadal_tokenizer_create(&options, &tokenizer));
  return TokenizerPointer(tokenizer);
}

TokenizerPointer makeTokenizer(const std::string &json) {
  std::string error;
  TokenizerPointer tokenizer = makeTokenizer(json, "", error);
  if (!tokenizer)
    throw std::runtime_error(error);
  return tokenizer;
}

TokenizerPointer loadTokenizer(const std::string &name) {
  return makeTokenizer(readFile(tokenizerPath(name)));
}

std::vector<int32_t> encode(const hadal_tokenizer_t *tokenizer, const std::string &text,
                            bool special) {
  int32_t *ids = nullptr;
  size_t count = 0;
  EXPECT_EQ(
      take(hadal_tokenizer_encode(tokenizer, text.data(), text.size(), special, &ids, &count)), "");
  std::vector<int32_t> result(ids, ids + count);
  hadal_text_release_ids(ids);
  return result;
}

std::string decode(const hadal_tokenizer_t *tokenizer, const std::vector<int32_t> &ids,
                   bool skipSpecial) {
  char *text = nullptr;
  size_t size = 0;
  EXPECT_EQ(
      take(hadal_tokenizer_decode(tokenizer, ids.data(), ids.size(), skipSpecial, &text, &size)),
      "");
  std::string result(text, size);
  hadal_text_release_string(text);
  return result;
}

std::string stream(const hadal_tokenizer_t *tokenizer, const std::vector<int32_t> &ids,
                   bool skipSpecial) {
  hadal_text_stream_t *raw = nullptr;
  EXPECT_EQ(take(hadal_text_stream_create(tokenizer, skipSpecial, &raw)), "");
  StreamPointer guard(raw);
  std::string result;
  const char *text = nullptr;
  size_t size = 0;
  for (int32_t id : ids) {
    EXPECT_EQ(take(hadal_text_stream_push(raw, id, &text, &size)), "");
    EXPECT_TRUE(isUtf8(std::string(text, size)));
    result.append(text, size);
  }
  EXPECT_EQ(take(hadal_text_stream_finish(raw, &text, &size)), "");
  result.append(text, size);
  return result;
}

bool isUtf8(const std::string &text) {
  // The JSON library refuses to write anything else.
  try {
    nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception &) {
    return false;
  }
  return true;
}

} // namespace hadal::tests
