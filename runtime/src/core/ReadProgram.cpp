// SPDX-License-Identifier: Apache-2.0
// Takes over the tables of a program as they are written since 2.0.
#include "core/Artifact.h"
#include "core/Read.h"
#include "core/Verify.h"

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

using Ops = flatbuffers::Vector<flatbuffers::Offset<artifact::Op>>;
using Ports = flatbuffers::Vector<flatbuffers::Offset<artifact::Argument>>;

Status readExprs(const flatbuffers::Vector<const artifact::Expr *> *exprs,
                 Span<artifact::Expr> &out) {
  // The FlatBuffers verifier aligns the length of a vector, not its elements. Nothing has no address
  // that could be aligned.
  if (exprs && exprs->size() != 0 &&
      reinterpret_cast<uintptr_t>(exprs->Data()) % alignof(artifact::Expr) != 0)
    return fail(kInvalid, "exprs: expected %zu-byte alignment", alignof(artifact::Expr));
  out = spanOf(exprs);
  return {};
}

KernelParameter readParameter(const artifact::KernelParameter &from) {
  KernelParameter parameter = {from.kind(), from.index(), from.map() != nullptr, {}};
  if (const artifact::TensorMap *map = from.map())
    parameter.map = {map->type(), spanOf(map->extents()), spanOf(map->strides()),
                     spanOf(map->box()), map->swizzle()};
  return parameter;
}

Status readInterface(const artifact::KernelInterface &from, KernelInterface &out) {
  HADAL_TRY(readExprs(from.exprs(), out.exprs));
  out.grid = spanOf(from.grid());
  out.scratchBytes = from.scratch_bytes();
  out.workgroupSize = spanOf(from.workgroup_size());
  out.staticSharedBytes = from.static_shared_bytes();
  out.dynamicShared = from.dynamic_shared();
  out.workspace = from.workspace();
  out.cluster = spanOf(from.cluster());
  out.cooperative = from.cooperative();
  uint32_t parameters = sizeOf(from.parameters());
  if (parameters > kMaxKernelParameters)
    return fail(kInvalid, "parameters: expected at most %u, got %u", kMaxKernelParameters,
                parameters);
  for (uint32_t i = 0; i < parameters; ++i)
    out.parameters.push_back(readParameter(*from.parameters()->Get(i)));
  return {};
}

Status readExecutable(const artifact::Executable &from, Executable &out) {
  out.name = text(from.name());
  out.family = text(from.family());
  out.bindings = spanOf(from.bindings());
  out.constantCount = out.passedConstants = from.constant_count();
  for (uint32_t i = 0; i < sizeOf(from.variants()); ++i) {
    const artifact::KernelVariant &table = *from.variants()->Get(i);
    Variant variant = {text(table.level()),
                       text(table.image()),
                       text(table.symbol()),
                       table.code_size(),
                       table.interface() != nullptr,
                       {},
                       {}};
    if (table.interface())
      HADAL_TRY_IN(readInterface(*table.interface(), variant.interface), "variants[%u].interface.",
                   i);
    if (const artifact::MachineCode *code = table.machine_code())
      variant.machineCode = {
          text(code->image()), text(code->symbol()),      text(code->compiler()),
          code->code_size(),   code->registers(),         code->shared_bytes(),
          code->stack_bytes(), code->spill_store_bytes(), code->spill_load_bytes()};
    out.variants.push_back(std::move(variant));
  }
  return {};
}

void readPorts(const Ports *from, std::vector<Port> &out) {
  for (uint32_t i = 0; i < sizeOf(from); ++i) {
    const artifact::Argument &port = *from->Get(i);
    out.push_back(
        {text(port.name()), port.type(), spanOf(port.shape()), port.role(), port.block_table()});
  }
}

// `launches` counts those of the entry that were read before.
Status readOps(const char *field, const Ops *from, uint32_t depth, uint32_t &launches,
               std::vector<Op> &out);

Status readOp(const artifact::Op &from, uint32_t depth, uint32_t &launches, Op &out) {
  if (const artifact::Launch *launch = from.body_as_Launch()) {
    out.body = Launch{launch->executable(),
                      spanOf(launch->bindings()),
                      spanOf(launch->constants()),
                      spanOf(launch->grid()),
                      text(launch->label()),
                      launch->flops(),
                      launch->bytes(),
                      launches++};
  } else if (const artifact::Tap *tap = from.body_as_Tap()) {
    if (!tap->binding())
      return fail(kInvalid, "binding: expected one, got none");
    out.body = Tap{text(tap->name()), *tap->binding(), tap->type(), spanOf(tap->shape())};
  } else if (const artifact::Branch *branch = from.body_as_Branch()) {
    if (depth == kMaxBranchDepth)
      return fail(kInvalid, "expected at most %u branches inside each other", kMaxBranchDepth);
    Branch result{branch->condition(), {}, {}};
    HADAL_TRY(readOps("then_ops", branch->then_ops(), depth + 1, launches, result.thenOps));
    HADAL_TRY(readOps("else_ops", branch->else_ops(), depth + 1, launches, result.elseOps));
    out.body = std::move(result);
  } else {
    out.body = Unknown{from.body_type()};
  }
  return {};
}

Status readOps(const char *field, const Ops *from, uint32_t depth, uint32_t &launches,
               std::vector<Op> &out) {
  out.resize(sizeOf(from));
  for (uint32_t i = 0; i < out.size(); ++i)
    HADAL_TRY_IN(readOp(*from->Get(i), depth, launches, out[i]), "%s[%u].", field, i);
  return {};
}

Status readEntry(const artifact::EntryPoint &from, Entry &out) {
  out.name = text(from.name());
  out.role = from.role();
  HADAL_TRY(readExprs(from.exprs(), out.exprs));
  readPorts(from.arguments(), out.arguments);
  readPorts(from.results(), out.results);
  for (uint32_t i = 0; i < sizeOf(from.buffers()); ++i) {
    const artifact::Buffer &buffer = *from.buffers()->Get(i);
    out.buffers.push_back({text(buffer.name()), buffer.offset(), buffer.size()});
  }
  out.arenaSize = from.arena_size();
  uint32_t launches = 0;
  return readOps("ops", from.ops(), 0, launches, out.ops);
}

Status readStates(const artifact::Program &from, Program &out) {
  for (uint32_t i = 0; i < sizeOf(from.block_tables()); ++i) {
    const artifact::BlockTable &table = *from.block_tables()->Get(i);
    out.blockTables.push_back({text(table.name()), table.page_size(), table.tokens_per_row()});
  }
  for (uint32_t i = 0; i < sizeOf(from.states()); ++i) {
    const artifact::State &table = *from.states()->Get(i);
    State state = {text(table.name()),  table.type(), table.kind(), sizeOf(table.row_shape()), {},
                   table.block_table(), table.rows()};
    if (state.rowRank > kMaxRank)
      return fail(kInvalid, "states[%u].row_shape: expected at most %u dimensions, got %u", i,
                  kMaxRank, state.rowRank);
    for (uint32_t j = 0; j < state.rowRank; ++j)
      state.rowShape[j] = table.row_shape()->Get(j);
    out.states.push_back(state);
  }
  return {};
}

// Gives each kept port its place in the list of kept results, which is in the order in which
// entries have them. An argument that no entry makes is left to the verifier.
void numberKept(Program &program) {
  auto find = [&](const char *name) {
    const Kept *kept = findNamed(program.kept, name);
    return static_cast<uint32_t>(kept ? kept - program.kept.data() : program.kept.size());
  };
  for (Entry &entry : program.entries)
    for (Port &port : entry.results)
      if (port.role == artifact::PortRole::kept) {
        port.kept = find(port.name);
        if (port.kept == program.kept.size())
          program.kept.push_back({port.name, port.type, port.shape.size()});
      }
  for (Entry &entry : program.entries)
    for (Port &port : entry.arguments)
      if (port.role == artifact::PortRole::kept)
        port.kept = find(port.name);
}

bool isOfStep(artifact::Dim kind) {
  return !isOfSession(kind) && kind != artifact::Dim::call_value;
}

void findSteps(Program &program) {
  for (Entry &entry : program.entries) {
    for (const Port &port : entry.arguments)
      entry.takesStep |=
          port.role != artifact::PortRole::value && port.role != artifact::PortRole::kept;
    for (const Port &port : entry.results)
      entry.givesLogits |= port.role == artifact::PortRole::logits;
    for (const artifact::Expr &expr : entry.exprs)
      entry.takesStep |= expr.kind() == artifact::ExprKind::dim &&
                         static_cast<uint64_t>(expr.value()) < program.dims.size() &&
                         isOfStep(program.dims[static_cast<size_t>(expr.value())].kind);
  }
}

} // namespace

const Entry *Program::findEntry(const char *name) const { return findNamed(entries, name); }

const Entry *Program::findEntry(artifact::EntryRole role) const {
  for (const Entry &entry : entries)
    if (entry.role == role)
      return &entry;
  return nullptr;
}

Status readProgram(const artifact::Module &module, uint32_t index, uint16_t major, Program &out) {
  const artifact::Program &from = *module.programs()->Get(index);
  out.family = text(from.family());
  out.kernelAbi = from.kernel_abi();
  for (uint32_t i = 0; i < sizeOf(from.dims()); ++i) {
    const artifact::HostDim &dim = *from.dims()->Get(i);
    out.dims.push_back({text(dim.name()), dim.kind(), dim.block_table(), dim.default_value(),
                        dim.minimum(), dim.maximum()});
  }
  HADAL_TRY(readExprs(from.exprs(), out.exprs));
  HADAL_TRY(readStates(from, out));
  for (uint32_t i = 0; i < sizeOf(from.slices()); ++i) {
    const artifact::ParameterSlice &slice = *from.slices()->Get(i);
    out.slices.push_back(
        {slice.parameter(), slice.outer(), slice.stride(), slice.offset(), slice.length()});
  }
  out.executables.resize(sizeOf(from.executables()));
  for (uint32_t i = 0; i < out.executables.size(); ++i)
    HADAL_TRY_IN(readExecutable(*from.executables()->Get(i), out.executables[i]),
                 "executables[%u].", i);
  out.entries.resize(sizeOf(from.entries()));
  for (uint32_t i = 0; i < out.entries.size(); ++i)
    HADAL_TRY_IN(readEntry(*from.entries()->Get(i), out.entries[i]), "entries[%u].", i);
  if (major == 1)
    HADAL_TRY(translateVersion1(module, index, out));
  numberKept(out);
  findSteps(out);
  return {};
}

} // namespace hadal::runtime
