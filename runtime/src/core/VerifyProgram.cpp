// SPDX-License-Identifier: Apache-2.0
// Checks of executables, entry points and their ops.
#include "core/ElementType.h"
#include "core/Expression.h"
#include "core/Verify.h"
#include "hadal_kernel_abi.h"

#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

using artifact::Access;
using artifact::BindingKind;
using artifact::ElementType;
using artifact::OpBody;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;
constexpr uint32_t kMaxExecutables = 1 << 16;
constexpr uint32_t kMaxVariants = 16;
constexpr uint32_t kMaxEntries = 64;

constexpr InputDescription kInputs[kInputCount] = {
    {"tokens", 1}, {"positions", 1},  {"sequence_offsets", 1},
    {"slots", 1},  {"logit_rows", 1}, {"block_table", 2},
};

Status verifyExecutable(const Artifact &artifact, const artifact::Executable &executable) {
  uint32_t bindings = sizeOf(executable.bindings());
  if (bindings > kMaxBindings)
    return fail(kInvalid, "bindings: expected at most %u, got %u", kMaxBindings, bindings);
  for (uint32_t i = 0; i < bindings; ++i)
    if (executable.bindings()->Get(i) > Access::MAX)
      return fail(kInvalid, "bindings[%u]: expected at most %u, got %u", i,
                  static_cast<unsigned>(Access::MAX),
                  static_cast<unsigned>(executable.bindings()->Get(i)));
  if (executable.constant_count() > kMaxConstants)
    return fail(kInvalid, "constant_count: expected at most %u, got %u", kMaxConstants,
                executable.constant_count());
  if (executable.scratch_bytes() > kMaxScratch)
    return fail(kInvalid, "scratch_bytes: expected at most %" PRIu64 " B, got %" PRIu64 " B",
                kMaxScratch, executable.scratch_bytes());
  uint32_t variants = sizeOf(executable.variants());
  if (variants == 0 || variants > kMaxVariants)
    return fail(kInvalid, "variants: expected 1 to %u, got %u", kMaxVariants, variants);
  for (uint32_t i = 0; i < variants; ++i) {
    const artifact::KernelVariant &variant = *executable.variants()->Get(i);
    for (uint32_t j = 0; j < i; ++j)
      if (!std::strcmp(executable.variants()->Get(j)->level()->c_str(), variant.level()->c_str()))
        return fail(kInvalid, "variants[%u].level: expected a new level, got '%s' of variants[%u]", i,
                    text(variant.level()), j);
    const artifact::Section *image = artifact.section(variant.image()->c_str());
    if (!image || image->kind() != artifact::SectionKind::kernels)
      return fail(kInvalid, "variants[%u].image: expected a section of kind kernels, got %s '%s'", i,
                  image ? "another kind," : "no section", text(variant.image()));
    if (variant.code_size() > image->data()->size())
      return fail(kInvalid, "variants[%u].code_size: expected at most the image's %u B, got %u B", i,
                  image->data()->size(), variant.code_size());
  }
  return {};
}

// Checks the parts of one entry point against it and its program.
class EntryVerifier {
public:
  EntryVerifier(const artifact::Module &module, const artifact::Program &program,
                const artifact::EntryPoint &entry)
      : module(module), program(program), entry(entry), exprCount(sizeOf(entry.exprs())) {}

  Status verify() {
    HADAL_TRY(verifyExpressions(entry.exprs()));
    HADAL_TRY(verifyArguments());
    HADAL_TRY(verifyResults());
    for (uint32_t i = 0; i < sizeOf(entry.buffers()); ++i) {
      HADAL_TRY_IN(checkExpr("offset", entry.buffers()->Get(i)->offset()), "buffers[%u].", i);
      HADAL_TRY_IN(checkExpr("size", entry.buffers()->Get(i)->size()), "buffers[%u].", i);
    }
    if (sizeOf(entry.buffers()) != 0 || entry.arena_size() != 0)
      HADAL_TRY(checkExpr("arena_size", entry.arena_size()));
    return verifyOps("ops", entry.ops(), 0);
  }

private:
  using Ops = flatbuffers::Vector<flatbuffers::Offset<artifact::Op>>;

  Status checkExpr(const char *field, uint32_t index) const {
    if (index >= exprCount)
      return fail(kInvalid, "%s: expected an expression below %u, got %u", field, exprCount, index);
    return {};
  }

  Status checkExprs(const char *field, const flatbuffers::Vector<uint32_t> *indices) const {
    for (uint32_t i = 0; i < sizeOf(indices); ++i)
      if (indices->Get(i) >= exprCount)
        return fail(kInvalid, "%s[%u]: expected an expression below %u, got %u", field, i, exprCount,
                    indices->Get(i));
    return {};
  }

  Status checkTensor(const artifact::Argument &argument, ElementType type, uint32_t rank) const {
    if (argument.type() != type)
      return fail(kInvalid, "type: expected %s for '%s', got %s", elementName(type),
                  text(argument.name()), elementName(argument.type()));
    if (sizeOf(argument.shape()) != rank)
      return fail(kInvalid, "shape: expected %u dimensions for '%s', got %u", rank,
                  text(argument.name()), sizeOf(argument.shape()));
    return checkExprs("shape", argument.shape());
  }

  Status verifyArguments() const {
    uint32_t count = sizeOf(entry.arguments());
    if (count > kInputCount)
      return fail(kInvalid, "arguments: expected at most %u, got %u", kInputCount, count);
    for (uint32_t i = 0; i < count; ++i) {
      const artifact::Argument &argument = *entry.arguments()->Get(i);
      Input input;
      if (!findInput(argument.name()->c_str(), &input))
        return fail(kInvalid, "arguments[%u].name: expected an input of a step, got '%s'", i,
                    text(argument.name()));
      HADAL_TRY_IN(checkTensor(argument, ElementType::i32, describeInput(input).rank),
                   "arguments[%u].", i);
    }
    return {};
  }

  Status verifyResults() const {
    uint32_t count = sizeOf(entry.results());
    if (count != 1)
      return fail(kInvalid, "results: expected 1, got %u", count);
    const artifact::Argument &result = *entry.results()->Get(0);
    if (std::strcmp(result.name()->c_str(), "logits") != 0)
      return fail(kInvalid, "results[0].name: expected 'logits', got '%s'", text(result.name()));
    HADAL_TRY_IN(checkTensor(result, ElementType::f32, 2), "results[0].");
    return {};
  }

  Status checkBinding(const artifact::Binding &binding) const {
    uint32_t limit = 0;
    switch (binding.kind()) {
    case BindingKind::argument:
      limit = sizeOf(entry.arguments());
      break;
    case BindingKind::result:
      limit = sizeOf(entry.results());
      break;
    case BindingKind::parameter:
      limit = sizeOf(module.parameters());
      break;
    case BindingKind::state:
      limit = sizeOf(module.states());
      break;
    case BindingKind::transient:
      limit = sizeOf(entry.buffers());
      break;
    default:
      return fail(kInvalid, "kind: expected at most %u, got %u",
                  static_cast<unsigned>(BindingKind::MAX), static_cast<unsigned>(binding.kind()));
    }
    if (binding.index() >= limit)
      return fail(kInvalid, "index: expected less than %u for kind %s, got %u", limit,
                  artifact::EnumNameBindingKind(binding.kind()), binding.index());
    return {};
  }

  Status verifyLaunch(const artifact::Launch &launch) const {
    if (launch.executable() >= sizeOf(program.executables()))
      return fail(kInvalid, "executable: expected an index below %u, got %u",
                  sizeOf(program.executables()), launch.executable());
    const artifact::Executable &executable = *program.executables()->Get(launch.executable());
    if (sizeOf(launch.grid()) != 3)
      return fail(kInvalid, "grid: expected 3 expressions, got %u", sizeOf(launch.grid()));
    HADAL_TRY(checkExprs("grid", launch.grid()));
    uint32_t bindings = sizeOf(launch.bindings());
    if (bindings != sizeOf(executable.bindings()))
      return fail(kInvalid, "bindings: expected %u as in executable '%s', got %u",
                  sizeOf(executable.bindings()), text(executable.name()), bindings);
    for (uint32_t i = 0; i < bindings; ++i) {
      const artifact::Binding &binding = *launch.bindings()->Get(i);
      HADAL_TRY_IN(checkBinding(binding), "bindings[%u].", i);
      bool constant =
          binding.kind() == BindingKind::parameter || binding.kind() == BindingKind::argument;
      if (constant && executable.bindings()->Get(i) != Access::read)
        return fail(kInvalid, "bindings[%u].kind: expected storage that executable '%s' may write, got %s",
                    i, text(executable.name()), artifact::EnumNameBindingKind(binding.kind()));
    }
    if (sizeOf(launch.constants()) != executable.constant_count())
      return fail(kInvalid, "constants: expected %u as in executable '%s', got %u",
                  executable.constant_count(), text(executable.name()), sizeOf(launch.constants()));
    HADAL_TRY(checkExprs("constants", launch.constants()));
    HADAL_TRY(checkExpr("flops", launch.flops()));
    return checkExpr("bytes", launch.bytes());
  }

  Status verifyTap(const artifact::Tap &tap) const {
    if (!tap.binding())
      return fail(kInvalid, "binding: expected one, got none");
    HADAL_TRY_IN(checkBinding(*tap.binding()), "binding.");
    if (!elementSize(tap.type()))
      return fail(kInvalid, "type: expected at most %u, got %u",
                  static_cast<unsigned>(ElementType::MAX), static_cast<unsigned>(tap.type()));
    if (sizeOf(tap.shape()) > kMaxRank)
      return fail(kInvalid, "shape: expected at most %u dimensions, got %u", kMaxRank,
                  sizeOf(tap.shape()));
    return checkExprs("shape", tap.shape());
  }

  Status verifyBranch(const artifact::Branch &branch, uint32_t depth) {
    HADAL_TRY(checkExpr("condition", branch.condition()));
    if (depth == kMaxBranchDepth)
      return fail(kInvalid, "expected at most %u branches inside each other", kMaxBranchDepth);
    HADAL_TRY(verifyOps("then_ops", branch.then_ops(), depth + 1));
    return verifyOps("else_ops", branch.else_ops(), depth + 1);
  }

  Status verifyOps(const char *field, const Ops *ops, uint32_t depth) {
    for (uint32_t i = 0; i < sizeOf(ops); ++i) {
      const artifact::Op &op = *ops->Get(i);
      switch (op.body_type()) {
      case OpBody::Launch:
        HADAL_TRY_IN(verifyLaunch(*op.body_as_Launch()), "%s[%u].", field, i);
        break;
      case OpBody::Branch:
        HADAL_TRY_IN(verifyBranch(*op.body_as_Branch(), depth), "%s[%u].", field, i);
        break;
      case OpBody::Tap:
        HADAL_TRY_IN(verifyTap(*op.body_as_Tap()), "%s[%u].", field, i);
        break;
      default:
        return fail(kInvalid, "%s[%u].body: expected a launch, a branch or a tap, got kind %u", field,
                    i, static_cast<unsigned>(op.body_type()));
      }
    }
    return {};
  }

  const artifact::Module &module;
  const artifact::Program &program;
  const artifact::EntryPoint &entry;
  const uint32_t exprCount;
};

} // namespace

const InputDescription &describeInput(Input input) { return kInputs[static_cast<uint32_t>(input)]; }

bool findInput(const char *name, Input *input) {
  for (uint32_t i = 0; i < kInputCount; ++i)
    if (!std::strcmp(kInputs[i].name, name)) {
      *input = static_cast<Input>(i);
      return true;
    }
  return false;
}

Status verifyProgram(const Artifact &artifact, const artifact::Program &program) {
  uint32_t executables = sizeOf(program.executables()), entries = sizeOf(program.entries());
  if (executables > kMaxExecutables)
    return fail(kInvalid, "executables: expected at most %u, got %u", kMaxExecutables, executables);
  for (uint32_t i = 0; i < executables; ++i)
    HADAL_TRY_IN(verifyExecutable(artifact, *program.executables()->Get(i)), "executables[%u].", i);
  if (entries > kMaxEntries)
    return fail(kInvalid, "entries: expected at most %u, got %u", kMaxEntries, entries);
  for (uint32_t i = 0; i < entries; ++i) {
    const artifact::EntryPoint &entry = *program.entries()->Get(i);
    for (uint32_t j = 0; j < i; ++j)
      if (!std::strcmp(program.entries()->Get(j)->name()->c_str(), entry.name()->c_str()))
        return fail(kInvalid, "entries[%u].name: expected a new name, got '%s' of entries[%u]", i,
                    text(entry.name()), j);
    HADAL_TRY_IN(EntryVerifier(artifact.plan(), program, entry).verify(), "entries[%u].", i);
  }
  return {};
}

} // namespace hadal::runtime
