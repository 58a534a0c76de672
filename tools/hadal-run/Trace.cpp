// SPDX-License-Identifier: Apache-2.0
// Records the launches of a run in the trace format of Chrome and Perfetto.
#include "Trace.h"

#include "support/Diagnostics.h"
#include "support/Json.h"
#include "support/OutputFile.h"

#include <algorithm>

namespace hadal::tools {

Trace::Trace(hadal_session_t *session) { hadal_session_set_launch_callback(session, record, this); }

void Trace::record(void *user, const hadal_launch_t *launch) {
  auto &trace = *static_cast<Trace *>(user);
  if (trace.events.empty())
    trace.origin = launch->start_ns;
  else
    trace.events += ",\n";
  // What a device takes its times from may go back a little.
  uint64_t start = std::max(launch->start_ns, trace.origin);
  trace.events += "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":" + quoted(launch->label) +
                  ",\"cat\":" + quoted(launch->family);
  trace.events +=
      format(",\"ts\":%.3f,\"dur\":%.3f", static_cast<double>(start - trace.origin) * 1e-3,
             static_cast<double>(launch->duration_ns) * 1e-3);
  trace.events += ",\"args\":{\"entry\":" + quoted(launch->entry) +
                  ",\"kernel\":" + quoted(launch->executable) +
                  ",\"level\":" + quoted(launch->level);
  using Count = unsigned long long;
  trace.events +=
      format(",\"grid\":[%u,%u,%u],\"flops\":%llu,\"bytes\":%llu,\"read_bytes\":%llu,"
             "\"write_bytes\":%llu",
             launch->grid[0], launch->grid[1], launch->grid[2], Count(launch->flops),
             Count(launch->bytes), Count(launch->read_bytes), Count(launch->write_bytes));
  // What the device counted is JSON already.
  if (launch->counters)
    trace.events += std::string(",\"counters\":") + launch->counters;
  trace.events += "}}";
}

void Trace::save(const std::string &path) const {
  OutputFile file(path);
  file.write("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
  file.write(events);
  file.write("\n]}\n");
  file.close();
}

} // namespace hadal::tools
