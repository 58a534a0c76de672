/* SPDX-License-Identifier: Apache-2.0
 * The C interface of Hadal's runtime: load a compiled model and run it. */
#ifndef HADAL_RUNTIME_H
#define HADAL_RUNTIME_H

/* A compiled model is one artifact, model.hadal, and the safetensors files that
 * hold its weights. Four objects run it:
 *
 *   context   a device and the threads that serve it
 *   module    a loaded artifact; its weights are mapped, and copied only if asked for
 *   session   what a module keeps between calls: so many slots of so many tokens
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
  HADAL_STATUS_UNSUPPORTED = 4, /* valid, but not for this runtime or this machine */
  HADAL_STATUS_OUT_OF_MEMORY = 5,
  HADAL_STATUS_IO = 6, /* the operating system refused a file */
  HADAL_STATUS_KERNEL_FAILED = 7, /* a kernel returned an error code */
  HADAL_STATUS_CANCELLED = 8, /* hadal_session_cancel */
  /* The device gave up; a new context is needed. On `cuda` contexts of one device share what was
   * lost: all of them are released first. */
  HADAL_STATUS_DEVICE_LOST = 9
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
  /* "cpu", or NULL for it. Any other name, "sim", is that of a device library,
   * libhadal_device_sim.so, in a folder of HADAL_DEVICE_PATH (separated by colons)
   * or beside this library; a name with a slash is the path of one. "cuda:1" is the
   * second device of that name. */
  const char *device;
  /* Threads that execute kernels, the calling one included; 0: as many as the
   * cores that this process may run on. At most 1024. Results do not depend on
   * it. */
  uint32_t threads;
  /* Not zero: each thread stays on a core of its own, of those that this process may
   * run on; the calling one while it executes kernels. More threads than cores, and a
   * device that cannot, are errors. */
  int32_t pin_threads;
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

/* All levels that the context accepts, best first: *out_count names, which belong to
 * the context. */
HADAL_API const char *const *hadal_context_levels(const hadal_context_t *context,
                                                  uint32_t *out_count);

/* Threads that execute kernels, the calling one included. */
HADAL_API uint32_t hadal_context_threads(const hadal_context_t *context);

/* ---- Module -------------------------------------------------------------- */

typedef struct hadal_module hadal_module_t;

/* Where the weights of a device that shares the host's memory stay. */
typedef enum hadal_weights_memory_t {
  /* In the files: a page is read when a kernel first needs it, and the system may take it away
   * again, so that a model may be larger than memory. */
  HADAL_WEIGHTS_MAP = 0,
  /* In memory of the process, in huge pages where the system grants them: what the program reads is
   * copied while the module is loaded. */
  HADAL_WEIGHTS_COPY = 1,
  HADAL_WEIGHTS_FORCE_32_BITS = 0x7fffffff
} hadal_weights_memory_t;

/* Called now and then while weights are read: so many bytes of so many. Anything but 0 ends the
 * load with HADAL_STATUS_CANCELLED. */
typedef int32_t (*hadal_progress_fn_t)(void *user, uint64_t done, uint64_t total);

typedef struct hadal_module_options_t {
  size_t struct_size;
  /* Where to look for weight files that are not beside the artifact; may be
   * NULL, but for an artifact in memory that has any. */
  const char *weights_dir;
  /* Not zero: for reports. Neither weights nor code are looked at, and
   * hadal_session_create refuses the module. */
  int32_t inspect_only;
  /* Copies and locks are errors on a device that has memory of its own. */
  hadal_weights_memory_t weights_memory;
  /* Not zero: all pages of the weights that the program reads are read while the module is
   * loaded. Copies always are. */
  int32_t prefault_weights;
  /* Not zero: those pages, or the copy, stay in memory (mlock), which reads them too. What the
   * system does not allow (RLIMIT_MEMLOCK) is an error. */
  int32_t lock_weights;
  hadal_progress_fn_t progress; /* may be NULL */
  void *progress_user; /* its first argument */
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

/* The same for an artifact of `size` bytes at `data`, at any address, which may go or
 * change afterwards: they are copied. Messages call it `name`, or "artifact" where
 * that is NULL. It lies in no folder, so its weight files, if it has any, are looked
 * for in options->weights_dir alone; without that folder they are an error.
 *
 * *out_module is owned by the caller; release with hadal_module_release. */
HADAL_API hadal_status_t hadal_module_load_memory(hadal_context_t *context, const void *data,
                                                  size_t size, const char *name,
                                                  const hadal_module_options_t *options,
                                                  hadal_module_t **out_module);

HADAL_API void hadal_module_release(hadal_module_t *module);

/* Facts about the model; strings and arrays belong to the module. Strings are
 * never NULL. */
typedef struct hadal_model_info_t {
  size_t struct_size;
  const char *family; /* model_type of the checkpoint */
  const char *precision; /* native, reference */
  const char *attention; /* auto, absorbed, expanded */
  const char *producer; /* name and version of the compiler */
  const char *build_id; /* 16 hex digits */
  const char *text_note; /* why text is not available; "" when it is */
  uint32_t layers;
  uint32_t hidden_size;
  uint32_t vocab_size;
  uint32_t heads;
  uint32_t max_positions; /* largest context, in tokens */
  uint32_t page_size; /* rows a page of the first cache */
  uint64_t parameters_total; /* count */
  uint64_t parameters_active; /* count a token, without the embedding table */
  uint64_t cache_bytes_per_token;
  uint64_t plain_cache_bytes_per_token; /* what plain multi-head attention would hold */
  uint64_t decode_weight_bytes; /* weight bytes that one decoded token reads */
  uint64_t weight_bytes; /* bytes of all parameters in files */
  int32_t bos_token; /* -1: none */
  uint32_t eos_count;
  const int32_t *eos_tokens; /* [eos_count] */
  int32_t shapes_only; /* compiled without weights: not runnable */
  const char *generation_note; /* why there is no HADAL_SECTION_GENERATION though the
                                           checkpoint has a generation_config.json, or "" */
  uint32_t model_positions; /* what the model allows; the compiler may have been
                                           asked for fewer (--max-context): max_positions */
} hadal_model_info_t;

/* Fills *out_info, whose struct_size the caller has set. */
HADAL_API void hadal_module_model_info(const hadal_module_t *module, hadal_model_info_t *out_info);

typedef enum hadal_section_kind_t {
  HADAL_SECTION_PLAN = 0, /* the plan, a FlatBuffer */
  HADAL_SECTION_KERNELS = 1, /* a code image */
  HADAL_SECTION_TOKENIZER = 2, /* tokenizer.json */
  HADAL_SECTION_TOKENIZER_CONFIG = 3, /* tokenizer_config.json */
  HADAL_SECTION_GENERATION = 4, /* generation_config.json */
  HADAL_SECTION_FORCE_32_BITS = 0x7fffffff
} hadal_section_kind_t;

/* The bytes of the first section of this kind, and their count in *out_size; NULL
 * and 0 when the artifact has none. Not terminated by a zero. Belongs to the
 * module. */
HADAL_API const void *hadal_module_section(const hadal_module_t *module, hadal_section_kind_t kind,
                                           size_t *out_size);

/* The level of the kernels that were picked, "x86-64-v3"; "" for a module that
 * was loaded for inspection. */
HADAL_API const char *hadal_module_level(const hadal_module_t *module);

/* Kernels that run as machine code of the artifact. The others run from an image
 * that the device compiled when the module was loaded; of a level that has both,
 * machine code is taken where the device can run it. 0 on a device whose images
 * are all machine code. */
HADAL_API uint32_t hadal_module_machine_code(const hadal_module_t *module);

typedef enum hadal_element_type_t {
  HADAL_TYPE_F32 = 0,
  HADAL_TYPE_F16 = 1,
  HADAL_TYPE_BF16 = 2,
  HADAL_TYPE_F8E4M3FN = 3,
  HADAL_TYPE_I8 = 4,
  HADAL_TYPE_U8 = 5,
  HADAL_TYPE_I32 = 6,
  HADAL_TYPE_I64 = 7,
  HADAL_TYPE_I1 = 8, /* one byte an element, 0 or 1 */
  HADAL_TYPE_I16 = 9,
  HADAL_TYPE_F64 = 10,
  HADAL_TYPE_FORCE_32_BITS = 0x7fffffff
} hadal_element_type_t;

/* "f32", ...; "unknown" for any other number. A static string. */
HADAL_API const char *hadal_element_type_name(hadal_element_type_t type);

/* Bytes of one element; 0 for any other number. */
HADAL_API size_t hadal_element_type_size(hadal_element_type_t type);

/* A weight of the model, as it lies in its file; or a table that is computed
 * when a session opens, as long as the session needs it: it has a name, a type
 * and a shape, but no file ("") and no bytes (size 0, data NULL). */
typedef struct hadal_parameter_info_t {
  size_t struct_size;
  const char *name; /* layers.3.mlp.experts.down */
  const char *encoding; /* layout of the bytes; "": row-major */
  const char *file; /* name of the weights file */
  const char *file_path; /* where it was found; "" when loaded for inspection */
  hadal_element_type_t type;
  uint32_t rank;
  const uint64_t *shape; /* [rank], logical, before packing */
  uint64_t offset; /* of the first byte, from the start of the file */
  uint64_t size; /* bytes */
  const void *data; /* mapped or copied, read-only; NULL when loaded for inspection, or computed */
} hadal_parameter_info_t;

HADAL_API uint32_t hadal_module_parameter_count(const hadal_module_t *module);

/* Fills *out_info, whose struct_size the caller has set. `index` must be below
 * the count. */
HADAL_API hadal_status_t hadal_module_parameter(const hadal_module_t *module, uint32_t index,
                                                hadal_parameter_info_t *out_info);

/* Reads all bytes of one parameter and compares them with the checksum that was
 * computed when it was packed. A parameter without a checksum passes, and so does
 * one that is computed. */
HADAL_API hadal_status_t hadal_module_verify_parameter(const hadal_module_t *module,
                                                       uint32_t index);

/* ---- Program ------------------------------------------------------------- */

/* An artifact holds a program for each family of devices; a module runs the one
 * of its context's device, and what follows is about that one. A module that was
 * loaded for inspection has none, so all counts are 0.
 *
 * A program has entry points. An entry point takes arguments and makes results,
 * by name, and the role of each says who provides it: the packed tokens of a step
 * (hadal_step_t), the session (its block tables), the caller, or an earlier call.
 * Between calls a session holds states, of which the caches are one case, and the
 * results that stay on the device. */

typedef enum hadal_entry_role_t {
  HADAL_ENTRY_OTHER = 0, /* by its name alone */
  HADAL_ENTRY_STEP = 1, /* the next tokens of any sequences */
  HADAL_ENTRY_DECODE = 2, /* the same, for one token a sequence */
  HADAL_ENTRY_FORCE_32_BITS = 0x7fffffff
} hadal_entry_role_t;

typedef enum hadal_port_role_t {
  HADAL_PORT_VALUE = 0, /* the caller's own */
  HADAL_PORT_TOKENS = 1, /* argument: hadal_step_t, and the next four too */
  HADAL_PORT_POSITIONS = 2,
  HADAL_PORT_SEQUENCE_OFFSETS = 3,
  HADAL_PORT_SLOTS = 4,
  HADAL_PORT_LOGIT_ROWS = 5,
  HADAL_PORT_BLOCK_TABLE = 6, /* argument: a block table of the session */
  HADAL_PORT_LOGITS = 7, /* result [R, vocab_size] f32 */
  HADAL_PORT_KEPT = 8, /* a result that stays on the device; as an argument, what the
                                      last call that had a result of this name made */
  HADAL_PORT_FORCE_32_BITS = 0x7fffffff
} hadal_port_role_t;

typedef struct hadal_entry_info_t {
  size_t struct_size;
  const char *name; /* prefill, decode, ... */
  hadal_entry_role_t role;
  uint32_t argument_count;
  uint32_t result_count;
  int32_t takes_step; /* not zero: hadal_call_t.step is needed, else it must be NULL */
} hadal_entry_info_t;

HADAL_API uint32_t hadal_module_entry_count(const hadal_module_t *module);

/* Fills *out_info, whose struct_size the caller has set, as in all of these.
 * `index` must be below the count. */
HADAL_API hadal_status_t hadal_module_entry(const hadal_module_t *module, uint32_t index,
                                            hadal_entry_info_t *out_info);

/* An argument or a result. */
typedef struct hadal_port_info_t {
  size_t struct_size;
  const char *name;
  hadal_element_type_t type;
  hadal_port_role_t role;
  const char *block_table; /* of that role: its name; else "" */
  uint32_t rank;
  int64_t shape[8]; /* [rank]; -1 where it depends on the session or the call */
} hadal_port_info_t;

HADAL_API hadal_status_t hadal_module_argument(const hadal_module_t *module, uint32_t entry,
                                               uint32_t index, hadal_port_info_t *out_info);
HADAL_API hadal_status_t hadal_module_result(const hadal_module_t *module, uint32_t entry,
                                             uint32_t index, hadal_port_info_t *out_info);

typedef enum hadal_state_kind_t {
  HADAL_STATE_GROWING = 0, /* pages, a row for so many tokens: see its block table */
  HADAL_STATE_RING = 1, /* the last rows of each slot */
  HADAL_STATE_FORCE_32_BITS = 0x7fffffff
} hadal_state_kind_t;

/* What a session keeps of each slot; zero when it opens. */
typedef struct hadal_state_info_t {
  size_t struct_size;
  const char *name;
  hadal_element_type_t type;
  hadal_state_kind_t kind;
  const char *block_table; /* of a growing one: its name; else "" */
  uint32_t row_rank;
  uint32_t row_shape[8]; /* [row_rank] elements of a row */
} hadal_state_info_t;

HADAL_API uint32_t hadal_module_state_count(const hadal_module_t *module);
HADAL_API hadal_status_t hadal_module_state(const hadal_module_t *module, uint32_t index,
                                            hadal_state_info_t *out_info);

/* Which page of a pool holds which rows of a slot, for the states that grow
 * together. A slot of `capacity` tokens has ceil(capacity / tokens_per_row) rows,
 * page_size of them a page. */
typedef struct hadal_block_table_info_t {
  size_t struct_size;
  const char *name;
  uint32_t page_size;
  uint32_t tokens_per_row;
} hadal_block_table_info_t;

HADAL_API uint32_t hadal_module_block_table_count(const hadal_module_t *module);
HADAL_API hadal_status_t hadal_module_block_table(const hadal_module_t *module, uint32_t index,
                                                  hadal_block_table_info_t *out_info);

/* An integer that the program asks the caller for, when a session opens
 * (hadal_session_options_t.values) or at each call (hadal_call_t.values). */
typedef struct hadal_value_info_t {
  size_t struct_size;
  const char *name;
  int32_t of_call; /* 0: of a session */
  int64_t default_value;
  int64_t minimum;
  int64_t maximum;
} hadal_value_info_t;

HADAL_API uint32_t hadal_module_value_count(const hadal_module_t *module);
HADAL_API hadal_status_t hadal_module_value(const hadal_module_t *module, uint32_t index,
                                            hadal_value_info_t *out_info);

/* ---- Session ------------------------------------------------------------- */

typedef struct hadal_session hadal_session_t;

/* Elements of arrays of a caller, which do not grow. */
typedef struct hadal_named_value_t {
  const char *name;
  int64_t value;
} hadal_named_value_t;

typedef struct hadal_page_pool_t {
  const char *block_table;
  uint32_t pages; /* that all slots share; at least 1 */
} hadal_page_pool_t;

typedef struct hadal_session_options_t {
  size_t struct_size;
  /* Sequences that can be held at the same time; 0: 1. */
  uint32_t slots;
  /* Tokens that each slot can hold; 0: the model's largest context, at most
   * 4096. At most the model's largest context. Memory of the cache is only
   * spent where tokens have been written. */
  uint32_t capacity;
  /* Most new tokens of a sequence in one call; 0: the capacity. A state that
   * holds a window is as long as the window and a step. */
  uint32_t step_tokens;
  /* Values that the program asks for (hadal_module_value); those that are not
   * given have their defaults. */
  uint32_t value_count;
  const hadal_named_value_t *values;
  /* Block tables whose pages the caller assigns (hadal_session_set_pages), from
   * a pool of so many. Of a table that is not named, each slot has all the pages
   * that its capacity needs. */
  const hadal_page_pool_t *pools;
  uint32_t pool_count;
  /* Not zero: the launches of every call are computed anew. Else those of calls
   * that have them in common are computed once and replayed, which changes no
   * result. */
  int32_t never_replay;
} hadal_session_options_t;

/* Makes states, all slots empty, and the tables that are computed. `options` may
 * be NULL. Tables take memory for each position of a slot, and an error says how
 * much when it cannot be had.
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

/* Empties a slot. Pages that the caller assigned stay assigned. */
HADAL_API hadal_status_t hadal_session_reset(hadal_session_t *session, uint32_t slot);

/* Assigns pages of a pool to entries first, first + 1, ... of a slot: entry e
 * holds rows e * page_size and on. -1 takes a page away; at first there is none.
 * Slots may share a page, as long as none writes it. The table must be one that
 * the options named. A page that is not of the pool, like any argument out of its
 * range, is an error that changes nothing. A step that needs a row without a page
 * (all rows up to its last position, of the tables that its entry point takes) is
 * an error that names slot, row and table. */
HADAL_API hadal_status_t hadal_session_set_pages(hadal_session_t *session, const char *block_table,
                                                 uint32_t slot, uint32_t first,
                                                 const int32_t *pages, uint32_t count);

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
  uint32_t token_count; /* N, at least 1 */
  uint32_t sequence_count; /* S, at least 1 */
  uint32_t logit_row_count; /* R */
} hadal_step_t;

/* Runs one step and writes `logits` [R, vocab_size], row-major f32; may be NULL
 * when R is 0. Copying is saved where it is 64-byte aligned. The entry point is
 * the one of role HADAL_ENTRY_DECODE when every sequence has one new token and
 * there is one, else that of HADAL_ENTRY_STEP.
 *
 * An argument out of its range is an error that names it, its value and its
 * limit, and nothing has changed. When a kernel fails or the step is cancelled,
 * the slots keep their lengths from before the step, at most the first position
 * that the step gave them; the content of `logits` is undefined. */
HADAL_API hadal_status_t hadal_session_step(hadal_session_t *session, const hadal_step_t *step,
                                            float *logits);

/* An argument of role HADAL_PORT_VALUE: row-major, host memory. */
typedef struct hadal_call_argument_t {
  const char *name;
  const void *data;
  size_t size; /* bytes, exact */
  uint32_t rank;
  const int64_t *shape; /* [rank] */
} hadal_call_argument_t;

/* Where a result goes: row-major, host memory. */
typedef struct hadal_call_result_t {
  const char *name;
  void *data;
  size_t size; /* bytes, exact */
} hadal_call_result_t;

typedef struct hadal_call_t {
  size_t struct_size;
  /* The entry point; NULL: by its role, as hadal_session_step finds it. */
  const char *entry;
  /* The tokens; NULL for an entry point that takes none (takes_step). It may lack
   * `tokens` where no argument has that role. */
  const hadal_step_t *step;
  /* Every argument of role HADAL_PORT_VALUE, in any order. */
  const hadal_call_argument_t *arguments;
  uint32_t argument_count;
  /* Every result, in any order. Those of role HADAL_PORT_KEPT may be left out, and
   * stay on the device either way; so may one of no bytes. */
  uint32_t result_count;
  const hadal_call_result_t *results;
  /* Values that the program asks for at a call; the others have their defaults. */
  const hadal_named_value_t *values;
  uint32_t value_count;
} hadal_call_t;

/* Runs an entry point. Slots move on as in hadal_session_step, which is the same
 * without names.
 *
 * A kept result takes the place of the one before when the call succeeds, so an
 * entry point may read one and make its successor. As an argument it has the
 * extents that it was made with. To read one before any call has made it is an
 * error.
 *
 * Whatever is unknown, missing, given twice or of another size is an error that
 * names it, and nothing has changed. When a kernel fails or the call is cancelled,
 * kept results are those from before the call. */
HADAL_API hadal_status_t hadal_session_call(hadal_session_t *session, const hadal_call_t *call);

/* Makes the step that is running in another thread, or calls back, end before
 * its next launch with HADAL_STATUS_CANCELLED. Without a running step it has no
 * effect. Safe to call from any thread and from a signal handler. */
HADAL_API void hadal_session_cancel(hadal_session_t *session);

/* Bytes that a session holds now: address space of states and kept results
 * (memory is spent as tokens are written), the arena of intermediates (grows with
 * the largest step so far), what single launches work in, and tables that were
 * computed when it opened. */
typedef struct hadal_session_memory_t {
  size_t struct_size;
  uint64_t cache_bytes;
  uint64_t arena_bytes;
  uint64_t workspace_bytes;
  uint64_t computed_bytes;
} hadal_session_memory_t;

HADAL_API void hadal_session_memory(const hadal_session_t *session,
                                    hadal_session_memory_t *out_memory);

/* Calls of a session whose launches were recorded, and calls that a record
 * served; both since it opened. A call that is recorded is replayed at once and
 * counts in the first alone. */
typedef struct hadal_session_replays_t {
  size_t struct_size;
  uint64_t recorded;
  uint64_t replayed;
} hadal_session_replays_t;

HADAL_API void hadal_session_replays(const hadal_session_t *session,
                                     hadal_session_replays_t *out_replays);

/* ---- Looking inside a step ----------------------------------------------- */

/* A named intermediate of the model: hidden.3. Valid during the callback. */
typedef struct hadal_tap_t {
  const char *name;
  hadal_element_type_t type;
  uint32_t rank;
  const int64_t *shape; /* [rank] */
  const void *data; /* row-major, host memory */
  size_t size; /* bytes */
} hadal_tap_t;

typedef void (*hadal_tap_fn_t)(void *user, const hadal_tap_t *tap);

/* Calls `callback` at every tap of the following steps, in the thread that
 * steps; NULL ends it. A callback may cancel the session or replace the value, and no
 * more. */
HADAL_API void hadal_session_set_tap_callback(hadal_session_t *session, hadal_tap_fn_t callback,
                                              void *user);

/* Within a callback of a tap: puts a copy of `data`, of the tap's `size`, in the place of
 * its value, for what reads that later in the step, or afterwards where it is a state. What
 * belongs to the caller or is a parameter is not replaced. */
HADAL_API hadal_status_t hadal_session_replace_tap(hadal_session_t *session, const void *data,
                                                   size_t size);

/* A launch that has ended. Valid during the callback. */
typedef struct hadal_launch_t {
  const char *entry; /* prefill, decode */
  const char *label; /* layers.3.mlp.experts.down */
  const char *executable; /* name of the kernel */
  const char *family; /* linear, mla_attention_absorbed, ... */
  const char *level; /* x86-64-v3, ... */
  uint32_t grid[3]; /* workgroups in x, y, z */
  uint64_t start_ns; /* CLOCK_MONOTONIC, as the device measures it */
  uint64_t duration_ns;
  uint64_t flops; /* multiply-adds times two, an upper bound */
  uint64_t bytes; /* parameter bytes read, an upper bound */
  const char *counters; /* what the device counted, a JSON object; NULL: nothing */
  /* What has to be moved, each buffer once: parameters as in `bytes`, of tables a
   * row a token, of states the rows of the step's sequences, of all others their
   * extents. An upper bound where data decides what is read. */
  uint64_t read_bytes;
  uint64_t write_bytes;
  uint32_t index; /* among all launches of the entry point, as the plan lists them */
} hadal_launch_t;

typedef void (*hadal_launch_fn_t)(void *user, const hadal_launch_t *launch);

/* Calls `callback` after every launch of the following steps that has
 * workgroups, in the thread that steps; NULL ends it. Without a callback no time
 * is taken; with one no launch is replayed. A callback may cancel the session, and no more. */
HADAL_API void hadal_session_set_launch_callback(hadal_session_t *session,
                                                 hadal_launch_fn_t callback, void *user);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_RUNTIME_H */
