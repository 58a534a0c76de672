// SPDX-License-Identifier: Apache-2.0
// The functions of another table, each of which may be told to lie.
#include "LyingDevice.h"
#include "cpu/CpuDevice.h"

#include <cstring>
#include <tuple>

namespace hadal::test {
namespace {

hadal_device_code_t openSeparate(const hadal_device_options_t *, hadal_device_t **out,
                                 hadal_device_error_t *) {
  *out = reinterpret_cast<hadal_device_t *>(static_cast<SeparateDevice *>(new SeparateCpuDevice()));
  return HADAL_STATUS_OK;
}

const hadal_device_table_t &inner() {
  static const hadal_device_table_t separate = [] {
    hadal_device_table_t table = separateTable();
    table.open = openSeparate;
    return table;
  }();
  return liar().separate ? separate : runtime::cpuDeviceTable();
}

hadal_device_code_t fail(hadal_device_error_t *error) {
  if (liar().lie == Lie::isSilent)
    return HADAL_STATUS_OUT_OF_MEMORY;
  if (liar().lie == Lie::isUnknown)
    return 99;
  if (liar().lie == Lie::isEndless)
    std::memset(error->message, 'x', sizeof error->message);
  else
    std::snprintf(error->message, sizeof error->message, "expected the truth, got a lie");
  return liar().lie == Lie::losesDevice ? HADAL_STATUS_DEVICE_LOST : HADAL_STATUS_OUT_OF_MEMORY;
}

/// What a function returns through its parameters, and whether that is released.
enum class Makes { nothing, kernel, object, memory, staging };

// Counts a call; what is to be told with it, if it can be.
Lie next(const char *function, Makes makes) {
  Liar &self = liar();
  if (!self.told.empty() && self.lie == Lie::losesDevice)
    ++self.afterLoss;
  if (++self.calls != self.at)
    return Lie::none;
  bool isPlace =
      makes == Makes::memory || (makes == Makes::staging && self.lie == Lie::isMisaligned);
  if ((self.lie == Lie::givesNothing && makes == Makes::nothing) ||
      (self.lie >= Lie::hasNoAddress && !isPlace))
    return Lie::none;
  self.told = function;
  return self.lie;
}

template <auto function, Makes makes>
struct Around;

template <typename... Arguments,
          hadal_device_code_t (*hadal_device_table_t::*function)(Arguments...), Makes makes>
struct Around<function, makes> {
  static inline const char *name;

  static hadal_device_code_t call(Arguments... arguments) {
    constexpr size_t last = sizeof...(Arguments) - 1;
    auto all = std::tie(arguments...);
    auto &out = std::get<last - 1>(all); // of what makes something
    hadal_device_error_t *error = std::get<last>(all);
    Lie lie = next(name, makes);
    bool fails = lie >= Lie::fails && lie <= Lie::losesDevice;
    // What has been begun ends, whatever is said of it.
    bool ends = !std::strcmp(name, "queue_synchronize") || !std::strcmp(name, "record_end");
    if (lie != Lie::none && !ends && (fails || lie == Lie::givesNothing))
      return fails ? fail(error) : HADAL_STATUS_OK;
    hadal_device_code_t code = (inner().*function)(arguments...);
    if constexpr (std::is_same_v<decltype(out), hadal_device_record_t **&>)
      if (lie != Lie::none)
        inner().record_release(nullptr, std::exchange(*out, nullptr));
    if (fails)
      return fail(error);
    if (code != HADAL_STATUS_OK || lie == Lie::givesNothing)
      return code;
    liar().live += makes >= Makes::object;
    if constexpr (makes == Makes::memory)
      *out = lie == Lie::hasNoAddress  ? 0
             : lie == Lie::endsNowhere ? UINT64_MAX / 64 * 64
                                       : *out + (lie == Lie::isMisaligned ? 4 : 0);
    if constexpr (makes == Makes::staging)
      *out = static_cast<uint8_t *>(*out) + (lie == Lie::isMisaligned ? 4 : 0);
    return code;
  }
};

template <auto function>
struct AroundRelease;

template <typename... Arguments, void (*hadal_device_table_t::*function)(Arguments...)>
struct AroundRelease<function> {
  static void call(Arguments... arguments) {
    --liar().live;
    (inner().*function)(arguments...);
  }
};

// Staging that was moved, with the rest.
void hostRelease(hadal_device_t *device, void *data) {
  data = reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(data) / 64 * 64);
  AroundRelease<&hadal_device_table_t::host_release>::call(device, data);
}

hadal_device_table_t makeTable() {
  hadal_device_table_t table = {};
  table.struct_size = sizeof table;
  table.version = HADAL_DEVICE_VERSION;
  table.name = "liar";
  table.info = [](hadal_device_t *device, hadal_device_info_t *out) { inner().info(device, out); };
#define HADAL_AROUND(function, makes)                                                              \
  table.function = Around<&hadal_device_table_t::function, Makes::makes>::call;                    \
  Around<&hadal_device_table_t::function, Makes::makes>::name = #function
  HADAL_AROUND(open, object);
  HADAL_AROUND(image_check, nothing);
  HADAL_AROUND(interface_check, nothing);
  HADAL_AROUND(image_load, object);
  HADAL_AROUND(kernel_find, kernel);
  HADAL_AROUND(memory_allocate, memory);
  HADAL_AROUND(memory_import, memory);
  HADAL_AROUND(host_allocate, staging);
  HADAL_AROUND(queue_create, object);
  HADAL_AROUND(queue_upload, nothing);
  HADAL_AROUND(queue_download, nothing);
  HADAL_AROUND(queue_launch, nothing);
  HADAL_AROUND(queue_signal, nothing);
  HADAL_AROUND(queue_wait, nothing);
  HADAL_AROUND(queue_synchronize, nothing);
  HADAL_AROUND(event_create, object);
  HADAL_AROUND(event_synchronize, nothing);
  HADAL_AROUND(event_time, nothing);
  HADAL_AROUND(record_begin, nothing);
  HADAL_AROUND(record_end, object);
  HADAL_AROUND(queue_replay, nothing);
#undef HADAL_AROUND
  table.close = AroundRelease<&hadal_device_table_t::close>::call;
  table.image_release = AroundRelease<&hadal_device_table_t::image_release>::call;
  table.memory_release = AroundRelease<&hadal_device_table_t::memory_release>::call;
  table.host_release = hostRelease;
  table.queue_release = AroundRelease<&hadal_device_table_t::queue_release>::call;
  table.event_release = AroundRelease<&hadal_device_table_t::event_release>::call;
  table.record_release = AroundRelease<&hadal_device_table_t::record_release>::call;
  return table;
}

} // namespace

Liar &liar() {
  static Liar self;
  return self;
}

const hadal_device_table_t &lyingTable() {
  static const hadal_device_table_t table = makeTable();
  return table;
}

} // namespace hadal::test
