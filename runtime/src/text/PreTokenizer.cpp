// SPDX-License-Identifier: Apache-2.0
// Cuts text into words, as the field `pre_tokenizer` says.
#include "PreTokenizer.h"
#include "ByteLevel.h"

#include <algorithm>

namespace hadal::text {

namespace {

struct Piece {
  Words::Range range;
  bool match;
};

/// Cuts one word into matches and what lies between them.
Error cut(RegexMatcher &matcher, std::string_view word, std::vector<Piece> &out) {
  matcher.reset(word);
  size_t previous = 0, start = 0, end = 0;
  for (;;) {
    RegexMatcher::Result result = matcher.next(start, end);
    if (result == RegexMatcher::failed)
      return Error("pre_tokenizer: a pattern cannot be matched: " + matcher.message());
    if (result == RegexMatcher::finished)
      break;
    if (previous != start)
      out.push_back({{previous, start}, false});
    out.push_back({{start, end}, true});
    previous = end;
  }
  if (previous != word.size())
    out.push_back({{previous, word.size()}, false});
  return {};
}

} // namespace

Error PreTokenizer::split(const Step &step, Words &words) {
  std::vector<Words::Range> out;
  std::vector<Piece> pieces;
  RegexMatcher matcher(step.pattern, {});
  for (size_t i = 0; i < words.ranges.size(); ++i) {
    pieces.clear();
    if (Error error = cut(matcher, words.word(i), pieces))
      return error;
    if (step.invert)
      for (Piece &piece : pieces)
        piece.match = !piece.match;

    size_t base = words.ranges[i].start;
    size_t firstOut = out.size();
    auto push = [&](Words::Range range) { out.push_back({base + range.start, base + range.end}); };
    bool previousMatch = false;
    switch (step.behavior) {
    case Behavior::isolated:
      for (const Piece &piece : pieces)
        push(piece.range);
      break;
    case Behavior::removed:
      for (const Piece &piece : pieces)
        if (!piece.match)
          push(piece.range);
      break;
    case Behavior::contiguous:
      for (const Piece &piece : pieces) {
        if (piece.match == previousMatch && out.size() > firstOut)
          out.back().end = base + piece.range.end;
        else
          push(piece.range);
        previousMatch = piece.match;
      }
      break;
    case Behavior::mergedWithPrevious:
      for (const Piece &piece : pieces) {
        if (piece.match && !previousMatch && out.size() > firstOut)
          out.back().end = base + piece.range.end;
        else
          push(piece.range);
        previousMatch = piece.match;
      }
      break;
    case Behavior::mergedWithNext:
      for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
        if (piece->match && !previousMatch && out.size() > firstOut)
          out.back().start = base + piece->range.start;
        else
          push(piece->range);
        previousMatch = piece->match;
      }
      std::reverse(out.begin() + static_cast<std::ptrdiff_t>(firstOut), out.end());
      break;
    }
  }
  out.erase(std::remove_if(out.begin(), out.end(),
                           [](Words::Range range) { return range.start == range.end; }),
            out.end());
  words.ranges = std::move(out);
  return {};
}

void PreTokenizer::rewrite(const Step &step, Words &words, bool atStart) {
  Words out;
  out.text.reserve(words.text.size() * 2);
  out.ranges.reserve(words.ranges.size());
  for (size_t i = 0; i < words.ranges.size(); ++i) {
    std::string_view word = words.word(i);
    size_t start = out.text.size();
    switch (step.kind) {
    case Step::byteLevel: appendByteLevel(word, out.text); break;
    case Step::prepend:
      if ((step.when == Prepend::always || (step.when == Prepend::first && atStart && i == 0)) &&
          word.substr(0, step.content.size()) != step.content)
        out.text += step.content;
      out.text += word;
      break;
    case Step::replaceSpaces:
      for (char c : word)
        if (c == ' ')
          out.text += step.content;
        else
          out.text += c;
      break;
    case Step::split: break;
    }
    out.ranges.push_back({start, out.text.size()});
  }
  words = std::move(out);
}

Error PreTokenizer::apply(Words &words, bool atStart) const {
  for (const Step &step : steps) {
    if (step.kind != Step::split)
      rewrite(step, words, atStart);
    else if (Error error = split(step, words))
      return error;
  }
  return {};
}

} // namespace hadal::text
