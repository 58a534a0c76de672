// SPDX-License-Identifier: Apache-2.0
// What the system says of this process's memory.
#ifndef HADAL_TESTS_CORE_PROCESSPAGES_H
#define HADAL_TESTS_CORE_PROCESSPAGES_H

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>

namespace hadal::test {

/// Pages from `offset` of the mapped file on that the process has touched.
inline size_t touchedPages(const std::string &file, uint64_t offset) {
  uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), begin = 0, end = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.size() > file.size() &&
        line.compare(line.size() - file.size(), file.size(), file) == 0)
      std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &begin, &end);
  size_t touched = 0;
  int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  for (uint64_t at = begin + offset; at < end; at += page) {
    uint64_t entry = 0;
    EXPECT_EQ(pread(pagemap, &entry, sizeof entry, static_cast<off_t>(at / page * sizeof entry)),
              static_cast<ssize_t>(sizeof entry));
    touched += entry >> 63; // present
  }
  close(pagemap);
  return touched;
}

/// A figure of /proc/self/status in KiB, "VmLck"; 0 where there is none.
inline uint64_t statusOfProcess(const std::string &name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, name.size() + 1, name + ":") == 0)
      return std::stoull(line.substr(name.size() + 1));
  return 0;
}

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_PROCESSPAGES_H
