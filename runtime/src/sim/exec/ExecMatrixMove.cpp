// SPDX-License-Identifier: Apache-2.0
// ldmatrix, stmatrix and movmatrix.
#include "sim/exec/MemoryAccess.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// Where lane i of an 8x8 matrix of 16-bit elements finds element j (0 or 1):
/// row and column, exchanged for .trans.
inline void place(u32 lane, u32 j, bool transposed, u32 &row, u32 &column) {
  row = lane / 4;
  column = lane % 4 * 2 + j;
  if (transposed) {
    u32 t = row;
    row = column;
    column = t;
  }
}

/// Whether any row of 16 bytes has an undefined bit. Lanes that give no row have
/// the address of one that does.
bool anyUndefined(const Access &access) {
  u64 any[2] = {0, 0};
  for (u32 i = 0; i < kLanes; ++i) {
    u64 bits[2];
    memcpy(bits, reinterpret_cast<const u8 *>(access.address[i] + access.shadowOffset), 16);
    any[0] |= bits[0];
    any[1] |= bits[1];
  }
  return (any[0] | any[1]) != 0;
}

// aux: matrices | transposed << 8 | space << 16.
void loadMatrix(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  u32 matrices = in.aux & 255;
  bool transposed = in.aux >> 8 & 1;
  u32 rows = matrices == 4 ? kFullMask : (1u << (8 * matrices)) - 1;
  const u32 *list = &w.launch->program->pool[in.list];
  forEachSpace(w, in, rows, Space(in.aux >> 16), 16, AccessKind::Read, [&](Access &access) {
    if (access.space != Space::Shared)
      return stopWith(w, in, "expected addresses in shared memory");
        // Shared memory lies in one piece and has a shadow.
    const u8 *rowsAt[kLanes];
    for (u32 i = 0; i < kLanes; ++i)
      rowsAt[i] = reinterpret_cast<const u8 *>(access.address[i] + access.hostOffset);
    bool undefined = access.mayBeUndefined && anyUndefined(access);
    for (u32 m = 0; m < matrices; ++m) {
      u32 *to = w.at<u32>(list[m]);
      if (!transposed) {
        for (u32 row = 0; row < 8; ++row)
          memcpy(to + row * 4, rowsAt[m * 8 + row], 16);
      } else {
        u16 all[8][8];
        for (u32 row = 0; row < 8; ++row)
          memcpy(all[row], rowsAt[m * 8 + row], 16);
        for (u32 i = 0; i < kLanes; ++i)
          to[i] = all[i % 4 * 2][i / 4] | u32(all[i % 4 * 2 + 1][i / 4]) << 16;
      }
      if (!undefined) {
        if (w.tracking)
          *w.flags(list[m]) = 0;
        continue;
      }
      for (u32 i = 0; i < kLanes; ++i) {
        u64 bits = 0;
        for (u32 j = 0; j < 2; ++j) {
          u32 row, column;
          place(i, j, transposed, row, column);
          u16 element;
          memcpy(&element, access.shadowAt(m * 8 + row) + column * 2, 2);
          bits |= u64(element) << (16 * j);
        }
        setUndefinedBits(w, list[m], 4, i, bits);
      }
    }
    return true;
  });
}

void storeMatrix(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  u32 matrices = in.aux & 255;
  bool transposed = in.aux >> 8 & 1;
  u32 rows = matrices == 4 ? kFullMask : (1u << (8 * matrices)) - 1;
  const u32 *list = &w.launch->program->pool[in.list];
  forEachSpace(w, in, rows, Space(in.aux >> 16), 16, AccessKind::Write, [&](Access &access) {
    if (access.space != Space::Shared)
      return stopWith(w, in,
                      "expected addresses in shared "
                      "memory");
    for (u32 m = 0; m < matrices; ++m) {
      const u32 *from = w.at<u32>(list[m]);
      for (u32 i = 0; i < kLanes; ++i) {
        u64 bits = w.tracking ? undefinedBits(w, list[m], 4, i) : 0;
        for (u32 j = 0; j < 2; ++j) {
          u32 row, column;
          place(i, j, transposed, row, column);
          u16 element = u16(from[i] >> (16 * j));
          u16 shadow = u16(bits >> (16 * j));
          memcpy(access.at(m * 8 + row) + column * 2, &element, 2);
          if (u8 *to = access.shadowAt(m * 8 + row))
            memcpy(to + column * 2, &shadow, 2);
        }
      }
    }
    return true;
  });
}

void moveMatrix(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  u16 values[8][8], bits[8][8];
  const u32 *a = w.at<u32>(in.a);
  bool undefined = w.tracking && *w.flags(in.a);
  for (u32 i = 0; i < kLanes; ++i)
    for (u32 j = 0; j < 2; ++j) {
      values[i / 4][i % 4 * 2 + j] = u16(a[i] >> (16 * j));
      bits[i / 4][i % 4 * 2 + j] =
          undefined ? u16(undefinedBits(w, in.a, 4, i) >> (16 * j)) : u16(0);
    }
  u32 *d = w.at<u32>(in.d);
  for (u32 i = 0; i < kLanes; ++i) {
    u32 k = i % 4 * 2, n = i / 4;
    d[i] = values[k][n] | u32(values[k + 1][n]) << 16;
    if (w.tracking)
      setUndefinedBits(w, in.d, 4, i, bits[k][n] | u32(bits[k + 1][n]) << 16);
  }
}

bool decodeTransfer(Decoder &d, bool loads) {
  d.mod("sync");
  d.mod("aligned");
  if (!d.mod("m8n8"))
    return d.fail("expected .m8n8");
  int number = d.modOf("x1 x2 x4");
  bool transposed = d.mod("trans");
  Space space = Space::Generic;
  if (d.mod("shared") || d.mod("shared::cta"))
    space = Space::Shared;
  if (number < 0 || d.type() != Ty::B16)
    return d.fail("expected .x1, .x2 or .x4, .b16");
  u32 matrices = 1u << number;
  if (!d.finish(2) || !d.address(loads ? 1 : 0, space))
    return false;
  auto parts = d.elements(loads ? 0 : 1);
  if (parts.size() != matrices)
    return d.fail(format("expected %u registers, got %zu", matrices, parts.size()));
  std::vector<u32> refs;
  for (const Operand *part : parts) {
    u32 ref = 0;
    if (loads ? !d.dstOf(*part, Ty::B32, ref) : !d.srcOf(*part, Ty::B32, ref))
      return false;
    refs.push_back(ref);
  }
  d.setList(refs);
  d.out.run = loads ? loadMatrix : storeMatrix;
  d.out.cls = Class::MatrixMove;
  d.out.shadow = Shadow::Own;
  d.out.aux = matrices | u32(transposed) << 8 | u32(space) << 16;
  return true;
}
bool decodeLdmatrix(Decoder &d) { return decodeTransfer(d, true); }
bool decodeStmatrix(Decoder &d) { return decodeTransfer(d, false); }
bool decodeMovmatrix(Decoder &d) {
  d.mod("sync");
  d.mod("aligned");
  if (!d.mod("m8n8") || !d.mod("trans") || d.type() != Ty::B16)
    return d.fail("expected .m8n8.trans.b16");
  d.out.run = moveMatrix;
  d.out.cls = Class::MatrixMove;
  d.out.shadow = Shadow::Own;
  return d.finish(2) && d.src(1, Ty::B32, d.out.a) && d.dst(0, Ty::B32, d.out.d);
}

const OpRow kRows[] = {
    {"ldmatrix", decodeLdmatrix}, {"stmatrix", decodeStmatrix}, {"movmatrix", decodeMovmatrix}};
} // namespace

const Level::Table kMatrixMoveTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
