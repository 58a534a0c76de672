// SPDX-License-Identifier: Apache-2.0
// Reads the field `pre_tokenizer`.
#include "Components.h"
#include "Normalizer.h"
#include "PreTokenizer.h"

namespace hadal::text {

namespace {

/// The pattern that ByteLevel brings with it (GPT-2).
constexpr std::string_view gpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

} // namespace

Error PreTokenizer::read(const Field &field) {
  steps.clear();
  if (!field.present())
    return {};
  return readComponents(field, "pretokenizers", [this](const Field &part, const std::string &type) {
    return readStep(part, type);
  });
}

Error PreTokenizer::addSplit(const Field &field, std::string_view pattern, Behavior behavior,
                             bool invert) {
  Step step{};
  step.kind = Step::split;
  step.behavior = behavior;
  step.invert = invert;
  if (Error error = Regex::compile(pattern, step.pattern))
    return field.error(error.text());
  steps.push_back(std::move(step));
  return {};
}

Error PreTokenizer::readBehavior(const Field &field, Behavior &out) {
  struct Name {
    const char *name;
    Behavior behavior;
  };
  static constexpr Name names[] = {{"Removed", Behavior::removed},
                                   {"Isolated", Behavior::isolated},
                                   {"MergedWithPrevious", Behavior::mergedWithPrevious},
                                   {"MergedWithNext", Behavior::mergedWithNext},
                                   {"Contiguous", Behavior::contiguous}};
  std::string text;
  if (Error error = field.read(text))
    return error;
  for (const Name &name : names)
    if (text == name.name) {
      out = name.behavior;
      return {};
    }
  return field.expected("one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

Error PreTokenizer::readByteLevel(const Field &field) {
  bool addPrefixSpace = true, useRegex = true;
  if (Error error = field.member("add_prefix_space").readOptional(addPrefixSpace))
    return error;
  if (Error error = field.member("use_regex").readOptional(useRegex))
    return error;
  if (addPrefixSpace) {
    Step step{};
    step.kind = Step::prepend;
    step.content = " ";
    steps.push_back(std::move(step));
  }
  if (useRegex)
    if (Error error = addSplit(field, gpt2Pattern, Behavior::isolated))
      return error;
  Step step{};
  step.kind = Step::byteLevel;
  steps.push_back(std::move(step));
  return {};
}

Error PreTokenizer::readMetaspace(const Field &field) {
  Step replace{}, prepend{};
  replace.kind = Step::replaceSpaces;
  if (Error error = field.member("replacement").read(replace.content))
    return error;
  if (replace.content.empty())
    return field.member("replacement").expected("one character");
  prepend.kind = Step::prepend;
  prepend.content = replace.content;
  std::string scheme = "always";
  bool addPrefixSpace = true;
  if (Error error = field.member("add_prefix_space").readOptional(addPrefixSpace))
    return error;
  if (!addPrefixSpace)
    scheme = "never";
  if (Error error = field.member("prepend_scheme").readOptional(scheme))
    return error;
  if (scheme != "always" && scheme != "first" && scheme != "never")
    return field.member("prepend_scheme").expected("one of always, first, never");
  prepend.when = scheme == "always"  ? Prepend::always
                 : scheme == "first" ? Prepend::first
                                     : Prepend::never;
  bool splits = true;
  if (Error error = field.member("split").readOptional(splits))
    return error;
  Step split{};
  split.kind = Step::split;
  split.behavior = Behavior::mergedWithNext;
  if (Error error = Regex::compileLiteral(replace.content, split.pattern))
    return field.member("replacement").error(error.text());
  steps.push_back(std::move(replace));
  steps.push_back(std::move(prepend));
  if (splits)
    steps.push_back(std::move(split));
  return {};
}

Error PreTokenizer::readStep(const Field &field, const std::string &type) {
  if (type == "Split") {
    Step step{};
    step.kind = Step::split;
    if (Error error = readPattern(field.member("pattern"), step.pattern))
      return error;
    if (Error error = readBehavior(field.member("behavior"), step.behavior))
      return error;
    if (Error error = field.member("invert").readOptional(step.invert))
      return error;
    steps.push_back(std::move(step));
    return {};
  }
  if (type == "ByteLevel")
    return readByteLevel(field);
  if (type == "Metaspace")
    return readMetaspace(field);
  if (type == "Digits") {
    bool individual = false;
    if (Error error = field.member("individual_digits").readOptional(individual))
      return error;
    return addSplit(field, R"(\p{N})", individual ? Behavior::isolated : Behavior::contiguous);
  }
  if (type == "Punctuation") {
    Behavior behavior = Behavior::isolated;
    if (field.member("behavior").present())
      if (Error error = readBehavior(field.member("behavior"), behavior))
        return error;
    return addSplit(field, R"([!-/:-@\[-`{-~\p{P}])", behavior);
  }
  if (type == "Whitespace")
    return addSplit(field, R"(\w+|[^\w\s]+)", Behavior::removed, /*invert=*/true);
  if (type == "WhitespaceSplit")
    return addSplit(field, R"(\s)", Behavior::removed);
  return field.member("type").expected("one of Sequence, Split, ByteLevel, Digits, "
                                       "Punctuation, Whitespace, WhitespaceSplit, Metaspace");
}

} // namespace hadal::text
