// SPDX-License-Identifier: Apache-2.0
// Names and sizes of the scalar types.
#include "sim/support/Types.h"

#include <cstdarg>
#include <cstdio>

namespace hadal::sim {

namespace {
struct TypeRow {
  const char *name;
  u8 bytes;
};
// In the order of enum Ty.
constexpr TypeRow kTypes[] = {
    {"", 0},    {"pred", 0}, {"b8", 1},    {"b16", 2},    {"b32", 4},    {"b64", 8},   {"b128", 16},
    {"u8", 1},  {"u16", 2},  {"u32", 4},   {"u64", 8},    {"s8", 1},     {"s16", 2},   {"s32", 4},
    {"s64", 8}, {"f16", 2},  {"f16x2", 4}, {"bf16", 2},   {"bf16x2", 4}, {"tf32", 4},  {"f32", 4},
    {"f64", 8}, {"e4m3", 1}, {"e5m2", 1},  {"e4m3x2", 2}, {"e5m2x2", 2}, {"u16x2", 4}, {"s16x2", 4},
    {"s4", 1},  {"u4", 1},   {"b1", 1},
};
constexpr size_t kTypeCount = sizeof(kTypes) / sizeof(kTypes[0]);
} // namespace

u32 sizeOf(Ty type) { return kTypes[size_t(type)].bytes; }

const char *typeName(Ty type) { return kTypes[size_t(type)].name; }

bool isSigned(Ty type) {
  return type == Ty::S8 || type == Ty::S16 || type == Ty::S32 || type == Ty::S64;
}

bool isFloat(Ty type) { return type >= Ty::F16 && type <= Ty::E5M2x2; }

Ty typeByName(std::string_view name) {
  if (name.size() < 2 || name.size() > 6)
    return Ty::None;
  for (size_t i = 1; i < kTypeCount; ++i)
    if (name == kTypes[i].name)
      return Ty(i);
  return Ty::None;
}

const char *spaceName(Space space) {
  constexpr const char *names[] = {"generic", "global", "shared", "local", "const", "param"};
  return names[size_t(space)];
}

std::string format(const char *pattern, ...) {
  va_list args, again;
  va_start(args, pattern);
  va_copy(again, args);
  int length = vsnprintf(nullptr, 0, pattern, args);
  va_end(args);
  std::string text(size_t(length > 0 ? length : 0), '\0');
  if (length > 0)
    vsnprintf(&text[0], text.size() + 1, pattern, again);
  va_end(again);
  return text;
}

} // namespace hadal::sim
