// SPDX-License-Identifier: Apache-2.0
// The C interface's queries about the program of a module.
#include "core/ApiHandles.h"

using namespace hadal::runtime;

namespace {

using hadal::artifact::Dim;
using hadal::artifact::ExprKind;
using hadal::artifact::PortRole;
using hadal::artifact::StateKind;

const Program *programOf(const hadal_module_t *module) { return module->impl->program(); }

// What all queries of the index-th thing begin with; `count` is of things of this kind.
Status checkQuery(const char *what, uint32_t index, size_t count, const void *out) {
  if (index >= count)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "index: expected %s below %zu, got %u", what, count,
                index);
  return requireAddress(out, "out_info");
}

// The list of a program, or an empty one.
template <typename Thing>
const std::vector<Thing> &listOf(const hadal_module_t *module, std::vector<Thing> Program::*list) {
  static const std::vector<Thing> none;
  return programOf(module) ? programOf(module)->*list : none;
}

Status queryEntry(const hadal_module_t *module, uint32_t index, hadal_entry_info_t *out) {
  HADAL_TRY(requireAddress(module, "module"));
  const auto &entries = listOf(module, &Program::entries);
  HADAL_TRY(checkQuery("an entry", index, entries.size(), out));
  const Entry &entry = entries[index];
  hadal_entry_info_t info = {};
  info.name = entry.name;
  info.role = static_cast<hadal_entry_role_t>(entry.role);
  info.argument_count = static_cast<uint32_t>(entry.arguments.size());
  info.result_count = static_cast<uint32_t>(entry.results.size());
  info.takes_step = entry.takesStep;
  writeInfo(info, out);
  return {};
}

Status queryPort(const hadal_module_t *module, uint32_t entryIndex, uint32_t index, bool isResult,
                 hadal_port_info_t *out) {
  HADAL_TRY(requireAddress(module, "module"));
  const auto &entries = listOf(module, &Program::entries);
  if (entryIndex >= entries.size())
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "entry: expected an entry below %zu, got %u",
                entries.size(), entryIndex);
  const Entry &entry = entries[entryIndex];
  const std::vector<Port> &ports = isResult ? entry.results : entry.arguments;
  HADAL_TRY(checkQuery(isResult ? "a result" : "an argument", index, ports.size(), out));
  const Port &port = ports[index];
  hadal_port_info_t info = {};
  info.name = port.name;
  info.type = static_cast<hadal_element_type_t>(port.type);
  info.role = static_cast<hadal_port_role_t>(port.role);
  info.block_table = port.role == PortRole::block_table
                         ? programOf(module)->blockTables[port.blockTable].name
                         : "";
  info.rank = port.shape.size();
  for (uint32_t i = 0; i < info.rank; ++i) {
    const hadal::artifact::Expr &extent = entry.exprs[port.shape[i]];
    info.shape[i] = extent.kind() == ExprKind::constant ? extent.value() : -1;
  }
  writeInfo(info, out);
  return {};
}

Status queryState(const hadal_module_t *module, uint32_t index, hadal_state_info_t *out) {
  HADAL_TRY(requireAddress(module, "module"));
  const auto &states = listOf(module, &Program::states);
  HADAL_TRY(checkQuery("a state", index, states.size(), out));
  const State &state = states[index];
  hadal_state_info_t info = {};
  info.name = state.name;
  info.type = static_cast<hadal_element_type_t>(state.type);
  info.kind = static_cast<hadal_state_kind_t>(state.kind);
  info.block_table =
      state.kind == StateKind::growing ? programOf(module)->blockTables[state.blockTable].name : "";
  info.row_rank = state.rowRank;
  std::copy(state.rowShape, state.rowShape + state.rowRank, info.row_shape);
  writeInfo(info, out);
  return {};
}

Status queryBlockTable(const hadal_module_t *module, uint32_t index,
                       hadal_block_table_info_t *out) {
  HADAL_TRY(requireAddress(module, "module"));
  const auto &tables = listOf(module, &Program::blockTables);
  HADAL_TRY(checkQuery("a block table", index, tables.size(), out));
  hadal_block_table_info_t info = {};
  info.name = tables[index].name;
  info.page_size = tables[index].pageSize;
  info.tokens_per_row = tables[index].tokensPerRow;
  writeInfo(info, out);
  return {};
}

// The dims that a caller sets.
std::vector<const HostDim *> valuesOf(const hadal_module_t *module) {
  std::vector<const HostDim *> values;
  for (const HostDim &dim : listOf(module, &Program::dims))
    if (isOfCaller(dim.kind))
      values.push_back(&dim);
  return values;
}

Status queryValue(const hadal_module_t *module, uint32_t index, hadal_value_info_t *out) {
  HADAL_TRY(requireAddress(module, "module"));
  std::vector<const HostDim *> values = valuesOf(module);
  HADAL_TRY(checkQuery("a value", index, values.size(), out));
  hadal_value_info_t info = {};
  info.name = values[index]->name;
  info.of_call = values[index]->kind == Dim::call_value;
  info.default_value = values[index]->defaultValue;
  info.minimum = values[index]->minimum;
  info.maximum = values[index]->maximum;
  writeInfo(info, out);
  return {};
}

template <typename Thing>
uint32_t countOf(const hadal_module_t *module, std::vector<Thing> Program::*list) {
  return static_cast<uint32_t>(listOf(module, list).size());
}

} // namespace

uint32_t hadal_module_entry_count(const hadal_module_t *module) {
  return countOf(module, &Program::entries);
}

hadal_status_t hadal_module_entry(const hadal_module_t *module, uint32_t index,
                                  hadal_entry_info_t *out_info) {
  return queryEntry(module, index, out_info).release();
}

hadal_status_t hadal_module_argument(const hadal_module_t *module, uint32_t entry, uint32_t index,
                                     hadal_port_info_t *out_info) {
  return queryPort(module, entry, index, false, out_info).release();
}

hadal_status_t hadal_module_result(const hadal_module_t *module, uint32_t entry, uint32_t index,
                                   hadal_port_info_t *out_info) {
  return queryPort(module, entry, index, true, out_info).release();
}

uint32_t hadal_module_state_count(const hadal_module_t *module) {
  return countOf(module, &Program::states);
}

hadal_status_t hadal_module_state(const hadal_module_t *module, uint32_t index,
                                  hadal_state_info_t *out_info) {
  return queryState(module, index, out_info).release();
}

uint32_t hadal_module_block_table_count(const hadal_module_t *module) {
  return countOf(module, &Program::blockTables);
}

hadal_status_t hadal_module_block_table(const hadal_module_t *module, uint32_t index,
                                        hadal_block_table_info_t *out_info) {
  return queryBlockTable(module, index, out_info).release();
}

uint32_t hadal_module_value_count(const hadal_module_t *module) {
  return static_cast<uint32_t>(valuesOf(module).size());
}

hadal_status_t hadal_module_value(const hadal_module_t *module, uint32_t index,
                                  hadal_value_info_t *out_info) {
  return queryValue(module, index, out_info).release();
}
