/* SPDX-License-Identifier: Apache-2.0
 * How tests look into and steer the test driver, a libcuda.so.1 over the PTX simulator. */
#ifndef HADAL_TESTS_DRIVER_TESTDRIVER_H
#define HADAL_TESTS_DRIVER_TESTDRIVER_H

/* The library executes what the cuda device asks of a driver, and is as unkind as the driver API
 * allows:
 *
 *   Work of a stream begins when something waits for it, on a thread of the driver's own. Which
 *   other streams run before, between or after is chosen by a seed: only what the wait needs,
 *   anything at random, everything else first; every fourth seed runs at once instead.
 *   A copy from page-locked memory reads it when it runs. Memory that is no longer what it was at
 *   the call is reported as a problem. What a download will fill holds rubbish until then. Copies
 *   from pageable memory take what they find at the call, those to it wait.
 *   Captured launches keep their parameters. Memory is rubbish until it is written, and one that
 *   was never written may not be downloaded. Freed memory is gone, whatever still wants it.
 *
 * A problem is a mistake of whoever calls the driver, or something that a check of the simulator
 * finds in a kernel. A leak is what exists when the last hold on a context goes, or a context that
 * is held when the process ends. Problems and leaks that nobody has asked for go to the standard
 * error at the end of the process, which then has exit status 70.
 *
 * Settings are strings. Each has its start from the environment variable HADAL_TEST_CUDA_NAME:
 *
 *   SEED        order of work; 0
 *   CAPABILITY  "8.0"
 *   DEVICES     1
 *   MEMORY      bytes of a device; 1073741824
 *   VERSION     of the driver; 12040
 *   FAIL        "NTH:CODE", the NTH call from now on fails with this CUresult;
 *               "FUNCTION:NTH:CODE", the NTH of that function; "work:NTH:CODE", the NTH launch,
 *               when it runs. Functions that give something back do so all the same
 *   COUNTS      a file that gets the counts as JSON at the end of the process */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hadal_test_driver_counts_t {
  uint64_t calls;
  uint64_t uploads, upload_bytes;
  uint64_t downloads, download_bytes;
  uint64_t launches;       /* asked for one by one; not those of graphs, nor captured ones */
  uint64_t graph_launches;
  uint64_t waits;          /* of the host, for streams and events */
  uint64_t work;           /* launches that ran */
} hadal_test_driver_counts_t;

/* Since the process began, or the last reset. */
typedef void (*hadal_test_driver_counts_fn_t)(hadal_test_driver_counts_t *out_counts);
void hadal_test_driver_counts(hadal_test_driver_counts_t *out_counts);

/* Counts from zero again; a FAIL that was set counts from here. */
void hadal_test_driver_reset(void);

/* Changes a setting; NULL: as it was at the start. */
void hadal_test_driver_set(const char *name, const char *value);

/* The function of the call that FAIL made fail last, or "". */
const char *hadal_test_driver_failed(void);

/* One a line, or "". They are then asked for and forgotten; valid until the next such call. */
const char *hadal_test_driver_problems(void);
const char *hadal_test_driver_leaks(void);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_TESTS_DRIVER_TESTDRIVER_H */
