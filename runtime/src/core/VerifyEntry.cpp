// SPDX-License-Identifier: Apache-2.0
// Checks of entry points: arguments, results, buffers and ops.
#include "core/Expression.h"
#include "core/Verify.h"

#include <cinttypes>

namespace hadal::runtime {
namespace {

using artifact::BindingKind;
using artifact::ElementType;
using artifact::PortRole;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

Status expectTensor(const Port &port, ElementType type, uint32_t rank) {
  if (port.type != type)
    return fail(kInvalid, "type: expected %s for '%s', got %s", elementName(type), port.name,
                elementName(port.type));
  if (port.shape.size() != rank)
    return fail(kInvalid, "shape: expected %u dimensions for '%s', got %u", rank, port.name,
                port.shape.size());
  return {};
}

// The program keeps one result of this name, so all that name it agree.
Status checkKept(const Program &program, const Port &port) {
  if (port.kept >= program.kept.size())
    return fail(kInvalid, "name: expected a kept result of an entry, got '%s'", port.name);
  const Kept &kept = program.kept[port.kept];
  return expectTensor(port, kept.type, kept.rank);
}

Status verifyArgument(const Program &program, const Entry &entry, const Port &port) {
  switch (port.role) {
  case PortRole::value: break;
  case PortRole::tokens:
  case PortRole::positions:
  case PortRole::sequence_offsets:
  case PortRole::slots:
  case PortRole::logit_rows: HADAL_TRY(expectTensor(port, ElementType::i32, 1)); break;
  case PortRole::block_table:
    HADAL_TRY(expectTensor(port, ElementType::i32, 2));
    if (port.blockTable >= program.blockTables.size())
      return fail(kInvalid, "block_table: expected an index below %zu, got %u",
                  program.blockTables.size(), port.blockTable);
    break;
  case PortRole::kept: HADAL_TRY(checkKept(program, port)); break;
  default:
    return fail(kInvalid, "role: expected one of an argument, got %s",
                port.role == PortRole::logits ? "logits" : "an unknown one");
  }
  return checkTensor(port.type, port.shape, entry.exprs);
}

Status verifyResult(const Program &program, const Entry &entry, const Port &port) {
  switch (port.role) {
  case PortRole::value: break;
  case PortRole::logits: HADAL_TRY(expectTensor(port, ElementType::f32, 2)); break;
  case PortRole::kept: HADAL_TRY(checkKept(program, port)); break;
  default:
    return fail(kInvalid, "role: expected value, logits or kept, got %s",
                port.role <= PortRole::MAX ? artifact::EnumNamePortRole(port.role)
                                           : "an unknown one");
  }
  return checkTensor(port.type, port.shape, entry.exprs);
}

// Checks the parts of one entry point against it and its program.
class EntryVerifier {
public:
  EntryVerifier(const artifact::Module &module, const Program &program, const Entry &entry)
      : module(module), program(program), entry(entry) {}

  Status verify() const {
    HADAL_TRY(verifyPorts());
    HADAL_TRY(verifyExpressions(entry.exprs, ExprScope::ofEntry(program, entry)));
    for (uint32_t i = 0; i < entry.buffers.size(); ++i) {
      HADAL_TRY_IN(checkExpression("offset", entry.buffers[i].offset, entry.exprs), "buffers[%u].",
                   i);
      HADAL_TRY_IN(checkExpression("size", entry.buffers[i].size, entry.exprs), "buffers[%u].", i);
    }
    if (!entry.buffers.empty() || entry.arenaSize != 0)
      HADAL_TRY(checkExpression("arena_size", entry.arenaSize, entry.exprs));
    return verifyOps("ops", entry.ops);
  }

private:
  Status verifyPorts() const {
    if (entry.arguments.size() > kMaxPorts)
      return fail(kInvalid, "arguments: expected at most %u, got %zu", kMaxPorts,
                  entry.arguments.size());
    if (entry.results.size() > kMaxPorts)
      return fail(kInvalid, "results: expected at most %u, got %zu", kMaxPorts,
                  entry.results.size());
    HADAL_TRY(checkNames("arguments", entry.arguments));
    HADAL_TRY(checkNames("results", entry.results));
    for (uint32_t i = 0; i < entry.arguments.size(); ++i)
      HADAL_TRY_IN(verifyArgument(program, entry, entry.arguments[i]), "arguments[%u].", i);
    uint32_t logits = 0;
    for (uint32_t i = 0; i < entry.results.size(); ++i) {
      HADAL_TRY_IN(verifyResult(program, entry, entry.results[i]), "results[%u].", i);
      logits += entry.results[i].role == PortRole::logits;
      if (logits > 1)
        return fail(kInvalid, "results[%u].role: expected one result of logits, got another", i);
    }
    return {};
  }

  Status checkBinding(const artifact::Binding &binding) const {
    size_t limit = 0;
    switch (binding.kind()) {
    case BindingKind::argument: limit = entry.arguments.size(); break;
    case BindingKind::result: limit = entry.results.size(); break;
    case BindingKind::parameter: limit = sizeOf(module.parameters()); break;
    case BindingKind::state: limit = program.states.size(); break;
    case BindingKind::transient: limit = entry.buffers.size(); break;
    case BindingKind::slice: limit = program.slices.size(); break;
    default:
      return fail(kInvalid, "kind: expected at most %u, got %u",
                  static_cast<unsigned>(BindingKind::MAX), static_cast<unsigned>(binding.kind()));
    }
    if (binding.index() >= limit)
      return fail(kInvalid, "index: expected less than %zu for kind %s, got %u", limit,
                  artifact::EnumNameBindingKind(binding.kind()), binding.index());
    return {};
  }

  Status verifyLaunch(const Launch &launch) const {
    if (launch.executable >= program.executables.size())
      return fail(kInvalid, "executable: expected an index below %zu, got %u",
                  program.executables.size(), launch.executable);
    const Executable &executable = program.executables[launch.executable];
    uint32_t grid = executable.constantCount - executable.passedConstants;
    if (launch.grid.size() != grid)
      return fail(kInvalid, "grid: expected %u expressions, got %u", grid, launch.grid.size());
    HADAL_TRY(checkExpressions("grid", launch.grid, entry.exprs));
    uint32_t bindings = launch.bindings.size();
    if (bindings != executable.bindings.size())
      return fail(kInvalid, "bindings: expected %u as in executable '%s', got %u",
                  executable.bindings.size(), executable.name, bindings);
    for (uint32_t i = 0; i < bindings; ++i) {
      const artifact::Binding &binding = launch.bindings[i];
      HADAL_TRY_IN(checkBinding(binding), "bindings[%u].", i);
      if (isReadOnly(binding.kind()) && executable.bindings[i] != artifact::Access::read)
        return fail(kInvalid,
                    "bindings[%u].kind: expected storage that executable '%s' may write, got %s", i,
                    executable.name, artifact::EnumNameBindingKind(binding.kind()));
    }
    if (launch.constants.size() != executable.passedConstants)
      return fail(kInvalid, "constants: expected %u as in executable '%s', got %u",
                  executable.passedConstants, executable.name, launch.constants.size());
    HADAL_TRY(checkExpressions("constants", launch.constants, entry.exprs));
    HADAL_TRY(checkExpression("flops", launch.flops, entry.exprs));
    return checkExpression("bytes", launch.bytes, entry.exprs);
  }

  Status verifyTap(const Tap &tap) const {
    HADAL_TRY_IN(checkBinding(tap.binding), "binding.");
    return checkTensor(tap.type, tap.shape, entry.exprs);
  }

  Status verifyBranch(const Branch &branch) const {
    HADAL_TRY(checkExpression("condition", branch.condition, entry.exprs));
    HADAL_TRY(verifyOps("then_ops", branch.thenOps));
    return verifyOps("else_ops", branch.elseOps);
  }

  Status verifyOp(const Op &op) const {
    if (const auto *launch = std::get_if<Launch>(&op.body))
      return verifyLaunch(*launch);
    if (const auto *branch = std::get_if<Branch>(&op.body))
      return verifyBranch(*branch);
    if (const auto *tap = std::get_if<Tap>(&op.body))
      return verifyTap(*tap);
    artifact::OpBody kind = std::get_if<Unknown>(&op.body)->kind;
    if (kind == artifact::OpBody::Collective)
      return fail(
          HADAL_STATUS_UNSUPPORTED,
          "body: expected a launch, a branch or a tap, got a collective, which is reserved");
    return fail(kInvalid, "body: expected a launch, a branch or a tap, got kind %u",
                static_cast<unsigned>(kind));
  }

  Status verifyOps(const char *field, const std::vector<Op> &ops) const {
    for (uint32_t i = 0; i < ops.size(); ++i)
      HADAL_TRY_IN(verifyOp(ops[i]), "%s[%u].", field, i);
    return {};
  }

  const artifact::Module &module;
  const Program &program;
  const Entry &entry;
};

} // namespace

Status verifyEntry(const artifact::Module &module, const Program &program, const Entry &entry) {
  return EntryVerifier(module, program, entry).verify();
}

} // namespace hadal::runtime
