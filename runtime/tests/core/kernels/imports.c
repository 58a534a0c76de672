/* SPDX-License-Identifier: Apache-2.0
 * Images that the loader must refuse; each macro makes another one. */
#include "hadal_kernel_abi.h"

#define EXPORT __attribute__((visibility("default")))

#if defined(HADAL_TEST_IMPORT)
int32_t absent(void);
EXPORT int32_t kernel(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  return absent();
}
#elif defined(HADAL_TEST_INITIALISER)
static volatile int32_t value;
__attribute__((constructor)) static void initialise(void) { value = 1; }
EXPORT int32_t kernel(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  return value;
}
#elif defined(HADAL_TEST_THREAD_LOCAL)
static _Thread_local volatile int32_t value = 3;
EXPORT int32_t kernel(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  return value;
}
#elif defined(HADAL_TEST_SYMBOLIC)
EXPORT int32_t shared = 1;
EXPORT int32_t *address = &shared;
EXPORT int32_t kernel(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  return *address;
}
#else
EXPORT int32_t kernel(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  return 0;
}
#endif
