// SPDX-License-Identifier: Apache-2.0
// The internal form of hadal_status_t, and how errors gain their field paths.
#ifndef HADAL_CORE_STATUS_H
#define HADAL_CORE_STATUS_H

#include "hadal_runtime.h"

#include <cstdarg>
#include <utility>

namespace hadal::runtime {

/// Success, or a code and a message. Move-only; success owns nothing.
class [[nodiscard]] Status {
public:
  Status() = default;
  explicit Status(hadal_status_t state) : state(state) {}
  Status(Status &&other) noexcept : state(std::exchange(other.state, nullptr)) {}
  Status &operator=(Status &&other) noexcept {
    std::swap(state, other.state);
    return *this;
  }
  ~Status() { hadal_status_release(state); }

  bool ok() const { return state == nullptr; }
  hadal_status_code_t code() const { return hadal_status_code(state); }
  const char *message() const { return hadal_status_message(state); }

  /// Hands the object to a caller of the C interface.
  hadal_status_t release() { return std::exchange(state, nullptr); }

private:
  hadal_status_t state = nullptr;
};

/// An error with a printf-style message.
[[gnu::format(printf, 2, 3)]] Status fail(hadal_status_code_t code, const char *format, ...);

/// The same error with a printf-style prefix, so that the path of a field is
/// put together only when something is wrong: "programs[0]." + "entries[1]: ...".
[[gnu::format(printf, 2, 3)]] Status within(Status inner, const char *format, ...);

} // namespace hadal::runtime

/// Returns the error of `expression` from the current function.
#define HADAL_TRY(expression)                                                                      \
  do {                                                                                             \
    if (::hadal::runtime::Status hadalStatus = (expression); !hadalStatus.ok())                    \
      return hadalStatus;                                                                          \
  } while (false)

/// As HADAL_TRY, with a prefix: HADAL_TRY_IN(verify(op), "ops[%u].", i).
#define HADAL_TRY_IN(expression, ...)                                                              \
  do {                                                                                             \
    if (::hadal::runtime::Status hadalStatus = (expression); !hadalStatus.ok())                    \
      return ::hadal::runtime::within(std::move(hadalStatus), __VA_ARGS__);                        \
  } while (false)

#endif // HADAL_CORE_STATUS_H
