// SPDX-License-Identifier: Apache-2.0
// The checks that FlatBuffers cannot make: indices, sizes, alignment, meaning.
#ifndef HADAL_CORE_VERIFY_H
#define HADAL_CORE_VERIFY_H

#include "core/Artifact.h"
#include "core/Program.h"
#include "core/Status.h"
#include "hadal_limits.h"

#include <string_view>
#include <utility>
#include <vector>

namespace hadal::runtime {

/// Checks what all programs share: facts about the model, weight files, parameters. Messages start
/// with the path of the field: "parameters[0].offset: ...".
Status verifyModule(const artifact::Module &module);

/// Checks every field of a program of `artifact` against every other. Messages start with the path
/// of the field: "entries[1].ops[7].executable: ...".
Status verifyProgram(const Artifact &artifact, const Program &program);

/// The parts of verifyProgram.
Status verifyExecutable(const Artifact &artifact, const Executable &executable);
Status verifyEntry(const artifact::Module &module, const Program &program, const Entry &entry);

/// An expression that may be left out where `optional`.
Status checkExpression(const char *field, uint32_t index, Span<artifact::Expr> exprs,
                       bool optional = false);
/// Several.
Status checkExpressions(const char *field, Span<uint32_t> indices, Span<artifact::Expr> exprs);

/// Checks that a type is one of the schema's.
Status checkElementType(artifact::ElementType type);
/// The same, and a shape of `exprs`.
Status checkTensor(artifact::ElementType type, Span<uint32_t> shape, Span<artifact::Expr> exprs);

/// Checks that no name is empty or occurs twice.
Status checkDistinct(const char *field, std::vector<std::string_view> names);

/// The same of a list of things with names.
template <typename Thing>
Status checkNames(const char *field, const std::vector<Thing> &things) {
  std::vector<std::string_view> names;
  for (const Thing &thing : things)
    names.emplace_back(thing.name);
  return checkDistinct(field, std::move(names));
}

} // namespace hadal::runtime

#endif // HADAL_CORE_VERIFY_H
