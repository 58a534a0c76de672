// SPDX-License-Identifier: Apache-2.0
// Compiles, loads and runs kernels for the unit tests.
#include "KernelHarness.h"

#include "hadal/Target/CPU/Image.h"
#include "hadal_kernel_abi.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

namespace hadal::testing {

static constexpr size_t guardBytes = 64;

static void *allocate(size_t bytes) {
  return std::aligned_alloc(64, (bytes + guardBytes + 63) / 64 * 64);
}

Buffer::Buffer(size_t count, size_t elementBytes)
    : memory(allocate(count * elementBytes)), size(count * elementBytes) {
  std::memset(memory.get(), 0, size);
  std::memset(static_cast<char *>(memory.get()) + size, 0x5a, guardBytes);
}

Buffer::Buffer(const std::vector<int32_t> &values) : Buffer(values.size(), 4) {
  std::memcpy(data(), values.data(), size);
}

Buffer::Buffer(const std::vector<float> &values, FloatType type)
    : Buffer(values.size(), type == FloatType::BF16 ? 2 : 4) {
  if (type == FloatType::F32) {
    std::copy(values.begin(), values.end(), static_cast<float *>(data()));
    return;
  }
  for (size_t i = 0; i < values.size(); ++i)
    static_cast<uint16_t *>(data())[i] = floatToBF16(values[i]);
}

Buffer Buffer::poisoned(size_t count, FloatType type) {
  return Buffer(std::vector<float>(count, NAN), type);
}

bool Buffer::guardIntact() const {
  const char *guard = static_cast<const char *>(data()) + size;
  for (size_t i = 0; i < guardBytes; ++i)
    if (guard[i] != 0x5a)
      return false;
  return true;
}

std::vector<float> Buffer::floats(FloatType type) const {
  std::vector<float> values(size / (type == FloatType::BF16 ? 2 : 4));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = type == FloatType::BF16 ? bf16ToFloat(static_cast<const uint16_t *>(data())[i])
                                        : static_cast<const float *>(data())[i];
  return values;
}

std::vector<int32_t> Buffer::ints() const {
  const int32_t *values = static_cast<const int32_t *>(data());
  return std::vector<int32_t>(values, values + size / 4);
}

float bf16ToFloat(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

uint16_t floatToBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value))
    return uint16_t((bits >> 16) | 0x40);
  uint32_t rest = bits & 0xffff;
  uint32_t high = bits >> 16;
  if (rest > 0x8000 || (rest == 0x8000 && (high & 1)))
    ++high;
  return uint16_t(high);
}

float rounded(float value, FloatType type) {
  return type == FloatType::BF16 ? bf16ToFloat(floatToBF16(value)) : value;
}

Kernel::Kernel(const KernelTarget &target, const KernelInfo &info, const Emit &emit) : info(info) {
  mlir::MLIRContext context;
  context.disableMultithreading();
  loadKernelDialects(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  KernelBuilder builder(*module, "kernel", target);
  emit(builder);
  if (std::getenv("HADAL_TEST_DUMP"))
    module->dump();
  if (failed(mlir::verify(*module)))
    return;
  CompileOptions options;
  std::string assembly;
  if (std::getenv("HADAL_TEST_ASSEMBLY"))
    options.assembly = &assembly;
  mlir::FailureOr<Image> image = lowerAndCompile(*module, target.codegenLevel(), options);
  if (failed(image))
    return;
  std::fputs(assembly.c_str(), stderr);
  char path[] = "/tmp/hadal-kernel-XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0 || write(fd, image->bytes.data(), image->bytes.size()) != ssize_t(image->bytes.size()))
    return;
  close(fd);
  library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    ADD_FAILURE() << dlerror();
  else
    function = dlsym(library, "kernel");
  unlink(path);
}

Kernel::~Kernel() {
  if (library)
    dlclose(library);
}

int32_t Kernel::run(const std::vector<Buffer *> &bindings, const std::vector<int64_t> &constants,
                    int64_t rows, int64_t sequences) {
  EXPECT_EQ(bindings.size(), info.bindings.size());
  EXPECT_EQ(int64_t(constants.size()), info.constantCount);
  std::vector<void *> pointers;
  for (Buffer *buffer : bindings)
    pointers.push_back(buffer->data());
  Buffer scratch(info.scratchBytes, 1), workspace(info.workspace.evaluate(rows), 1);
  bool poison = !std::getenv("HADAL_TEST_CLEAN_SCRATCH");
  if (info.workspace.constant) {
    pointers.push_back(workspace.data());
    if (poison)
      std::memset(static_cast<char *>(workspace.data()) + HADAL_KERNEL_COUNTER_BYTES, 0xff,
                  workspace.byteSize() - HADAL_KERNEL_COUNTER_BYTES);
  }
  hadal_dispatch_state_t dispatch = {};
  dispatch.bindings = pointers.data();
  dispatch.constants = constants.data();
  dispatch.binding_count = uint32_t(pointers.size());
  dispatch.constant_count = uint32_t(constants.size());
  for (int d = 0; d < 3; ++d)
    dispatch.workgroup_count[d] = uint32_t(info.grid[d].evaluate(rows, sequences));
  int32_t result = 0;
  for (uint32_t z = dispatch.workgroup_count[2]; z-- > 0;)
    for (uint32_t y = dispatch.workgroup_count[1]; y-- > 0;)
      for (uint32_t x = dispatch.workgroup_count[0]; x-- > 0;) {
        if (poison)
          std::memset(scratch.data(), 0xff, scratch.byteSize());
        hadal_workgroup_state_t workgroup = {{x, y, z}, 0, scratch.data()};
        int32_t code = reinterpret_cast<hadal_kernel_fn_t>(function)(&dispatch, &workgroup);
        result = result ? result : code;
      }
  EXPECT_TRUE(workspace.guardIntact()) << "a kernel wrote beyond its workspace";
  for (size_t i = 0; info.workspace.constant && i < HADAL_KERNEL_COUNTER_BYTES; ++i)
    if (static_cast<const char *>(workspace.data())[i] != 0) {
      ADD_FAILURE() << "a kernel left a counter that is not zero";
      break;
    }
  EXPECT_TRUE(scratch.guardIntact()) << "a kernel wrote beyond its scratch";
  for (size_t i = 0; i < bindings.size(); ++i)
    EXPECT_TRUE(bindings[i]->guardIntact()) << "a kernel wrote beyond binding " << i;
  return result;
}

std::vector<float> randomFloats(size_t count, uint32_t seed, float scale) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> distribution(-scale, scale);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(generator);
  return values;
}

double relativeError(const std::vector<float> &a, const std::vector<double> &b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    largest = std::max(largest, std::fabs(b[i]));
    double d = std::fabs(a[i] - b[i]);
    difference = d <= difference ? difference : d; // NaN replaces
    if (std::isnan(d))
      return NAN;
  }
  return largest > 0 ? difference / largest : difference;
}

} // namespace hadal::testing
