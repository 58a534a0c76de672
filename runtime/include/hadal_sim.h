/* SPDX-License-Identifier: Apache-2.0
 * Executes, checks and counts PTX on the host.
 *
 * A context owns device memory and modules. PTX text is parsed and decoded once
 * by hadal_sim_module_load; its kernels are then launched any number of times.
 * Launches are synchronous. After each one the counters can be read as JSON.
 *
 *   hadal_sim_context_t *context;
 *   hadal_sim_context_create(&context);
 *   hadal_sim_module_t *module;
 *   hadal_sim_module_load(context, text, length, "add.ptx", &module);
 *   uint64_t x;
 *   hadal_sim_alloc(context, 4096, "x", &x);
 *   hadal_sim_copy_in(context, x, host, 4096);
 *   hadal_sim_launch_t launch;
 *   hadal_sim_launch_defaults(&launch);
 *   launch.grid[0] = 8;
 *   launch.block[0] = 128;
 *   const void *arguments[] = {&x};
 *   hadal_sim_launch(context, module, "add", &launch, arguments, 1);
 *
 * Threads: different contexts may be used by different threads at the same
 * time; one context by one thread at a time.
 *
 * Errors: fallible calls return a status; hadal_sim_context_message gives the
 * text of the last one of the context, which names what was expected and found.
 * Device addresses are not host pointers. */
#ifndef HADAL_SIM_H
#define HADAL_SIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define HADAL_SIM_API __declspec(dllexport)
#else
#define HADAL_SIM_API __attribute__((visibility("default")))
#endif

typedef enum hadal_sim_status_t {
  HADAL_SIM_OK = 0,
  /* The input is wrong: PTX that does not parse, an unknown name, a launch that
   * the kernel or the machine does not allow, memory that does not exist. */
  HADAL_SIM_ERROR = 1,
  /* A check fired while a kernel ran, or on a copy to the host. The launch
   * ended there; memory holds what had been written. */
  HADAL_SIM_CHECK = 3,
  /* The host has no memory for it. What was begun has ended; all else is as it was. */
  HADAL_SIM_OUT_OF_MEMORY = 4
} hadal_sim_status_t;

typedef struct hadal_sim_context_t hadal_sim_context_t;
typedef struct hadal_sim_module_t hadal_sim_module_t;

/* Creates a context without buffers. *out_context is owned by the caller;
 * release with hadal_sim_context_release. Fails where the host has neither AVX2
 * nor AVX-512, or not the level that the environment's HADAL_SIM_LEVEL names (v3
 * or v4), or HADAL_CPU_AT_MOST (see hadal_runtime.h) leaves none; the message is
 * then that of a null context. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_context_create(hadal_sim_context_t **out_context);
/* Releases the context, its modules and its buffers. Null is allowed. */
HADAL_SIM_API void hadal_sim_context_release(hadal_sim_context_t *context);
/* The message of the last call that failed, of hadal_sim_context_create for a
 * null context; valid until the next call. */
HADAL_SIM_API const char *hadal_sim_context_message(const hadal_sim_context_t *context);
/* The check that fired last ("bounds", "init", "race", "barrier", "async",
 * "global-race", "limit", "trap"), the PTX line it names, or "" and 0. */
HADAL_SIM_API const char *hadal_sim_context_check(const hadal_sim_context_t *context,
                                                  uint32_t *out_line);
/* The level of the host's instruction set in use: "sim_v3" or "sim_v4". */
HADAL_SIM_API const char *hadal_sim_context_level(const hadal_sim_context_t *context);

/* Parses and decodes PTX text of `length` bytes and allocates its .global and
 * .const variables. `name` stands in messages ("NAME:LINE:COLUMN: what").
 * *out_module belongs to the context. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_module_load(hadal_sim_context_t *context,
                                                       const char *text, size_t length,
                                                       const char *name,
                                                       hadal_sim_module_t **out_module);
/* Frees the module's variables; its addresses become invalid. */
HADAL_SIM_API void hadal_sim_module_release(hadal_sim_context_t *context,
                                            hadal_sim_module_t *module);
/* The number of entries, and the name of one of them (null beyond the last). */
HADAL_SIM_API size_t hadal_sim_module_kernel_count(const hadal_sim_module_t *module);
HADAL_SIM_API const char *hadal_sim_module_kernel_name(const hadal_sim_module_t *module,
                                                       size_t index);
/* What its .target names: "sm_80". */
HADAL_SIM_API const char *hadal_sim_module_target(const hadal_sim_module_t *module);
/* Address and size of a .global or .const variable. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_module_variable(hadal_sim_context_t *context,
                                                           hadal_sim_module_t *module,
                                                           const char *name, uint64_t *out_address,
                                                           uint64_t *out_bytes);

/* One parameter of a kernel. */
typedef struct hadal_sim_parameter_t {
  const char *name; /* belongs to the module */
  const char *type; /* as written: "u64", "f32", "b8" */
  uint64_t bytes;
  uint64_t alignment;
  uint64_t offset; /* in the parameter block */
  int is_array;    /* a value passed by its bytes, such as a struct */
} hadal_sim_parameter_t;

/* What a kernel needs. */
typedef struct hadal_sim_kernel_info_t {
  size_t parameter_count;
  uint64_t static_shared_bytes;
  uint64_t local_bytes;        /* a thread, without called functions */
  uint32_t required_block[3];  /* .reqntid; zeros where there is none */
  uint32_t maximum_block[3];   /* .maxntid */
  const char *refusal; /* why it cannot be launched, "" where it can; belongs to
                          the module */
} hadal_sim_kernel_info_t;

HADAL_SIM_API hadal_sim_status_t hadal_sim_kernel_info(hadal_sim_context_t *context,
                                                       hadal_sim_module_t *module,
                                                       const char *kernel,
                                                       hadal_sim_kernel_info_t *out_info);
HADAL_SIM_API hadal_sim_status_t hadal_sim_kernel_parameter(hadal_sim_context_t *context,
                                                            hadal_sim_module_t *module,
                                                            const char *kernel, size_t index,
                                                            hadal_sim_parameter_t *out_parameter);

/* Allocates device memory, 4096-byte aligned, poisoned and undefined until it is
 * written. `name` stands in messages. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_alloc(hadal_sim_context_t *context, uint64_t bytes,
                                                 const char *name, uint64_t *out_address);
/* As hadal_sim_alloc, but zeros, which are defined: the host spends memory on
 * them where they are touched. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_alloc_zeros(hadal_sim_context_t *context, uint64_t bytes,
                                                       const char *name, uint64_t *out_address);
/* Makes memory of the host a read-only buffer, without a copy and without
 * shadow: kernels read it in place. It is aligned to 16 bytes, and stays where
 * and what it is until the buffer is freed. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_import(hadal_sim_context_t *context, const void *data,
                                                  uint64_t bytes, const char *name,
                                                  uint64_t *out_address);
/* Maps a file as a read-only buffer, without a copy and without shadow. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_map_file(hadal_sim_context_t *context, const char *path,
                                                    uint64_t *out_address, uint64_t *out_bytes);
/* Frees a buffer or mapping; later accesses are reported as use after free. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_free(hadal_sim_context_t *context, uint64_t address);
/* Copies to the device; the bytes become defined. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_copy_in(hadal_sim_context_t *context, uint64_t address,
                                                   const void *from, uint64_t bytes);
/* Fills with one byte. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_fill(hadal_sim_context_t *context, uint64_t address,
                                                int value, uint64_t bytes);
/* Copies to the host. Returns HADAL_SIM_CHECK, after copying, where some of the
 * bytes were never written or depend on such bytes; *out_undefined (may be null)
 * is then the offset of the first. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_copy_out(hadal_sim_context_t *context, void *to,
                                                    uint64_t address, uint64_t bytes,
                                                    uint64_t *out_undefined);

/* Copies to the host what may stay partly unwritten, such as scratch: bytes that
 * were never written are 0xff, and *out_undefined (may be null) is the number of
 * those that are undefined. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_copy_out_partial(hadal_sim_context_t *context, void *to,
                                                            uint64_t address, uint64_t bytes,
                                                            uint64_t *out_undefined);

/* Checks; all but HADAL_SIM_CHECK_GLOBAL_RACE are on by default. */
enum {
  HADAL_SIM_CHECK_BOUNDS = 1, /* cannot be turned off: kept for the mask */
  HADAL_SIM_CHECK_INIT = 2, /* a launch without it leaves all memory defined */
  HADAL_SIM_CHECK_RACE = 4,
  HADAL_SIM_CHECK_BARRIER = 8,
  HADAL_SIM_CHECK_ASYNC = 16,
  HADAL_SIM_CHECK_GLOBAL_RACE = 32,
  /* Of the two checks of races, those between lanes of one warp. Without it the
   * accesses of a warp are ordered as it executes them, as code takes for granted
   * that relies on warps in step. */
  HADAL_SIM_CHECK_WARP_RACE = 64
};

/* How to launch. Fill with hadal_sim_launch_defaults first. */
typedef struct hadal_sim_launch_t {
  uint32_t struct_size;   /* set by hadal_sim_launch_defaults */
  uint32_t grid[3];       /* blocks */
  uint32_t block[3];      /* threads of a block, at most 1024 in all */
  uint32_t dynamic_shared_bytes;
  uint32_t threads;       /* host threads, at most 1024; 0: all */
  uint32_t checks;        /* HADAL_SIM_CHECK_... */
  int cooperative;        /* keep all blocks resident and schedule them fairly */
  uint64_t seed;          /* order of warps; 0: always the same round */
  uint64_t max_instructions; /* of one warp; 0: 2^31, some 20 s of a host core */
  int distinct_sectors;   /* count each sector of global memory once, too */
} hadal_sim_launch_t;

HADAL_SIM_API void hadal_sim_launch_defaults(hadal_sim_launch_t *launch);

/* Whether a launch is allowed, without running it: fails as hadal_sim_launch does
 * before a kernel begins. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_launch_check(hadal_sim_context_t *context,
                                                        hadal_sim_module_t *module,
                                                        const char *kernel,
                                                        const hadal_sim_launch_t *launch,
                                                        size_t argument_count);

/* Runs a kernel to its end. arguments[i] points at the value of parameter i, of
 * the size that hadal_sim_kernel_parameter states. */
HADAL_SIM_API hadal_sim_status_t hadal_sim_launch(hadal_sim_context_t *context,
                                                  hadal_sim_module_t *module, const char *kernel,
                                                  const hadal_sim_launch_t *launch,
                                                  const void *const *arguments,
                                                  size_t argument_count);

/* Counters of the last launch, or of the instructions of one PTX line; zeros
 * where nothing was launched. Sectors are 32 bytes; docs/Simulator.md relates
 * each field to what a hardware profiler calls it.
 *
 * Rounds of a loop that only polls, after which all lanes go back, are in the
 * spin_ fields alone: how many there are depends on the host. */
typedef struct hadal_sim_counters_t {
  uint64_t warp_instructions, lane_instructions;
  uint64_t global_read_requests, global_read_bytes, global_read_sectors;
  uint64_t global_write_requests, global_write_bytes, global_write_sectors;
  uint64_t local_read_requests, local_read_bytes, local_read_sectors;
  uint64_t local_write_requests, local_write_bytes, local_write_sectors;
  uint64_t shared_requests, shared_bytes, shared_wavefronts;
  uint64_t shared_bank_conflicts; /* wavefronts beyond those needed */
  uint64_t matrix_products;       /* mma and wmma, a warp's each */
  uint64_t atomics;               /* lanes */
  uint64_t async_copy_bytes;
  uint64_t divergent_branches;
  uint64_t barriers; /* completed by a block; of a launch alone */
  /* Each sector once a launch; of a launch alone, and 0 unless it asked. */
  uint64_t global_distinct_read_sectors, global_distinct_write_sectors;
  uint64_t spin_warp_instructions, spin_lane_instructions;
  uint64_t spin_requests, spin_bytes, spin_sectors, spin_wavefronts;
} hadal_sim_counters_t;

HADAL_SIM_API hadal_sim_counters_t hadal_sim_counters(const hadal_sim_context_t *context);
HADAL_SIM_API hadal_sim_counters_t hadal_sim_line_counters(const hadal_sim_context_t *context,
                                                           uint32_t line);

/* Counters of the last launch as JSON, and the PTX text with counts in front of
 * each line; both valid until the next launch of the context. Empty where
 * nothing was launched. docs/Simulator.md describes the fields. */
HADAL_SIM_API const char *hadal_sim_counters_json(hadal_sim_context_t *context);
HADAL_SIM_API const char *hadal_sim_annotated_listing(hadal_sim_context_t *context);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_SIM_H */
