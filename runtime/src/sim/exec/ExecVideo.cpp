// SPDX-License-Identifier: Apache-2.0
// Video instructions on the two or four parts of a register.
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

enum class Part : u8 { Add, Sub, Average, Difference, Min, Max, Eq, Ne, Lt, Le, Gt, Ge };

// aux: operation | parts << 4 | signed d, a, b << 8.. | sat << 11 | add << 12.
u32 combine(u32 aux, u32 a, u32 b, u32 c) {
  auto op = Part(aux & 15);
  u32 parts = aux >> 4 & 15, width = 32 / parts;
  bool signedD = aux >> 8 & 1, sat = aux >> 11 & 1, add = aux >> 12 & 1;
  auto part = [&](u32 x, u32 i, bool s) {
    u32 raw = x << (32 - width * (i + 1)) >> (32 - width);
    return s ? i64(i32(raw << (32 - width)) >> (32 - width)) : i64(raw);
  };
  u32 packed = 0, sum = c;
  for (u32 i = 0; i < parts; ++i) {
    i64 x = part(a, i, aux >> 9 & 1), y = part(b, i, aux >> 10 & 1), r = 0;
    switch (op) {
    case Part::Add: r = x + y; break;
    case Part::Sub: r = x - y; break;
    case Part::Average: r = (x + y + (x + y >= 0)) >> 1; break;
    case Part::Difference: r = x > y ? x - y : y - x; break;
    case Part::Min: r = x < y ? x : y; break;
    case Part::Max: r = x > y ? x : y; break;
    case Part::Eq: r = x == y; break;
    case Part::Ne: r = x != y; break;
    case Part::Lt: r = x < y; break;
    case Part::Le: r = x <= y; break;
    case Part::Gt: r = x > y; break;
    case Part::Ge: r = x >= y; break;
    }
    if (sat) {
      i64 least = signedD ? -(i64(1) << (width - 1)) : 0;
      i64 most = (i64(1) << (width - signedD)) - 1;
      r = r < least ? least : r > most ? most : r;
    }
    sum += u32(r);
    u32 keep = width == 32 ? ~0u : (1u << width) - 1;
    packed |= (u32(r) & keep) << (width * i);
  }
  return add ? sum : packed;
}
struct Combine {
  static u32 apply(const Inst &in, u32 a, u32 b, u32 c) { return combine(in.aux, a, b, c); }
};

template <Part kOp, u32 kParts> bool decodeParts(Decoder &d) {
  Ty to = d.type(), ta = d.type(), tb = d.type();
  auto word = [](Ty t) { return t == Ty::U32 || t == Ty::S32; };
  if (!word(to) || !word(ta) || !word(tb))
    return d.fail("expected three types u32 or s32");
  bool sat = d.mod("sat"), add = d.mod("add");
  d.out.aux = u32(kOp) | kParts << 4 | u32(to == Ty::S32) << 8 | u32(ta == Ty::S32) << 9 |
              u32(tb == Ty::S32) << 10 | u32(sat) << 11 | u32(add) << 12;
  return simple3(d, ternaryWith<u32, u32, Combine>, Class::Integer, Ty::B32, Ty::B32, Ty::B32,
                 Ty::B32);
}

template <u32 kParts> bool decodeSet(Decoder &d) {
  Ty ta = d.type(), tb = d.type();
  int comparison = d.modOf("eq ne lt le gt ge");
  auto word = [](Ty t) { return t == Ty::U32 || t == Ty::S32; };
  if (!word(ta) || !word(tb) || comparison < 0)
    return d.fail("expected two types u32 or s32 and a comparison");
  bool add = d.mod("add");
  d.out.aux = (u32(Part::Eq) + u32(comparison)) | kParts << 4 | u32(ta == Ty::S32) << 9 |
              u32(tb == Ty::S32) << 10 | u32(add) << 12;
  return simple3(d, ternaryWith<u32, u32, Combine>, Class::Integer, Ty::B32, Ty::B32, Ty::B32,
                 Ty::B32);
}

const OpRow kRows[] = {
    {"vset2", decodeSet<2>},
    {"vset4", decodeSet<4>},
    {"vadd2", decodeParts<Part::Add, 2>},
    {"vadd4", decodeParts<Part::Add, 4>},
    {"vsub2", decodeParts<Part::Sub, 2>},
    {"vsub4", decodeParts<Part::Sub, 4>},
    {"vavrg2", decodeParts<Part::Average, 2>},
    {"vavrg4", decodeParts<Part::Average, 4>},
    {"vabsdiff2", decodeParts<Part::Difference, 2>},
    {"vabsdiff4", decodeParts<Part::Difference, 4>},
    {"vmin2", decodeParts<Part::Min, 2>},
    {"vmin4", decodeParts<Part::Min, 4>},
    {"vmax2", decodeParts<Part::Max, 2>},
    {"vmax4", decodeParts<Part::Max, 4>},
};
} // namespace

const Level::Table kVideoTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
