// SPDX-License-Identifier: Apache-2.0
// Opcodes shared by integers and floats hand the float forms over through these.
#ifndef HADAL_SIM_EXEC_ARITHMETIC_H
#define HADAL_SIM_EXEC_ARITHMETIC_H

#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

enum class Arith : u8 { Add, Sub, Mul, Fma, Div, Min, Max, Abs, Neg };

/// f32 and f64; modifiers other than the type are still to be consumed.
bool decodeFloat(Decoder &d, Arith op, Ty type);
/// f16, bf16 and their pairs.
bool decodeHalf(Decoder &d, Arith op, Ty type);

inline bool isHalf(Ty type) {
  return type == Ty::F16 || type == Ty::F16x2 || type == Ty::BF16 || type == Ty::BF16x2;
}
inline bool decodeAnyFloat(Decoder &d, Arith op, Ty type) {
  return isHalf(type) ? decodeHalf(d, op, type) : decodeFloat(d, op, type);
}

/// The handler of `Op<T>` for an integer type; null for other types.
template <template <typename> class Op> Handler pickUnary(Ty type) {
  switch (type) {
  case Ty::U16:
  case Ty::B16: return unary<u16, u16, Op<u16>>;
  case Ty::S16: return unary<i16, i16, Op<i16>>;
  case Ty::U32:
  case Ty::B32: return unary<u32, u32, Op<u32>>;
  case Ty::S32: return unary<i32, i32, Op<i32>>;
  case Ty::U64:
  case Ty::B64: return unary<u64, u64, Op<u64>>;
  case Ty::S64: return unary<i64, i64, Op<i64>>;
  default: return nullptr;
  }
}
template <template <typename> class Op> Handler pickBinary(Ty type) {
  switch (type) {
  case Ty::U16:
  case Ty::B16: return binary<u16, u16, u16, Op<u16>>;
  case Ty::S16: return binary<i16, i16, i16, Op<i16>>;
  case Ty::U32:
  case Ty::B32: return binary<u32, u32, u32, Op<u32>>;
  case Ty::S32: return binary<i32, i32, i32, Op<i32>>;
  case Ty::U64:
  case Ty::B64: return binary<u64, u64, u64, Op<u64>>;
  case Ty::S64: return binary<i64, i64, i64, Op<i64>>;
  default: return nullptr;
  }
}
template <template <typename> class Op> Handler pickTernary(Ty type) {
  switch (type) {
  case Ty::U16:
  case Ty::B16: return ternary<u16, u16, u16, u16, Op<u16>>;
  case Ty::S16: return ternary<i16, i16, i16, i16, Op<i16>>;
  case Ty::U32:
  case Ty::B32: return ternary<u32, u32, u32, u32, Op<u32>>;
  case Ty::S32: return ternary<i32, i32, i32, i32, Op<i32>>;
  case Ty::U64:
  case Ty::B64: return ternary<u64, u64, u64, u64, Op<u64>>;
  case Ty::S64: return ternary<i64, i64, i64, i64, Op<i64>>;
  default: return nullptr;
  }
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_ARITHMETIC_H
