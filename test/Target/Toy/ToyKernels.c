/* SPDX-License-Identifier: Apache-2.0
 * Images and kernels of the toy device: reads the text of an image, and computes what its lines say. */
#include "ToyKernels.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hadal_device_image {
  char *text; /* of the section, with a zero behind it; lines and names are cut in place */
  hadal_device_kernel_t *kernels;
  size_t count;
};

hadal_device_code_t fail(hadal_device_error_t *error, hadal_device_code_t code, const char *format,
                         ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  for (char *at = error->message; *at; ++at)
    if (*at == '\n')
      *at = ' ';
  return code;
}

void take(const void *from, void *to, size_t size) {
  size_t given; /* struct_size is the first field of all structs that may grow */
  memcpy(&given, from, sizeof given);
  memset(to, 0, size);
  memcpy(to, from, given < size ? given : size);
}

/* ---- What kernels compute ---- */

static float rows(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                  uint64_t column) {
  const int32_t *index = operands[0];
  const float *table = operands[1];
  return table[(uint64_t)index[row] * numbers[0] + column];
}

static float add(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                 uint64_t column) {
  const float *a = operands[0], *b = operands[1];
  uint64_t at = row * numbers[0] + column;
  return a[at] + b[at];
}

static float swiglu(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                    uint64_t column) {
  const float *gate = operands[0], *up = operands[1];
  uint64_t at = row * numbers[0] + column;
  return (float)(gate[at] / (1 + exp(-gate[at])) * up[at]);
}

static float rmsNorm(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                     uint64_t column) {
  const float *x = (const float *)operands[0] + row * numbers[0], *weight = operands[1];
  float eps;
  memcpy(&eps, &numbers[1], sizeof eps);
  double squares = 0;
  for (uint32_t i = 0; i < numbers[0]; ++i)
    squares += (double)x[i] * x[i];
  return (float)(x[column] / sqrt(squares / numbers[0] + eps) * weight[column]);
}

static float linear(const uint32_t numbers[kNumbers], const void *const operands[2], uint64_t row,
                    uint64_t column) {
  const float *x = (const float *)operands[0] + row * numbers[1], *weight = operands[1];
  double sum = 0;
  for (uint64_t i = 0; i < numbers[1]; ++i)
    sum += (double)x[i] * weight[i * numbers[0] + column];
  return (float)sum;
}

static const toy_kind_t kinds[] = {{"rows", 1, rows},
                                   {"add", 1, add},
                                   {"swiglu", 1, swiglu},
                                   {"rms_norm", 2, rmsNorm},
                                   {"linear", 2, linear}};

/* ---- Images ---- */

static const toy_kind_t *findKind(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i)
    if (!strcmp(kinds[i].name, name))
      return &kinds[i];
  return NULL;
}

static int parseNumber(const char *text, uint32_t *out) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  *out = (uint32_t)value;
  return *text >= '0' && *text <= '9' && !*end && value >= 1 && value <= UINT32_MAX;
}

static hadal_device_code_t parseLine(const char *section, size_t number, char *line,
                                     hadal_device_kernel_t *kernel, hadal_device_error_t *error) {
  char *place = NULL;
  memset(kernel, 0, sizeof *kernel);
  kernel->name = strtok_r(line, " ", &place);
  if (!kernel->name)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s: line %zu: expected a name, got none",
                section, number);
  const char *kind = strtok_r(NULL, " ", &place);
  if (!kind)
    return HADAL_STATUS_OK;
  kernel->kind = findKind(kind);
  if (!kernel->kind)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "%s: line %zu: expected a kind of kernel, got '%s'", section, number, kind);
  for (int i = 0; i < kernel->kind->count; ++i) {
    const char *word = strtok_r(NULL, " ", &place);
    if (!word || !parseNumber(word, &kernel->numbers[i]))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                  "%s: line %zu: expected a number from 1 to %u, got '%s'", section, number,
                  UINT32_MAX, word ? word : "");
  }
  const char *more = strtok_r(NULL, " ", &place);
  if (more)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s: line %zu: expected its end, got '%s'",
                section, number, more);
  return HADAL_STATUS_OK;
}

static hadal_device_kernel_t *findSymbol(const hadal_device_image_t *image, const char *symbol) {
  for (size_t i = 0; i < image->count; ++i)
    if (!strcmp(image->kernels[i].name, symbol))
      return &image->kernels[i];
  return NULL;
}

static hadal_device_code_t parse(const hadal_device_code_section_t *section,
                                 hadal_device_image_t *image, hadal_device_error_t *error) {
  size_t lines = 1;
  for (size_t i = 0; i < section->size; ++i)
    lines += ((const char *)section->data)[i] == '\n';
  image->text = calloc(section->size + 1, 1);
  image->kernels = calloc(lines, sizeof *image->kernels);
  if (!image->text || !image->kernels)
    return fail(error, HADAL_STATUS_OUT_OF_MEMORY,
                "%s: expected %zu B of memory for %zu lines, got none", section->name,
                section->size, lines);
  memcpy(image->text, section->data, section->size);
  if (strlen(image->text) != section->size)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s: expected text, got a zero at byte %zu",
                section->name, strlen(image->text));
  char *place = NULL;
  for (char *line = strtok_r(image->text, "\n", &place); line;
       line = strtok_r(NULL, "\n", &place)) {
    hadal_device_code_t code =
        parseLine(section->name, image->count + 1, line, &image->kernels[image->count], error);
    if (code != HADAL_STATUS_OK)
      return code;
    ++image->count;
  }
  for (uint32_t i = 0; i < section->symbol_count; ++i)
    if (!findSymbol(image, section->symbols[i]))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s: expected a kernel '%s', got none",
                  section->name, section->symbols[i]);
  return HADAL_STATUS_OK;
}

void imageRelease(hadal_device_t *device, hadal_device_image_t *image) {
  (void)device;
  free(image->text);
  free(image->kernels);
  free(image);
}

hadal_device_code_t imageLoad(hadal_device_t *device, const hadal_device_code_section_t *given,
                              hadal_device_image_t **out, hadal_device_error_t *error) {
  hadal_device_code_section_t section;
  take(given, &section, sizeof section);
  hadal_device_image_t *image = calloc(1, sizeof *image);
  if (!image)
    return fail(error, HADAL_STATUS_OUT_OF_MEMORY, "%s: expected %zu B of memory, got none",
                section.name, sizeof *image);
  hadal_device_code_t code = parse(&section, image, error);
  if (code == HADAL_STATUS_OK)
    *out = image;
  else
    imageRelease(device, image);
  return code;
}

hadal_device_code_t imageCheck(hadal_device_t *device, const hadal_device_code_section_t *section,
                               hadal_device_error_t *error) {
  hadal_device_image_t *image;
  hadal_device_code_t code = imageLoad(device, section, &image, error);
  if (code == HADAL_STATUS_OK)
    imageRelease(device, image);
  return code;
}

/* ---- Kernels ---- */

hadal_device_code_t interfaceCheck(hadal_device_t *device, const hadal_device_interface_t *given,
                                   hadal_device_error_t *error) {
  (void)device;
  hadal_device_interface_t interface;
  take(given, &interface, sizeof interface);
  const struct {
    const char *field;
    unsigned long long value;
  } unknown[] = {{"workgroup_size", interface.workgroup_size[0]},
                 {"cluster", interface.cluster[0]},
                 {"cooperative", (unsigned)interface.cooperative},
                 {"dynamic_shared", (unsigned)interface.dynamic_shared},
                 {"static_shared", interface.static_shared_bytes},
                 {"scratch", interface.scratch_bytes},
                 {"parameters", interface.parameter_count}};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i)
    if (unknown[i].value)
      return fail(error, HADAL_STATUS_UNSUPPORTED, "%s: expected none on a toy, got %llu",
                  unknown[i].field, unknown[i].value);
  return HADAL_STATUS_OK;
}

hadal_device_code_t kernelFind(hadal_device_t *device, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *interface,
                               hadal_device_kernel_t **out, hadal_device_error_t *error) {
  hadal_device_code_t code = interfaceCheck(device, interface, error);
  if (code != HADAL_STATUS_OK)
    return code;
  hadal_device_kernel_t *kernel = findSymbol(image, symbol);
  if (!kernel)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "symbol: expected a kernel of the image, got no '%s'", symbol);
  if (!kernel->kind)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "kernel '%s': expected code, got a name alone",
                symbol);
  *out = kernel;
  return HADAL_STATUS_OK;
}
