// SPDX-License-Identifier: Apache-2.0
// Opens a session: its sizes, and the integers that programs know of it.
#include "core/Session.h"
#include "core/Given.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

using artifact::Dim;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARGUMENT;
constexpr uint32_t kMaxSlots = 1 << 16;
constexpr uint32_t kDefaultCapacity = 4096;

} // namespace

Status Session::create(std::shared_ptr<Module> module, const hadal_session_options_t &options,
                       std::unique_ptr<Session> &out) {
  if (const char *refusal = module->refusal())
    return fail(HADAL_STATUS_UNSUPPORTED, "%s: %s", module->path(), refusal);
  auto session = std::make_unique<Session>();
  session->module = std::move(module);
  HADAL_TRY(session->module->device().createQueue(session->queue));
  HADAL_TRY(session->setSizes(options));
  HADAL_TRY(session->makePools(options));
  HADAL_TRY(session->setDims(options));
  HADAL_TRY(session->computeParameters());
  HADAL_TRY(session->makeStates());
  session->kept.resize(session->program().kept.size());
  session->findEntries();
  session->neverReplays = options.never_replay != 0;
  out = std::move(session);
  return {};
}

Status Session::setSizes(const hadal_session_options_t &options) {
  const artifact::ModelInfo &model = *module->plan().model();
  uint32_t limit = model.max_positions();
  uint32_t slots = options.slots ? options.slots : 1;
  uint32_t capacity = options.capacity ? options.capacity : std::min(limit, kDefaultCapacity);
  if (slots > kMaxSlots)
    return fail(kInvalid, "options.slots: expected at most %u, got %u", kMaxSlots, slots);
  if (capacity > limit && model.model_positions() > limit)
    return fail(kInvalid,
                "options.capacity: expected at most %u of the model's %u positions, as many as it "
                "was compiled for (--max-context of hadal-compile), got %u",
                limit, model.model_positions(), capacity);
  if (capacity > limit)
    return fail(kInvalid, "options.capacity: expected at most the model's %u positions, got %u",
                limit, capacity);
  if (options.step_tokens > capacity)
    return fail(kInvalid, "options.step_tokens: expected at most the capacity of %u, got %u",
                capacity, options.step_tokens);
  tokens = capacity;
  stepTokens = options.step_tokens ? options.step_tokens : capacity;
  lengths.assign(slots, 0);
  stamps.assign(slots, 0);
  return {};
}

Status Session::setDims(const hadal_session_options_t &options) {
  const std::vector<HostDim> &known = program().dims;
  sessionDims.assign(known.size(), 0);
  for (size_t i = 0; i < known.size(); ++i) {
    switch (known[i].kind) {
    case Dim::slots: sessionDims[i] = slots(); break;
    case Dim::capacity: sessionDims[i] = tokens; break;
    case Dim::pages_per_slot: sessionDims[i] = pools[known[i].blockTable].pagesPerSlot; break;
    case Dim::step_tokens: sessionDims[i] = stepTokens; break;
    case Dim::rank: sessionDims[i] = kRank; break;
    case Dim::world_size: sessionDims[i] = kWorldSize; break;
    case Dim::session_value:
    case Dim::call_value: sessionDims[i] = known[i].defaultValue; break;
    default: // of a call
      break;
    }
  }
  return setNamedValues("options.values", Dim::session_value, known,
                        {options.values, options.value_count}, sessionDims);
}

void Session::findEntries() {
  stepEntry = program().findEntry(artifact::EntryRole::step);
  decodeEntry = program().findEntry(artifact::EntryRole::decode);
  for (const Entry &entry : program().entries)
    recordDimsOf.push_back(recordDims(program(), entry, module->kernels()));
}

Status setNamedValues(const char *field, Dim kind, const std::vector<HostDim> &known,
                      Span<hadal_named_value_t> given, std::vector<int64_t> &dims) {
  HADAL_TRY(requireList(field, given));
  for (uint32_t i = 0; i < given.size(); ++i) {
    HADAL_TRY(checkGivenName(field, given, i));
    const char *name = given[i].name;
    const HostDim *dim = findNamed(known, name);
    if (!dim || dim->kind != kind)
      return fail(kInvalid, "%s[%u].name: expected a %s of the program, got '%s'", field, i,
                  kind == Dim::session_value ? "session value" : "call value", name);
    if (given[i].value < dim->minimum || given[i].value > dim->maximum)
      return fail(kInvalid, "%s[%u] '%s': expected %" PRId64 " to %" PRId64 ", got %" PRId64, field,
                  i, name, dim->minimum, dim->maximum, given[i].value);
    dims[static_cast<size_t>(dim - known.data())] = given[i].value;
  }
  return {};
}

uint64_t Session::cacheBytes() const {
  uint64_t bytes = 0;
  for (const DeviceMemory &state : states)
    bytes += state.size();
  for (const KeptResult &result : kept)
    bytes += result.memory.size() + result.spare.size();
  return bytes;
}

uint64_t Session::computedBytes() const {
  uint64_t bytes = 0;
  for (const DeviceMemory &memory : computed)
    bytes += memory.size();
  return bytes;
}

Status Session::reset(uint32_t slot) {
  if (slot >= lengths.size())
    return fail(kInvalid, "slot: expected a slot below %zu, got %u", lengths.size(), slot);
  lengths[slot] = 0;
  return {};
}

Status Session::inProgram(Status status, const char *entry) const {
  if (status.ok())
    return status;
  return within(std::move(status), "%s: programs[%u].entry '%s': ", module->path(),
                module->programIndex(), entry);
}

} // namespace hadal::runtime
