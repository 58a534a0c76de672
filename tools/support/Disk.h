// SPDX-License-Identifier: Apache-2.0
// How much of a time went to the disk: for models that are larger than memory.
#ifndef HADAL_TOOLS_SUPPORT_DISK_H
#define HADAL_TOOLS_SUPPORT_DISK_H

#include <cstdint>
#include <optional>
#include <string>

namespace hadal::tools {

/// Counters of the system at one moment; empty where it does not keep them.
struct DiskCounters {
  std::optional<uint64_t> bytes; // that this process has read from storage; /proc/self/io
  /// In which any task of the machine waited for storage; /proc/pressure/io.
  std::optional<uint64_t> microseconds;
};

/// Reads them; `proc` is the folder that Linux calls /proc.
DiskCounters readDiskCounters(const std::string &proc = "/proc");

/// "disk: 3.10 GB read, 48% of the time waited for it"; "" where less than 64 MB were read.
std::string describeDisk(const DiskCounters &before, const DiskCounters &after, double seconds);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_DISK_H
