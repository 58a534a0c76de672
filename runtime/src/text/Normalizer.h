// SPDX-License-Identifier: Apache-2.0
// The field `normalizer`: rewrites text before it is cut.
#ifndef HADAL_TEXT_NORMALIZER_H
#define HADAL_TEXT_NORMALIZER_H

#include <string>
#include <vector>

#include "Json.h"
#include "Regex.h"
#include "Unicode.h"

namespace hadal::text {

/// Reads the object {"String": S} or {"Regex": R}.
Error readPattern(const Field &field, Regex &out);

/// Replaces every match of `regex` in `text`.
Error replaceAll(const Regex &regex, std::string_view content, std::string &text);

/// Supports Sequence, NFC, NFD, NFKC, NFKD, Prepend and Replace; refuses every
/// other type by its name.
class Normalizer {
public:
  Error read(const Field &field);
  /// Rewrites valid UTF-8 in place.
  Error apply(std::string &text) const;
  bool empty() const { return steps.empty(); }

private:
  struct Step {
    enum Kind { form, prepend, replace } kind;
    NormalizationForm normalizationForm = NormalizationForm::nfc;
    std::string content;
    Regex pattern;
  };
  Error readStep(const Field &field, const std::string &type);
  std::vector<Step> steps;
};

} // namespace hadal::text

#endif // HADAL_TEXT_NORMALIZER_H
