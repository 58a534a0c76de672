// SPDX-License-Identifier: Apache-2.0
// How a device writes the error of a call.
#ifndef HADAL_DEVICE_FAIL_H
#define HADAL_DEVICE_FAIL_H

#include "hadal_device.h"

#include <cstdarg>
#include <cstdio>

namespace hadal::device {

/// Writes a printf-style message, on one line, and returns the code.
[[gnu::format(printf, 3, 0)]] inline hadal_device_code_t failWith(hadal_device_error_t *error,
                                                                  hadal_device_code_t code,
                                                                  const char *format,
                                                                  va_list arguments) {
  std::vsnprintf(error->message, sizeof error->message, format, arguments);
  for (char *at = error->message; *at; ++at)
    if (*at == '\n' || *at == '\r' || *at == '\t')
      *at = ' ';
  return code;
}

[[gnu::format(printf, 3, 4)]] inline hadal_device_code_t
fail(hadal_device_error_t *error, hadal_device_code_t code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  failWith(error, code, format, arguments);
  va_end(arguments);
  return code;
}

/// What the calls of a queue ask first, other than launches, which alone are recorded.
inline hadal_device_code_t expectRunning(bool isRecording, const char *call,
                                         hadal_device_error_t *error) {
  if (isRecording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "%s: expected a queue that does not record, got one that does", call);
  return HADAL_STATUS_OK;
}

} // namespace hadal::device

/// Returns the code of `expression` from the current function unless it is HADAL_STATUS_OK.
#define HADAL_DEVICE_TRY(expression)                                                               \
  do {                                                                                             \
    if (hadal_device_code_t hadalCode = (expression); hadalCode != HADAL_STATUS_OK)                \
      return hadalCode;                                                                            \
  } while (false)

#endif // HADAL_DEVICE_FAIL_H
