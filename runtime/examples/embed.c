/* SPDX-License-Identifier: Apache-2.0
 * Generates greedily from token ids: embed MODEL.hadal COUNT ID... */
#include <hadal_runtime.h>

#include <stdio.h>
#include <stdlib.h>

static void check(hadal_status_t status) {
  if (!status)
    return;
  fprintf(stderr, "embed: error: %s\n", hadal_status_message(status));
  hadal_status_release(status);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: embed MODEL.hadal COUNT ID...\n");
    return 2;
  }
  hadal_context_t *context;
  hadal_module_t *module;
  hadal_session_t *session;
  check(hadal_context_create(NULL, &context));
  check(hadal_module_load(context, argv[1], NULL, &module));
  check(hadal_session_create(module, NULL, &session));
  hadal_model_info_t info = {.struct_size = sizeof info};
  hadal_module_model_info(module, &info);

  /* The prompt first, then each token that was chosen. */
  int32_t count = argc - 3, held = 0, slot = 0;
  int32_t *tokens = malloc(sizeof *tokens * (size_t)count);
  int32_t *positions = malloc(sizeof *positions * (size_t)count);
  float *logits = malloc(sizeof *logits * info.vocab_size);
  for (int32_t i = 0; i < count; ++i)
    tokens[i] = (int32_t)strtol(argv[3 + i], NULL, 10);
  for (long left = strtol(argv[2], NULL, 10); left > 0; --left) {
    for (int32_t i = 0; i < count; ++i)
      positions[i] = held + i;
    int32_t offsets[2] = {0, count}, last = count - 1;
    hadal_step_t step = {tokens, positions, offsets, &slot, &last, (uint32_t)count, 1, 1};
    check(hadal_session_step(session, &step, logits));
    held += count;
    count = 1;
    tokens[0] = 0;
    for (uint32_t v = 1; v < info.vocab_size; ++v)
      if (logits[v] > logits[tokens[0]])
        tokens[0] = (int32_t)v;
    printf("%s%d", held > argc - 3 ? "," : "", tokens[0]);
  }
  printf("\n");
  free(logits);
  free(positions);
  free(tokens);
  hadal_session_release(session);
  hadal_module_release(module);
  hadal_context_release(context);
  return 0;
}
