// SPDX-License-Identifier: Apache-2.0
// Tables and facts of a device that cannot be used are refused by name, before anything else is called.
#include "core/Device.h"
#include "cpu/CpuDevice.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace hadal::runtime {
namespace {

// Of a device over this table.
std::string open(const hadal_device_table_t &table) {
  hadal_device_options_t options = {sizeof options, 0, 1, 0};
  std::unique_ptr<Device> device;
  Status status = Device::open(table, options, device);
  EXPECT_EQ(status.ok(), device != nullptr);
  return status.message();
}

TEST(DeviceTableTest, OfAnotherVersionOrSize) {
  EXPECT_EQ(open(cpuDeviceTable()), "ok");
  for (uint32_t version : {0u, 2u, ~0u}) {
    hadal_device_table_t table = cpuDeviceTable();
    table.version = version;
    EXPECT_EQ(open(table), "table: version: expected 1, got " + std::to_string(version));
  }
  const std::string whole = std::to_string(sizeof(hadal_device_table_t));
  for (size_t size : {size_t(0), size_t(16), sizeof(hadal_device_table_t) - 8}) {
    hadal_device_table_t table = cpuDeviceTable();
    table.struct_size = size;
    EXPECT_EQ(open(table), "table: struct_size: expected at least " + whole + " B, got " +
                               std::to_string(size) + " B");
  }
  // One that knows of more.
  struct {
    hadal_device_table_t table = cpuDeviceTable();
    void (*more)() = nullptr;
  } larger;
  larger.table.struct_size = sizeof larger;
  EXPECT_EQ(open(larger.table), "ok");
}

TEST(DeviceTableTest, WithoutAName) {
  for (const char *name : {static_cast<const char *>(nullptr), ""}) {
    hadal_device_table_t table = cpuDeviceTable();
    table.name = name;
    EXPECT_EQ(open(table), "table: name: expected a text, got none");
  }
}

TEST(DeviceTableTest, WithoutAFunction) {
  const size_t first = offsetof(hadal_device_table_t, open),
               last = offsetof(hadal_device_table_t, queue_counters);
  std::string before;
  for (size_t at = first; at < last; at += sizeof(void *)) {
    hadal_device_table_t table = cpuDeviceTable();
    std::memset(reinterpret_cast<char *>(&table) + at, 0, sizeof(void *));
    std::string message = open(table), end = ": expected a function, got NULL";
    EXPECT_EQ(message.substr(0, 7), "table: ");
    ASSERT_GT(message.size(), end.size()) << at;
    EXPECT_EQ(message.substr(message.size() - end.size()), end);
    EXPECT_NE(message, before);
    before = message;
  }
  EXPECT_EQ(before, "table: queue_replay: expected a function, got NULL");
  hadal_device_table_t table = cpuDeviceTable();
  table.queue_counters = nullptr;
  EXPECT_EQ(open(table), "ok");
}

// What `info` says once `alter` was at it.
void (*alter)(hadal_device_info_t &);
int closed = 0;

std::string openWith(void (*how)(hadal_device_info_t &)) {
  hadal_device_table_t table = cpuDeviceTable();
  table.name = "liar";
  alter = how;
  closed = 0;
  table.info = [](hadal_device_t *device, hadal_device_info_t *out) {
    cpuDeviceTable().info(device, out);
    alter(*out);
  };
  table.close = [](hadal_device_t *device) {
    ++closed;
    cpuDeviceTable().close(device);
  };
  std::string message = open(table);
  EXPECT_EQ(closed, 1);
  return message;
}

TEST(DeviceTableTest, FactsThatCannotBe) {
  using Info = hadal_device_info_t;
  EXPECT_EQ(openWith([](Info &info) { info.family = nullptr; }),
            "device 'liar': info: expected a family, got none");
  EXPECT_EQ(openWith([](Info &info) { info.family = ""; }),
            "device 'liar': info: expected a family, got none");
  EXPECT_EQ(openWith([](Info &info) { info.levels = nullptr; }),
            "device 'liar': info: expected the levels that it counts, got none");
  static const char *const nameless[] = {"x86-64-v3", nullptr}, *const unnamed[] = {""};
  EXPECT_EQ(openWith([](Info &info) { info.levels = nameless, info.level_count = 2; }),
            "device 'liar': info: expected a name for each level, got none");
  EXPECT_EQ(openWith([](Info &info) { info.levels = unnamed, info.level_count = 1; }),
            "device 'liar': info: expected a name for each level, got none");
  for (auto how :
       {+[](Info &info) { info.alignment = 0; }, +[](Info &info) { info.alignment = 32; },
        +[](Info &info) { info.alignment = 96; }})
    EXPECT_EQ(
        openWith(how).find(
            "device 'liar': info: expected an alignment of a power of two, at least 64 B, got "),
        0u);
  // What may be missing.
  EXPECT_EQ(openWith([](Info &info) { info.level_count = 0, info.levels = nullptr; }), "ok");
  EXPECT_EQ(openWith([](Info &info) { info.hardware = info.level_note = nullptr; }), "ok");
}

TEST(DeviceTableTest, ADeviceThatIsNotThere) {
  hadal_device_table_t table = cpuDeviceTable();
  table.name = "liar";
  table.open = [](const hadal_device_options_t *, hadal_device_t **, hadal_device_error_t *) {
    return hadal_device_code_t(HADAL_STATUS_OK);
  };
  EXPECT_EQ(open(table), "device 'liar': open: expected a device, got none");
  table.open = [](const hadal_device_options_t *, hadal_device_t **, hadal_device_error_t *error) {
    std::snprintf(error->message, sizeof error->message, "expected a driver,\ngot none");
    return hadal_device_code_t(HADAL_STATUS_NOT_FOUND);
  };
  EXPECT_EQ(open(table), "expected a driver,?got none");
  table.open = [](const hadal_device_options_t *, hadal_device_t **, hadal_device_error_t *) {
    return hadal_device_code_t(-1);
  };
  EXPECT_EQ(open(table), "device 'liar': open: expected a status code, got -1");
}

} // namespace
} // namespace hadal::runtime
