// SPDX-License-Identifier: Apache-2.0
// Checks of what the entry points of a program share: dims, block tables, states, slices.
#include "core/Expression.h"
#include "core/Verify.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

using artifact::Dim;
using artifact::StateKind;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

Status verifyDims(const Program &program) {
  if (program.dims.size() > kMaxDims)
    return fail(kInvalid, "dims: expected at most %u, got %zu", kMaxDims, program.dims.size());
  HADAL_TRY(checkNames("dims", program.dims));
  for (uint32_t i = 0; i < program.dims.size(); ++i) {
    const HostDim &dim = program.dims[i];
    if (dim.kind > Dim::MAX)
      return fail(kInvalid, "dims[%u].kind: expected at most %u, got %u", i,
                  static_cast<unsigned>(Dim::MAX), static_cast<unsigned>(dim.kind));
    if (dim.kind == Dim::pages_per_slot && dim.blockTable >= program.blockTables.size())
      return fail(kInvalid, "dims[%u].block_table: expected an index below %zu, got %u", i,
                  program.blockTables.size(), dim.blockTable);
    if (isOfCaller(dim.kind) && (dim.minimum > dim.maximum || dim.defaultValue < dim.minimum ||
                                 dim.defaultValue > dim.maximum))
      return fail(kInvalid,
                  "dims[%u].default_value: expected %" PRId64 " to %" PRId64 ", got %" PRId64, i,
                  dim.minimum, dim.maximum, dim.defaultValue);
  }
  return {};
}

Status verifyBlockTables(const Program &program) {
  if (program.blockTables.size() > kMaxBlockTables)
    return fail(kInvalid, "block_tables: expected at most %u, got %zu", kMaxBlockTables,
                program.blockTables.size());
  HADAL_TRY(checkNames("block_tables", program.blockTables));
  for (uint32_t i = 0; i < program.blockTables.size(); ++i) {
    const BlockTable &table = program.blockTables[i];
    if (table.pageSize == 0 || table.pageSize > kMaxPageSize)
      return fail(kInvalid, "block_tables[%u].page_size: expected 1 to %u, got %u", i, kMaxPageSize,
                  table.pageSize);
    if (table.tokensPerRow == 0 || table.tokensPerRow > kMaxTokensPerRow)
      return fail(kInvalid, "block_tables[%u].tokens_per_row: expected 1 to %u, got %u", i,
                  kMaxTokensPerRow, table.tokensPerRow);
  }
  return {};
}

// What is not known yet, a session checks when it opens.
Status verifyRows(const Program &program, const std::vector<bool> &constant,
                  const std::vector<int64_t> &values, const State &state) {
  HADAL_TRY(checkExpression("rows", state.rows, program.exprs));
  if (constant[state.rows] && values[state.rows] < 1)
    return fail(kInvalid, "rows: expected at least 1, got %" PRId64, values[state.rows]);
  return {};
}

Status verifyState(const Program &program, const std::vector<bool> &constant,
                   const std::vector<int64_t> &values, const State &state) {
  HADAL_TRY(checkElementType(state.type));
  uint64_t row = 1;
  for (uint32_t i = 0; i < state.rowRank; ++i)
    if (state.rowShape[i] == 0 || !multiply(row, uint64_t(state.rowShape[i]), &row) ||
        row > kMaxStateRow)
      return fail(kInvalid,
                  "row_shape[%u]: expected at least 1, and at most %" PRIu64
                  " elements of a row, got %u",
                  i, kMaxStateRow, state.rowShape[i]);
  switch (state.kind) {
  case StateKind::growing:
    if (state.blockTable >= program.blockTables.size())
      return fail(kInvalid, "block_table: expected an index below %zu, got %u",
                  program.blockTables.size(), state.blockTable);
    return {};
  case StateKind::ring: return verifyRows(program, constant, values, state);
  }
  return fail(kInvalid, "kind: expected at most %u, got %u", static_cast<unsigned>(StateKind::MAX),
              static_cast<unsigned>(state.kind));
}

Status verifySlice(const artifact::Module &module, const Program &program,
                   const std::vector<bool> &known, const ParameterSlice &slice) {
  if (slice.parameter >= sizeOf(module.parameters()))
    return fail(kInvalid, "parameter: expected an index below %u, got %u",
                sizeOf(module.parameters()), slice.parameter);
  const artifact::Parameter &parameter = *module.parameters()->Get(slice.parameter);
  if (parameter.rope_table())
    return fail(kInvalid, "parameter: expected stored bytes, got '%s', which is computed",
                text(parameter.name()));
  uint64_t bytes = 0;
  if (slice.outer == 0 || !multiply(slice.outer, slice.stride, &bytes) ||
      bytes != parameter.length())
    return fail(kInvalid,
                "stride: expected the %" PRIu64 " B of '%s' in %" PRIu64 " pieces, got %" PRIu64
                " B each",
                parameter.length(), text(parameter.name()), slice.outer, slice.stride);
  const struct {
    const char *field;
    uint32_t index;
  } exprs[] = {{"offset", slice.offset}, {"length", slice.length}};
  for (const auto &expr : exprs) {
    HADAL_TRY(checkExpression(expr.field, expr.index, program.exprs));
    if (!known[expr.index])
      return fail(kInvalid, "%s: expected an expression over rank and world_size, got another",
                  expr.field);
  }
  return {};
}

Status verifyEntries(const Artifact &artifact, const Program &program) {
  if (program.entries.size() > kMaxEntries)
    return fail(kInvalid, "entries: expected at most %u, got %zu", kMaxEntries,
                program.entries.size());
  for (uint32_t i = 0; i < program.entries.size(); ++i) {
    const Entry &entry = program.entries[i];
    if (entry.role > artifact::EntryRole::MAX)
      return fail(kInvalid, "entries[%u].role: expected at most %u, got %u", i,
                  static_cast<unsigned>(artifact::EntryRole::MAX),
                  static_cast<unsigned>(entry.role));
    for (uint32_t j = 0; j < i; ++j) {
      const Entry &other = program.entries[j];
      if (!std::strcmp(other.name, entry.name))
        return fail(kInvalid, "entries[%u].name: expected a new name, got '%s' of entries[%u]", i,
                    entry.name, j);
      if (entry.role != artifact::EntryRole::other && other.role == entry.role)
        return fail(kInvalid, "entries[%u].role: expected a new role, got %s of entries[%u]", i,
                    artifact::EnumNameEntryRole(entry.role), j);
    }
    HADAL_TRY_IN(verifyEntry(artifact.plan(), program, entry), "entries[%u].", i);
  }
  return {};
}

} // namespace

Status checkExpression(const char *field, uint32_t index, Span<artifact::Expr> exprs,
                       bool optional) {
  if (index >= exprs.size() && !(optional && index == kNone))
    return fail(kInvalid, "%s: expected an expression below %u, got %u", field, exprs.size(),
                index);
  return {};
}

Status checkExpressions(const char *field, Span<uint32_t> indices, Span<artifact::Expr> exprs) {
  for (uint32_t i = 0; i < indices.size(); ++i)
    if (indices[i] >= exprs.size())
      return fail(kInvalid, "%s[%u]: expected an expression below %u, got %u", field, i,
                  exprs.size(), indices[i]);
  return {};
}

Status checkElementType(artifact::ElementType type) {
  if (!elementSize(type))
    return fail(kInvalid, "type: expected at most %u, got %u",
                static_cast<unsigned>(artifact::ElementType::MAX), static_cast<unsigned>(type));
  return {};
}

Status checkTensor(artifact::ElementType type, Span<uint32_t> shape, Span<artifact::Expr> exprs) {
  HADAL_TRY(checkElementType(type));
  if (shape.size() > kMaxRank)
    return fail(kInvalid, "shape: expected at most %u dimensions, got %u", kMaxRank, shape.size());
  return checkExpressions("shape", shape, exprs);
}

Status checkDistinct(const char *field, std::vector<std::string_view> names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].empty())
      return fail(kInvalid, "%s[%zu].name: expected a name, got an empty string", field, i);
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    return fail(kInvalid, "%s: expected distinct names, got '%.*s' twice", field,
                static_cast<int>(std::min<size_t>(twice->size(), 256)), twice->data());
  return {};
}

Status verifyProgram(const Artifact &artifact, const Program &program) {
  HADAL_TRY(verifyDims(program));
  HADAL_TRY(verifyBlockTables(program));
  HADAL_TRY(verifyExpressions(program.exprs, ExprScope::ofProgram(program)));
  HADAL_TRY(checkNames("states", program.states));
  std::vector<bool> constant = constants(program.exprs);
  std::vector<int64_t> values;
  HADAL_TRY(evaluateExpressions(program.exprs, {}, values, &constant));
  for (uint32_t i = 0; i < program.states.size(); ++i)
    HADAL_TRY_IN(verifyState(program, constant, values, program.states[i]), "states[%u].", i);
  std::vector<bool> known = knownAtLoad(program);
  for (uint32_t i = 0; i < program.slices.size(); ++i)
    HADAL_TRY_IN(verifySlice(artifact.plan(), program, known, program.slices[i]), "slices[%u].", i);
  if (program.executables.size() > kMaxExecutables)
    return fail(kInvalid, "executables: expected at most %u, got %zu", kMaxExecutables,
                program.executables.size());
  for (uint32_t i = 0; i < program.executables.size(); ++i)
    HADAL_TRY_IN(verifyExecutable(artifact, program.executables[i]), "executables[%u].", i);
  return verifyEntries(artifact, program);
}

} // namespace hadal::runtime
