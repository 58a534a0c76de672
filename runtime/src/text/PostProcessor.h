// SPDX-License-Identifier: Apache-2.0
// The field `post_processor`: the tokens that go around a text.
#ifndef HADAL_TEXT_POSTPROCESSOR_H
#define HADAL_TEXT_POSTPROCESSOR_H

#include <cstdint>
#include <vector>

#include "Json.h"

namespace hadal::text {

/// Supports Sequence, TemplateProcessing (for one text) and ByteLevel, which
/// changes no ids; refuses every other type by its name.
class PostProcessor {
public:
  Error read(const Field &field);

  /// A template says what goes around a text, so that nothing else need.
  bool hasTemplate() const { return templated; }
  void setAffixes(std::vector<int32_t> before, std::vector<int32_t> after) {
    prefix = std::move(before);
    suffix = std::move(after);
  }
  void apply(std::vector<int32_t> &ids) const;

private:
  Error readStep(const Field &field, const std::string &type);
  Error readTemplate(const Field &field);

  std::vector<int32_t> prefix, suffix;
  bool templated = false;
};

} // namespace hadal::text

#endif // HADAL_TEXT_POSTPROCESSOR_H
