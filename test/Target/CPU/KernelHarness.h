// SPDX-License-Identifier: Apache-2.0
// Compiles emitted CPU kernels and runs them the way the runtime does.
#ifndef HADAL_TEST_TARGET_CPU_KERNELHARNESS_H
#define HADAL_TEST_TARGET_CPU_KERNELHARNESS_H

#include "HostLevels.h"

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelInfo.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace hadal::testing {
using namespace cpu;
using test::hostTargets;

/// A buffer as kernels see it: 64-byte aligned, in elements of `bytes` bytes,
/// followed by guard bytes that no kernel may change.
class Buffer {
public:
  Buffer(size_t count, size_t elementBytes);
  explicit Buffer(const std::vector<int32_t> &values);
  /// Values rounded to `type`.
  Buffer(const std::vector<float> &values, FloatType type);
  /// `count` quiet NaNs, so that what is never written shows.
  static Buffer poisoned(size_t count, FloatType type);

  void *data() { return memory.get(); }
  const void *data() const { return memory.get(); }
  size_t byteSize() const { return size; }
  bool guardIntact() const;
  std::vector<float> floats(FloatType type) const;
  std::vector<int32_t> ints() const;
  bool sameBytes(const Buffer &other) const {
    return size == other.size && std::memcmp(data(), other.data(), size) == 0;
  }

private:
  struct Free {
    void operator()(void *p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> memory;
  size_t size;
};

float bf16ToFloat(uint16_t bits);
uint16_t floatToBF16(float value);
/// What a buffer of `type` holds for `value`.
float rounded(float value, FloatType type);

/// One compiled kernel, loaded.
class Kernel {
public:
  using Emit = std::function<void(KernelBuilder &)>;
  Kernel(const KernelTarget &target, const KernelInfo &info, const Emit &emit);
  ~Kernel();
  Kernel(const Kernel &) = delete;

  bool valid() const { return function != nullptr; }
  /// Runs the whole grid for `rows` rows and `sequences` sequences, last
  /// workgroup first; returns the first code that is not 0.
  int32_t run(const std::vector<Buffer *> &bindings, const std::vector<int64_t> &constants,
              int64_t rows, int64_t sequences = 1);

private:
  KernelInfo info;
  void *library = nullptr;
  void *function = nullptr;
};

/// Uniform in [-1, 1).
std::vector<float> randomFloats(size_t count, uint32_t seed, float scale = 1.0f);

/// Largest |a - b| divided by the largest |b|.
double relativeError(const std::vector<float> &a, const std::vector<double> &b);

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CPU_KERNELHARNESS_H
