// SPDX-License-Identifier: Apache-2.0
// Reads the field `decoder`.
#include "Components.h"
#include "Decoder.h"
#include "Normalizer.h"

namespace hadal::text {

Error Decoder::read(const Field &field) {
  if (!field.present())
    return {};
  present = true;
  return readComponents(field, "decoders", [this](const Field &part, const std::string &type) {
    return readStep(part, type);
  });
}

Error Decoder::readStrip(const Field &field, Step &step) {
  step.kind = Step::strip;
  if (Error error = field.member("content").read(step.content))
    return error;
  if (step.content.empty())
    return field.member("content").expected("one character");
  int32_t start = 0, stop = 0;
  if (Error error = field.member("start").read(start))
    return error;
  if (Error error = field.member("stop").read(stop))
    return error;
  step.start = static_cast<size_t>(start);
  step.stop = static_cast<size_t>(stop);
  return {};
}

Error Decoder::readStep(const Field &field, const std::string &type) {
  Field name = field.member("type");
  bool joined = fused || byteLevel;
  if (type == "ByteFallback") {
    if (joined || byteFallback)
      return name.expected("ByteFallback once, before the tokens are joined");
    byteFallback = true;
    return {};
  }
  if (type == "Fuse") {
    if (byteLevel)
      return name.expected("no Fuse after ByteLevel");
    fused = true;
    return {};
  }
  if (type == "ByteLevel") {
    if (joined || byteFallback)
      return name.expected("ByteLevel before the tokens are joined, without ByteFallback");
    byteLevel = true;
    return {};
  }
  Step step{};
  if (type == "Strip") {
    if (Error error = readStrip(field, step))
      return error;
    if (joined && !atEnds.empty())
      return name.expected("one Strip of the whole text");
    if (!joined && byteFallback)
      return name.expected("a Strip before ByteFallback or after Fuse");
    (joined ? atEnds : perToken).push_back(std::move(step));
    return {};
  }
  if (type != "Replace" && type != "Metaspace")
    return name.expected(
        "one of Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip");
  if (joined || byteFallback)
    return name.expected(type + " before ByteFallback and before the tokens are joined");
  if (type == "Replace") {
    step.kind = Step::replace;
    if (Error error = field.member("content").read(step.content))
      return error;
    if (Error error = readPattern(field.member("pattern"), step.pattern))
      return error;
  } else {
    step.kind = Step::metaspace;
    if (Error error = field.member("replacement").read(step.content))
      return error;
    if (step.content.empty())
      return field.member("replacement").expected("one character");
    std::string scheme = "always";
    bool addPrefixSpace = true;
    if (Error error = field.member("add_prefix_space").readOptional(addPrefixSpace))
      return error;
    if (Error error = field.member("prepend_scheme").readOptional(scheme))
      return error;
    step.trimFirst = addPrefixSpace && scheme != "never";
  }
  perToken.push_back(std::move(step));
  return {};
}

} // namespace hadal::text
