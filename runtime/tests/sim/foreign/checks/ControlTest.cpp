// SPDX-License-Identifier: Apache-2.0
// Control flow of ../cuda/control.cu: divergence, switches, recursion, indirect calls, local arrays, spin locks.
#include "Harness.h"
#include "Values.h"

#include <algorithm>

using namespace hadal::simtest;

namespace {

class Control : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("control") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Compilers, Control, testing::Values(".ptx", ".clang.ptx", ".debug.ptx"),
                         [](const auto &info) {
                           std::string name = info.param;
                           return name == ".ptx"         ? "nvcc"
                                  : name == ".debug.ptx" ? "unoptimised"
                                                         : "clang";
                         });

TEST_P(Control, Collatz) {
  auto data = integers<uint32_t>(300, 1, 0, 5000);
  data[5] = 0, data[6] = 1;
  Case c(file(), "control_collatz");
  c.grid(3).block(128).in(data);
  int steps = c.out<uint32_t>(300), peak = c.out<uint32_t>(300);
  c.scalar<int32_t>(300);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expectedSteps, expectedPeak;
  for (uint32_t start : data) {
    uint64_t value = start;
    uint32_t count = 0, highest = start;
    if (start == 0) {
      expectedSteps.push_back(~0u);
      expectedPeak.push_back(0);
      continue;
    }
    while (value != 1) {
      if (value & 1) {
        value = 3 * value + 1;
        if (value > highest)
          highest = uint32_t(value);
        ++count;
      } else {
        while (!(value & 1))
          value >>= 1, ++count;
      }
      if (count > 500)
        break;
    }
    expectedSteps.push_back(count);
    expectedPeak.push_back(highest);
  }
  expectEqual(c.result<uint32_t>(steps), expectedSteps);
  expectEqual(c.result<uint32_t>(peak), expectedPeak);
}

TEST_P(Control, StateMachine) {
  auto program = integers<uint8_t>(61, 2, 0, 11);
  Case c(file(), "control_machine");
  c.grid(2).block(96).in(program);
  c.scalar<int32_t>(61);
  int out = c.out<int32_t>(2 * 192);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int i = 0; i < 192; ++i) {
    int32_t accumulator = i, index = 0, jumps = 0;
    auto wrap = [](int64_t v) { return int32_t(uint32_t(uint64_t(v))); };
    for (int pc = 0; pc < 61; ++pc) {
      int op = program[size_t((pc + i) % 61)];
      if (op > 9) {
        accumulator = wrap(int64_t(accumulator) + index);
        continue;
      }
      if (op == 0)
        accumulator = wrap(int64_t(accumulator) + 3);
      if (op == 1)
        accumulator = wrap(int64_t(accumulator) * 5);
      if (op == 2)
        accumulator ^= 0x5a;
      if (op == 3)
        accumulator >>= 1;
      if (op == 4)
        index = wrap(int64_t(index) + (accumulator & 3));
      if (op == 5)
        accumulator = wrap(int64_t(accumulator) - index);
      if (op == 6 && jumps++ < 4)
        pc -= 2;
      if (op == 7)
        accumulator = ~accumulator;
      if (op == 7 || op == 8)
        index ^= pc;
      if (op == 9) {
        uint32_t reversed = 0;
        for (int b = 0; b < 32; ++b)
          reversed |= (uint32_t(accumulator) >> b & 1) << (31 - b);
        accumulator = int32_t(reversed);
      }
      accumulator = wrap(int64_t(accumulator) + pc);
    }
    expected.push_back(accumulator);
    expected.push_back(index);
  }
  expectEqual(c.result<int32_t>(out), expected);
}

int ackermann(int m, int n) {
  return m == 0 ? n + 1 : ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

TEST_P(Control, Recursion) {
  auto data = integers<int32_t>(128, 3, 0, 1000);
  Case c(file(), "control_recursion");
  c.grid(2).block(64).in(data);
  int out = c.out<int32_t>(256);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int32_t v : data) {
    expected.push_back(ackermann(v % 3, v % 5));
    expected.push_back(v % 17 % 2 == 0);
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Control, RecursiveQuicksort) {
  auto data = integers<int32_t>(64 * 24, 4, -99, 99);
  Case c(file(), "control_quicksort");
  c.grid(2).block(32).in(data);
  int out = c.out<int32_t>(data.size());
  ASSERT_TRUE(c.run());
  for (size_t i = 0; i < 64; ++i)
    std::sort(data.begin() + long(i * 24), data.begin() + long(i * 24 + 24));
  expectEqual(c.result<int32_t>(out), data);
}

TEST_P(Control, VirtualCalls) {
  auto sizes = integers<float>(96, 5, 1, 50);
  auto kinds = integers<int32_t>(96, 6, 0, 9);
  Case c(file(), "control_virtual");
  c.grid(1).block(96).in(sizes);
  c.in(kinds);
  int out = c.out<float>(96);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  for (size_t i = 0; i < 96; ++i) {
    float area = sizes[i] * sizes[i] * (kinds[i] & 1 ? 1.0f : 0.5f);
    expected.push_back(area + area * 2 + (kinds[i] & 1 ? 0.0f : 1.0f));
  }
  expectEqual(c.result<float>(out), expected);
}

TEST_P(Control, FunctionTable) {
  auto kinds = integers<int32_t>(96, 7, 0, 50), values = integers<int32_t>(96, 8, -50, 50);
  Case c(file(), "control_function_table");
  c.grid(1).block(96).in(kinds);
  int out = c.in(values);
  ASSERT_TRUE(c.run());
  for (size_t i = 0; i < 96; ++i)
    for (int j = 0; j < 4; ++j) {
      int operation = (kinds[i] + j) % 3;
      values[i] = operation == 0 ? values[i] + 1 : operation == 1 ? values[i] * 3 : -values[i];
    }
  expectEqual(c.result<int32_t>(out), values);
}

TEST_P(Control, SpinLock) {
  Case c(file(), "control_spin_lock");
  c.grid(2).block(64).in(std::vector<int32_t>{0});
  int counter = c.in(std::vector<int32_t>{0}), order = c.in(std::vector<int32_t>(128, -1));
  c.timingDependent().seeds(4).ignore(order);
  ASSERT_TRUE(c.run());
  expectEqual(c.result<int32_t>(counter), {128});
  auto seen = c.result<int32_t>(order);
  std::sort(seen.begin(), seen.end());
  std::vector<int32_t> all(128);
  for (int i = 0; i < 128; ++i)
    all[size_t(i)] = i;
  expectEqual(seen, all);
}

TEST_P(Control, LocalArrays) {
  const size_t bytes = 40;
  auto data = bits<uint8_t>(96 * bytes, 9);
  Case c(file(), "control_local_arrays");
  c.grid(3).block(32).in(data);
  int out = c.out<uint32_t>(96);
  c.scalar<int32_t>(bytes);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected;
  for (size_t i = 0; i < 96; ++i) {
    uint16_t counts[16] = {};
    uint8_t stack[64];
    uint32_t top = 0, hash = 2166136261u;
    for (size_t j = 0; j < bytes; ++j) {
      uint8_t value = data[i * bytes + j];
      counts[value & 15] = uint16_t(counts[value & 15] + 1 + (value >> 7));
      if ((value & 16) && top < 64)
        stack[top++] = value;
      else if (top > 0)
        counts[stack[--top] & 15] ^= 0x100;
    }
    for (uint16_t count : counts)
      hash = (hash ^ count) * 16777619u;
    expected.push_back(hash + top);
  }
  expectEqual(c.result<uint32_t>(out), expected);
}

TEST_P(Control, Mandelbrot) {
  const int width = 40, height = 30;
  Case c(file(), "control_mandelbrot");
  c.grid(3, 4).block(16, 8);
  int out = c.out<uint16_t>(width * height);
  c.scalar<int32_t>(width).scalar<int32_t>(height).scalar<int32_t>(60);
  ASSERT_TRUE(c.run());
  std::vector<uint16_t> expected;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      volatile float cr = 3.0f * float(x) / float(width), ci = 2.5f * float(y) / float(height);
      cr = cr + -2.25f;
      ci = ci + -1.25f;
      volatile float zr = 0, zi = 0;
      uint16_t count = 0;
      for (; count < 60; ++count) {
        volatile float rr = zr * zr, ii = zi * zi, norm = rr + ii;
        if (norm > 4.0f)
          break;
        volatile float twice = 2.0f * zr, product = twice * zi, difference = rr - ii;
        zi = product + ci;
        zr = difference + cr;
      }
      expected.push_back(count);
    }
  expectEqual(c.result<uint16_t>(out), expected);
}

} // namespace
