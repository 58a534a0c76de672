// SPDX-License-Identifier: Apache-2.0
// The kernel on which parsing and decoding are timed.
#include "FrontEnd.h"

#include <cstdio>

namespace hadal::simbench {

namespace {

template <typename... T> void line(std::string &to, const char *form, T... values) {
  char text[256];
  snprintf(text, sizeof(text), form, values...);
  to += text;
}

/// 24 lines; the piece reads registers that the piece before it wrote.
void piece(std::string &to, unsigned i) {
  unsigned r = 8 * i, d = 4 * i, f = 8 * i;
  line(to, "$L__BB0_%u:\n", i + 1);
  line(to, "\tmad.lo.s32 \t%%r%u, %%r%u, %u, %%r1;\n", r + 10, r + 2, i % 7 + 1);
  line(to, "\tshl.b32 \t%%r%u, %%r%u, 4;\n", r + 11, r + 10);
  line(to, "\tmul.wide.s32 \t%%rd%u, %%r%u, 4;\n", d + 6, r + 10);
  line(to, "\tadd.s64 \t%%rd%u, %%rd1, %%rd%u;\n", d + 7, d + 6);
  line(to, "\tld.global.nc.v4.f32 \t{%%f%u, %%f%u, %%f%u, %%f%u}, [%%rd%u+%u];\n", f + 10, f + 11,
       f + 12, f + 13, d + 7, i % 16 * 16);
  for (unsigned j = 0; j < 4; ++j)
    line(to, "\tfma.rn.f32 \t%%f%u, %%f%u, 0f3F000000, %%f%u;\n", f + 14 + j, f + 10 + j,
         f + 6 + j);
  line(to, "\tmov.b32 \t%%r%u, %%f%u;\n", r + 12, f + 14);
  line(to, "\tand.b32  \t%%r%u, %%r%u, 1008;\n", r + 13, r + 11);
  line(to, "\tst.shared.u32 \t[%%r%u+%u], %%r%u;\n", r + 13, i % 8 * 4, r + 12);
  line(to, "\tbar.sync \t0;\n");
  line(to, "\tld.shared.u32 \t%%r%u, [%%r%u];\n", r + 14, r + 13);
  line(to, "\t// begin inline asm\n");
  line(to,
       "\tmma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%%f1, %%f2, %%f3, "
       "%%f4}, {%%r%u, %%r%u}, {%%r%u}, {%%f1, %%f2, %%f3, %%f4};\n",
       r + 12, r + 14, r + 11);
  line(to, "\t// end inline asm\n");
  line(to, "\txor.b32  \t%%r%u, %%r%u, %%r%u;\n", r + 15, r + 14, r + 12);
  line(to, "\tsetp.lt.s32 \t%%p%u, %%r%u, %%r1;\n", i + 1, r + 15);
  line(to, "\tselp.b32 \t%%r%u, %%r%u, %%r%u, %%p%u;\n", r + 16, r + 15, r + 10, i + 1);
  line(to, "\tcvt.s64.s32 \t%%rd%u, %%r%u;\n", d + 8, r + 16);
  line(to, "\t@%%p%u bra \t$L__BB0_%u;\n", i + 1, i + 2);
  line(to, "\tst.global.u64 \t[%%rd%u], %%rd%u;\n", d + 7, d + 8);
}

} // namespace

std::string longKernel(unsigned lines) {
  unsigned pieces = (lines + 23) / 24;
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n\n"
                     ".visible .entry long_kernel(\n\t.param .u64 long_kernel_param_0,\n"
                     "\t.param .u32 long_kernel_param_1\n)\n{\n";
  line(text, "\t.reg .pred \t%%p<%u>;\n", pieces + 2);
  line(text, "\t.reg .f32 \t%%f<%u>;\n", 8 * pieces + 20);
  line(text, "\t.reg .b32 \t%%r<%u>;\n", 8 * pieces + 20);
  line(text, "\t.reg .b64 \t%%rd<%u>;\n", 4 * pieces + 10);
  text += "\t.shared .align 16 .b8 tile[2048];\n\n"
          "\tld.param.u64 \t%rd2, [long_kernel_param_0];\n"
          "\tld.param.u32 \t%r1, [long_kernel_param_1];\n"
          "\tcvta.to.global.u64 \t%rd1, %rd2;\n\tmov.u32 \t%r2, %tid.x;\n";
  for (unsigned i = 1; i < 10; ++i)
    line(text, "\tmov.f32 \t%%f%u, 0f00000000;\n", i);
  for (unsigned i = 0; i < pieces; ++i)
    piece(text, i);
  line(text, "$L__BB0_%u:\n\tret;\n}\n", pieces + 1);
  return text;
}

} // namespace hadal::simbench
