// SPDX-License-Identifier: Apache-2.0
// Errors: a code and one line of text, allocated in one piece.
#include "core/Status.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

struct hadal_status {
  hadal_status_code_t code;
  char message[1]; // extends past the struct
};

namespace hadal::runtime {
namespace {

// What remains to be said when there is no memory for anything else.
hadal_status outOfMemory = {HADAL_STATUS_OUT_OF_MEMORY, {0}};

// Bytes of the longest message; field names of an artifact may be of any length.
constexpr size_t kMaxMessage = 4096;

// Names from a file may hold anything; a message is one line of text.
void makePrintable(char *text) {
  for (; *text; ++text) {
    unsigned char c = static_cast<unsigned char>(*text);
    if (c < 0x20 || c == 0x7f)
      *text = '?';
  }
}

hadal_status *make(hadal_status_code_t code, const char *prefix, const char *text) {
  size_t prefixLength = strnlen(prefix, kMaxMessage);
  size_t textLength = strnlen(text, kMaxMessage - prefixLength);
  auto *status =
      static_cast<hadal_status *>(std::malloc(sizeof(hadal_status) + prefixLength + textLength));
  if (!status)
    return &outOfMemory;
  status->code = code;
  std::memcpy(status->message, prefix, prefixLength);
  std::memcpy(status->message + prefixLength, text, textLength);
  status->message[prefixLength + textLength] = 0;
  makePrintable(status->message);
  return status;
}

} // namespace

Status fail(hadal_status_code_t code, const char *format, ...) {
  char text[kMaxMessage];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return Status(make(code, "", text));
}

Status within(Status inner, const char *format, ...) {
  char prefix[kMaxMessage];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(prefix, sizeof prefix, format, arguments);
  va_end(arguments);
  return Status(make(inner.code(), prefix, inner.message()));
}

} // namespace hadal::runtime

hadal_status_code_t hadal_status_code(hadal_status_t status) {
  return status ? status->code : HADAL_STATUS_OK;
}

const char *hadal_status_message(hadal_status_t status) {
  if (!status)
    return "ok";
  return status == &hadal::runtime::outOfMemory ? "out of memory" : status->message;
}

void hadal_status_release(hadal_status_t status) {
  if (status != &hadal::runtime::outOfMemory)
    std::free(status);
}
