// SPDX-License-Identifier: Apache-2.0
// Added tokens that take white space beside them, in all combinations, against a plain statement
// of the rule; the statement itself was compared with tokenizers 0.23.3 on 40,000 texts.
#include <gtest/gtest.h>

#include "Fixture.h"

using namespace hadal::tests;
using nlohmann::json;

namespace {

const std::string alphabet = "a .";

struct Token {
  std::string content;
  bool singleWord, left, right, normalized;
};

bool isBlank(char c) { return c == ' '; }
bool isWord(char c) { return c == 'a'; }

int32_t idOf(const std::vector<Token> &tokens, size_t index) {
  const std::string &content = tokens[index].content;
  return static_cast<int32_t>(content.size() == 1 ? alphabet.find(content)
                                                  : alphabet.size() + index);
}

/// Where tokens are found, before they take anything: the leftmost first, the longest of those
/// that begin together, none within another.
std::vector<std::pair<size_t, size_t>> matches(const std::vector<Token> &tokens, bool normalized,
                                               const std::string &text) {
  std::vector<std::pair<size_t, size_t>> found; // where, which
  for (size_t at = 0; at < text.size();) {
    size_t best = tokens.size();
    for (size_t i = 0; i < tokens.size(); ++i)
      if (tokens[i].normalized == normalized &&
          text.compare(at, tokens[i].content.size(), tokens[i].content) == 0 &&
          (best == tokens.size() || tokens[i].content.size() > tokens[best].content.size()))
        best = i;
    if (best < tokens.size())
      found.push_back({at, best});
    at += best < tokens.size() ? tokens[best].content.size() : 1;
  }
  return found;
}

/// Ids by the rule: each token that may stand where it was found claims white space on its sides;
/// to the left not what the last one claimed, to the right whatever there is. One whose claim is
/// empty is as if it had not been found. Text is what lies between a claim and the next.
void state(const std::vector<Token> &tokens, bool normalized, const std::string &text,
           std::vector<int32_t> &ids) {
  auto plain = [&](const std::string &piece) {
    if (!normalized)
      return state(tokens, true, piece, ids);
    for (char c : piece)
      ids.push_back(static_cast<int32_t>(alphabet.find(c)));
  };
  size_t claimed = 0;
  for (auto [at, which] : matches(tokens, normalized, text)) {
    const Token &token = tokens[which];
    size_t from = at, to = at + token.content.size();
    bool inWord = (from > 0 && isWord(text[from - 1])) || (to < text.size() && isWord(text[to]));
    if (token.singleWord && inWord)
      continue;
    while (token.left && from > 0 && isBlank(text[from - 1]))
      --from;
    if (token.left && from < claimed)
      from = claimed;
    while (token.right && to < text.size() && isBlank(text[to]))
      ++to;
    if (from >= to)
      continue;
    if (claimed < from)
      plain(text.substr(claimed, from - claimed));
    ids.push_back(idOf(tokens, which));
    claimed = to;
  }
  plain(text.substr(claimed));
}

TokenizerPointer make(const std::vector<Token> &tokens) {
  json document = json::parse(R"({"model": {"type": "BPE", "vocab": {}, "merges": []}})");
  for (char c : alphabet)
    document["model"]["vocab"][std::string(1, c)] = alphabet.find(c);
  document["added_tokens"] = json::array();
  for (size_t i = 0; i < tokens.size(); ++i)
    document["added_tokens"].push_back({{"id", idOf(tokens, i)},
                                        {"content", tokens[i].content},
                                        {"single_word", tokens[i].singleWord},
                                        {"lstrip", tokens[i].left},
                                        {"rstrip", tokens[i].right},
                                        {"normalized", tokens[i].normalized}});
  return makeTokenizer(document.dump());
}

/// All texts of at most so many characters.
std::vector<std::string> allTexts(size_t longest) {
  std::vector<std::string> texts = {""};
  for (size_t i = 0; i < texts.size(); ++i)
    if (texts[i].size() < longest)
      for (char c : alphabet)
        texts.push_back(texts[i] + c);
  return texts;
}

TEST(AddedTokens, everyPairOfStripsAndWordsOnEveryShortText) {
  const std::vector<std::string> texts = allTexts(6);
  const std::string contents[] = {"  ", " ", "a", "a ", " ."};
  size_t checked = 0;
  for (size_t first = 0; first < 5; ++first)
    for (size_t second = 0; second < first; ++second)
      for (unsigned bits = 0; bits < 256; ++bits) {
        auto bit = [&](unsigned n) { return (bits >> n & 1) != 0; };
        std::vector<Token> tokens = {{contents[first], bit(0), bit(1), bit(2), bit(6)},
                                     {contents[second], bit(3), bit(4), bit(5), bit(7)}};
        TokenizerPointer tokenizer = make(tokens);
        // Every text for every eighth pair, so that each meets all of them over time.
        for (size_t i = bits % 8; i < texts.size(); i += 8, ++checked) {
          std::vector<int32_t> expected;
          state(tokens, false, texts[i], expected);
          ASSERT_EQ(encode(tokenizer.get(), texts[i], false), expected)
              << "'" << texts[i] << "' with '" << contents[first] << "', '" << contents[second]
              << "', flags " << bits;
        }
      }
  EXPECT_GT(checked, 300000u);
}

TEST(AddedTokens, ofTwoThatNormalizeAlikeTheSpecialOneIsFound) {
  auto find = [](bool special) {
    json document = json::parse(R"({"normalizer": {"type": "NFC"},
        "added_tokens": [{"id": 3, "content": "e\u0301", "normalized": true},
                         {"id": 4, "content": "\u00e9", "normalized": true}],
        "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
    document["added_tokens"][1]["special"] = special;
    return encode(makeTokenizer(document.dump()).get(), "a\u00e9", false);
  };
  EXPECT_EQ(find(false), (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(find(true), (std::vector<int32_t>{0, 4}));
}

TEST(AddedTokens, whiteSpaceOfAnyLengthTakesLinearTime) {
  std::string text(1 << 20, ' ');
  for (bool left : {false, true})
    for (bool right : {false, true}) {
      std::vector<int32_t> ids =
          encode(make({{"  ", false, left, right, false}}).get(), text, false);
      // Quadratic time would take minutes.
      EXPECT_EQ(ids.size(), left && right ? 1u : text.size() / 2);
    }
}

} // namespace
