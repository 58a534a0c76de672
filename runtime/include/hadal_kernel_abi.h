/* SPDX-License-Identifier: Apache-2.0
 * The binary interfaces between compiled kernels and what calls them, one for each family. */
#ifndef HADAL_KERNEL_ABI_H
#define HADAL_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A module states the ABI version that its kernels were compiled for; a
 * device refuses any other. */

/* Of the family "cuda": a PTX entry whose parameters are those of the launch's interface, in
 * its order and each of its size. */
#define HADAL_CUDA_KERNEL_ABI_VERSION 2

/* Of the family "cpu", whose structs follow. */
#define HADAL_KERNEL_ABI_VERSION 1

/* So many bytes are zero when a launch begins: the first ones of a workspace of the family
 * "cpu", which has at least as many; in front of one of the family "cuda". A kernel may count
 * in them which workgroups have come or ended; it leaves them zero. */
#define HADAL_KERNEL_COUNTER_BYTES 4096

/* What is common to all workgroups of one launch. Owned by the runtime, valid
 * while the launch runs. The compiler addresses the fields by offset. */
typedef struct hadal_dispatch_state_t {
  void *const *bindings;           /* offset  0: buffers, 64-byte aligned: the
                                      launch's, and behind them its workspace,
                                      where the kernel's interface asks for one */
  const int64_t *constants;        /* offset  8: launch constants */
  uint32_t workgroup_count[3];     /* offset 16: extents of the grid, x, y, z */
  uint32_t binding_count;          /* offset 28 */
  uint32_t constant_count;         /* offset 32 */
  uint32_t reserved;               /* offset 36: zero */
} hadal_dispatch_state_t;

/* What is particular to one workgroup. */
typedef struct hadal_workgroup_state_t {
  uint32_t workgroup_id[3]; /* offset  0: position in the grid, x, y, z */
  uint32_t thread;          /* offset 12: index of the executing thread */
  void *scratch;            /* offset 16: private scratch, 64-byte aligned, of
                               the size that the executable asks for; its
                               contents are undefined at entry */
} hadal_workgroup_state_t;

/* A kernel executes one workgroup. Returns 0, or a code that the runtime
 * reports together with the kernel's name: 1 means that an operand held a value
 * that the kernel cannot process. */
typedef int32_t (*hadal_kernel_fn_t)(const hadal_dispatch_state_t *,
                                     const hadal_workgroup_state_t *);

#ifdef __cplusplus
}
#endif

#endif /* HADAL_KERNEL_ABI_H */
