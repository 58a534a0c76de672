// SPDX-License-Identifier: Apache-2.0
// What is told of the disk, from counters that are written here.
#include "support/Disk.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using namespace hadal::tools;

TEST(Disk, CountersAreRead) {
  std::string proc = testing::TempDir() + "hadal-disk-XXXXXX";
  ASSERT_NE(mkdtemp(proc.data()), nullptr);
  EXPECT_FALSE(readDiskCounters(proc).bytes);
  EXPECT_FALSE(readDiskCounters(proc).microseconds);
  std::filesystem::create_directories(proc + "/self");
  std::filesystem::create_directories(proc + "/pressure");
  std::ofstream(proc + "/self/io") << "rchar: 5\nread_bytes: 123456789012\nwrite_bytes: 7\n";
  std::ofstream(proc + "/pressure/io") << "some avg10=0.00 avg60=0.49 avg300=2.17 total=401868544\n"
                                       << "full avg10=0.00 avg60=0.37 avg300=1.64 total=77303353\n";
  EXPECT_EQ(readDiskCounters(proc).bytes, 123456789012u);
  EXPECT_EQ(readDiskCounters(proc).microseconds, 401868544u);
  std::filesystem::remove_all(proc);
}

TEST(Disk, IsDescribed) {
  DiskCounters none, before{1000, 1000000};
  EXPECT_EQ(describeDisk(before, {3100001000, 2000000}, 4),
            "disk: 3.10 GB read, 25% of the time waited for it");
  EXPECT_EQ(describeDisk(before, {3100001000, 2000000}, 0.5),
            "disk: 3.10 GB read, 100% of the time waited for it");
  EXPECT_EQ(describeDisk({1000, {}}, {3100001000, {}}, 4), "disk: 3.10 GB read");
  EXPECT_EQ(describeDisk(before, {63000000, 2000000}, 4), "");
  EXPECT_EQ(describeDisk(none, none, 4), "");
}

} // namespace
