/* SPDX-License-Identifier: Apache-2.0
 * The toy target's device, as somebody else would write one: C, the header of devices, and nothing of Hadal to link. */
#define HADAL_DEVICE_LIBRARY
#include "ToyKernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A binary interface of kernels is what a target and its device make it. That of the toy: a workgroup (x, y) of
 * a grid (rows, n, 1) computes the elements y, y + n, ... of row x. Bindings are two operands and the result; the first
 * constant is the number of rows, and what is beyond it does nothing. */
enum { kKernelABI = 7, kAlignment = 64 };

/* What the runtime is given for an address is none of the host's, so that nothing can take it for one. */
static const hadal_device_address_t kBase = (hadal_device_address_t)1 << 62;

static void *pointerTo(hadal_device_address_t address) {
  return (void *)(uintptr_t)(address - kBase);
}
static hadal_device_address_t addressOf(const void *data) { return (uintptr_t)data + kBase; }

struct hadal_device {
  char hardware[32];
};

struct hadal_device_memory {
  void *owned; /* NULL: imported, in place */
};

typedef struct launch_t {
  const hadal_device_kernel_t *kernel;
  uint32_t rows, groups; /* x and y of the grid */
  hadal_device_address_t bindings[3];
  int64_t limit; /* of rows, from the constants */
} launch_t;

struct hadal_device_record {
  hadal_device_queue_t *queue;
  launch_t *launches;
  size_t count;
};

struct hadal_device_queue {
  hadal_device_record_t *recording; /* NULL but between record_begin and record_end */
  hadal_device_error_t failure; /* of the first launch of the record that failed */
  hadal_device_code_t failed;
};

struct hadal_device_event {
  _Atomic uint64_t time; /* 0: never signalled */
};

/* ---- Device ---- */

static hadal_device_code_t openDevice(const hadal_device_options_t *given, hadal_device_t **out,
                                      hadal_device_error_t *error) {
  hadal_device_options_t options;
  take(given, &options, sizeof options);
  if (options.index)
    return fail(error, HADAL_STATUS_NOT_FOUND, "toy: expected device 0, the only one, got %u",
                options.index);
  hadal_device_t *device = calloc(1, sizeof *device);
  if (!device)
    return fail(error, HADAL_STATUS_OUT_OF_MEMORY, "toy: expected %zu B for a device, got none",
                sizeof *device);
  strcpy(device->hardware, "a loop on the host");
  *out = device;
  return HADAL_STATUS_OK;
}

static void closeDevice(hadal_device_t *device) { free(device); }

static void info(hadal_device_t *device, hadal_device_info_t *out) {
  static const char *const levels[] = {"toy-2", "toy-1"};
  hadal_device_info_t facts = {0};
  size_t size = out->struct_size;
  facts.struct_size = size;
  facts.family = "toy";
  facts.hardware = device->hardware;
  facts.levels = levels;
  facts.level_count = 2;
  facts.level_note = "";
  facts.kernel_abi = kKernelABI;
  facts.alignment = kAlignment;
  memcpy(out, &facts, size < sizeof facts ? size : sizeof facts);
}

/* ---- Memory ---- */

static void *allocate(size_t size) {
  size_t whole = (size + kAlignment - 1) / kAlignment * kAlignment;
  return whole < size ? NULL : aligned_alloc(kAlignment, whole);
}

static hadal_device_code_t noMemory(hadal_device_error_t *error, const char *what, size_t size) {
  long pages = sysconf(_SC_AVPHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return fail(error, HADAL_STATUS_OUT_OF_MEMORY, "%s: expected %zu B of memory, got %llu B free",
              what, size,
              pages > 0 && bytes > 0 ? (unsigned long long)pages * (unsigned long long)bytes : 0);
}

static hadal_device_code_t memoryOf(void *owned, const void *data, const char *what, size_t size,
                                    hadal_device_memory_t **out, hadal_device_address_t *address,
                                    hadal_device_error_t *error) {
  hadal_device_memory_t *memory = data ? malloc(sizeof *memory) : NULL;
  if (!memory) {
    free(owned);
    return noMemory(error, what, size);
  }
  memory->owned = owned;
  *out = memory;
  *address = addressOf(data);
  return HADAL_STATUS_OK;
}

static hadal_device_code_t memoryAllocate(hadal_device_t *device, size_t size,
                                          hadal_device_memory_use_t use, const char *what,
                                          hadal_device_memory_t **out,
                                          hadal_device_address_t *address,
                                          hadal_device_error_t *error) {
  (void)device, (void)use;
  void *data = allocate(size);
  if (data)
    memset(data, 0, size);
  return memoryOf(data, data, what, size, out, address, error);
}

static hadal_device_code_t memoryImport(hadal_device_t *device, const void *data, size_t size,
                                        const char *what, hadal_device_memory_t **out,
                                        hadal_device_address_t *address,
                                        hadal_device_error_t *error) {
  (void)device;
  return memoryOf(NULL, data, what, size, out, address, error);
}

static void memoryRelease(hadal_device_t *device, hadal_device_memory_t *memory) {
  (void)device;
  free(memory->owned);
  free(memory);
}

static hadal_device_code_t hostAllocate(hadal_device_t *device, size_t size, void **out,
                                        hadal_device_error_t *error) {
  (void)device;
  void *data = allocate(size);
  if (!data)
    return noMemory(error, "host memory", size);
  *out = data;
  return HADAL_STATUS_OK;
}

static void hostRelease(hadal_device_t *device, void *data) {
  (void)device;
  free(data);
}

/* ---- Queues: work has ended when its call has, so that no order is left to keep. ---- */

static hadal_device_code_t expectNoRecord(const hadal_device_queue_t *queue, const char *call,
                                          hadal_device_error_t *error) {
  if (!queue->recording)
    return HADAL_STATUS_OK;
  return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
              "toy: expected launches alone in a record, got %s", call);
}

static hadal_device_code_t queueCreate(hadal_device_t *device, hadal_device_queue_t **out,
                                       hadal_device_error_t *error) {
  (void)device;
  hadal_device_queue_t *queue = calloc(1, sizeof *queue);
  if (!queue)
    return noMemory(error, "queue", sizeof *queue);
  *out = queue;
  return HADAL_STATUS_OK;
}

static void recordRelease(hadal_device_t *device, hadal_device_record_t *record) {
  (void)device;
  if (record)
    free(record->launches);
  free(record);
}

static void queueRelease(hadal_device_t *device, hadal_device_queue_t *queue) {
  recordRelease(device, queue->recording);
  free(queue);
}

static hadal_device_code_t queueUpload(hadal_device_queue_t *queue, hadal_device_address_t to,
                                       const void *from, size_t size, hadal_device_error_t *error) {
  hadal_device_code_t code = expectNoRecord(queue, "an upload", error);
  if (code == HADAL_STATUS_OK)
    memcpy(pointerTo(to), from, size);
  return code;
}

static hadal_device_code_t queueDownload(hadal_device_queue_t *queue, void *to,
                                         hadal_device_address_t from, size_t size,
                                         hadal_device_error_t *error) {
  hadal_device_code_t code = expectNoRecord(queue, "a download", error);
  if (code == HADAL_STATUS_OK)
    memcpy(to, pointerTo(from), size);
  return code;
}

static void run(const launch_t *launch) {
  const hadal_device_kernel_t *kernel = launch->kernel;
  const void *operands[2] = {pointerTo(launch->bindings[0]), pointerTo(launch->bindings[1])};
  float *result = pointerTo(launch->bindings[2]);
  uint64_t width = kernel->numbers[0];
  for (uint64_t row = 0; row < launch->rows && (int64_t)row < launch->limit; ++row)
    for (uint64_t group = 0; group < launch->groups; ++group)
      for (uint64_t column = group; column < width; column += launch->groups)
        result[row * width + column] =
            kernel->kind->element(kernel->numbers, operands, row, column);
}

static hadal_device_code_t check(const hadal_device_launch_t *given, launch_t *launch,
                                 hadal_device_error_t *error) {
  const char *name = given->kernel->name;
  if (given->binding_count != 3)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "%s: expected 3 bindings, got %u", name,
                given->binding_count);
  if (given->constant_count < 1)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "%s: expected the number of rows, got no constants", name);
  if (given->grid[2] != 1)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "%s: expected a grid of 2 dims, got %u in z",
                name, given->grid[2]);
  launch->kernel = given->kernel;
  launch->rows = given->grid[0];
  launch->groups = given->grid[1];
  memcpy(launch->bindings, given->bindings, sizeof launch->bindings);
  launch->limit = given->constants[0];
  return HADAL_STATUS_OK;
}

static hadal_device_code_t keep(hadal_device_record_t *record, const launch_t *launch,
                                hadal_device_error_t *error) {
  size_t size = (record->count + 1) * sizeof *launch;
  launch_t *launches = realloc(record->launches, size);
  if (!launches)
    return noMemory(error, "record", size);
  record->launches = launches;
  launches[record->count++] = *launch;
  return HADAL_STATUS_OK;
}

static hadal_device_code_t queueLaunch(hadal_device_queue_t *queue,
                                       const hadal_device_launch_t *given,
                                       hadal_device_error_t *error) {
  hadal_device_launch_t known;
  launch_t launch;
  take(given, &known, sizeof known);
  hadal_device_code_t code = check(&known, &launch, error);
  if (code == HADAL_STATUS_OK && queue->recording)
    code = keep(queue->recording, &launch, error);
  else if (code == HADAL_STATUS_OK)
    run(&launch);
  if (code != HADAL_STATUS_OK && queue->recording && queue->failed == HADAL_STATUS_OK) {
    queue->failed = code;
    queue->failure = *error;
  }
  return code;
}

static hadal_device_code_t queueSignal(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                       hadal_device_error_t *error) {
  hadal_device_code_t code = expectNoRecord(queue, "a signal", error);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (code == HADAL_STATUS_OK)
    atomic_store(&event->time, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
  return code;
}

static hadal_device_code_t queueWait(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                     hadal_device_error_t *error) {
  (void)event;
  return expectNoRecord(queue, "a wait", error);
}

static hadal_device_code_t queueSynchronize(hadal_device_queue_t *queue,
                                            hadal_device_error_t *error) {
  return expectNoRecord(queue, "a synchronisation", error);
}

static hadal_device_code_t eventCreate(hadal_device_t *device, hadal_device_event_t **out,
                                       hadal_device_error_t *error) {
  (void)device;
  hadal_device_event_t *event = calloc(1, sizeof *event);
  if (!event)
    return noMemory(error, "event", sizeof *event);
  *out = event;
  return HADAL_STATUS_OK;
}

static void eventRelease(hadal_device_t *device, hadal_device_event_t *event) {
  (void)device;
  free(event);
}

static hadal_device_code_t eventTime(hadal_device_event_t *event, uint64_t *out,
                                     hadal_device_error_t *error) {
  uint64_t time = atomic_load(&event->time);
  if (!time)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "event: expected one that was signalled, got another");
  *out = time;
  return HADAL_STATUS_OK;
}

static hadal_device_code_t eventSynchronize(hadal_device_event_t *event,
                                            hadal_device_error_t *error) {
  uint64_t time;
  return eventTime(event, &time, error);
}

/* ---- Records ---- */

static hadal_device_code_t recordBegin(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  hadal_device_code_t code = expectNoRecord(queue, "another record", error);
  if (code != HADAL_STATUS_OK)
    return code;
  hadal_device_record_t *record = calloc(1, sizeof *record);
  if (!record)
    return noMemory(error, "record", sizeof *record);
  record->queue = queue;
  queue->recording = record;
  queue->failed = HADAL_STATUS_OK;
  return HADAL_STATUS_OK;
}

static hadal_device_code_t recordEnd(hadal_device_queue_t *queue, hadal_device_record_t **out,
                                     hadal_device_error_t *error) {
  hadal_device_record_t *record = queue->recording;
  if (!record)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "toy: expected a queue that records, got another");
  queue->recording = NULL;
  if (queue->failed != HADAL_STATUS_OK) {
    recordRelease(NULL, record);
    return fail(error, queue->failed, "%s", queue->failure.message);
  }
  *out = record;
  return HADAL_STATUS_OK;
}

static hadal_device_code_t queueReplay(hadal_device_queue_t *queue, hadal_device_record_t *record,
                                       const volatile int32_t *cancel,
                                       hadal_device_error_t *error) {
  hadal_device_code_t code = expectNoRecord(queue, "a replay", error);
  if (code != HADAL_STATUS_OK)
    return code;
  for (size_t i = 0; i < record->count; ++i) {
    if (cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED)) {
      error->launch = (uint32_t)i;
      return fail(error, HADAL_STATUS_CANCELLED, "cancelled before launch %zu of %zu", i,
                  record->count);
    }
    run(&record->launches[i]);
  }
  return HADAL_STATUS_OK;
}

/* ---- The table ---- */

const hadal_device_table_t *hadal_device_query(uint32_t version) {
  static const hadal_device_table_t table = {
      .struct_size = sizeof table,
      .version = HADAL_DEVICE_VERSION,
      .name = "toy",
      .open = openDevice,
      .close = closeDevice,
      .info = info,
      .image_check = imageCheck,
      .interface_check = interfaceCheck,
      .image_load = imageLoad,
      .image_release = imageRelease,
      .kernel_find = kernelFind,
      .memory_allocate = memoryAllocate,
      .memory_import = memoryImport,
      .memory_release = memoryRelease,
      .host_allocate = hostAllocate,
      .host_release = hostRelease,
      .queue_create = queueCreate,
      .queue_release = queueRelease,
      .queue_upload = queueUpload,
      .queue_download = queueDownload,
      .queue_launch = queueLaunch,
      .queue_signal = queueSignal,
      .queue_wait = queueWait,
      .queue_synchronize = queueSynchronize,
      .event_create = eventCreate,
      .event_release = eventRelease,
      .event_synchronize = eventSynchronize,
      .event_time = eventTime,
      .record_begin = recordBegin,
      .record_end = recordEnd,
      .record_release = recordRelease,
      .queue_replay = queueReplay,
  };
  return version == HADAL_DEVICE_VERSION ? &table : NULL;
}
