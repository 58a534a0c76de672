// SPDX-License-Identifier: Apache-2.0
// mma.sync in every shape and type up to sm_80 (sm_90 for the large f64 ones), one warp; fragments as PTX lays them out.
#include <cstdint>

namespace {

// One register: the 32 / bits consecutive elements of a row-major matrix from (row, column) on, low bits first.
__device__ uint32_t pack(const uint8_t *m, int row, int column, int columns, int bits) {
  return reinterpret_cast<const uint32_t *>(m)[(row * columns + column) * bits / 32];
}

// Fragments of m16n8kK: A is [16][K], B is [8][K] (column-major K x N).
template <int K, int Bits, int NA, int NB>
__device__ void load(uint32_t (&a)[NA], uint32_t (&b)[NB], const uint8_t *pa, const uint8_t *pb) {
  int group = threadIdx.x / 4, e = 32 / Bits, column = threadIdx.x % 4 * e;
  for (int i = 0; i < NA; ++i)
    a[i] = pack(pa, group + (NA > 1 ? i % 2 * 8 : 0), column + i / 2 * 4 * e, K, Bits);
  for (int i = 0; i < NB; ++i)
    b[i] = pack(pb, group, column + i * 4 * e, K, Bits);
}

} // namespace

// 32-bit accumulators: D [16][8] = A B + C.
#define MMA16(NAME, SHAPE, K, BITS, NA, NB, ACC, CONSTRAINT, ASM_A, ASM_B, ASM_C, IN_A, IN_B)                          \
  extern "C" __global__ void NAME(const uint8_t *pa, const uint8_t *pb, const ACC *pc, ACC *pd) {                      \
    uint32_t a[NA], b[NB];                                                                                             \
    load<K, BITS>(a, b, pa, pb);                                                                                       \
    int at = threadIdx.x / 4 * 8 + threadIdx.x % 4 * 2;                                                                \
    ACC d[4] = {pc[at], pc[at + 1], pc[at + 64], pc[at + 65]};                                                         \
    asm volatile("mma.sync.aligned." SHAPE " {%0,%1,%2,%3}, " ASM_A ", " ASM_B ", {%0,%1,%2,%3};"                       \
                 : "+" CONSTRAINT(d[0]), "+" CONSTRAINT(d[1]), "+" CONSTRAINT(d[2]), "+" CONSTRAINT(d[3])               \
                 : IN_A, IN_B);                                                                                        \
    pd[at] = d[0];                                                                                                     \
    pd[at + 1] = d[1];                                                                                                 \
    pd[at + 64] = d[2];                                                                                                \
    pd[at + 65] = d[3];                                                                                                \
  }
#define A4 "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3])
#define A2 "r"(a[0]), "r"(a[1])
#define B2 "r"(b[0]), "r"(b[1])
#define B1 "r"(b[0])
#define BIG(NAME, SHAPE, K, BITS, ACC, CONSTRAINT)                                                                      \
  MMA16(NAME, SHAPE, K, BITS, 4, 2, ACC, CONSTRAINT, "{%4,%5,%6,%7}", "{%8,%9}", , A4, B2)
#define SMALL(NAME, SHAPE, K, BITS, ACC, CONSTRAINT)                                                                    \
  MMA16(NAME, SHAPE, K, BITS, 2, 1, ACC, CONSTRAINT, "{%4,%5}", "{%6}", , A2, B1)

BIG(mma_f16_k16, "m16n8k16.row.col.f32.f16.f16.f32", 16, 16, float, "f")
SMALL(mma_f16_k8, "m16n8k8.row.col.f32.f16.f16.f32", 8, 16, float, "f")
BIG(mma_bf16_k16, "m16n8k16.row.col.f32.bf16.bf16.f32", 16, 16, float, "f")
SMALL(mma_bf16_k8, "m16n8k8.row.col.f32.bf16.bf16.f32", 8, 16, float, "f")
BIG(mma_tf32_k8, "m16n8k8.row.col.f32.tf32.tf32.f32", 8, 32, float, "f")
SMALL(mma_tf32_k4, "m16n8k4.row.col.f32.tf32.tf32.f32", 4, 32, float, "f")
BIG(mma_s8_k32, "m16n8k32.row.col.s32.s8.s8.s32", 32, 8, int, "r")
SMALL(mma_s8_k16, "m16n8k16.row.col.s32.s8.s8.s32", 16, 8, int, "r")
BIG(mma_u8s8_k32_sat, "m16n8k32.row.col.satfinite.s32.u8.s8.s32", 32, 8, int, "r")
BIG(mma_s4_k64, "m16n8k64.row.col.s32.s4.s4.s32", 64, 4, int, "r")
SMALL(mma_u4_k32, "m16n8k32.row.col.s32.u4.u4.s32", 32, 4, int, "r")
BIG(mma_b1_k256_and, "m16n8k256.row.col.s32.b1.b1.s32.and.popc", 256, 1, int, "r")
SMALL(mma_b1_k128_xor, "m16n8k128.row.col.s32.b1.b1.s32.xor.popc", 128, 1, int, "r")

// f16 accumulators, packed by rows.
extern "C" __global__ void mma_f16_f16_k16(const uint8_t *pa, const uint8_t *pb, const uint32_t *pc, uint32_t *pd) {
  uint32_t a[4], b[2];
  load<16, 16>(a, b, pa, pb);
  int at = threadIdx.x / 4 * 4 + threadIdx.x % 4;
  uint32_t d[2] = {pc[at], pc[at + 32]};
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%0,%1};"
               : "+r"(d[0]), "+r"(d[1])
               : A4, B2);
  pd[at] = d[0];
  pd[at + 32] = d[1];
}

// m8n8k16 of s8: A [8][16], B [8][16].
extern "C" __global__ void mma_s8_m8n8k16(const uint8_t *pa, const uint8_t *pb, const int *pc, int *pd) {
  uint32_t a[1], b[1];
  load<16, 8>(a, b, pa, pb);
  int at = threadIdx.x / 4 * 8 + threadIdx.x % 4 * 2, d[2] = {pc[at], pc[at + 1]};
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0,%1}, {%2}, {%3}, {%0,%1};"
               : "+r"(d[0]), "+r"(d[1])
               : "r"(a[0]), B1);
  pd[at] = d[0];
  pd[at + 1] = d[1];
}

// m8n8k4 of f64.
extern "C" __global__ void mma_f64_m8n8k4(const double *pa, const double *pb, const double *pc, double *pd) {
  int at = threadIdx.x / 4 * 8 + threadIdx.x % 4 * 2;
  double a = pa[threadIdx.x], b = pb[threadIdx.x], d[2] = {pc[at], pc[at + 1]};
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
               : "+d"(d[0]), "+d"(d[1])
               : "d"(a), "d"(b));
  pd[at] = d[0];
  pd[at + 1] = d[1];
}

// m8n8k4 of f16: four independent products, one a quad pair; A [4][8][4], B [4][4][8] (row-major), C and D [4][8][8].
extern "C" __global__ void mma_f16_m8n8k4(const uint16_t *pa, const uint16_t *pb, const float *pc, float *pd) {
  int lane = threadIdx.x, pair = lane % 16 / 4, high = lane / 16 * 4;
  uint32_t a[2], b[2];
  for (int i = 0; i < 2; ++i) {
    const uint16_t *row = pa + pair * 32 + (lane % 4 + high) * 4 + 2 * i;
    a[i] = row[0] | uint32_t(row[1]) << 16;
    const uint16_t *column = pb + pair * 32 + 2 * i * 8 + lane % 4 + high;
    b[i] = column[0] | uint32_t(column[8]) << 16;
  }
  float d[8];
  auto at = [&](int i) { return pair * 64 + ((lane & 1) + (i & 2) + high) * 8 + (i & 4) + (lane & 2) + (i & 1); };
  for (int i = 0; i < 8; ++i)
    d[i] = pc[at(i)];
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%0,%1,%2,%3,%4,%5,%6,%7}, {%8,%9}, {%10,%11}, "
               "{%0,%1,%2,%3,%4,%5,%6,%7};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
               : A2, B2);
  for (int i = 0; i < 8; ++i)
    pd[at(i)] = d[i];
}
