// SPDX-License-Identifier: Apache-2.0
// Memory that the host cannot touch, launches that wait, and a device that executes none.
#include "TestDevices.h"
#include "core/ApiHandles.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace hadal::test {

using runtime::DeviceKernels;
using runtime::DeviceMemory;
using runtime::LaunchRequest;
using runtime::Status;

namespace {

size_t wholePages(size_t size) {
  auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

// Makes memory accessible for as long as the object lives.
class Opened {
public:
  explicit Opened(const std::map<uintptr_t, size_t> &pieces) : pieces(pieces) {
    protect(PROT_READ | PROT_WRITE);
  }
  ~Opened() { protect(PROT_NONE); }

private:
  void protect(int access) {
    for (const auto &[address, size] : pieces)
      EXPECT_EQ(mprotect(reinterpret_cast<void *>(address), wholePages(size), access), 0);
  }
  const std::map<uintptr_t, size_t> &pieces;
};

} // namespace

class SeparateDevice::Memory final : public DeviceMemory {
public:
  Memory(SeparateDevice &device, void *base, size_t length) : device(device), base(base), length(length) {
    if (length)
      device.pieces.emplace(reinterpret_cast<uintptr_t>(base), length);
  }
  ~Memory() override {
    if (!length)
      return;
    EXPECT_TRUE(device.waiting.empty()) << "memory is given back that a launch may use";
    device.pieces.erase(reinterpret_cast<uintptr_t>(base));
    munmap(base, wholePages(length));
  }
  runtime::DevicePointer address() const override { return base; }
  size_t size() const override { return length; }

private:
  SeparateDevice &device;
  void *base;
  size_t length;
};

Status SeparateDevice::allocate(size_t size, const char *what, std::unique_ptr<DeviceMemory> &out) {
  void *base = nullptr;
  if (size) {
    base = mmap(nullptr, wholePages(size), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
      return runtime::fail(HADAL_STATUS_OUT_OF_MEMORY, "%s: cannot allocate %zu B on the device", what, size);
  }
  out = std::make_unique<Memory>(*this, base, size);
  return {};
}

Status SeparateDevice::importWeights(const uint8_t *data, size_t size, std::unique_ptr<DeviceMemory> &out) {
  taken += size;
  HADAL_TRY(allocate(size, "weights", out));
  return upload(out->address(), data, size);
}

Status SeparateDevice::upload(runtime::DevicePointer to, const void *from, size_t size) {
  HADAL_TRY(synchronize());
  if (!size)
    return {};
  EXPECT_TRUE(holds(to, size));
  Opened opened(pieces);
  std::memcpy(to, from, size);
  return {};
}

Status SeparateDevice::download(void *to, runtime::DevicePointer from, size_t size) {
  HADAL_TRY(synchronize());
  EXPECT_TRUE(holds(from, size));
  Opened opened(pieces);
  std::memcpy(to, from, size);
  return {};
}

Status SeparateDevice::launch(const DeviceKernels &kernels, const LaunchRequest &request) {
  check(request);
  // Its arrays are valid during the call alone.
  std::vector<runtime::DevicePointer> bindings(request.bindings, request.bindings + request.bindingCount);
  std::vector<int64_t> constants(request.constants, request.constants + request.constantCount);
  waiting.push_back([this, &kernels, request, bindings, constants] {
    LaunchRequest kept = request;
    kept.bindings = bindings.data();
    kept.constants = constants.data();
    return execute(kernels, kept);
  });
  return {};
}

Status SeparateDevice::synchronize() {
  std::vector<std::function<Status()>> launches;
  launches.swap(waiting);
  Opened opened(pieces);
  for (const auto &launch : launches)
    HADAL_TRY(launch());
  return {};
}

bool SeparateDevice::holds(const void *address, size_t size) const {
  auto at = reinterpret_cast<uintptr_t>(address);
  auto next = pieces.upper_bound(at);
  if (next == pieces.begin())
    return false;
  const auto &[base, length] = *std::prev(next);
  return at - base <= length && size <= length - (at - base);
}

// What every device may rely on.
void SeparateDevice::check(const LaunchRequest &request) const {
  for (uint32_t extent : request.grid)
    EXPECT_GE(extent, 1u);
  for (uint32_t i = 0; i < request.bindingCount; ++i) {
    EXPECT_TRUE(holds(request.bindings[i], 0)) << "binding " << i;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(request.bindings[i]) % 64, 0u) << "binding " << i;
  }
  EXPECT_TRUE(request.workspace || !request.workspaceBytes);
  if (request.workspace) {
    EXPECT_TRUE(holds(request.workspace, request.workspaceBytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(request.workspace) % 64, 0u);
  }
}

SeparateCpuDevice::SeparateCpuDevice() {
  require("openDevice", runtime::openDevice("cpu", 1, cpu).message());
}

namespace {

class RecordedKernels final : public DeviceKernels {
public:
  explicit RecordedKernels(std::string level) : picked(std::move(level)) {}
  const char *level() const override { return picked.c_str(); }

private:
  std::string picked;
};

} // namespace

Status RecordingDevice::loadKernels(const runtime::Artifact &artifact, const runtime::Program &program,
                                    std::unique_ptr<DeviceKernels> &out) {
  for (const runtime::Executable &executable : program.executables) {
    bool found = false;
    for (const runtime::Variant &variant : executable.variants)
      found |= variant.level == has;
    if (!found)
      return runtime::fail(HADAL_STATUS_UNSUPPORTED, "executables: expected variants of level '%s', got none of "
                           "'%s'", level(), executable.name);
  }
  loaded = &program;
  out = std::make_unique<RecordedKernels>(has);
  return {};
}

Status RecordingDevice::execute(const DeviceKernels &kernels, const LaunchRequest &request) {
  RecordedLaunch launch;
  static_cast<LaunchRequest &>(launch) = request;
  launch.boundAt.assign(request.bindings, request.bindings + request.bindingCount);
  launch.passed.assign(request.constants, request.constants + request.constantCount);
  launches.push_back(std::move(launch));
  return {};
}

ContextHandle makeContextOf(std::unique_ptr<runtime::Device> device) {
  auto context = std::make_shared<runtime::Context>();
  context->device = std::move(device);
  return ContextHandle(new hadal_context{std::move(context)});
}

} // namespace hadal::test
