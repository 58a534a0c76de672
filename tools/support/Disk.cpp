// SPDX-License-Identifier: Apache-2.0
// Reads Linux's counters; source of the formats: Documentation/filesystems/proc.rst and
// Documentation/accounting/psi.rst.
#include "support/Disk.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace hadal::tools {

namespace {

/// The number behind `key` in the first line that starts with `start` and has it.
std::optional<uint64_t> numberIn(const std::string &path, const std::string &start,
                                 const std::string &key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    size_t at = line.find(key);
    if (line.compare(0, start.size(), start) == 0 && at != std::string::npos)
      return std::strtoull(line.c_str() + at + key.size(), nullptr, 10);
  }
  return std::nullopt;
}

} // namespace

DiskCounters readDiskCounters(const std::string &proc) {
  return {numberIn(proc + "/self/io", "read_bytes", ": "),
          numberIn(proc + "/pressure/io", "some", "total=")};
}

std::string describeDisk(const DiskCounters &before, const DiskCounters &after, double seconds) {
  constexpr uint64_t worthTelling = 64000000; // bytes
  if (!before.bytes || !after.bytes || *after.bytes < *before.bytes + worthTelling)
    return "";
  char text[128];
  double gigabytes = static_cast<double>(*after.bytes - *before.bytes) / 1e9;
  if (!before.microseconds || !after.microseconds || *after.microseconds < *before.microseconds ||
      seconds <= 0) {
    std::snprintf(text, sizeof text, "disk: %.2f GB read", gigabytes);
    return text;
  }
  double waited = static_cast<double>(*after.microseconds - *before.microseconds) * 1e-6;
  std::snprintf(text, sizeof text, "disk: %.2f GB read, %.0f%% of the time waited for it",
                gigabytes, 100 * std::min(1.0, waited / seconds));
  return text;
}

} // namespace hadal::tools
