// SPDX-License-Identifier: Apache-2.0
// Every tokenizer of the fixtures gives the ids and texts of Hugging Face's tokenizers.
#include "Fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cinttypes>

using namespace hadal::tests;
using nlohmann::json;

namespace {

const json &cases() {
  static const json document = json::parse(readFile(HADAL_TEXT_FIXTURES "/cases.json"));
  return document;
}

std::string checksum(const std::vector<int32_t> &ids) {
  uint64_t value = 14695981039346656037u;
  for (int32_t id : ids)
    value = (value ^ static_cast<uint64_t>(id)) * 1099511628211u;
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

class Cases : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    tokenizer = loadTokenizer(GetParam());
    ASSERT_NE(tokenizer, nullptr);
  }
  const json &expected() { return cases()["tokenizers"][GetParam()]; }
  TokenizerPointer tokenizer;
};

TEST_P(Cases, encodesHardTexts) {
  const json &texts = cases()["texts"];
  ASSERT_GT(texts.size(), 250u);
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(encode(tokenizer.get(), texts[i], false),
              expected()["ids"][i].get<std::vector<int32_t>>())
        << texts[i].dump(-1, ' ', true);
}

TEST_P(Cases, encodesTextsOfItsOwn) {
  for (const json &sample : expected().value("own", json::array()))
    EXPECT_EQ(encode(tokenizer.get(), sample[0], true), sample[1].get<std::vector<int32_t>>())
        << sample[0].dump();
}

TEST_P(Cases, addsSpecialTokens) {
  const json &lists = expected()["special"];
  for (size_t i = 0; i < lists.size(); ++i)
    EXPECT_EQ(encode(tokenizer.get(), cases()["texts"][i], true),
              lists[i].get<std::vector<int32_t>>());
}

TEST_P(Cases, encodesLongTexts) {
  const json &list = cases()["long"];
  for (size_t i = 0; i < list.size(); ++i) {
    std::string text;
    for (int n = 0; n < list[i][1].get<int>(); ++n)
      text += list[i][0].get<std::string>();
    std::vector<int32_t> ids = encode(tokenizer.get(), text, false);
    EXPECT_EQ(ids.size(), expected()["long"][i][0].get<size_t>()) << list[i].dump();
    EXPECT_EQ(checksum(ids), expected()["long"][i][1].get<std::string>()) << list[i].dump();
  }
}

TEST_P(Cases, decodes) {
  for (const json &sample : expected()["decode"]) {
    auto ids = sample[0].get<std::vector<int32_t>>();
    EXPECT_EQ(decode(tokenizer.get(), ids, false), sample[1].get<std::string>())
        << sample[0].dump();
    EXPECT_EQ(decode(tokenizer.get(), ids, true), sample[2].get<std::string>()) << sample[0].dump();
  }
}

TEST_P(Cases, streamsWhatItDecodes) {
  // Byte fallback may differ where a run of bytes is broken; see StreamTest.
  bool fallback = std::string(GetParam()) == "fallback";
  for (const json &sample : expected()["decode"]) {
    if (fallback && sample[1].get<std::string>().find("\uFFFD") != std::string::npos)
      continue;
    auto ids = sample[0].get<std::vector<int32_t>>();
    EXPECT_EQ(stream(tokenizer.get(), ids, false), sample[1].get<std::string>())
        << sample[0].dump();
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Cases,
                         testing::Values("demo", "qwen", "kimi", "v2", "fallback", "unknown",
                                         "unknown-fused", "added", "pieces"),
                         [](const auto &info) {
                           std::string name = info.param;
                           return name == "unknown-fused" ? "unknownFused" : name;
                         });

TEST(Speed, longPromptsTakeNoQuadraticTime) {
  TokenizerPointer tokenizer = loadTokenizer("demo");
  std::string mixed;
  while (mixed.size() < 100 * 1024)
    mixed += "It was a truth universally acknowledged, in 1803 -- \"naïve\"!\n\n  ";
  for (const std::string &text : {mixed, std::string(400 * 1024, 'a'), std::string(400 * 1024, ' '),
                                  std::string(400 * 1024, '\n'), std::string(400 * 1024, '!')}) {
    auto start = std::chrono::steady_clock::now();
    encode(tokenizer.get(), text, true);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    // Quadratic time would take minutes; the margin is for sanitizers and load.
    EXPECT_LT(seconds.count(), 10) << text.substr(0, 10);
  }
}

} // namespace
