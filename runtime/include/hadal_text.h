/* SPDX-License-Identifier: Apache-2.0
 * The C interface of Hadal's text library: text to token ids and back, and the
 * choice of the next token. */
#ifndef HADAL_TEXT_H
#define HADAL_TEXT_H

/* The runtime deals in token ids alone. This library is what stands between ids
 * and people; it needs neither the runtime nor a compiled model, only the bytes
 * of a checkpoint's tokenizer.json, tokenizer_config.json and
 * generation_config.json, which an artifact carries (hadal_module_section).
 *
 * Ownership
 *   Whoever receives an object through an out-parameter owns it, and gives it
 *   back with the matching release; NULL is accepted there. Everything that is
 *   passed in is borrowed for the duration of the call, and may be freed after
 *   it, except that a hadal_text_stream_t borrows its tokenizer.
 *
 * Errors
 *   Every call that can fail returns a hadal_text_status_t: NULL when it
 *   succeeded, else an object that the caller releases. Out-parameters come last
 *   and are set to NULL or 0 on failure. A message names the file and the field,
 *   what was expected and what was found: lower case, one line, no full stop.
 *
 * Threads
 *   A tokenizer may be used by any number of threads at once; a stream and a
 *   sampler by one at a time.
 *
 * Evolution
 *   As in hadal_runtime.h: structs that may grow start with `struct_size`, which
 *   the caller sets to sizeof. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HADAL_TEXT_API __attribute__((visibility("default")))
#else
#define HADAL_TEXT_API
#endif

/* ---- Status -------------------------------------------------------------- */

typedef struct hadal_text_status *hadal_text_status_t;

/* The message of a status; "ok" for NULL. Belongs to the status. */
HADAL_TEXT_API const char *hadal_text_status_message(hadal_text_status_t status);

HADAL_TEXT_API void hadal_text_status_release(hadal_text_status_t status);

/* ---- Tokenizer ----------------------------------------------------------- */

typedef struct hadal_tokenizer hadal_tokenizer_t;

typedef struct hadal_tokenizer_options_t {
  size_t struct_size;
  /* The content of tokenizer.json: BPE, as Hugging Face's tokenizers library
   * defines it. Its `truncation` and `padding` are for training and are not
   * applied. A kind of model, normalizer, pre-tokenizer, post-processor or
   * decoder that is not supported is an error that names it. */
  const char *tokenizer_json;
  size_t tokenizer_json_size; /* bytes */
  /* The content of tokenizer_config.json, or NULL. Its add_bos_token and
   * add_eos_token count when tokenizer.json has no template. */
  const char *config_json;
  size_t config_json_size; /* bytes */
} hadal_tokenizer_options_t;

/* *out_tokenizer is owned by the caller; release with hadal_tokenizer_release. */
HADAL_TEXT_API hadal_text_status_t hadal_tokenizer_create(const hadal_tokenizer_options_t *options,
                                                          hadal_tokenizer_t **out_tokenizer);

HADAL_TEXT_API void hadal_tokenizer_release(hadal_tokenizer_t *tokenizer);

/* One more than the largest id. */
HADAL_TEXT_API int32_t hadal_tokenizer_id_limit(const hadal_tokenizer_t *tokenizer);

/* The id of a token, written as in tokenizer.json; -1 when there is none. */
HADAL_TEXT_API int32_t hadal_tokenizer_find(const hadal_tokenizer_t *tokenizer, const char *token);

/* The ids of `text`, `size` bytes of UTF-8 that may hold zeros; each maximal
 * subpart of an ill-formed sequence counts as U+FFFD. With `add_special`, the
 * tokens that go around a text (such as the one for its beginning) are added.
 *
 * *out_ids [*out_count] is owned by the caller; release with
 * hadal_text_release_ids. It is not NULL on success, even when empty. */
HADAL_TEXT_API hadal_text_status_t hadal_tokenizer_encode(const hadal_tokenizer_t *tokenizer,
                                                          const char *text, size_t size,
                                                          int add_special, int32_t **out_ids,
                                                          size_t *out_count);

HADAL_TEXT_API void hadal_text_release_ids(int32_t *ids);

/* The text of `ids` [count], valid UTF-8: what is ill-formed becomes U+FFFD. An
 * id without a token is left out, and so are special tokens with `skip_special`.
 *
 * *out_text, *out_size bytes and a zero, is owned by the caller; release with
 * hadal_text_release_string. */
HADAL_TEXT_API hadal_text_status_t hadal_tokenizer_decode(const hadal_tokenizer_t *tokenizer,
                                                          const int32_t *ids, size_t count,
                                                          int skip_special, char **out_text,
                                                          size_t *out_size);

HADAL_TEXT_API void hadal_text_release_string(char *text);

/* ---- Stream -------------------------------------------------------------- */

/* Decodes ids as they come. Each call hands out what is certain by then, in
 * whole code points: concatenated, the same as hadal_tokenizer_decode, but that
 * the valid part of a run of byte-fallback tokens that is ill-formed as a whole
 * has been handed out already. */
typedef struct hadal_text_stream hadal_text_stream_t;

/* Borrows `tokenizer`, which must outlive it.
 * *out_stream is owned by the caller; release with hadal_text_stream_release. */
HADAL_TEXT_API hadal_text_status_t hadal_text_stream_create(const hadal_tokenizer_t *tokenizer,
                                                            int skip_special,
                                                            hadal_text_stream_t **out_stream);

HADAL_TEXT_API void hadal_text_stream_release(hadal_text_stream_t *stream);

/* *out_text, *out_size bytes and a zero, belongs to the stream until the next
 * call; it may be empty. */
HADAL_TEXT_API hadal_text_status_t hadal_text_stream_push(hadal_text_stream_t *stream, int32_t id,
                                                          const char **out_text, size_t *out_size);

/* Ends the text: bytes that wait for more become U+FFFD. The stream can then
 * decode another one. */
HADAL_TEXT_API hadal_text_status_t hadal_text_stream_finish(hadal_text_stream_t *stream,
                                                            const char **out_text,
                                                            size_t *out_size);

/* ---- Generation defaults ------------------------------------------------- */

/* The most end-of-text ids that hadal_generation_defaults_t has room for; more
 * of them are an error. An artifact names them all (hadal_model_info_t). */
#define HADAL_MAX_EOS_TOKENS 128

/* What a checkpoint's author recommends. */
typedef struct hadal_generation_defaults_t {
  size_t struct_size;
  int32_t do_sample;   /* 0: take the most likely token */
  double temperature;  /* 1 when the file has none */
  double top_p;        /* 1 when the file has none */
  int32_t top_k;       /* 0, no limit, when the file has none */
  int32_t bos_token;   /* -1 when the file has none */
  uint32_t eos_count;
  int32_t eos_tokens[HADAL_MAX_EOS_TOKENS];
} hadal_generation_defaults_t;

/* Reads the content of generation_config.json; with NULL, fills in what stands
 * for an empty one. Ids that no token can have (below 0) are left out. Fills *out_defaults, whose struct_size the caller has set. */
HADAL_TEXT_API hadal_text_status_t hadal_generation_defaults_read(
    const char *json, size_t size, hadal_generation_defaults_t *out_defaults);

/* ---- Sampler ------------------------------------------------------------- */

typedef struct hadal_sampler_options_t {
  size_t struct_size;
  double temperature; /* at least 0; 0: the largest logit, ties to the lower id */
  double top_p;       /* in (0, 1]; the fewest most likely tokens that hold so much; 0: 1 */
  int32_t top_k;      /* so many most likely tokens; 0: all */
  uint64_t seed;
} hadal_sampler_options_t;

/* Chooses tokens. Applies temperature, then top-k, then top-p. Ties go to the
 * lower id. The same seed and logits give the same tokens on every machine:
 * the generator is xoshiro256** seeded through SplitMix64, one draw u of 53 bits
 * for each token, and the first token, in order of falling probability, whose
 * cumulative weight exceeds u times the total is chosen; the exponential is
 * computed by this library, in IEEE double arithmetic. */
typedef struct hadal_sampler hadal_sampler_t;

/* *out_sampler is owned by the caller; release with hadal_sampler_release. */
HADAL_TEXT_API hadal_text_status_t hadal_sampler_create(const hadal_sampler_options_t *options,
                                                        hadal_sampler_t **out_sampler);

HADAL_TEXT_API void hadal_sampler_release(hadal_sampler_t *sampler);

/* Chooses from `logits` [count], of which at least one is finite and none NaN or
 * +infinity; -infinity excludes a token. */
HADAL_TEXT_API hadal_text_status_t hadal_sampler_sample(hadal_sampler_t *sampler,
                                                        const float *logits, size_t count,
                                                        int32_t *out_id);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_TEXT_H */
