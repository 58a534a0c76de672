// SPDX-License-Identifier: Apache-2.0
// Scalar types, state spaces and small helpers shared by all of the simulator.
#ifndef HADAL_SIM_SUPPORT_TYPES_H
#define HADAL_SIM_SUPPORT_TYPES_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::sim {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i8 = int8_t;
using i16 = int16_t;
using i32 = int32_t;
using i64 = int64_t;

constexpr u32 kLanes = 32;
constexpr u32 kFullMask = 0xffffffffu;
/// Bytes of one register slot: 32 lanes of 32 bits. A 64-bit register takes two
/// slots, a 128-bit register four.
constexpr u32 kSlotBytes = kLanes * 4;

enum class Ty : u8 {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F64,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2,
  U16x2,
  S16x2,
  S4,
  U4,
  B1,
};

enum class Space : u8 { Generic, Global, Shared, Local, Const, Param };

/// Bytes that a value of the type takes in memory; 0 for predicates.
u32 sizeOf(Ty type);
bool isSigned(Ty type);
bool isFloat(Ty type);
/// The type named by a modifier without its dot ("u32"), or Ty::None.
Ty typeByName(std::string_view name);
const char *typeName(Ty type);
const char *spaceName(Space space);

/// A position in the PTX text, both counted from one.
struct Position {
  u32 line = 0;
  u32 column = 0;
};

/// Formats like printf into a std::string.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

} // namespace hadal::sim

#endif // HADAL_SIM_SUPPORT_TYPES_H
