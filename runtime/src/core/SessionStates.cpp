// SPDX-License-Identifier: Apache-2.0
// What a session holds: pools of pages, states, computed parameters.
#include "core/Given.h"
#include "core/RopeTable.h"
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARGUMENT;
constexpr uint64_t kStagingBytes = 4 << 20;

Status findPools(const hadal_session_options_t &options, const std::vector<BlockTable> &tables,
                 std::vector<uint32_t> &pages) {
  if (options.pool_count)
    HADAL_TRY(requireAddress(options.pools, "options.pools"));
  for (uint32_t i = 0; i < options.pool_count; ++i) {
    const hadal_page_pool_t &pool = options.pools[i];
    if (!pool.block_table)
      return fail(kInvalid, "options.pools[%u].block_table: expected an address, got NULL", i);
    const BlockTable *table = findNamed(tables, pool.block_table);
    if (!table)
      return fail(kInvalid,
                  "options.pools[%u].block_table: expected a block table of the program, got "
                  "'%s'",
                  i, pool.block_table);
    uint32_t &count = pages[static_cast<size_t>(table - tables.data())];
    if (count)
      return fail(kInvalid, "options.pools[%u].block_table: expected a new name, got '%s' again", i,
                  pool.block_table);
    if (pool.pages == 0 || pool.pages > INT32_MAX)
      return fail(kInvalid, "options.pools[%u].pages: expected 1 to %d, got %u", i, INT32_MAX,
                  pool.pages);
    count = pool.pages;
  }
  return {};
}

} // namespace

Status Session::makePools(const hadal_session_options_t &options) {
  const std::vector<BlockTable> &tables = program().blockTables;
  std::vector<uint32_t> given(tables.size(), 0);
  HADAL_TRY(findPools(options, tables, given));
  for (uint32_t i = 0; i < tables.size(); ++i) {
    Pool pool;
    pool.pagesPerSlot = tables[i].pagesOf(tokens);
    uint64_t entries = uint64_t(pool.pagesPerSlot) * slots();
    if (entries > INT32_MAX)
      return fail(kInvalid,
                  "options.capacity: expected at most %d pages over all slots, got %" PRIu64,
                  INT32_MAX, entries);
    pool.ofCaller = given[i] != 0;
    pool.pages = pool.ofCaller ? given[i] : static_cast<uint32_t>(entries);
    // Without a pool of the caller's, page p of slot s is page s * pagesPerSlot + p.
    pool.table.assign(entries, -1);
    for (uint64_t j = 0; j < entries && !pool.ofCaller; ++j)
      pool.table[j] = static_cast<int32_t>(j);
    HADAL_TRY(module->device().allocate(entries * sizeof(int32_t), "block table", pool.memory));
    HADAL_TRY(queue.upload(pool.memory.address(), pool.table.data(), entries * sizeof(int32_t)));
    HADAL_TRY(queue.synchronize());
    pools.push_back(std::move(pool));
  }
  return {};
}

Status Session::makeStates() {
  std::vector<int64_t> sizes;
  HADAL_TRY_IN(evaluateExpressions(program().exprs, {sessionDims, {}, {}}, sizes),
               "%s: programs[%u].", module->path(), module->programIndex());
  for (uint32_t i = 0; i < program().states.size(); ++i) {
    const State &state = program().states[i];
    Extents shape;
    if (state.kind == artifact::StateKind::growing) {
      shape = {2,
               {pools[state.blockTable].pages, program().blockTables[state.blockTable].pageSize}};
    } else {
      if (sizes[state.rows] < 1)
        return fail(HADAL_STATUS_INVALID_ARTIFACT,
                    "%s: programs[%u].states[%u] '%s': rows: expected at least 1, got %" PRId64,
                    module->path(), module->programIndex(), i, state.name, sizes[state.rows]);
      shape = {2, {slots(), sizes[state.rows]}};
    }
    uint64_t bytes = 0;
    if (!sizeOfTensor(shape, state.type, &bytes) || !multiply(bytes, state.rowElements(), &bytes) ||
        bytes > INT64_MAX)
      return fail(HADAL_STATUS_OUT_OF_MEMORY,
                  "states[%u] '%s': expected a size within 63 bits for %" PRId64 " times %" PRId64
                  " rows",
                  i, state.name, shape.values[0], shape.values[1]);
    DeviceMemory memory;
    HADAL_TRY(module->device().allocate(bytes, state.name, memory));
    states.push_back(std::move(memory));
  }
  return {};
}

Status Session::computeParameters() {
  const Device &device = module->device();
  computed.resize(sizeOf(module->plan().parameters()));
  // Memory of all first, since time is spent on values.
  uint64_t total = 0;
  for (uint32_t index : module->computed()) {
    const artifact::Parameter &parameter = *module->plan().parameters()->Get(index);
    if (tokens > parameter.shape()->Get(0))
      return fail(kInvalid,
                  "options.capacity: expected at most the %" PRIu64 " rows of '%s', got %u",
                  parameter.shape()->Get(0), text(parameter.name()), tokens);
    total += uint64_t(tokens) * parameter.shape()->Get(1) * sizeof(float);
  }
  for (uint32_t index : module->computed()) {
    const artifact::Parameter &parameter = *module->plan().parameters()->Get(index);
    uint64_t bytes = uint64_t(tokens) * parameter.shape()->Get(1) * sizeof(float);
    HADAL_TRY_IN(device.reserve(bytes, text(parameter.name()), computed[index]),
                 "options.capacity: rotary tables of %u positions take %" PRIu64 " B: ", tokens,
                 total);
  }
  std::vector<float> staging;
  for (uint32_t index : module->computed()) {
    RopeTable table = readRopeTable(*module->plan().parameters()->Get(index)->rope_table());
    std::vector<float> frequencies = ropeFrequencies(table);
    uint64_t width = frequencies.size(), row = width * sizeof(float);
    auto together = static_cast<uint32_t>(std::clamp<uint64_t>(kStagingBytes / row, 1, tokens));
    staging.resize(together * width);
    for (uint32_t first = 0; first < tokens; first += together) {
      uint32_t count = std::min(together, tokens - first);
      for (uint32_t i = 0; i < count; ++i)
        ropeTableRow(table, frequencies, int64_t(first) + i, staging.data() + i * width);
      HADAL_TRY(queue.upload(computed[index].address() + first * row, staging.data(), count * row));
      HADAL_TRY(queue.synchronize());
      if (first + count == tokens)
        break; // the next sum may exceed 32 bits
    }
  }
  return {};
}

Status Session::setPages(const char *table, uint32_t slot, uint32_t first, const int32_t *pages,
                         uint32_t count) {
  const std::vector<BlockTable> &tables = program().blockTables;
  const BlockTable *known = findNamed(tables, table);
  if (!known)
    return fail(kInvalid, "table: expected a block table of the program, got '%s'", table);
  Pool &pool = pools[static_cast<size_t>(known - tables.data())];
  if (!pool.ofCaller)
    return fail(kInvalid, "table: expected one with a pool in the options of the session, got '%s'",
                table);
  if (slot >= slots())
    return fail(kInvalid, "slot: expected a slot below %u, got %u", slots(), slot);
  if (first > pool.pagesPerSlot || count > pool.pagesPerSlot - first)
    return fail(kInvalid, "first: expected %u entries within the slot's %u, got them from %u on",
                count, pool.pagesPerSlot, first);
  if (count)
    HADAL_TRY(requireAddress(pages, "pages"));
  for (uint32_t i = 0; i < count; ++i)
    if (pages[i] < -1 || pages[i] >= static_cast<int64_t>(pool.pages))
      return fail(
          kInvalid,
          "pages[%u]: expected a page below %u, or -1, for slot %u of block table '%s', got %d", i,
          pool.pages, slot, table, pages[i]);
  if (count == 0)
    return {};
  size_t offset = size_t(slot) * pool.pagesPerSlot + first;
  HADAL_TRY(queue.upload(pool.memory.address() + offset * sizeof(int32_t), pages,
                         count * sizeof(int32_t)));
  HADAL_TRY(queue.synchronize());
  std::copy(pages, pages + count, pool.table.begin() + static_cast<ptrdiff_t>(offset));
  return {};
}

// Every row that a step writes, and those before it, has a page.
Status Session::checkPages(const Entry &entry, const hadal_step_t &step) const {
  for (const Port &port : entry.arguments) {
    if (port.role != artifact::PortRole::block_table || !pools[port.blockTable].ofCaller)
      continue;
    const Pool &pool = pools[port.blockTable];
    const BlockTable &table = program().blockTables[port.blockTable];
    for (uint32_t i = 0; i < step.sequence_count; ++i) {
      uint32_t slot = static_cast<uint32_t>(step.slots[i]);
      uint32_t last = static_cast<uint32_t>(step.positions[step.sequence_offsets[i + 1] - 1]);
      uint32_t pages = table.pagesOf(last + 1);
      for (uint32_t page = 0; page < pages; ++page)
        if (pool.table[size_t(slot) * pool.pagesPerSlot + page] < 0)
          return fail(
              kInvalid,
              "slot %u: expected a page for row %u of block table '%s' (entry %u), got none", slot,
              page * table.pageSize, table.name, page);
    }
  }
  return {};
}

} // namespace hadal::runtime
