// SPDX-License-Identifier: Apache-2.0
// Keeps the launches of a call and runs them again for calls that have them in common.
//
// A record is keyed by all that is baked into it: the entry point, the dims that it depends on, and
// the addresses that may differ from call to call. Storage that calls share moves only by growing,
// which drops every record.
#include "core/Session.h"

#include <algorithm>

namespace hadal::runtime {
namespace {

constexpr size_t kMostRecords = 16;
// Calls that are remembered until they come a second time.
constexpr size_t kMostSeen = 32;

static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t),
              "devices read the flag as an integer");

} // namespace

bool Session::mayRecord(const Entry &entry) const {
  return !neverReplays && !tapCallback && !launchCallback && dimsOf(entry).recordable;
}

void Session::roundDims(const Entry &entry) {
  if (!isRounded(entry))
    return;
  roundedDims = dims;
  for (const auto &[dim, limits] : dimsOf(entry).rounded)
    roundedDims[dim] = roundUp(program().dims[dim], dims[dim], limits);
}

void Session::makeKey(const Entry &entry) {
  const RecordDims &on = dimsOf(entry);
  key.clear();
  key.push_back(&entry - program().entries.data());
  for (uint32_t dim : on.exact)
    key.push_back(dims[dim]);
  for (const RecordDims::Rounded &rounded : on.rounded)
    key.push_back(roundedDims[rounded.dim]);
  for (const RecordDims::Extent &extent : on.extents)
    key.push_back(argumentExtents[extent.argument].values[extent.axis]);
  for (const Port &port : entry.arguments)
    if (port.role == artifact::PortRole::kept)
      key.push_back(static_cast<int64_t>(kept[port.kept].memory.address()));
  for (const Port &port : entry.results)
    if (port.role == artifact::PortRole::kept)
      key.push_back(static_cast<int64_t>(kept[port.kept].spare.address()));
}

Session::Recording *Session::findRecording() {
  for (auto i = records.begin(); i != records.end(); ++i)
    if (i->key == key) {
      records.splice(records.begin(), records, i);
      return &records.front();
    }
  return nullptr;
}

// What comes once, as a prompt does, is not worth it.
bool Session::isWorthRecording(const Entry &entry) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < results.size(); ++i)
    bytes += entry.results[i].role == artifact::PortRole::kept ? 0 : results[i].bytes;
  if (bytes > kMostRecordedBytes)
    return false;
  if (std::find(seen.begin(), seen.end(), key) != seen.end())
    return true;
  if (seen.size() < kMostSeen)
    seen.push_back(key);
  else
    seen[nextSeen++ % kMostSeen] = key;
  return false;
}

// Of what was prepared. It becomes the first of the list.
Status Session::record(const Entry &entry) {
  makeKey(entry); // memory may have grown since
  HADAL_TRY(queue.beginRecord());
  Status status;
  for (const PreparedOp &op : prepared.ops)
    if (status = queue.launch(prepared.launch(op)); !status.ok()) {
      status = prepared.at(std::move(status), op, program());
      break;
    }
  DeviceRecord made;
  Status ended = queue.endRecord(made);
  HADAL_TRY(std::move(status));
  HADAL_TRY(std::move(ended));
  if (records.size() == kMostRecords)
    records.pop_back();
  records.push_front(
      {key, prepared, std::move(made), arguments, results, argumentExtents, resultExtents});
  ++recorded;
  return {};
}

Status Session::replay(const Recording &recording) {
  uint32_t failed = UINT32_MAX;
  Status status = queue.replay(recording.record,
                               reinterpret_cast<const volatile int32_t *>(&cancelled), &failed);
  if (status.ok() || failed >= recording.prepared.ops.size())
    return status;
  const PreparedOp &op = recording.prepared.ops[failed];
  return status.code() == HADAL_STATUS_CANCELLED
             ? recording.prepared.cancelledBefore(op)
             : recording.prepared.at(std::move(status), op, program());
}

} // namespace hadal::runtime
