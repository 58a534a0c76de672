/* SPDX-License-Identifier: Apache-2.0
 * Uses the text library and the simulator. */
#include <hadal_sim.h>
#include <hadal_text.h>

#include <stdio.h>

int main(void) {
  hadal_sim_context_t *context = NULL;
  int failed = hadal_sim_context_create(&context) != HADAL_SIM_OK;
  printf("%s %s\n", hadal_text_status_message(NULL), failed ? "not" : "ok");
  hadal_sim_context_release(context);
  return failed;
}
