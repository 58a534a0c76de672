// SPDX-License-Identifier: Apache-2.0
// The field `pre_tokenizer`: cuts text into the words that BPE works within.
#ifndef HADAL_TEXT_PRETOKENIZER_H
#define HADAL_TEXT_PRETOKENIZER_H

#include <string>
#include <string_view>
#include <vector>

#include "Json.h"
#include "Regex.h"

namespace hadal::text {

/// Text and the words it is cut into, none of them empty.
struct Words {
  struct Range {
    size_t start, end;
  };
  std::string text;
  std::vector<Range> ranges;

  std::string_view word(size_t index) const {
    return std::string_view(text).substr(ranges[index].start,
                                         ranges[index].end - ranges[index].start);
  }
};

/// Supports Sequence, Split, ByteLevel, Digits, Punctuation, Whitespace,
/// WhitespaceSplit and Metaspace; refuses every other type by its name.
class PreTokenizer {
public:
  Error read(const Field &field);

  /// Cuts `words`, which holds valid UTF-8 as one word. `atStart`: it begins the
  /// whole text.
  Error apply(Words &words, bool atStart) const;

private:
  enum class Behavior { removed, isolated, mergedWithPrevious, mergedWithNext, contiguous };
  enum class Prepend { always, first, never };
  struct Step {
    enum Kind { split, byteLevel, prepend, replaceSpaces } kind;
    Regex pattern;
    Behavior behavior = Behavior::isolated;
    bool invert = false;
    std::string content;      // of prepend and replaceSpaces
    Prepend when = Prepend::always;
  };

  Error readStep(const Field &field, const std::string &type);
  Error readByteLevel(const Field &field);
  Error readMetaspace(const Field &field);
  Error addSplit(const Field &field, std::string_view pattern, Behavior behavior,
                 bool invert = false);
  static Error readBehavior(const Field &field, Behavior &out);
  static Error split(const Step &step, Words &words);
  static void rewrite(const Step &step, Words &words, bool atStart);

  std::vector<Step> steps;
};

} // namespace hadal::text

#endif // HADAL_TEXT_PRETOKENIZER_H
