// SPDX-License-Identifier: Apache-2.0
// Compiles emitted kernels, loads them into the test, and runs their grids.
#include "ImageHarness.h"

#include "hadal/Target/CPU/Image.h"

#include "gtest/gtest.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

using namespace hadal::cpu;
using namespace hadal::cpu::test;

namespace {
constexpr size_t guardBytes = 256;
constexpr unsigned char guardByte = 0xff;
} // namespace

Buffer::Buffer(size_t bytes) : bytes(bytes) {
  memory.assign(bytes + 2 * guardBytes + 64, guardByte);
  auto address = reinterpret_cast<uintptr_t>(memory.data()) + guardBytes;
  start = memory.data() + ((address + 63) / 64 * 64 - address) + guardBytes;
}

bool Buffer::guardsIntact() const {
  for (const unsigned char *p = memory.data(); p < start; ++p)
    if (*p != guardByte)
      return false;
  for (const unsigned char *p = start + bytes; p < memory.data() + memory.size(); ++p)
    if (*p != guardByte)
      return false;
  return true;
}

Library::~Library() {
  if (handle)
    dlclose(handle);
}

Library Library::compile(mlir::ModuleOp module, const KernelTarget &target) {
  Library library;
  auto image = lowerAndCompile(module, target.codegenLevel());
  if (failed(image)) {
    ADD_FAILURE() << "cannot compile";
    return library;
  }
  std::string path = testing::TempDir() + "hadal-kernels-XXXXXX";
  int file = mkstemp(path.data());
  if (file < 0 ||
      write(file, image->bytes.data(), image->bytes.size()) != ssize_t(image->bytes.size())) {
    ADD_FAILURE() << "cannot write " << path;
    return library;
  }
  close(file);
  library.handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  unlink(path.c_str());
  if (!library.handle)
    ADD_FAILURE() << dlerror();
  return library;
}

hadal_kernel_fn_t Library::find(const std::string &name) const {
  void *symbol = handle ? dlsym(handle, name.c_str()) : nullptr;
  EXPECT_NE(symbol, nullptr) << name;
  return reinterpret_cast<hadal_kernel_fn_t>(symbol);
}

std::string hadal::cpu::test::describe(const KernelTarget &target) {
  return getLevelName(target.level).str() + (target.emulate ? ", emulated" : "");
}

int32_t hadal::cpu::test::runGrid(hadal_kernel_fn_t kernel, std::vector<Buffer *> bindings,
                                  std::vector<int64_t> constants, uint32_t x, uint32_t y,
                                  uint32_t z, size_t scratchBytes) {
  if (!kernel)
    return -1;
  std::vector<void *> pointers;
  for (Buffer *buffer : bindings)
    pointers.push_back(buffer->data());
  hadal_dispatch_state_t dispatch = {};
  dispatch.bindings = pointers.data();
  dispatch.constants = constants.data();
  dispatch.workgroup_count[0] = x;
  dispatch.workgroup_count[1] = y;
  dispatch.workgroup_count[2] = z;
  dispatch.binding_count = uint32_t(pointers.size());
  dispatch.constant_count = uint32_t(constants.size());
  Buffer scratch(scratchBytes);
  int32_t result = 0;
  for (uint32_t i = x * y * z; i-- > 0;) {
    hadal_workgroup_state_t workgroup = {};
    workgroup.workgroup_id[0] = i % x;
    workgroup.workgroup_id[1] = i / x % y;
    workgroup.workgroup_id[2] = i / x / y;
    workgroup.scratch = scratch.data();
    if (int32_t code = kernel(&dispatch, &workgroup); code && !result)
      result = code;
  }
  EXPECT_TRUE(scratch.guardsIntact());
  for (Buffer *buffer : bindings)
    EXPECT_TRUE(buffer->guardsIntact());
  return result;
}
