// SPDX-License-Identifier: Apache-2.0
// wmma.load, wmma.store and wmma.mma.
//
// PTX leaves the layout of fragments open. Here slot s = lane * perLane + i of a
// fragment holds element s modulo the number of elements, in the order in which
// the matrix lies in memory for A and B, and by rows for C and D.
#include "sim/exec/MatrixMath.h"
#include "sim/exec/MemoryAccess.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

struct Shape {
  u32 m, n, k;
  const char *name;
};
constexpr Shape kShapes[] = {{16, 16, 16, "m16n16k16"}, {8, 32, 16, "m8n32k16"},
                             {32, 8, 16, "m32n8k16"},   {16, 16, 8, "m16n16k8"},
                             {8, 8, 4, "m8n8k4"},       {8, 8, 32, "m8n8k32"},
                             {8, 8, 128, "m8n8k128"}};

enum Which : u32 { kA, kB, kC };

/// A fragment: extents, element type, registers of a lane.
struct Fragment {
  u32 rows, columns, bits, perRegister, registers, perLane;
  Ty type;
};
Fragment fragmentOf(const Shape &s, u32 which, Ty type) {
  Fragment f{};
  f.type = type;
  f.rows = which == kB ? s.k : s.m;
  f.columns = which == kA ? s.k : s.n;
  f.bits = elementBits(type);
  f.perRegister = f.bits >= 32 ? 1 : 32 / f.bits;
  u32 elements = f.rows * f.columns;
  if (which != kC && type == Ty::F16)
    f.registers = 8; // some hold copies
  else
    f.registers = std::max(1u, elements / kLanes / f.perRegister);
  f.perLane = f.registers * f.perRegister;
  return f;
}

// aux: shape | which << 4 | row-major << 8 | space << 16 | type << 24;
// e: stride in elements, or none.
Fragment fragmentOf(const Inst &in) {
  return fragmentOf(kShapes[in.aux & 15], in.aux >> 4 & 15, Ty(in.aux >> 24));
}

/// A fragment's matrix in memory; `stride` elements lie between its lines.
struct Matrix {
  Fragment f;
  u32 which;
  bool rowMajor;
  u64 stride;
  /// Element of a slot as an offset in elements from the base.
  u64 offset(u32 slot) const {
    u32 element = slot % (f.rows * f.columns);
    if (which == kC) { // by rows in the fragment, whatever memory is like
      u32 row = element / f.columns, column = element % f.columns;
      return rowMajor ? row * stride + column : column * stride + row;
    }
    u32 line = rowMajor ? f.columns : f.rows;
    return u64(element / line) * stride + element % line;
  }
};

/// How many consecutive elements of a lane go at once: as many as lie side by
/// side, up to 16 bytes.
u32 elementsAtOnce(const Matrix &m, u64 base) {
  const Fragment &f = m.f;
  if (f.bits < 8)
    return f.perRegister;
  u32 count = 1;
  while (count * f.bits < 128 && count * 2 <= f.perLane) {
    u32 more = count * 2;
    for (u32 s = 0; s < kLanes * f.perLane; s += more) {
      u64 first = m.offset(s);
      bool together = (base * 8 + first * f.bits) % (more * f.bits) == 0;
      for (u32 i = 1; i < more; ++i)
        together &= m.offset(s + i) == first + i;
      if (!together)
        return count;
    }
    count = more;
  }
  return count;
}

/// One register of a lane, or the piece of it that an element takes.
struct Piece {
  u32 ref, valueBytes, shift, step; // step: bytes in memory
  u64 keep;
};
/// The piece at byte `part` of the elements from `i` on, `bytes` in all.
Piece pieceOf(const Fragment &f, const u32 *list, u32 i, u32 part, u32 bytes) {
  Piece piece;
  u32 element = i + (f.bits < 8 ? 0 : part * 8 / f.bits);
  piece.ref = list[element / f.perRegister];
  piece.valueBytes = f.bits == 64 ? 8 : 4;
  piece.shift = element % f.perRegister * f.bits;
  piece.step = f.bits < 8 ? 4 : std::min(f.bits / 8, bytes);
  piece.keep = (f.bits >= 32 || f.bits < 8) ? ~u64(0) : ((u64(1) << f.bits) - 1) << piece.shift;
  return piece;
}

void loadPiece(Warp &w, const Piece &p, u32 lane, const u8 *host, const u8 *shadow) {
  u64 value = 0, bits = 0;
  memcpy(&value, host, p.step);
  if (shadow)
    memcpy(&bits, shadow, p.step);
  if (p.valueBytes == 8) {
    w.at<u64>(p.ref)[lane] = value;
  } else {
    u32 &to = w.at<u32>(p.ref)[lane];
    to = u32((to & ~p.keep) | (value << p.shift & p.keep));
  }
  if (w.tracking || bits) {
    u64 old = p.shift ? undefinedBits(w, p.ref, p.valueBytes, lane) : 0;
    setUndefinedBits(w, p.ref, p.valueBytes, lane, (old & ~p.keep) | (bits << p.shift & p.keep));
  }
}

void storePiece(Warp &w, const Piece &p, u32 lane, u8 *host, u8 *shadow, const Access &access) {
  u64 value =
      p.valueBytes == 8 ? w.at<u64>(p.ref)[lane] : (w.at<u32>(p.ref)[lane] & p.keep) >> p.shift;
  memcpy(host, &value, p.step);
  u64 bits = w.tracking ? (undefinedBits(w, p.ref, p.valueBytes, lane) & p.keep) >> p.shift : 0;
  if (shadow && (bits || access.mayBeUndefined)) {
    memcpy(shadow, &bits, p.step);
    if (bits && access.buffer)
      access.buffer->mayBeUndefined = true;
  }
}

bool transfer(Warp &w, const Inst &in, u32 mask, bool stores) {
  if (!converge(w, in, mask, w.valid))
    return true;
  if (mask != kFullMask)
    return stopWith(w, in, "expected a warp of 32 threads");
  Matrix m;
  m.f = fragmentOf(in);
  m.which = in.aux >> 4 & 15;
  m.rowMajor = in.aux >> 8 & 1;
  m.stride = m.rowMajor ? m.f.columns : m.f.rows;
  if (in.e != kNoOperand) {
    m.stride = w.at<u32>(in.e)[0];
    if (w.tracking && *w.flags(in.e))
      return reportUndefined(w, in, *w.flags(in.e), "the stride is undefined");
  }
  const u32 *list = &w.launch->program->pool[in.list];
  Access base;
  if (!computeAddresses(w, in, in.a, in.aw, in.imm, kFullMask, base))
    return false;
  u32 count = elementsAtOnce(m, base.address[0]);
  u32 bytes = m.f.bits < 8 ? 4 : count * m.f.bits / 8;
  for (u32 i = 0; i < m.f.perLane; i += count) {
    Access access;
    access.space = Space(in.aux >> 16 & 255);
    access.kind = stores ? AccessKind::Write : AccessKind::Read;
    access.mask = kFullMask;
    access.bytes = bytes;
    for (u32 lane = 0; lane < kLanes; ++lane)
      access.address[lane] = base.address[lane] + m.offset(lane * m.f.perLane + i) * m.f.bits / 8;
    if (access.space == Space::Generic && splitGeneric(access, kFullMask) != kFullMask)
      return stopWith(w, in, "expected one address for all lanes");
    if (!resolve(w, in, access))
      return false;
    for (u32 lane = 0; lane < kLanes; ++lane) {
      u8 *host = access.at(lane), *shadow = access.shadowAt(lane);
      for (u32 part = 0; part < bytes;) {
        Piece piece = pieceOf(m.f, list, i, part, bytes);
        u8 *bits = shadow ? shadow + part : nullptr;
        if (stores)
          storePiece(w, piece, lane, host + part, bits, access);
        else
          loadPiece(w, piece, lane, host + part, access.mayBeUndefined ? bits : nullptr);
        part += piece.step;
      }
    }
  }
  return true;
}
void loadFragment(Warp &w, const Inst &in, u32 mask) { transfer(w, in, mask, false); }
void storeFragment(Warp &w, const Inst &in, u32 mask) { transfer(w, in, mask, true); }

/// Raw bits of the element in a slot.
u64 slotValue(const Warp &w, const Fragment &f, const u32 *list, u32 slot) {
  u32 lane = slot / f.perLane, i = slot % f.perLane;
  u32 ref = list[i / f.perRegister];
  if (f.bits == 64)
    return w.at<u64>(ref)[lane];
  u32 raw = w.at<u32>(ref)[lane] >> (i % f.perRegister * f.bits % 32);
  return f.bits >= 32 ? raw : raw & ((1u << f.bits) - 1);
}

/// What a product reads and writes: elements by row and column.
struct Operands {
  Warp &w;
  const Shape &s;
  bool rowA, rowB;
  Fragment fa, fb, fc, fd;
  const u32 *ld, *la, *lb, *lc;
  u32 slotA(u32 row, u32 k) const { return rowA ? row * s.k + k : k * s.m + row; }
  u32 slotB(u32 k, u32 col) const { return rowB ? k * s.n + col : col * s.k + k; }
  u64 a(u32 row, u32 k) const { return slotValue(w, fa, la, slotA(row, k)); }
  u64 b(u32 k, u32 col) const { return slotValue(w, fb, lb, slotB(k, col)); }
  u64 c(u32 e) const { return slotValue(w, fc, lc, e); }
};

// aux: shape | rowA << 4 | rowB << 5 | satfinite << 6 | and << 7 |
// a << 8 | b << 14 | c << 20 | d << 26.
Operands operandsOf(Warp &w, const Inst &in) {
  const Shape &s = kShapes[in.aux & 15];
  Operands o{w,
             s,
             bool(in.aux >> 4 & 1),
             bool(in.aux >> 5 & 1),
             fragmentOf(s, kA, Ty(in.aux >> 8 & 63)),
             fragmentOf(s, kB, Ty(in.aux >> 14 & 63)),
             fragmentOf(s, kC, Ty(in.aux >> 20 & 63)),
             fragmentOf(s, kC, Ty(in.aux >> 26 & 63)),
             &w.launch->program->pool[in.list],
             nullptr,
             nullptr,
             nullptr};
  o.la = o.ld + o.fd.registers;
  o.lb = o.la + o.fa.registers;
  o.lc = o.lb + o.fb.registers;
  return o;
}

/// Which elements of the result undefined ones of the operands reach. False where none are.
bool findSpoiled(const Operands &o, u8 *spoiled) {
  bool any = false;
  if (o.w.tracking)
    for (u32 i = 0; i < o.fa.registers + o.fb.registers + o.fc.registers; ++i)
      any |= *o.w.flags(o.la[i]) != 0;
  if (!any)
    return false;
  auto isUndefined = [&](const Fragment &f, const u32 *list, u32 slot) {
    u32 lane = slot / f.perLane, i = slot % f.perLane;
    u64 bits = undefinedBits(o.w, list[i / f.perRegister], f.bits == 64 ? 8 : 4, lane) >>
               (i % f.perRegister * f.bits % 32);
    return (f.bits >= 32 ? bits : bits & ((1u << f.bits) - 1)) != 0;
  };
  u32 rows = 0, columns = 0;
  for (u32 k = 0; k < o.s.k; ++k) {
    for (u32 row = 0; row < o.s.m; ++row)
      rows |= u32(isUndefined(o.fa, o.la, o.slotA(row, k))) << row;
    for (u32 col = 0; col < o.s.n; ++col)
      columns |= u32(isUndefined(o.fb, o.lb, o.slotB(k, col))) << col;
  }
  for (u32 e = 0; e < o.s.m * o.s.n; ++e)
    spoiled[e] =
        isUndefined(o.fc, o.lc, e) || (rows >> (e / o.s.n) & 1) || (columns >> (e % o.s.n) & 1);
  return true;
}

void multiplyIntegers(const Operands &o, bool satfinite, bool andPopc, u64 *result) {
  const Shape &s = o.s;
  for (u32 row = 0; row < s.m; ++row)
    for (u32 col = 0; col < s.n; ++col) {
      i64 sum = i32(o.c(row * s.n + col));
      for (u32 k = 0; k < s.k; ++k) {
        u32 x = u32(o.a(row, k)), y = u32(o.b(k, col));
        sum += o.fa.type != Ty::B1 ? integerElement(o.fa.type, x) * integerElement(o.fb.type, y)
                                   : i32(andPopc ? x & y : x ^ y);
      }
      if (satfinite)
        sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
      result[row * s.n + col] = u32(sum);
    }
}

void multiplyDoubles(const Operands &o, u64 *result) {
  const Shape &s = o.s;
  for (u32 row = 0; row < s.m; ++row)
    for (u32 col = 0; col < s.n; ++col) {
      double sum = bitsAs<double>(o.c(row * s.n + col));
      for (u32 k = 0; k < s.k; ++k)
        sum = __builtin_fma(bitsAs<double>(o.a(row, k)), bitsAs<double>(o.b(k, col)), sum);
      result[row * s.n + col] = bitsAs<u64>(sum);
    }
}

void multiplyFloats(const Operands &o, u64 *result) {
  const Shape &s = o.s;
  Product32 p;
  p.m = s.m;
  p.n = s.n;
  p.k = s.k;
  for (u32 k = 0; k < s.k; ++k) {
    for (u32 row = 0; row < s.m; ++row)
      p.a[row * s.k + k] = floatElement(o.fa.type, u32(o.a(row, k)));
    for (u32 col = 0; col < s.n; ++col)
      p.b[k * s.n + col] = floatElement(o.fb.type, u32(o.b(k, col)));
  }
  for (u32 e = 0; e < s.m * s.n; ++e)
    p.c[e] = floatElement(o.fc.type == Ty::F16 ? Ty::F16 : Ty::F32, u32(o.c(e)));
  p.run();
  for (u32 e = 0; e < s.m * s.n; ++e)
    result[e] = o.fd.type == Ty::F16 ? floatToHalf(p.c[e]) : accumulatorBits(p.c[e]);
}

/// `spoiled` is null where all of the result is defined.
void writeResult(const Operands &o, const u64 *result, const u8 *spoiled) {
  const Fragment &f = o.fd;
  for (u32 lane = 0; lane < kLanes; ++lane)
    for (u32 r = 0; r < f.registers; ++r) {
      u64 value = 0, bits = 0;
      for (u32 j = 0; j < f.perRegister; ++j) {
        u32 e = lane * f.perLane + r * f.perRegister + j;
        value |= result[e] << (j * f.bits % 64);
        if (spoiled && spoiled[e])
          bits |= (f.bits == 64 ? ~u64(0) : (u64(1) << f.bits) - 1) << (j * f.bits % 64);
      }
      if (f.bits == 64)
        o.w.at<u64>(o.ld[r])[lane] = value;
      else
        o.w.at<u32>(o.ld[r])[lane] = u32(value);
      if (o.w.tracking)
        setUndefinedBits(o.w, o.ld[r], f.bits == 64 ? 8 : 4, lane, bits);
    }
}

void multiply(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  if (mask != kFullMask) {
    stopWith(w, in, "expected a warp of 32 threads");
    return;
  }
  static thread_local u8 spoiled[kMaxRows * kMaxColumns];
  static thread_local u64 result[kMaxRows * kMaxColumns];
  Operands o = operandsOf(w, in);
  // Undefined inputs first: results overwrite registers.
  bool any = findSpoiled(o, spoiled);
  if (isIntegerElement(o.fa.type) || o.fa.type == Ty::B1)
    multiplyIntegers(o, in.aux >> 6 & 1, in.aux >> 7 & 1, result);
  else if (o.fa.type == Ty::F64)
    multiplyDoubles(o, result);
  else
    multiplyFloats(o, result);
  writeResult(o, result, any ? spoiled : nullptr);
}

bool fits(const Shape &s, Ty type) {
  switch (type) {
  case Ty::F16:
  case Ty::BF16:
  case Ty::S8:
  case Ty::U8: return s.k == 16;
  case Ty::TF32: return s.m == 16 && s.k == 8;
  case Ty::F64: return s.k == 4;
  case Ty::S4:
  case Ty::U4: return s.k == 32;
  case Ty::B1: return s.k == 128;
  default: return false;
  }
}

bool appendRegisters(Decoder &d, size_t operand, const Fragment &f, bool defines,
                     std::vector<u32> &refs) {
  auto parts = d.elements(operand);
  if (parts.size() != f.registers)
    return d.failOperand(operand,
                         format("expected %u registers, got %zu", f.registers, parts.size()));
  Ty type = f.bits == 64 ? Ty::B64 : Ty::B32;
  for (const Operand *part : parts) {
    u32 ref = 0;
    if (defines ? !d.dstOf(*part, type, ref) : !d.srcOf(*part, type, ref))
      return false;
    refs.push_back(ref);
  }
  return true;
}

bool decodeProduct(Decoder &d, u32 shape) {
  const Shape &s = kShapes[shape];
  std::vector<std::string_view> layouts;
  for (std::string_view m : d.ast().modifiers)
    if (m == "row" || m == "col")
      layouts.push_back(m);
  d.mod("row"), d.mod("row"), d.mod("col"), d.mod("col");
  if (layouts.size() != 2)
    return d.fail("expected two layouts");
  bool satfinite = d.mod("satfinite");
  d.mod("rn"); // of f64, the rounding there is
  bool isXor = d.mod("xor"), isAnd = d.mod("and");
  if (isXor || isAnd)
    d.mod("popc");
  std::vector<Ty> types;
  for (Ty type = d.type(); type != Ty::None; type = d.type())
    types.push_back(type);
  if (types.size() == 2) // f16 operands are not named
    types = {types[0], Ty::F16, Ty::F16, types[1]};
  if (types.size() != 4)
    return d.fail("expected two or four types");
  if (!fits(s, types[1]) || elementBits(types[1]) != elementBits(types[2]))
    return d.fail("this shape is not defined for these types");
  Fragment fd = fragmentOf(s, kC, types[0]), fa = fragmentOf(s, kA, types[1]),
           fb = fragmentOf(s, kB, types[2]), fc = fragmentOf(s, kC, types[3]);
  std::vector<u32> refs, sources;
  if (!d.finish(4) || !appendRegisters(d, 1, fa, false, sources) ||
      !appendRegisters(d, 2, fb, false, sources) || !appendRegisters(d, 3, fc, false, sources) ||
      !appendRegisters(d, 0, fd, true, refs))
    return false;
  refs.insert(refs.end(), sources.begin(), sources.end());
  d.setList(refs);
  d.out.run = multiply;
  d.out.cls = Class::Matrix;
  d.out.shadow = Shadow::Own;
  d.out.aux = shape | u32(layouts[0] == "row") << 4 | u32(layouts[1] == "row") << 5 |
              u32(satfinite) << 6 | u32(isAnd) << 7 | u32(types[1]) << 8 | u32(types[2]) << 14 |
              u32(types[3]) << 20 | u32(types[0]) << 26;
  return true;
}

bool decodeWmma(Decoder &d) {
  int action = d.modOf("load store mma");
  if (action < 0)
    return d.fail("expected .load, .store or .mma");
  int which = action == 2 ? 3 : d.modOf("a b c d");
  d.mod("sync");
  if (!d.mod("aligned"))
    return d.fail("expected .sync.aligned");
  u32 shape = ~0u;
  for (u32 i = 0; i < sizeof(kShapes) / sizeof(kShapes[0]); ++i)
    if (d.mod(kShapes[i].name))
      shape = i;
  if (shape == ~0u)
    return d.fail("unknown shape");
  if (action == 2)
    return decodeProduct(d, shape);
  if (which < 0 || (action == 0) != (which < 3))
    return d.fail("expected .load.a, .load.b, .load.c or .store.d");
  int layout = d.modOf("row col");
  Space space = Space::Generic;
  int where = d.modOf("global shared shared::cta");
  if (where >= 0)
    space = where == 0 ? Space::Global : Space::Shared;
  Ty type;
  if (layout < 0)
    return d.fail("expected .row or .col");
  if (!d.wantType(type))
    return false;
  u32 matrix = which == 3 ? u32(kC) : u32(which);
  if (matrix != kC && !fits(kShapes[shape], type))
    return d.fail("this shape is not defined for this type");
  if (matrix == kC && type != Ty::F16 && type != Ty::F32 && type != Ty::S32 && type != Ty::F64)
    return d.fail("expected type f16, f32, s32 or f64");
  if (!d.finish(2, 3))
    return false;
  bool loads = action == 0;
  if (!d.address(loads ? 1 : 0, space))
    return false;
  std::vector<u32> refs;
  if (d.operandCount() == 3 && !d.src(2, Ty::U32, d.out.e))
    return false;
  if (!appendRegisters(d, loads ? 0 : 1, fragmentOf(kShapes[shape], matrix, type), loads, refs))
    return false;
  d.setList(refs);
  d.out.run = loads ? loadFragment : storeFragment;
  d.out.cls = Class::MatrixMove;
  d.out.shadow = Shadow::Own;
  d.out.aux = shape | matrix << 4 | u32(layout == 0) << 8 | u32(space) << 16 | u32(type) << 24;
  return true;
}

const OpRow kRows[] = {{"wmma", decodeWmma}};
} // namespace

const Level::Table kWmmaTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
