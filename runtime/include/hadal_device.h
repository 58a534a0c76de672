/* SPDX-License-Identifier: Apache-2.0
 * What a device is to Hadal's runtime: a table of functions, built in or in a library of its own. */
#ifndef HADAL_DEVICE_H
#define HADAL_DEVICE_H

/* A device executes the programs of one family. The runtime knows it by a table
 * of functions and nothing else: the table of the cpu is built in, others come in
 * libraries, libhadal_device_NAME.so, each of which exports one function,
 *
 *   const hadal_device_table_t *hadal_device_query(uint32_t version);
 *
 * Seven objects:
 *
 *   device   opened once a context; everything else is made from it
 *   image    the code of one section of an artifact, loaded
 *   kernel   a function of an image and how it is launched; belongs to the image
 *   memory   storage that kernels address
 *   queue    work in order
 *   event    a point in a queue's work, and the time at which it was reached
 *   record   launches that were described once and are run many times
 *
 * Order
 *   Work of one queue takes effect in the order of the calls, whichever thread
 *   makes them. Work of two queues has no order but what events give: what was
 *   put into queue B after queue_wait(B, e) begins when what was put into queue A
 *   before queue_signal(A, e) has ended. The signal is called first; to wait for
 *   an event that was never signalled is no wait. Calls may return before their
 *   work has begun; queue_synchronize returns when all of it has ended.
 *
 * Threads
 *   Calls on one device may come from several threads at once. Calls on one
 *   queue, and on a record of it, come from one thread at a time.
 *
 * Ownership
 *   Whoever receives an object gives it back with the matching release, which
 *   never fails; the runtime releases what belongs to a device before it closes
 *   it, and only when no work that needs it is left. What is passed in is borrowed
 *   for the call, but for host memory of uploads and downloads, which is borrowed
 *   until the work has ended. Strings that a device hands out live as long as it
 *   does.
 *
 * Errors
 *   A call that can fail returns a code of hadal_status_code_t, and unless that is
 *   HADAL_STATUS_OK it has written a message: lower case, one line, no full stop,
 *   what was expected and what was found. Out-parameters come before the error,
 *   last but one, and are set only by a call that succeeds. A failure of work that
 *   was only begun is reported by a later call of the queue, at the latest by
 *   queue_synchronize. After HADAL_STATUS_DEVICE_LOST nothing but release and close
 *   is called. Nothing is thrown through this interface.
 *
 * Evolution
 *   The version is raised when a table of the one before could not be used. What is
 *   added within a version goes to the end of a struct, whose struct_size says what
 *   its maker knew: the runtime takes a shorter table as one without the functions
 *   that were added, and a device takes fields that it does not find as zero. */

#include "hadal_kernel_abi.h"
#include "hadal_runtime.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HADAL_DEVICE_VERSION 1

typedef struct hadal_device hadal_device_t;
typedef struct hadal_device_image hadal_device_image_t;
typedef struct hadal_device_kernel hadal_device_kernel_t;
typedef struct hadal_device_memory hadal_device_memory_t;
typedef struct hadal_device_queue hadal_device_queue_t;
typedef struct hadal_device_event hadal_device_event_t;
typedef struct hadal_device_record hadal_device_record_t;

/* Where kernels find something; never 0. */
typedef uint64_t hadal_device_address_t;

/* Of a call that failed. The runtime has set both before the call: `launch` to
 * UINT32_MAX, `message` to "". */
typedef struct hadal_device_error_t {
  uint32_t launch;    /* which launch of a replayed record failed, where that is known */
  char message[1020]; /* ends with a zero */
} hadal_device_error_t;

/* A hadal_status_code_t, of a fixed width. */
typedef int32_t hadal_device_code_t;

/* ---- Device -------------------------------------------------------------- */

typedef struct hadal_device_options_t {
  size_t struct_size;
  uint32_t index;   /* which of several: "cuda:1" is 1 */
  uint32_t threads; /* of the host, where they execute kernels; 0: the device's choice */
  int32_t pin_threads; /* not zero: each of them on a core of its own */
} hadal_device_options_t;

typedef struct hadal_device_info_t {
  size_t struct_size;
  const char *family;         /* of programs that it executes: "cpu", "cuda" */
  const char *hardware;       /* what a person calls it */
  const char *const *levels;  /* [level_count] of kernels that it executes, best first */
  uint32_t level_count;
  const char *level_note; /* why there are not more: "HADAL_CPU_LEVEL allows no other", or "" */
  uint32_t kernel_abi; /* version of the binary interface of kernels that it calls:
                                 HADAL_KERNEL_ABI_VERSION, HADAL_CUDA_KERNEL_ABI_VERSION */
  uint32_t threads; /* of the host that execute kernels; 0: none */
  uint32_t alignment; /* bytes, a power of two from 64: of memory that it allocates */
  int32_t shares_host_memory; /* not zero: kernels use host memory at its own address */
  uint32_t max_workgroup[3]; /* threads; zeros: a workgroup is what the kernel ABI fixes */
  uint32_t max_workgroup_threads;
  uint64_t max_shared_bytes; /* of a workgroup, static and dynamic */
  uint64_t memory_bytes; /* in all; 0: not known */
  int32_t pins_threads; /* not zero: as options.pin_threads asked */
} hadal_device_info_t;

/* ---- Code ---------------------------------------------------------------- */

/* A section of an artifact with code, and which of its functions are asked for. */
typedef struct hadal_device_code_section_t {
  size_t struct_size;
  const char *name; /* for messages */
  const char *level;
  const void *data; /* borrowed as long as the image lives */
  size_t size;
  const char *const *symbols; /* [symbol_count] */
  uint32_t symbol_count;
} hadal_device_code_section_t;

/* What a kernel gets for one of its parameters. */
typedef enum hadal_device_parameter_kind_t {
  HADAL_DEVICE_PARAMETER_ADDRESS = 0, /* 8 bytes: of a binding, of the workspace, or of the
                                            constants of the launch in the device's memory */
  HADAL_DEVICE_PARAMETER_I32 = 1, /* 4 bytes */
  HADAL_DEVICE_PARAMETER_I64 = 2, /* 8 bytes */
  HADAL_DEVICE_PARAMETER_TENSOR_MAP = 3, /* a description of a binding, as the hardware wants it */
  HADAL_DEVICE_PARAMETER_FORCE_32_BITS = 0x7fffffff
} hadal_device_parameter_kind_t;

/* How a kernel is launched, as far as all launches agree. */
typedef struct hadal_device_interface_t {
  size_t struct_size;
  uint32_t workgroup_size[3]; /* threads; zeros: what the kernel ABI fixes */
  uint32_t cluster[3]; /* workgroups; zeros: none */
  int32_t cooperative; /* all workgroups resident at once */
  int32_t dynamic_shared; /* not zero: launches say how much */
  uint64_t static_shared_bytes;
  uint64_t scratch_bytes; /* private to a workgroup, from the device's host threads */
  const hadal_device_parameter_kind_t *parameters; /* in the kernel's order */
  uint32_t parameter_count; /* 0: what the kernel ABI fixes */
} hadal_device_interface_t;

/* ---- Launches ------------------------------------------------------------ */

/* How a tensor map reads a binding; innermost axis first. */
typedef struct hadal_device_tensor_map_t {
  hadal_element_type_t type;
  uint32_t rank; /* 1 to 5 */
  uint64_t extents[5]; /* elements */
  uint64_t strides[4]; /* bytes, of all axes but the innermost */
  uint32_t box[5]; /* elements that one copy moves */
  uint32_t swizzle; /* 0, or bytes: 32, 64, 128 */
} hadal_device_tensor_map_t;

typedef struct hadal_device_parameter_t {
  hadal_device_parameter_kind_t kind;
  hadal_device_address_t address; /* of an address and of a tensor map */
  int64_t value; /* of an integer */
  const hadal_device_tensor_map_t *map;
} hadal_device_parameter_t;

typedef struct hadal_device_launch_t {
  size_t struct_size;
  hadal_device_kernel_t *kernel;
  uint32_t grid[3]; /* workgroups; each at least 1 */
  uint64_t shared_bytes; /* dynamic, a workgroup */
  /* For a kernel whose ABI fixes its parameters: */
  const hadal_device_address_t *bindings; /* [binding_count]; behind the launch's own its
                                             workspace, where the interface has one */
  uint32_t binding_count;
  const int64_t *constants; /* [constant_count] */
  uint32_t constant_count;
  /* For any other, as many as its interface says: */
  const hadal_device_parameter_t *parameters;
  uint32_t parameter_count;
} hadal_device_launch_t;

/* ---- The table ----------------------------------------------------------- */

/* How memory is used, as far as a device cares. */
typedef enum hadal_device_memory_use_t {
  HADAL_DEVICE_MEMORY_SPARSE = 0, /* maybe never written in whole: spend it when it is */
  HADAL_DEVICE_MEMORY_WHOLE = 1, /* written at once */
  HADAL_DEVICE_MEMORY_FORCE_32_BITS = 0x7fffffff
} hadal_device_memory_use_t;

/* No function is NULL unless it says so. `error` is never NULL. */
typedef struct hadal_device_table_t {
  size_t struct_size;
  uint32_t version; /* HADAL_DEVICE_VERSION of the headers it was built with */
  const char *name; /* "cpu" */

  /* Errors: no such hardware, driver or index, in a line that says what is missing. */
  hadal_device_code_t (*open)(const hadal_device_options_t *options, hadal_device_t **out_device,
                              hadal_device_error_t *error);
  void (*close)(hadal_device_t *device);
  /* Fills *out_info, whose struct_size the caller has set. */
  void (*info)(hadal_device_t *device, hadal_device_info_t *out_info);

  /* Whether a section is code that the device could load, of whatever level, and
   * has the symbols, as far as that can be told without loading it; so that what is
   * broken is found on any machine. */
  hadal_device_code_t (*image_check)(hadal_device_t *device,
                                     const hadal_device_code_section_t *section,
                                     hadal_device_error_t *error);
  /* Whether the device can launch what has this interface. */
  hadal_device_code_t (*interface_check)(hadal_device_t *device,
                                         const hadal_device_interface_t *interface,
                                         hadal_device_error_t *error);
  /* Loads a section of a level that the device has. */
  hadal_device_code_t (*image_load)(hadal_device_t *device,
                                    const hadal_device_code_section_t *section,
                                    hadal_device_image_t **out_image, hadal_device_error_t *error);
  void (*image_release)(hadal_device_t *device, hadal_device_image_t *image);
  /* A function of an image, which fits the interface as far as the image says. */
  hadal_device_code_t (*kernel_find)(hadal_device_t *device, hadal_device_image_t *image,
                                     const char *symbol, const hadal_device_interface_t *interface,
                                     hadal_device_kernel_t **out_kernel,
                                     hadal_device_error_t *error);

  /* Zeroed storage of `size` bytes, at least 1, aligned to info.alignment. `what` is
   * for messages; one about a lack of memory says how much there is. */
  hadal_device_code_t (*memory_allocate)(hadal_device_t *device, size_t size,
                                         hadal_device_memory_use_t use, const char *what,
                                         hadal_device_memory_t **out_memory,
                                         hadal_device_address_t *out_address,
                                         hadal_device_error_t *error);
  /* Makes host memory readable by kernels, in place where the device can, else in a
   * copy. It stays mapped and unchanged until the release. Both addresses are aligned
   * to 64 bytes. */
  hadal_device_code_t (*memory_import)(hadal_device_t *device, const void *data, size_t size,
                                       const char *what, hadal_device_memory_t **out_memory,
                                       hadal_device_address_t *out_address,
                                       hadal_device_error_t *error);
  void (*memory_release)(hadal_device_t *device, hadal_device_memory_t *memory);
  /* Host memory that copies are fast from and to: aligned to 64 bytes. */
  hadal_device_code_t (*host_allocate)(hadal_device_t *device, size_t size, void **out_data,
                                       hadal_device_error_t *error);
  void (*host_release)(hadal_device_t *device, void *data);

  hadal_device_code_t (*queue_create)(hadal_device_t *device, hadal_device_queue_t **out_queue,
                                      hadal_device_error_t *error);
  /* Waits for its work first. */
  void (*queue_release)(hadal_device_t *device, hadal_device_queue_t *queue);
  hadal_device_code_t (*queue_upload)(hadal_device_queue_t *queue, hadal_device_address_t to,
                                      const void *from, size_t size, hadal_device_error_t *error);
  hadal_device_code_t (*queue_download)(hadal_device_queue_t *queue, void *to,
                                        hadal_device_address_t from, size_t size,
                                        hadal_device_error_t *error);
  hadal_device_code_t (*queue_launch)(hadal_device_queue_t *queue,
                                      const hadal_device_launch_t *launch,
                                      hadal_device_error_t *error);
  hadal_device_code_t (*queue_signal)(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                      hadal_device_error_t *error);
  hadal_device_code_t (*queue_wait)(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                    hadal_device_error_t *error);
  hadal_device_code_t (*queue_synchronize)(hadal_device_queue_t *queue,
                                           hadal_device_error_t *error);

  hadal_device_code_t (*event_create)(hadal_device_t *device, hadal_device_event_t **out_event,
                                      hadal_device_error_t *error);
  void (*event_release)(hadal_device_t *device, hadal_device_event_t *event);
  /* Waits for the last signal; an event that was never signalled is an error. */
  hadal_device_code_t (*event_synchronize)(hadal_device_event_t *event,
                                           hadal_device_error_t *error);
  /* When the last signal was reached, as the device measures it: nanoseconds of the
   * host's CLOCK_MONOTONIC. Waits for it like event_synchronize. */
  hadal_device_code_t (*event_time)(hadal_device_event_t *event, uint64_t *out_nanoseconds,
                                    hadal_device_error_t *error);

  /* From begin to end, launches of the queue are written down and not run; nothing
   * else is put into the queue meanwhile. All that a launch is given is kept as it is
   * then: grid, addresses, integers. end gives the record, or an error, and either way
   * launches run again; a failed launch in between leaves a queue whose record_end
   * fails. */
  hadal_device_code_t (*record_begin)(hadal_device_queue_t *queue, hadal_device_error_t *error);
  hadal_device_code_t (*record_end)(hadal_device_queue_t *queue, hadal_device_record_t **out_record,
                                    hadal_device_error_t *error);
  void (*record_release)(hadal_device_t *device, hadal_device_record_t *record);
  /* Puts all launches of a record into its queue, in order. The kernels, the memory and
   * the queue of the record are still there. A device whose launches run within the call
   * looks at *cancel before each one, which another thread may set, so that it is read
   * as an atomic integer, and ends with HADAL_STATUS_CANCELLED when it is not zero; others
   * do not look. */
  hadal_device_code_t (*queue_replay)(hadal_device_queue_t *queue, hadal_device_record_t *record,
                                      const volatile int32_t *cancel, hadal_device_error_t *error);

  /* What the device counted in the last launch of the queue, as a JSON object; valid
   * until the next call of the queue. May be NULL, and may return NULL: nothing is
   * counted. The caller has synchronised. */
  const char *(*queue_counters)(hadal_device_queue_t *queue);
} hadal_device_table_t;

/* The table for a runtime that was built for `version`, or NULL when the library has
 * none for it. A static object. */
#if defined(HADAL_DEVICE_LIBRARY)
HADAL_API const hadal_device_table_t *hadal_device_query(uint32_t version);
#endif
typedef const hadal_device_table_t *(*hadal_device_query_fn_t)(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_DEVICE_H */
