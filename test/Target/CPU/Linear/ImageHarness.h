// SPDX-License-Identifier: Apache-2.0
// Compiles emitted kernels, loads them into the test, and runs their grids.
#ifndef HADAL_TEST_TARGET_CPU_LINEAR_IMAGEHARNESS_H
#define HADAL_TEST_TARGET_CPU_LINEAR_IMAGEHARNESS_H

#include "../HostLevels.h"

#include "hadal_kernel_abi.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace hadal::cpu::test {

/// Memory that kernels read and write: 64-byte aligned, with a guard of bytes
/// 0xff (a NaN in every floating-point type) on both sides.
class Buffer {
public:
  Buffer() = default;
  explicit Buffer(size_t bytes);
  template <typename T>
  static Buffer of(const std::vector<T> &values) {
    Buffer buffer(values.size() * sizeof(T));
    if (!values.empty())
      std::memcpy(buffer.data(), values.data(), values.size() * sizeof(T));
    return buffer;
  }
  void *data() { return start; }
  size_t size() const { return bytes; }
  template <typename T>
  T *as() {
    return static_cast<T *>(data());
  }
  /// Whether nothing was written outside of the buffer.
  bool guardsIntact() const;

private:
  std::vector<unsigned char> memory;
  unsigned char *start = nullptr;
  size_t bytes = 0;
};

/// A loaded image.
class Library {
public:
  ~Library();
  Library() = default;
  Library(Library &&other) : handle(other.handle) { other.handle = nullptr; }
  Library &operator=(Library &&other) {
    std::swap(handle, other.handle);
    return *this;
  }
  /// Lowers and compiles the kernels of `module` and loads them; reports a
  /// failure of the test where that is not possible.
  static Library compile(mlir::ModuleOp module, const KernelTarget &target);
  hadal_kernel_fn_t find(const std::string &name) const;

private:
  void *handle = nullptr;
};

std::string describe(const KernelTarget &target);

/// Runs every workgroup of a grid in turn, in an order that is not the natural
/// one. Returns the first code that is not zero.
int32_t runGrid(hadal_kernel_fn_t kernel, std::vector<Buffer *> bindings,
                std::vector<int64_t> constants, uint32_t x, uint32_t y = 1, uint32_t z = 1,
                size_t scratchBytes = 0);

} // namespace hadal::cpu::test

#endif // HADAL_TEST_TARGET_CPU_LINEAR_IMAGEHARNESS_H
