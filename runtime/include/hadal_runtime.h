/* SPDX-License-Identifier: Apache-2.0
 * The C interface of Hadal's runtime: load a compiled model and run it. */
#ifndef HADAL_RUNTIME_H
#define HADAL_RUNTIME_H

/* A compiled model is one artifact, model.hadal, and the safetensors files that
 * hold its weights. Four objects run it:
 *
 *   context   a device and the threads that serve it
 *   module    a loaded artifact; its weights are mapped, never copied
 *   session   the latent cache of a module: so many slots of so many tokens
 *   status    why a call failed
 *
 *   hadal_context_t *context;  hadal_module_t *module;  hadal_session_t *session;
 *   hadal_context_create(NULL, &context);
 *   hadal_module_load(context, "model.hadal", NULL, &module);
 *   hadal_session_create(module, NULL, &session);
 *   hadal_session_step(session, &step, logits);
 *
 * Ownership
 *   Whoever receives an object through an out-parameter owns it, and gives it
 *   back with the matching hadal_*_release; NULL is accepted there. A module
 *   keeps its context alive and a session its module, so the order of releases
 *   does not matter. Everything that is passed in is borrowed for the duration
 *   of the call. Strings and arrays that are handed out belong to the object
 *   that was asked, and live as long as it does.
 *
 * Errors
 *   Every call that can fail returns a hadal_status_t: NULL when it succeeded,
 *   else an object that the caller releases. Out-parameters come last and are
 *   set to NULL on failure. A message names the file or field, what was
 *   expected and what was found: lower case, one line, no full stop.
 *   All input is checked: a damaged or hostile artifact gives an error. What it
 *   cannot be checked for is that its machine code does what it says; the
 *   checksums find damage, not malice, so run artifacts that you trust.
 *
 * Threads
 *   A context and a module may be used by any number of threads at once. A
 *   session serves one thread at a time, except hadal_session_cancel. Two
 *   sessions, of one module or of several, may step at the same time from two
 *   threads; they share the context's workers launch by launch.
 *
 * Evolution
 *   Structs that may grow start with `struct_size`, which the caller sets to
 *   sizeof; a field that a caller's older struct lacks takes its default, and
 *   zero means the default everywhere. Enumerators keep their numbers; one named
 *   FORCE_32_BITS only fixes the width of its type. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HADAL_API __attribute__((visibility("default")))
#else
#define HADAL_API
#endif

/* Version of the library, "0.1.0"; a static string. */
HADAL_API const char *hadal_runtime_version(void);

/* ---- Status -------------------------------------------------------------- */

typedef struct hadal_status *hadal_status_t;

typedef enum hadal_status_code_t {
  HADAL_STATUS_OK = 0,
  HADAL_STATUS_INVALID_ARGUMENT = 1, /* the caller's argument is out of its range */
  HADAL_STATUS_NOT_FOUND = 2,        /* a file, a device or a level does not exist */
  HADAL_STATUS_INVALID_ARTIFACT = 3, /* the artifact or a weights file is damaged or does not fit */
  HADAL_STATUS_UNSUPPORTED = 4,      /* valid, but not for this runtime or this machine */
  HADAL_STATUS_OUT_OF_MEMORY = 5,
  HADAL_STATUS_IO = 6,               /* the operating system refused a file */
  HADAL_STATUS_KERNEL_FAILED = 7,    /* a kernel returned an error code */
  HADAL_STATUS_CANCELLED = 8         /* hadal_session_cancel */
} hadal_status_code_t;

/* The code of a status; HADAL_STATUS_OK for NULL. */
HADAL_API hadal_status_code_t hadal_status_code(hadal_status_t status);

/* The message of a status; "ok" for NULL. Belongs to the status. */
HADAL_API const char *hadal_status_message(hadal_status_t status);

HADAL_API void hadal_status_release(hadal_status_t status);

/* ---- Context ------------------------------------------------------------- */

typedef struct hadal_context hadal_context_t;

typedef struct hadal_context_options_t {
  size_t struct_size;
  /* "cpu", or NULL for it. */
  const char *device;
  /* Threads that execute kernels, the calling one included; 0: as many as the
   * cores that this process may run on. At most 1024. Results do not depend on
   * it. */
  uint32_t threads;
} hadal_context_options_t;

/* Opens a device. `options` may be NULL.
 *
 * The environment variable HADAL_CPU_LEVEL forces the instruction-set level of
 * kernels by name (x86-64-v3, x86-64-v4-bf16). It is read here; a level that is
 * unknown or that this CPU lacks is an error here, one that an artifact lacks is
 * an error of hadal_module_load. HADAL_CPU_AT_MOST lets the CPU pass for one
 * that has no more than a level (x86-64-v2, x86-64-v3, x86-64-v4,
 * x86-64-v4-bf16), so that what happens on lesser machines can be seen on this.
 *
 * *out_context is owned by the caller; release with hadal_context_release. */
HADAL_API hadal_status_t hadal_context_create(const hadal_context_options_t *options,
                                              hadal_context_t **out_context);

HADAL_API void hadal_context_release(hadal_context_t *context);

/* Name of the device: "cpu". */
HADAL_API const char *hadal_context_device(const hadal_context_t *context);

/* The best level of kernels that the context accepts: what the CPU offers, or
 * the level that HADAL_CPU_LEVEL forces; "" when the CPU offers none. */
HADAL_API const char *hadal_context_level(const hadal_context_t *context);

/* Threads that execute kernels, the calling one included. */
HADAL_API uint32_t hadal_context_threads(const hadal_context_t *context);

/* ---- Module -------------------------------------------------------------- */

typedef struct hadal_module hadal_module_t;

typedef struct hadal_module_options_t {
  size_t struct_size;
  /* Where to look for weight files that are not beside the artifact; may be
   * NULL. */
  const char *weights_dir;
  /* Not zero: for reports. Neither weights nor code are looked at, and
   * hadal_session_create refuses the module. */
  int32_t inspect_only;
} hadal_module_options_t;

/* Loads the artifact at `path`: maps it, checks every byte of it against its
 * checksums, checks every field, maps the weight files and checks their size and
 * identity (the content of weights is not read: see
 * hadal_module_verify_parameter), and maps the kernels of the best level that
 * both the artifact and the machine know. `options` may be NULL. The artifact may
 * go or change afterwards; weight files must stay as they are while the module or
 * one of its sessions lives.
 *
 * *out_module is owned by the caller; release with hadal_module_release. */
HADAL_API hadal_status_t hadal_module_load(hadal_context_t *context, const char *path,
                                           const hadal_module_options_t *options,
                                           hadal_module_t **out_module);

HADAL_API void hadal_module_release(hadal_module_t *module);

/* Facts about the model; strings and arrays belong to the module. Strings are
 * never NULL. */
typedef struct hadal_model_info_t {
  size_t struct_size;
  const char *family;    /* model_type of the checkpoint */
  const char *precision; /* native, reference */
  const char *attention; /* auto, absorbed, expanded */
  const char *producer;  /* name and version of the compiler */
  const char *build_id;  /* 16 hex digits */
  const char *text_note; /* why text is not available; "" when it is */
  uint32_t layers;
  uint32_t hidden_size;
  uint32_t vocab_size;
  uint32_t heads;
  uint32_t max_positions;               /* largest context, in tokens */
  uint32_t page_size;                   /* tokens a page of the cache */
  uint64_t parameters_total;            /* count */
  uint64_t parameters_active;           /* count a token, without the embedding table */
  uint64_t cache_bytes_per_token;
  uint64_t plain_cache_bytes_per_token; /* what plain multi-head attention would hold */
  uint64_t decode_weight_bytes;         /* weight bytes that one decoded token reads */
  uint64_t weight_bytes;                /* bytes of all parameters */
  int32_t bos_token;                    /* -1: none */
  uint32_t eos_count;
  const int32_t *eos_tokens;            /* [eos_count] */
  int32_t shapes_only;                  /* compiled without weights: not runnable */
  const char *generation_note;          /* why there is no HADAL_SECTION_GENERATION though the
                                           checkpoint has a generation_config.json, or "" */
  uint32_t model_positions;             /* what the model allows; the compiler may have been
                                           asked for fewer (--max-context): max_positions */
} hadal_model_info_t;

/* Fills *out_info, whose struct_size the caller has set. */
HADAL_API void hadal_module_model_info(const hadal_module_t *module,
                                       hadal_model_info_t *out_info);

typedef enum hadal_section_kind_t {
  HADAL_SECTION_PLAN = 0,             /* the plan, a FlatBuffer */
  HADAL_SECTION_KERNELS = 1,          /* a code image */
  HADAL_SECTION_TOKENIZER = 2,        /* tokenizer.json */
  HADAL_SECTION_TOKENIZER_CONFIG = 3, /* tokenizer_config.json */
  HADAL_SECTION_GENERATION = 4,       /* generation_config.json */
  HADAL_SECTION_FORCE_32_BITS = 0x7fffffff
} hadal_section_kind_t;

/* The bytes of the first section of this kind, and their count in *out_size; NULL
 * and 0 when the artifact has none. Not terminated by a zero. Belongs to the
 * module. */
HADAL_API const void *hadal_module_section(const hadal_module_t *module,
                                           hadal_section_kind_t kind, size_t *out_size);

/* The level of the kernels that were picked, "x86-64-v3"; "" for a module that
 * was loaded for inspection. */
HADAL_API const char *hadal_module_level(const hadal_module_t *module);

typedef enum hadal_element_type_t {
  HADAL_TYPE_F32 = 0,
  HADAL_TYPE_F16 = 1,
  HADAL_TYPE_BF16 = 2,
  HADAL_TYPE_F8E4M3FN = 3,
  HADAL_TYPE_I8 = 4,
  HADAL_TYPE_U8 = 5,
  HADAL_TYPE_I32 = 6,
  HADAL_TYPE_I64 = 7,
  HADAL_TYPE_FORCE_32_BITS = 0x7fffffff
} hadal_element_type_t;

/* "f32", ...; "unknown" for any other number. A static string. */
HADAL_API const char *hadal_element_type_name(hadal_element_type_t type);

/* Bytes of one element; 0 for any other number. */
HADAL_API size_t hadal_element_type_size(hadal_element_type_t type);

/* A weight of the model, as it lies in its file. */
typedef struct hadal_parameter_info_t {
  size_t struct_size;
  const char *name;      /* layers.3.mlp.experts.down */
  const char *encoding;  /* layout of the bytes; "": row-major */
  const char *file;      /* name of the weights file */
  const char *file_path; /* where it was found; "" when loaded for inspection */
  hadal_element_type_t type;
  uint32_t rank;
  const uint64_t *shape; /* [rank], logical, before packing */
  uint64_t offset;       /* of the first byte, from the start of the file */
  uint64_t size;         /* bytes */
  const void *data;      /* mapped, read-only; NULL when loaded for inspection */
} hadal_parameter_info_t;

HADAL_API uint32_t hadal_module_parameter_count(const hadal_module_t *module);

/* Fills *out_info, whose struct_size the caller has set. `index` must be below
 * the count. */
HADAL_API hadal_status_t hadal_module_parameter(const hadal_module_t *module, uint32_t index,
                                                hadal_parameter_info_t *out_info);

/* Reads all bytes of one parameter and compares them with the checksum that was
 * computed when it was packed. A parameter without a checksum passes. */
HADAL_API hadal_status_t hadal_module_verify_parameter(const hadal_module_t *module,
                                                       uint32_t index);

/* ---- Session ------------------------------------------------------------- */

typedef struct hadal_session hadal_session_t;

typedef struct hadal_session_options_t {
  size_t struct_size;
  /* Sequences that can be held at the same time; 0: 1. */
  uint32_t slots;
  /* Tokens that each slot can hold; 0: the model's largest context, at most
   * 4096. At most the model's largest context. Memory of the cache is only
   * spent where tokens have been written. */
  uint32_t capacity;
} hadal_session_options_t;

/* Makes a cache, all slots empty. `options` may be NULL.
 *
 * *out_session is owned by the caller; release with hadal_session_release. */
HADAL_API hadal_status_t hadal_session_create(hadal_module_t *module,
                                              const hadal_session_options_t *options,
                                              hadal_session_t **out_session);

/* Must not be called while the session steps. */
HADAL_API void hadal_session_release(hadal_session_t *session);

HADAL_API uint32_t hadal_session_slots(const hadal_session_t *session);
HADAL_API uint32_t hadal_session_capacity(const hadal_session_t *session);

/* Tokens that `slot` holds; 0 for a slot that does not exist. */
HADAL_API uint32_t hadal_session_length(const hadal_session_t *session, uint32_t slot);

/* Empties a slot. */
HADAL_API hadal_status_t hadal_session_reset(hadal_session_t *session, uint32_t slot);

/* New tokens of one or more sequences, packed one sequence after the other: N
 * tokens of S sequences. Prefill (many tokens of one sequence, in one chunk or
 * several), decode (one token of each sequence) and any mix of both are the same
 * call, and give bit-identical logits for a given form of attention.
 *
 * This struct does not grow. */
typedef struct hadal_step_t {
  /* [N] Each in [0, vocab_size). */
  const int32_t *tokens;
  /* [N] Index of the token in its sequence, below the capacity. Rises by one
   * within a sequence; the first one is at most the slot's length: less than it
   * forgets what the slot holds from there on. */
  const int32_t *positions;
  /* [S + 1] Where each sequence starts in `tokens`: first 0, last N, strictly
   * rising. */
  const int32_t *sequence_offsets;
  /* [S] The slot of each sequence; no slot twice in one step. */
  const int32_t *slots;
  /* [R] Indices into `tokens` of those whose logits are wanted, in any order;
   * may be NULL when R is 0. */
  const int32_t *logit_rows;
  uint32_t token_count;     /* N, at least 1 */
  uint32_t sequence_count;  /* S, at least 1 */
  uint32_t logit_row_count; /* R */
} hadal_step_t;

/* Runs one step and writes `logits` [R, vocab_size], row-major f32; may be NULL
 * when R is 0. Copying is saved where it is 64-byte aligned.
 *
 * An argument out of its range is an error that names it, its value and its
 * limit, and nothing has changed. When a kernel fails or the step is cancelled,
 * the slots keep their lengths from before the step, at most the first position
 * that the step gave them; the content of `logits` is undefined. */
HADAL_API hadal_status_t hadal_session_step(hadal_session_t *session, const hadal_step_t *step,
                                            float *logits);

/* Makes the step that is running in another thread, or calls back, end before
 * its next launch with HADAL_STATUS_CANCELLED. Without a running step it has no
 * effect. Safe to call from any thread and from a signal handler. */
HADAL_API void hadal_session_cancel(hadal_session_t *session);

/* Bytes that a session holds now: address space of the cache (memory is spent as
 * tokens are written) and the arena of intermediates (grows with the largest
 * step so far). */
typedef struct hadal_session_memory_t {
  size_t struct_size;
  uint64_t cache_bytes;
  uint64_t arena_bytes;
} hadal_session_memory_t;

HADAL_API void hadal_session_memory(const hadal_session_t *session,
                                    hadal_session_memory_t *out_memory);

/* ---- Looking inside a step ----------------------------------------------- */

/* A named intermediate of the model: hidden.3. Valid during the callback. */
typedef struct hadal_tap_t {
  const char *name;
  hadal_element_type_t type;
  uint32_t rank;
  const int64_t *shape; /* [rank] */
  const void *data;     /* row-major, host memory */
  size_t size;          /* bytes */
} hadal_tap_t;

typedef void (*hadal_tap_fn_t)(void *user, const hadal_tap_t *tap);

/* Calls `callback` at every tap of the following steps, in the thread that
 * steps; NULL ends it. A callback may cancel the session, and no more. */
HADAL_API void hadal_session_set_tap_callback(hadal_session_t *session, hadal_tap_fn_t callback,
                                              void *user);

/* A launch that has ended. Valid during the callback. */
typedef struct hadal_launch_t {
  const char *entry;      /* prefill, decode */
  const char *label;      /* layers.3.mlp.experts.down */
  const char *executable; /* name of the kernel */
  const char *family;     /* linear, mla_attention_absorbed, ... */
  const char *level;      /* x86-64-v3, ... */
  uint32_t grid[3];       /* workgroups in x, y, z */
  uint64_t start_ns;      /* CLOCK_MONOTONIC */
  uint64_t duration_ns;
  uint64_t flops;         /* multiply-adds times two, an upper bound */
  uint64_t bytes;         /* parameter bytes read, an upper bound */
} hadal_launch_t;

typedef void (*hadal_launch_fn_t)(void *user, const hadal_launch_t *launch);

/* Calls `callback` after every launch of the following steps that has
 * workgroups, in the thread that steps; NULL ends it. Without a callback no time
 * is taken. A callback may cancel the session, and no more. */
HADAL_API void hadal_session_set_launch_callback(hadal_session_t *session,
                                                 hadal_launch_fn_t callback, void *user);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_RUNTIME_H */
