// SPDX-License-Identifier: Apache-2.0
// What taps are called that a compilation with --taps makes, for hadal-verify --bisect to read.
//
//   op:NAME        what an op of the model makes, by whichever kernels of the target
//   expansion:NAME the same, where the op was expanded
//   part:LABEL     what a part of it makes: LABEL is NAME.PART, as launches are labelled
//   part:LABEL~K   the K-th value on the way of an expansion
//
// A second and third result are NAME#1 and NAME#2. Names are unique in an entry point.
#ifndef HADAL_SCHEMA_HADAL_TAP_NAMES_H
#define HADAL_SCHEMA_HADAL_TAP_NAMES_H

namespace hadal {

constexpr char kOpTapPrefix[] = "op:";
constexpr char kExpansionTapPrefix[] = "expansion:";
constexpr char kPartTapPrefix[] = "part:";
/// Between the name of an op and that of a part.
constexpr char kPartSeparator = '.';
/// Before the number of a value on the way.
constexpr char kStepSeparator = '~';

} // namespace hadal

#endif // HADAL_SCHEMA_HADAL_TAP_NAMES_H
