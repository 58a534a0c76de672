// SPDX-License-Identifier: Apache-2.0
// Checks of model facts, weight files and parameters.
#include "core/ElementType.h"
#include "core/RopeTable.h"
#include "core/Verify.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <string_view>
#include <vector>

namespace hadal::runtime {
namespace {

using artifact::Module;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

Status verifyModel(const Module &module) {
  const artifact::ModelInfo *model = module.model();
  if (!model)
    return fail(kInvalid, "model: expected a table, got none");
  if (model->vocab_size() == 0 || model->vocab_size() > kMaxVocabSize)
    return fail(kInvalid, "model.vocab_size: expected 1 to %d, got %u", kMaxVocabSize,
                model->vocab_size());
  if (model->max_positions() == 0 || model->max_positions() > kMaxPositions)
    return fail(kInvalid, "model.max_positions: expected 1 to %d, got %u", kMaxPositions,
                model->max_positions());
  if (model->bos_token() < -1)
    return fail(kInvalid, "model.bos_token: expected at least -1, got %d", model->bos_token());
  for (uint32_t i = 0; i < sizeOf(model->eos_tokens()); ++i)
    if (model->eos_tokens()->Get(i) < 0)
      return fail(kInvalid, "model.eos_tokens[%u]: expected at least 0, got %d", i,
                  model->eos_tokens()->Get(i));
  return {};
}

template <typename Table>
Status verifyNames(const flatbuffers::Vector<flatbuffers::Offset<Table>> *tables,
                   const char *field) {
  std::vector<std::string_view> names;
  for (uint32_t i = 0; i < sizeOf(tables); ++i)
    names.emplace_back(tables->Get(i)->name()->c_str(), tables->Get(i)->name()->size());
  return checkDistinct(field, std::move(names));
}

Status verifyWeightFiles(const Module &module) {
  HADAL_TRY(verifyNames(module.weight_files(), "weight_files"));
  for (uint32_t i = 0; i < sizeOf(module.weight_files()); ++i) {
    const artifact::WeightFile &file = *module.weight_files()->Get(i);
    const char *name = file.name()->c_str();
    if (std::strlen(name) != file.name()->size() || std::strchr(name, '/') ||
        !std::strcmp(name, ".") || !std::strcmp(name, ".."))
      return fail(kInvalid,
                  "weight_files[%u].name: expected a file name without a directory, got '%s'", i,
                  name);
    if (file.size() > INT64_MAX)
      return fail(kInvalid,
                  "weight_files[%u].size: expected at most %" PRId64 " B, got %" PRIu64 " B", i,
                  INT64_MAX, file.size());
  }
  return {};
}

// A parameter whose bytes are computed when a session opens.
Status verifyRopeTable(const artifact::Parameter &parameter) {
  if (parameter.type() != artifact::ElementType::f32 || *text(parameter.encoding()))
    return fail(kInvalid, "rope_table: expected row-major elements of type f32, got %s%s%s",
                text(parameter.encoding()), *text(parameter.encoding()) ? " of type " : "",
                elementName(parameter.type()));
  RopeTable table = readRopeTable(*parameter.rope_table());
  HADAL_TRY_IN(checkRopeTable(table), "rope_table.");
  if (sizeOf(parameter.shape()) != 2 || parameter.shape()->Get(1) != table.dim / 2)
    return fail(
        kInvalid, "shape: expected [positions, %u] for a rotary table of dim %u, got %s%" PRIu64,
        table.dim / 2, table.dim, sizeOf(parameter.shape()) == 2 ? "a width of " : "a rank of ",
        sizeOf(parameter.shape()) == 2 ? parameter.shape()->Get(1)
                                       : uint64_t(sizeOf(parameter.shape())));
  if (parameter.file() || parameter.offset() || parameter.length() || parameter.checksum())
    return fail(kInvalid,
                "rope_table: expected no bytes in a file, got %" PRIu64 " B at %" PRIu64
                " of file %u",
                parameter.length(), parameter.offset(), parameter.file());
  return {};
}

Status verifyParameter(const Module &module, const artifact::Parameter &parameter) {
  HADAL_TRY(checkElementType(parameter.type()));
  size_t size = elementSize(parameter.type());
  if (sizeOf(parameter.shape()) > kMaxRank)
    return fail(kInvalid, "shape: expected at most %u dimensions, got %u", kMaxRank,
                sizeOf(parameter.shape()));
  // The FlatBuffers verifier aligns the length of a vector, not its elements.
  if (parameter.shape() &&
      reinterpret_cast<uintptr_t>(parameter.shape()->Data()) % alignof(uint64_t) != 0)
    return fail(kInvalid, "shape: expected %zu-byte alignment", alignof(uint64_t));
  uint64_t bytes = size;
  for (uint32_t i = 0; i < sizeOf(parameter.shape()); ++i)
    if (parameter.shape()->Get(i) == 0 || !multiply(bytes, parameter.shape()->Get(i), &bytes))
      return fail(kInvalid,
                  "shape[%u]: expected at least 1 and a size within 64 bits, got %" PRIu64, i,
                  parameter.shape()->Get(i));
  if (parameter.rope_table())
    return verifyRopeTable(parameter);
  // A packed encoding pads, and may carry scales: never less than the elements.
  bool rowMajor = !*text(parameter.encoding());
  if (rowMajor ? parameter.length() != bytes
               : parameter.length() < bytes || parameter.length() % size != 0)
    return fail(kInvalid,
                "length: expected %s%" PRIu64 " B for %s elements of type %s, got %" PRIu64 " B",
                rowMajor ? "" : "a multiple of the element size and at least ", bytes,
                rowMajor ? "row-major" : text(parameter.encoding()), elementName(parameter.type()),
                parameter.length());
  if (module.model()->shapes_only())
    return {}; // no bytes exist, so file and offset mean nothing
  if (parameter.file() >= sizeOf(module.weight_files()))
    return fail(kInvalid, "file: expected an index below %u, got %u", sizeOf(module.weight_files()),
                parameter.file());
  uint64_t fileSize = module.weight_files()->Get(parameter.file())->size(), end;
  if (parameter.offset() % 64 != 0)
    return fail(kInvalid, "offset: expected a multiple of 64, got %" PRIu64, parameter.offset());
  if (__builtin_add_overflow(parameter.offset(), parameter.length(), &end) || end > fileSize)
    return fail(kInvalid,
                "offset: expected %" PRIu64 " B within the file's %" PRIu64
                " B, got offset %" PRIu64,
                parameter.length(), fileSize, parameter.offset());
  return {};
}

} // namespace

Status verifyModule(const Module &module) {
  HADAL_TRY(verifyModel(module));
  HADAL_TRY(verifyWeightFiles(module));
  HADAL_TRY(verifyNames(module.parameters(), "parameters"));
  for (uint32_t i = 0; i < sizeOf(module.parameters()); ++i) {
    const artifact::Parameter &parameter = *module.parameters()->Get(i);
    HADAL_TRY_IN(verifyParameter(module, parameter), "parameters[%u] '%s': ", i,
                 text(parameter.name()));
  }
  if (sizeOf(module.programs()) > kMaxPrograms)
    return fail(kInvalid, "programs: expected at most %u, got %u", kMaxPrograms,
                sizeOf(module.programs()));
  return {};
}

} // namespace hadal::runtime
