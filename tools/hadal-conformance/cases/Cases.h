// SPDX-License-Identifier: Apache-2.0
// The cases by topic, and what they share.
#ifndef HADAL_TOOLS_CONFORMANCE_CASES_CASES_H
#define HADAL_TOOLS_CONFORMANCE_CASES_CASES_H

#include "Case.h"

namespace hadal::conformance {

using Cases = std::vector<CaseEntry>;

void addRowCases(Cases &cases);
void addLinearCases(Cases &cases);
void addAttentionCases(Cases &cases);
void addRoutingCases(Cases &cases);
void addExpertCases(Cases &cases);
void addPlainCases(Cases &cases);
void addLinalgCases(Cases &cases);
void addSizeCases(Cases &cases);

/// A precision, and what it makes of activations.
struct Precision {
  const char *name;
  Element activation;
};
constexpr Precision kPrecisions[] = {{"reference", Element::f32}, {"native", Element::bf16}};

/// A weight as a checkpoint stores it. In native precision a target may keep it as
/// bf16, so it is of values that bf16 has.
inline Tensor weightOf(Random &random, Element stored, Shape shape, const Precision &precision,
                       double scale = 1) {
  return Tensor::random(random, stored, std::move(shape), scale,
                        precision.activation == Element::bf16 ? Element::bf16 : Element::f32);
}

/// A family of ops, and a case of it whose shape is drawn.
struct Family {
  std::string name;
  std::function<void(Case &, Random &)> build;
};
using Families = std::vector<Family>;

void addRowFamilies(Families &families);
void addLinearFamilies(Families &families);
void addAttentionFamilies(Families &families);
void addRoutingFamilies(Families &families);
void addExpertFamilies(Families &families);

template <typename T, size_t N>
T oneOf(Random &random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

inline std::string rowsText(int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASES_CASES_H
