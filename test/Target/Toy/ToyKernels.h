/* SPDX-License-Identifier: Apache-2.0
 * Images and kernels of the toy device, and how its calls fail. */
#ifndef HADAL_TEST_TARGET_TOY_TOYKERNELS_H
#define HADAL_TEST_TARGET_TOY_TOYKERNELS_H

#include <hadal_device.h>

/* An image is text with a line for each kernel, in the order of their names:
 *
 *   NAME                        no code: what the target has no kernel for
 *   NAME rows WIDTH             y[n] = table[index[n]]
 *   NAME add WIDTH              y = a + b
 *   NAME swiglu WIDTH           y = silu(gate) * up
 *   NAME rms_norm WIDTH EPS     y[n] = x[n] / sqrt(mean(x[n]^2) + eps) * weight; eps by its bits
 *   NAME linear WIDTH INPUTS    y[n, o] = sum_i x[n, i] * w[i, o]
 *
 * Numbers are decimal, from 1 to 2^32 - 1; all values are f32, but an index is i32. */
enum { kNumbers = 2 };

typedef struct toy_kind_t {
  const char *name;
  int count; /* of numbers */
  /* An element of the result. */
  float (*element)(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                   uint64_t column);
} toy_kind_t;

struct hadal_device_kernel {
  char *name;
  const toy_kind_t *kind; /* NULL: no code */
  uint32_t numbers[kNumbers];
};

/* Writes a message, as one line, and returns the code. */
__attribute__((format(printf, 3, 4))) hadal_device_code_t fail(hadal_device_error_t *error,
                                                               hadal_device_code_t code,
                                                               const char *format, ...);

/* A struct of the caller as this library knows it: what the caller's lacks is zero. */
void take(const void *from, void *to, size_t size);

/* These functions of the table. */
hadal_device_code_t imageCheck(hadal_device_t *device, const hadal_device_code_section_t *section,
                               hadal_device_error_t *error);
hadal_device_code_t interfaceCheck(hadal_device_t *device,
                                   const hadal_device_interface_t *interface,
                                   hadal_device_error_t *error);
hadal_device_code_t imageLoad(hadal_device_t *device, const hadal_device_code_section_t *section,
                              hadal_device_image_t **out, hadal_device_error_t *error);
void imageRelease(hadal_device_t *device, hadal_device_image_t *image);
hadal_device_code_t kernelFind(hadal_device_t *device, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *interface,
                               hadal_device_kernel_t **out, hadal_device_error_t *error);

#endif /* HADAL_TEST_TARGET_TOY_TOYKERNELS_H */
