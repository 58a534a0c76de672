// SPDX-License-Identifier: Apache-2.0
// Runs one instruction over every combination of edge values.
#include "Lanes.h"

#include <hadal_sim.h>

#include <cmath>
#include <gtest/gtest.h>

namespace hadal::simtest {

namespace {

std::string kernelText(const std::string &instruction, const std::vector<std::string> &types) {
  const char *names[] = {"%d", "%a", "%b", "%c", "%e"};
  std::string text = ".version 8.4\n.target sm_90\n.address_size 64\n"
                     ".visible .entry k(.param .u64 out, .param .u64 in0, "
                     ".param .u64 in1, .param .u64 in2, .param .u64 in3, "
                     ".param .u32 n)\n{\n"
                     ".reg .b64 %rd<8>;\n.reg .b32 %r<8>;\n.reg .pred %q;\n"
                     ".reg .pred %live;\n";
  for (size_t i = 0; i < types.size(); ++i)
    text += ".reg ." + types[i] + " " + names[i] + ";\n";
  text += "mov.u32 %r0, %ctaid.x;\nmov.u32 %r1, %ntid.x;\nmov.u32 %r2, %tid.x;\n"
          "mad.lo.s32 %r3, %r0, %r1, %r2;\nld.param.u32 %r4, [n];\n"
          "setp.ge.u32 %q, %r3, %r4;\n@%q ret;\nmul.wide.u32 %rd0, %r3, 8;\n";
  for (size_t i = 1; i < types.size(); ++i) {
    text += "ld.param.u64 %rd1, [in" + std::to_string(i - 1) +
            "];\nadd.s64 %rd1, %rd1, %rd0;\nld.global.u64 %rd2, [%rd1];\n";
    if (types[i] == "b64")
      text += std::string("mov.b64 ") + names[i] + ", %rd2;\n";
    else if (types[i] == "b32")
      text += std::string("cvt.u32.u64 ") + names[i] + ", %rd2;\n";
    else if (types[i] == "b16")
      text += std::string("cvt.u16.u64 ") + names[i] + ", %rd2;\n";
    else
      text += std::string("setp.ne.u64 ") + names[i] + ", %rd2, 0;\n";
  }
  text += instruction + "\n";
  if (types[0] == "b64")
    text += "mov.b64 %rd3, %d;\n";
  else if (types[0] == "b32")
    text += "cvt.u64.u32 %rd3, %d;\n";
  else if (types[0] == "b16")
    text += "cvt.u64.u16 %rd3, %d;\n";
  else
    text += "selp.u64 %rd3, 1, 0, %d;\n";
  return text + "ld.param.u64 %rd1, [out];\nadd.s64 %rd1, %rd1, %rd0;\n"
                "st.global.u64 [%rd1], %rd3;\nret;\n}\n";
}

} // namespace

Values execute(const std::string &instruction, const std::vector<std::string> &types,
               const std::vector<Values> &operands, std::string &error) {
  hadal_sim_context_t *context = nullptr;
  if (hadal_sim_context_create(&context) != HADAL_SIM_OK) {
    error = hadal_sim_context_message(nullptr);
    return {};
  }
  std::string text = kernelText(instruction, types);
  size_t rows = operands.empty() ? 1 : operands[0].size();
  hadal_sim_module_t *module = nullptr;
  uint64_t addresses[5] = {};
  uint32_t n = uint32_t(rows);
  auto good = [&](hadal_sim_status_t status) {
    if (status != HADAL_SIM_OK && error.empty())
      error = hadal_sim_context_message(context);
    return status == HADAL_SIM_OK;
  };
  Values result(rows);
  bool done = good(hadal_sim_module_load(context, text.data(), text.size(), "test.ptx", &module)) &&
              good(hadal_sim_alloc(context, rows * 8, "out", &addresses[0]));
  for (size_t i = 0; done && i < 4; ++i)
    if (i < operands.size())
      done = good(hadal_sim_alloc(context, rows * 8, "in", &addresses[i + 1])) &&
             good(hadal_sim_copy_in(context, addresses[i + 1], operands[i].data(), rows * 8));
  if (done) {
    const void *arguments[] = {&addresses[0], &addresses[1], &addresses[2],
                               &addresses[3], &addresses[4], &n};
    hadal_sim_launch_t launch;
    hadal_sim_launch_defaults(&launch);
    launch.block[0] = 128;
    launch.grid[0] = uint32_t((rows + 127) / 128);
    launch.threads = 1;
    done = good(hadal_sim_launch(context, module, "k", &launch, arguments, 6)) &&
           good(hadal_sim_copy_out(context, result.data(), addresses[0], rows * 8, nullptr));
  }
  hadal_sim_context_release(context);
  return done ? result : Values();
}

void check(const std::string &instruction, const std::vector<std::string> &types,
           const std::vector<Values> &operands,
           const std::function<uint64_t(const uint64_t *)> &expected) {
  size_t rows = 1;
  for (const Values &values : operands)
    rows *= values.size();
  std::vector<Values> all(operands.size(), Values(rows));
  for (size_t row = 0; row < rows; ++row) {
    size_t rest = row;
    for (size_t i = 0; i < operands.size(); ++i) {
      all[i][row] = operands[i][rest % operands[i].size()];
      rest /= operands[i].size();
    }
  }
  std::string error;
  Values got = execute(instruction, types, all, error);
  ASSERT_EQ(error, "") << instruction;
  ASSERT_EQ(got.size(), rows);
  int failures = 0;
  for (size_t row = 0; row < rows && failures < 5; ++row) {
    uint64_t arguments[4] = {};
    std::string text;
    char number[32];
    for (size_t i = 0; i < operands.size(); ++i) {
      arguments[i] = all[i][row];
      snprintf(number, sizeof(number), " %llx", (unsigned long long)arguments[i]);
      text += number;
    }
    uint64_t want = expected(arguments);
    if (got[row] == want)
      continue;
    ++failures;
    ADD_FAILURE() << instruction << " of" << text << std::hex << ": expected " << want << ", got "
                  << got[row];
  }
}

const Values &integers16() {
  static const Values values = {0,     1,      2,      3,      7,      0x7f,   0x80,   0xff,
                                0x100, 0x1234, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff};
  return values;
}
const Values &integers32() {
  static const Values values = {
      0,          1,          2,          3,          5,          7,          31,
      32,         33,         0xff,       0x8000,     0xffff,     0x10000,    0x123456,
      0x7fffff,   0x800000,   0xffffff,   0x12345678, 0x55555555, 0x7ffffffe, 0x7fffffff,
      0x80000000, 0x80000001, 0xdeadbeef, 0xfffffffe, 0xffffffff};
  return values;
}
const Values &integers64() {
  static const Values values = {0,
                                1,
                                2,
                                5,
                                63,
                                64,
                                0xffff,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                0x100000000,
                                0x123456789abcdef0,
                                0x7ffffffffffffffe,
                                0x7fffffffffffffff,
                                0x8000000000000000,
                                0x8000000000000001,
                                0xfffffffffffffffe,
                                0xffffffffffffffff};
  return values;
}
const Values &amounts() {
  static const Values values = {0,  1,  7,  8,   15,  16,  17,  31,         32,        33,
                                63, 64, 65, 127, 128, 255, 256, 0x80000000, 0xffffffff};
  return values;
}
const Values &floats32() {
  static const Values values = {
      0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
      0x80800000, 0x3f800000, 0xbf800000, 0x3f000000, 0x3fc00000, 0x40200000, 0x3f7fffff,
      0x3f800001, 0x4b000000, 0x4b7fffff, 0x4b800001, 0x4effffff, 0x4f000000, 0xcf000000,
      0xcf000001, 0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
      0xffc12345, 0x7f800001, 0x1a000001, 0x3eaaaaab, 0xc0490fdb};
  return values;
}
const Values &floats64() {
  static const Values values = {0,
                                0x8000000000000000,
                                1,
                                0x800fffffffffffff,
                                0x0010000000000000,
                                0x3ff0000000000000,
                                0xbff0000000000000,
                                0x3fe0000000000000,
                                0x3ff8000000000000,
                                0x4004000000000000,
                                0x3ff0000000000001,
                                0x3fefffffffffffff,
                                0x36a0000000000000,
                                0x3690000000000000,
                                0x380fffffffffffff,
                                0x47efffffe0000000,
                                0x47effffff0000000,
                                0x41dfffffffc00000,
                                0x41e0000000000000,
                                0xc1e0000000200000,
                                0x43e0000000000000,
                                0x7fefffffffffffff,
                                0x7ff0000000000000,
                                0xfff0000000000000,
                                0x3fd5555555555555};
  return values;
}
const Values &halves() {
  static const Values values = {0,      0x8000, 1,      0x8001, 0x03ff, 0x0400, 0x8400,
                                0x3c00, 0xbc00, 0x3800, 0x3e00, 0x3c01, 0x3bff, 0x6400,
                                0x67ff, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0xfe01,
                                0x7c01, 0x3555, 0x1400, 0x5640};
  return values;
}
const Values &brains() {
  static const Values values = {0,      0x8000, 1,      0x8001, 0x007f, 0x0080, 0x8080,
                                0x3f80, 0xbf80, 0x3f00, 0x3fc0, 0x3f81, 0x3f7f, 0x4300,
                                0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0, 0xffc1, 0x7f81,
                                0x3eab, 0x0d80, 0x7300, 0x4049};
  return values;
}

long double valueOf(uint64_t bits, int exponent, int mantissa) {
  int sign = int(bits >> (exponent + mantissa) & 1);
  int e = int(bits >> mantissa & ((1u << exponent) - 1));
  long double m = (long double)(bits & ((uint64_t(1) << mantissa) - 1));
  int bias = (1 << (exponent - 1)) - 1;
  long double value = e == 0 ? ldexpl(m, 1 - bias - mantissa)
                             : ldexpl(m + ldexpl(1, mantissa), e - bias - mantissa);
  return sign ? -value : value;
}

uint64_t roundSlowly(long double x, int exponent, int mantissa, char mode) {
  uint64_t sign = uint64_t(std::signbit(x)) << (exponent + mantissa);
  uint64_t infinity = ((uint64_t(1) << exponent) - 1) << mantissa;
  if (std::isnan(x))
    return (uint64_t(1) << (exponent + mantissa)) - 1;
  long double size = fabsl(x);
  if (std::isinf(x))
    return sign | infinity;
  // The largest finite value that is not above |x|.
  uint64_t low = 0, high = infinity;
  while (high - low > 1) {
    uint64_t middle = (low + high) / 2;
    if (valueOf(middle, exponent, mantissa) <= size)
      low = middle;
    else
      high = middle;
  }
  long double below = valueOf(low, exponent, mantissa);
  if (below == size)
    return sign | low;
  // What the next value would be, were there no infinity.
  long double above = valueOf(low + 1, exponent + (low + 1 == infinity ? 1 : 0), mantissa);
  if (low + 1 == infinity)
    above = below + (below - valueOf(low - 1, exponent, mantissa));
  bool up = false;
  switch (mode) {
  case 'n': up = size - below > above - size || (size - below == above - size && (low & 1)); break;
  case 'z': break;
  case 'm': up = std::signbit(x); break;
  case 'p': up = !std::signbit(x); break;
  case 'a': up = size - below >= above - size; break;
  }
  return sign | (low + up);
}

} // namespace hadal::simtest
