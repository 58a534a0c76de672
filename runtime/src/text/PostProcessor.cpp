// SPDX-License-Identifier: Apache-2.0
// The field `post_processor`: the tokens that go around a text.
#include "PostProcessor.h"
#include "Components.h"

namespace hadal::text {

Error PostProcessor::read(const Field &field) {
  if (!field.present())
    return {};
  return readComponents(field, "processors", [this](const Field &part, const std::string &type) {
    return readStep(part, type);
  });
}

Error PostProcessor::readStep(const Field &field, const std::string &type) {
  if (type == "ByteLevel")
    return {};
  if (type == "TemplateProcessing")
    return readTemplate(field);
  return field.member("type").expected("one of Sequence, TemplateProcessing, ByteLevel");
}

Error PostProcessor::readTemplate(const Field &field) {
  Field list = field.member("single");
  if (Error error = list.expectArray())
    return error;
  // A template within a sequence goes around what those before it made.
  std::vector<int32_t> before, after;
  bool seenText = false;
  for (size_t i = 0; i < list.json().size(); ++i) {
    Field piece = list.element(i);
    if (piece.member("Sequence").present()) {
      std::string id;
      if (Error error = piece.member("Sequence").member("id").read(id))
        return error;
      if (id != "A" || seenText)
        return piece.member("Sequence").member("id").expected("A, once");
      seenText = true;
      continue;
    }
    std::string name;
    if (Error error = piece.member("SpecialToken").member("id").read(name))
      return error;
    Field ids = field.member("special_tokens").member(name.c_str()).member("ids");
    if (Error error = ids.expectArray())
      return error;
    for (size_t k = 0; k < ids.json().size(); ++k) {
      int32_t id = 0;
      if (Error error = ids.element(k).read(id))
        return error;
      (seenText ? after : before).push_back(id);
    }
  }
  if (!seenText)
    return list.error("expected the piece {\"Sequence\": {\"id\": \"A\"}}, got none");
  before.insert(before.end(), prefix.begin(), prefix.end());
  prefix = std::move(before);
  suffix.insert(suffix.end(), after.begin(), after.end());
  templated = true;
  return {};
}

void PostProcessor::apply(std::vector<int32_t> &ids) const {
  ids.insert(ids.begin(), prefix.begin(), prefix.end());
  ids.insert(ids.end(), suffix.begin(), suffix.end());
}

} // namespace hadal::text
