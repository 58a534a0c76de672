// SPDX-License-Identifier: Apache-2.0
// Streaming, ill-formed text, and beginning-of-text tokens.
#include <gtest/gtest.h>

#include "Fixture.h"

using namespace hadal::tests;

namespace {

std::vector<std::string> pushEach(const hadal_tokenizer_t *tokenizer,
                                  const std::vector<int32_t> &ids) {
  hadal_text_stream_t *raw = nullptr;
  EXPECT_EQ(take(hadal_text_stream_create(tokenizer, 1, &raw)), "");
  StreamPointer guard(raw);
  std::vector<std::string> out;
  const char *text = nullptr;
  size_t size = 0;
  for (int32_t id : ids) {
    EXPECT_EQ(take(hadal_text_stream_push(raw, id, &text, &size)), "");
    out.emplace_back(text, size);
  }
  EXPECT_EQ(take(hadal_text_stream_finish(raw, &text, &size)), "");
  out.emplace_back(text, size);
  return out;
}

TEST(Stream, holdsBackIncompleteCharacters) {
  TokenizerPointer tokenizer = loadTokenizer("qwen");
  // The four bytes of U+1F600, spelled in the alphabet of byte-level BPE.
  std::vector<int32_t> ids;
  for (const char *token : {"ð", "Ł", "ĺ", "Ģ"})
    ids.push_back(hadal_tokenizer_find(tokenizer.get(), token));
  EXPECT_EQ(pushEach(tokenizer.get(), ids),
            (std::vector<std::string>{"", "", "", "\U0001F600", ""}));
  ids.pop_back();
  EXPECT_EQ(pushEach(tokenizer.get(), ids), (std::vector<std::string>{"", "", "", "\uFFFD"}));
}

TEST(Stream, byteFallbackHandsOutWhatIsValid) {
  TokenizerPointer tokenizer = loadTokenizer("fallback");
  auto id = [&](const char *token) { return hadal_tokenizer_find(tokenizer.get(), token); };
  std::vector<int32_t> ids = {id("<0xC3>"), id("<0xA9>"), id("<0xFF>"), id("a")};
  EXPECT_EQ(pushEach(tokenizer.get(), ids), (std::vector<std::string>{"", "é", "\uFFFD", "a", ""}));
  EXPECT_EQ(decode(tokenizer.get(), ids, true), "\uFFFD\uFFFD\uFFFDa");
  EXPECT_EQ(pushEach(tokenizer.get(), {id("<0xE4>"), id("<0xB8>"), id("▁")}),
            (std::vector<std::string>{"", "", "\uFFFD\uFFFD ", ""}));
}

TEST(Stream, everyIdAloneIsUtf8) {
  for (const char *name : {"demo", "qwen", "fallback", "added", "unknown"}) {
    TokenizerPointer tokenizer = loadTokenizer(name);
    for (int32_t id = -2; id <= hadal_tokenizer_id_limit(tokenizer.get()) + 1; ++id)
      EXPECT_TRUE(isUtf8(stream(tokenizer.get(), {id, id}, false))) << name << id;
  }
}

TEST(Encode, illFormedBytesAreReplacementCharacters) {
  TokenizerPointer tokenizer = loadTokenizer("demo");
  auto same = [&](const std::string &bytes, const std::string &repaired) {
    EXPECT_EQ(encode(tokenizer.get(), bytes, false), encode(tokenizer.get(), repaired, false));
  };
  same("a\xFFz", "a\uFFFDz");
  same("a\xC3", "a\uFFFD");
  same("\xE2\x82z", "\uFFFDz");              // one for the maximal subpart
  same("\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"); // a surrogate
  same("\xC0\xAF", "\uFFFD\uFFFD");           // overlong
  same("\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_NE(encode(tokenizer.get(), std::string("a\0b", 3), false),
            encode(tokenizer.get(), "a", false));
}

TEST(Encode, roundTripsText) {
  TokenizerPointer tokenizer = loadTokenizer("demo");
  for (const char *text : {"naïve 中文 😀\r\n\t  end", " “My dear Mr. Bennet,” said his lady"})
    EXPECT_EQ(decode(tokenizer.get(), encode(tokenizer.get(), text, true), true), text);
}

TEST(Encode, configAddsBeginningWhereNoTemplateDoes) {
  std::string error;
  std::string qwen = readFile(tokenizerPath("qwen"));
  TokenizerPointer with =
      makeTokenizer(qwen,
                    R"({"add_bos_token": true, "bos_token": {"content": "<|im_start|>"},)"
                    R"( "add_eos_token": true, "eos_token": "<|endoftext|>"})",
                    error);
  ASSERT_EQ(error, "");
  int32_t bos = hadal_tokenizer_find(with.get(), "<|im_start|>");
  int32_t eos = hadal_tokenizer_find(with.get(), "<|endoftext|>");
  std::vector<int32_t> ids = encode(with.get(), "a", true);
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids.front(), bos);
  EXPECT_EQ(ids.back(), eos);
  EXPECT_EQ(encode(with.get(), "a", false).size(), 1u);

  // The template of the demo's tokenizer counts, whatever the configuration says.
  TokenizerPointer demo =
      makeTokenizer(readFile(tokenizerPath("demo")), R"({"add_bos_token": false})", error);
  ASSERT_EQ(error, "");
  EXPECT_EQ(encode(demo.get(), "", true), std::vector<int32_t>{0});
}

} // namespace
