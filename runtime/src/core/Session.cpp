// SPDX-License-Identifier: Apache-2.0
// Opens a session, and the outline of a step.
#include "core/Session.h"
#include "core/ElementType.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

constexpr uint32_t kMaxSlots = 1 << 16;
constexpr uint32_t kDefaultCapacity = 4096;

} // namespace

Status Session::create(std::shared_ptr<Module> module, const hadal_session_options_t &options,
                       std::unique_ptr<Session> &out) {
  if (const char *refusal = module->refusal())
    return fail(HADAL_STATUS_UNSUPPORTED, "%s: %s", module->path(), refusal);
  const artifact::ModelInfo &model = *module->plan().model();
  uint32_t limit = model.max_positions();
  uint32_t slots = options.slots ? options.slots : 1;
  uint32_t capacity = options.capacity ? options.capacity : std::min(limit, kDefaultCapacity);
  if (slots > kMaxSlots)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "options.slots: expected at most %u, got %u",
                kMaxSlots, slots);
  if (capacity > limit && model.model_positions() > limit)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "options.capacity: expected at most %u of the model's %u positions, as many as it "
                "was compiled for (--max-context of hadal-compile), got %u",
                limit, model.model_positions(), capacity);
  if (capacity > limit)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "options.capacity: expected at most the model's %u positions, got %u", limit,
                capacity);
  auto session = std::make_unique<Session>();
  session->module = std::move(module);
  session->tokens = capacity;
  session->lengths.assign(slots, 0);
  session->stamps.assign(slots, 0);
  HADAL_TRY(session->allocateCaches());
  out = std::move(session);
  return {};
}

Status Session::allocateCaches() {
  uint32_t pageSize = module->pageSize();
  pagesPerSlot = pageSize ? (tokens - 1) / pageSize + 1 : 1;
  uint64_t pages = uint64_t(pagesPerSlot) * slots();
  if (pages > INT32_MAX)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "options.capacity: expected at most %d pages over all slots, got %" PRIu64,
                INT32_MAX, pages);
  for (uint32_t i = 0; i < sizeOf(module->plan().states()); ++i) {
    const artifact::State &state = *module->plan().states()->Get(i);
    uint64_t bytes = pages * state.page_size();
    if (!multiply(bytes, uint64_t(state.row()) * elementSize(state.type()), &bytes) ||
        bytes > INT64_MAX)
      return fail(HADAL_STATUS_OUT_OF_MEMORY,
                  "states[%u] '%s': expected a size within 63 bits for %" PRIu64 " pages", i,
                  text(state.name()), pages);
    std::unique_ptr<DeviceMemory> memory;
    HADAL_TRY(module->device().allocate(bytes, text(state.name()), memory));
    states.push_back(std::move(memory));
  }
  // Page p of slot s is page s * pagesPerSlot + p, until pages are shared.
  std::vector<int32_t> table(pages);
  for (uint64_t i = 0; i < pages; ++i)
    table[i] = static_cast<int32_t>(i);
  HADAL_TRY(module->device().allocate(pages * sizeof(int32_t), "block table", blockTable));
  return module->device().upload(blockTable->address(), table.data(), pages * sizeof(int32_t));
}

uint64_t Session::cacheBytes() const {
  uint64_t bytes = 0;
  for (const auto &state : states)
    bytes += state->size();
  return bytes;
}

Status Session::reset(uint32_t slot) {
  if (slot >= lengths.size())
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "slot: expected a slot below %zu, got %u",
                lengths.size(), slot);
  lengths[slot] = 0;
  return {};
}

Status Session::step(const hadal_step_t &step, float *logits) {
  cancelled.store(false, std::memory_order_relaxed);
  Dims dims;
  HADAL_TRY(checkStep(step, logits, dims));
  const artifact::EntryPoint *entry = nullptr;
  if (step.token_count == step.sequence_count)
    entry = module->findEntry("decode");
  if (!entry)
    entry = module->findEntry("prefill");

  Device &device = module->device();
  HADAL_TRY(uploadInputs(step));
  uint64_t bytes = uint64_t(step.logit_row_count) * module->plan().model()->vocab_size() * sizeof(float);
  bool direct =
      bytes && device.sharesHostMemory() && reinterpret_cast<uintptr_t>(logits) % 64 == 0;
  if (!direct && (!logitRows || logitRows->size() < bytes))
    HADAL_TRY(device.allocate(std::max<uint64_t>(bytes, 64), "logits", logitRows));
  logitAddress = direct ? logits : logitRows->address();
  logitBytes = bytes;

  Status status = runEntry(*entry, dims);
  if (status.ok() && !direct && bytes)
    status = device.download(logits, logitAddress, bytes);
  for (uint32_t i = 0; i < step.sequence_count; ++i) {
    uint32_t first = static_cast<uint32_t>(step.positions[step.sequence_offsets[i]]);
    uint32_t count = static_cast<uint32_t>(step.sequence_offsets[i + 1] - step.sequence_offsets[i]);
    uint32_t &length = lengths[step.slots[i]];
    length = status.ok() ? first + count : std::min(length, first);
  }
  if (!status.ok())
    return within(std::move(status), "%s: programs[%u].entry '%s': ", module->path(),
                  module->programIndex(), text(entry->name()));
  return {};
}

} // namespace hadal::runtime
