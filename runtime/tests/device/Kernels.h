// SPDX-License-Identifier: Apache-2.0
// PTX that the tests of devices run.
#ifndef HADAL_TESTS_DEVICE_KERNELS_H
#define HADAL_TESTS_DEVICE_KERNELS_H

namespace hadal::test {

// What a replay changes reaches kernels by the address of the launch's constants, and a grid may
// have more workgroups than there is work: both as compiled kernels do it.
inline constexpr char kKernels[] = R"(
.version 7.0
.target sm_80
.address_size 64

// out[i] = x[i] + y[i] for i < n; constants: {i64 n}
.visible .entry add(.param .u64 x, .param .u64 y, .param .u64 out, .param .u64 constants)
{
  .reg .pred %p;
  .reg .b32 %r<8>;
  .reg .b64 %rd<12>;
  ld.param.u64 %rd0, [constants];
  ld.global.u64 %rd1, [%rd0];
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mad.lo.u32 %r3, %r0, %r1, %r2;
  cvt.u64.u32 %rd2, %r3;
  setp.ge.s64 %p, %rd2, %rd1;
  @%p ret;
  shl.b64 %rd3, %rd2, 2;
  ld.param.u64 %rd4, [x];
  ld.param.u64 %rd5, [y];
  ld.param.u64 %rd6, [out];
  add.s64 %rd4, %rd4, %rd3;
  add.s64 %rd5, %rd5, %rd3;
  add.s64 %rd6, %rd6, %rd3;
  ld.global.u32 %r4, [%rd4];
  ld.global.u32 %r5, [%rd5];
  add.s32 %r6, %r4, %r5;
  st.global.u32 [%rd6], %r6;
  ret;
}

// out[i] = x[i] * factor + bias for i < n
.visible .entry scale(.param .u64 x, .param .u64 out, .param .u32 factor, .param .u64 bias, .param .u64 n)
{
  .reg .pred %p;
  .reg .b32 %r<8>;
  .reg .b64 %rd<12>;
  ld.param.u64 %rd1, [n];
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %ntid.x;
  mov.u32 %r2, %tid.x;
  mad.lo.u32 %r3, %r0, %r1, %r2;
  cvt.u64.u32 %rd2, %r3;
  setp.ge.s64 %p, %rd2, %rd1;
  @%p ret;
  shl.b64 %rd3, %rd2, 2;
  ld.param.u64 %rd4, [x];
  ld.param.u64 %rd5, [out];
  ld.param.u32 %r4, [factor];
  ld.param.u64 %rd7, [bias];
  cvt.u32.u64 %r7, %rd7;
  add.s64 %rd4, %rd4, %rd3;
  add.s64 %rd5, %rd5, %rd3;
  ld.global.u32 %r5, [%rd4];
  mad.lo.s32 %r6, %r5, %r4, %r7;
  st.global.u32 [%rd5], %r6;
  ret;
}

// out[0..ntid) = x[0..ntid) backwards, by way of dynamic shared memory at `offset`
.extern .shared .align 16 .b8 dynamic[];
.visible .entry reverse(.param .u64 x, .param .u64 out, .param .u32 offset)
{
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ntid.x;
  ld.param.u64 %rd0, [x];
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r2, [offset];
  mul.wide.u32 %rd2, %r0, 4;
  add.s64 %rd3, %rd0, %rd2;
  ld.global.u32 %r3, [%rd3];
  mov.u32 %r4, dynamic;
  add.u32 %r4, %r4, %r2;
  shl.b32 %r5, %r0, 2;
  add.u32 %r5, %r4, %r5;
  st.shared.u32 [%r5], %r3;
  bar.sync 0;
  sub.u32 %r6, %r1, %r0;
  sub.u32 %r6, %r6, 1;
  shl.b32 %r6, %r6, 2;
  add.u32 %r6, %r4, %r6;
  ld.shared.u32 %r7, [%r6];
  add.s64 %rd4, %rd1, %rd2;
  st.global.u32 [%rd4], %r7;
  ret;
}

// Every workgroup counts itself and waits for all others: counter[0] = gridDim, out[block] = gridDim
.visible .entry meet(.param .u64 counter, .param .u64 out)
{
  .reg .pred %p;
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd0, [counter];
  ld.param.u64 %rd1, [out];
  mov.u32 %r0, %ctaid.x;
  mov.u32 %r1, %nctaid.x;
  atom.global.add.u32 %r2, [%rd0], 1;
again:
  ld.acquire.gpu.global.u32 %r3, [%rd0];
  setp.lt.u32 %p, %r3, %r1;
  @%p bra again;
  mul.wide.u32 %rd2, %r0, 4;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
}

// Writes where there is no memory.
.visible .entry stray(.param .u64 at)
{
  .reg .b64 %rd<2>;
  ld.param.u64 %rd0, [at];
  st.global.u32 [%rd0], 1;
  ret;
}
)";

// The 128 bytes of a tensor map, copied out.
inline constexpr char kMapKernel[] = R"(
.version 8.0
.target sm_90
.address_size 64
.visible .entry copy_map(.param .align 64 .b8 map[128], .param .u64 out)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<6>;
  mov.u32 %r0, %tid.x;
  mul.wide.u32 %rd0, %r0, 8;
  mov.u64 %rd1, map;
  add.s64 %rd2, %rd1, %rd0;
  ld.param.u64 %rd3, [%rd2];
  ld.param.u64 %rd4, [out];
  add.s64 %rd5, %rd4, %rd0;
  st.global.u64 [%rd5], %rd3;
  ret;
}
)";

} // namespace hadal::test

#endif // HADAL_TESTS_DEVICE_KERNELS_H
