// SPDX-License-Identifier: Apache-2.0
// A damaged or unsupported tokenizer.json gives one error, which names the field.
#include <gtest/gtest.h>

#include "Fixture.h"

using namespace hadal::tests;
using nlohmann::json;

namespace {

json minimal() {
  return json::parse(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2},
                         "merges": ["a b"]}})");
}

std::string errorOf(const json &document, const std::string &config = "") {
  std::string error;
  makeTokenizer(document.dump(), config, error);
  return error;
}

/// The error after one change to the smallest tokenizer.
std::string with(const char *pointer, const char *value) {
  json document = minimal();
  document[json::json_pointer(pointer)] = json::parse(value);
  return errorOf(document);
}

TEST(Malformed, theSmallestTokenizerLoads) {
  EXPECT_EQ(errorOf(minimal()), "");
  EXPECT_EQ(with("/model/merges", R"([["a", "b"]])"), "");
}

TEST(Malformed, namesTheField) {
  struct Case {
    const char *pointer, *value, *error;
  };
  for (const Case &c : {
           Case{"/model", "3", "model: expected an object, got 3"},
           Case{"/model/type", "\"Unigram\"", "model.type: expected BPE, got \"Unigram\""},
           Case{"/model/vocab", "[]", "model.vocab: expected an object, got an array of 0"},
           Case{"/model/vocab/b", "-1",
                "model.vocab: token \"b\": expected an id from 0 to 2147483646, got -1"},
           Case{"/model/vocab/b", "4294967297",
                "model.vocab: token \"b\": expected an id from 0 to 2147483646, got 4294967297"},
           Case{"/model/vocab/b", "0",
                "model.vocab: token \"b\": expected an id of its own, got 0, which is \"a\""},
           Case{"/model/merges", "{}", "model.merges: expected an array, got an object"},
           Case{"/model/merges/0", "\"ab\"",
                "model.merges[0]: expected two tokens, as \"a b\" or [\"a\", \"b\"], got \"ab\""},
           Case{"/model/merges/0", "[\"a\"]",
                "model.merges[0]: expected two tokens, as \"a b\" or [\"a\", \"b\"], got an array "
                "of 1"},
           Case{"/model/merges/0", "\"a c\"",
                "model.merges[0]: expected tokens of the vocabulary, got \"c\""},
           Case{"/model/merges/0", "\"b a\"",
                "model.merges[0]: expected tokens of the vocabulary, got \"ba\""},
           Case{"/model/continuing_subword_prefix", "\"##\"",
                "model.continuing_subword_prefix: expected null or an empty string, got \"##\""},
           Case{"/model/end_of_word_suffix", "\"</w>\"",
                "model.end_of_word_suffix: expected null or an empty string, got \"</w>\""},
           Case{"/model/dropout", "0.1", "model.dropout: expected null or 0, got 0.1"},
           Case{"/model/unk_token", "\"?\"",
                "model.unk_token: expected a token of the vocabulary, got \"?\""},
           Case{"/model/byte_fallback", "1", "model.byte_fallback: expected true or false, got 1"},
           Case{"/normalizer", R"({"type": "Lowercase"})",
                "normalizer.type: expected one of Sequence, NFC, NFD, NFKC, NFKD, Prepend, "
                "Replace, got \"Lowercase\""},
           Case{"/normalizer", "\"NFC\"", "normalizer: expected an object, got \"NFC\""},
           Case{"/pre_tokenizer", R"({"type": "Sequence", "pretokenizers": [{"type": "Bert"}]})",
                "pre_tokenizer.pretokenizers[0].type: expected one of Sequence, Split, ByteLevel, "
                "Digits, Punctuation, Whitespace, WhitespaceSplit, Metaspace, got \"Bert\""},
           Case{"/pre_tokenizer",
                R"({"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"})",
                "pre_tokenizer.pattern.Regex: expected a regular expression, got \"(a\": a group "
                "that is not closed at byte 2"},
           Case{"/pre_tokenizer",
                R"x({"type": "Split", "pattern": {"Regex": "(?<n>a)"}, "behavior": "Isolated"})x",
                "pre_tokenizer.pattern.Regex: expected a regular expression, got \"(?<n>a)\": a "
                "group of an unsupported kind at byte 0"},
           Case{"/pre_tokenizer",
                R"({"type": "Split", "pattern": {"Regex": "a**"}, "behavior": "Isolated"})",
                "pre_tokenizer.pattern.Regex: expected a regular expression, got \"a**\": "
                "quantifier does not follow a repeatable item"},
           Case{"/pre_tokenizer",
                R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "Sideways"})",
                "pre_tokenizer.behavior: expected one of Removed, Isolated, MergedWithPrevious, "
                "MergedWithNext, Contiguous, got \"Sideways\""},
           Case{"/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated"})",
                "pre_tokenizer.pattern: expected an object, got nothing"},
           Case{"/post_processor", R"({"type": "BertProcessing"})",
                "post_processor.type: expected one of Sequence, TemplateProcessing, ByteLevel, got "
                "\"BertProcessing\""},
           Case{"/post_processor",
                R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}]})",
                "post_processor.special_tokens.x.ids: expected an array, got nothing"},
           Case{"/post_processor", R"({"type": "TemplateProcessing", "single": []})",
                "post_processor.single: expected the piece {\"Sequence\": {\"id\": \"A\"}}, got "
                "none"},
           Case{"/decoder", R"({"type": "WordPiece"})",
                "decoder.type: expected one of Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, "
                "Replace, Strip, got \"WordPiece\""},
           Case{"/added_tokens", R"([{"id": 1, "content": "x"}])",
                "added_tokens[0].id: expected an id that model.vocab does not use, got 1"},
           Case{"/added_tokens", R"([{"id": 9, "content": "ab"}])",
                "added_tokens[0].id: expected 2, its id in model.vocab, got 9"},
           Case{"/added_tokens", R"([{"id": 9, "content": ""}])",
                "added_tokens[0].content: expected a string that is not empty, got \"\""},
           Case{"/added_tokens", R"([{"id": "9", "content": "x"}])",
                "added_tokens[0].id: expected an integer from 0 to 2147483647, got \"9\""},
           Case{"/added_tokens", R"([{"id": 9, "content": "x"}, {"id": 9, "content": "y"}])",
                "added_tokens[1].id: expected an id that is not listed before, got 9"},
       })
    EXPECT_EQ(with(c.pointer, c.value), std::string("tokenizer.json: ") + c.error);
}

TEST(Malformed, brokenConfigurationIsNamed) {
  EXPECT_EQ(
      errorOf(minimal(), "{"),
      "tokenizer_config.json: expected JSON, got the end of it after 1 bytes: the file may be cut short");
  EXPECT_EQ(errorOf(minimal(), R"({"add_bos_token": true})"),
            "tokenizer_config.json: bos_token: expected a string, got nothing");
  EXPECT_EQ(errorOf(minimal(), R"({"add_bos_token": true, "bos_token": "<s>"})"),
            "tokenizer_config.json: bos_token: expected a token of tokenizer.json, got \"<s>\"");
}

TEST(Malformed, aKeyThatComesTwiceIsNamed) {
  std::string text = minimal().dump(), error;
  makeTokenizer(text.substr(0, text.rfind('}')) + R"(, "model": {}})", "", error);
  EXPECT_EQ(error, "tokenizer.json: expected each key once, got \"model\" again");
  EXPECT_EQ(errorOf(minimal(), R"({"add_bos_token": true, "add_bos_token": "x"})"),
            "tokenizer_config.json: expected each key once, got \"add_bos_token\" again");
  EXPECT_EQ(errorOf(minimal(), R"({"pad_token": {"content": "a"}, "unk_token": {"content": "b"}})"),
            "");
}

TEST(Malformed, everyTruncationIsAnError) {
  std::string text = readFile(tokenizerPath("added"));
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  for (size_t size = 0; size < text.size(); size += 1 + text.size() / 400) {
    std::string error;
    EXPECT_EQ(makeTokenizer(text.substr(0, size), "", error), nullptr);
    EXPECT_NE(error.find("tokenizer.json: expected JSON"), std::string::npos) << error;
  }
}

/// Every value of the document replaced by others, one at a time: either an error
/// or a tokenizer that works.
void mutate(json &root, json &value, int &count) {
  if (value.is_structured() && value.size() < 40)
    for (json &child : value)
      mutate(root, child, count);
  json saved = value;
  for (const char *other : {"null", "true", "-1", "1e300", "\"\"", "\"x\"", "[]", "{}", "[[]]",
                            "{\"type\": \"Sequence\"}", "99999999999999999999"}) {
    value = json::parse(other);
    std::string error;
    TokenizerPointer tokenizer = makeTokenizer(root.dump(), "", error);
    EXPECT_NE(tokenizer == nullptr, error.empty());
    if (tokenizer)
      decode(tokenizer.get(), encode(tokenizer.get(), " a <mask> 1é\n", true), false);
    ++count;
  }
  value = saved;
}

TEST(Malformed, anyFieldOfAnyTypeIsHandled) {
  for (const char *name : {"added", "unknown"}) {
    json root = json::parse(readFile(tokenizerPath(name)));
    int count = 0;
    mutate(root, root, count);
    EXPECT_GT(count, 300);
  }
}

TEST(Malformed, deepNestingIsAnError) {
  std::string error;
  std::string deep(200000, '[');
  makeTokenizer(deep, "", error);
  EXPECT_NE(error, "");
  std::string nested = R"({"type": "NFC"})";
  for (int i = 0; i < 200; ++i)
    nested = R"({"type": "Sequence", "normalizers": [)" + nested + "]}";
  makeTokenizer("{\"normalizer\": " + nested + "}", "", error);
  EXPECT_NE(error.find("nested sequences"), std::string::npos) << error;
}

} // namespace
