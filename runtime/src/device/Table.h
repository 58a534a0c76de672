// SPDX-License-Identifier: Apache-2.0
// The functions of a device's table by name, for whoever makes a table or looks at each of its functions. Their
// types stand in hadal_device.h alone.
#ifndef HADAL_DEVICE_TABLE_H
#define HADAL_DEVICE_TABLE_H

#ifdef __cpp_exceptions
#include "device/Guard.h"
#endif
#include "hadal_device.h"

#include <type_traits>

/// X(field, function) for each that no device lacks: its name in the table, and in the devices here.
#define HADAL_DEVICE_FUNCTIONS(X)                                                                  \
  X(open, open)                                                                                    \
  X(close, close)                                                                                  \
  X(info, info)                                                                                    \
  X(image_check, imageCheck)                                                                       \
  X(interface_check, interfaceCheck)                                                               \
  X(image_load, imageLoad)                                                                         \
  X(image_release, imageRelease)                                                                   \
  X(kernel_find, kernelFind)                                                                       \
  X(memory_allocate, memoryAllocate)                                                               \
  X(memory_import, memoryImport)                                                                   \
  X(memory_release, memoryRelease)                                                                 \
  X(host_allocate, hostAllocate)                                                                   \
  X(host_release, hostRelease)                                                                     \
  X(queue_create, queueCreate)                                                                     \
  X(queue_release, queueRelease)                                                                   \
  X(queue_upload, queueUpload)                                                                     \
  X(queue_download, queueDownload)                                                                 \
  X(queue_launch, queueLaunch)                                                                     \
  X(queue_signal, queueSignal)                                                                     \
  X(queue_wait, queueWait)                                                                         \
  X(queue_synchronize, queueSynchronize)                                                           \
  X(event_create, eventCreate)                                                                     \
  X(event_release, eventRelease)                                                                   \
  X(event_synchronize, eventSynchronize)                                                           \
  X(event_time, eventTime)                                                                         \
  X(record_begin, recordBegin)                                                                     \
  X(record_end, recordEnd)                                                                         \
  X(record_release, recordRelease)                                                                 \
  X(queue_replay, queueReplay)

/// Declares a function of the table in the namespace where it stands.
#define HADAL_DEVICE_DECLARE(field, function)                                                      \
  std::remove_pointer_t<decltype(hadal_device_table_t::field)> function;

/// A table of the functions that are visible where it stands, within hadal; `counters` may be null, and
/// throws nothing.
#define HADAL_DEVICE_TABLE(device, counters)                                                       \
  [] {                                                                                             \
    hadal_device_table_t table = {};                                                               \
    table.struct_size = sizeof table;                                                              \
    table.version = HADAL_DEVICE_VERSION;                                                          \
    table.name = device;                                                                           \
    HADAL_DEVICE_FUNCTIONS(HADAL_DEVICE_SET)                                                       \
    table.queue_counters = counters;                                                               \
    return table;                                                                                  \
  }()
#ifdef __cpp_exceptions
#define HADAL_DEVICE_SET(field, function) table.field = device::Guarded<function>::call;
#else
#define HADAL_DEVICE_SET(field, function) table.field = function;
#endif

#endif // HADAL_DEVICE_TABLE_H
