// SPDX-License-Identifier: Apache-2.0
// The cpu device: kernels from ELF images, run by a thread pool.
#include "cpu/CpuDevice.h"
#include "core/Verify.h"
#include "cpu/CpuLevel.h"
#include "cpu/ElfImage.h"
#include "cpu/ThreadPool.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

namespace hadal::runtime {
namespace {

constexpr uint32_t kMaxThreads = 1024;

class CpuMemory final : public DeviceMemory {
public:
  explicit CpuMemory(Pages pages) : pages(std::move(pages)), from(this->pages.data()), bytes(this->pages.size()) {}
  CpuMemory(const uint8_t *data, size_t size) : from(data), bytes(size) {}
  // Kernels only read weights; the plan's verifier holds them to it.
  DevicePointer address() const override { return const_cast<uint8_t *>(from); }
  size_t size() const override { return bytes; }

private:
  Pages pages;
  const uint8_t *from;
  size_t bytes;
};

const Variant *findVariant(const Executable &executable, const char *level) {
  for (const Variant &variant : executable.variants)
    if (!std::strcmp(variant.level, level))
      return &variant;
  return nullptr;
}

// A workgroup is one thread's work, and its parameters are those of hadal_kernel_abi.h.
Status checkInterface(const KernelInterface &interface) {
  constexpr hadal_status_code_t unsupported = HADAL_STATUS_UNSUPPORTED;
  for (uint32_t size : interface.workgroupSize)
    if (size != 1)
      return fail(unsupported, "workgroup_size: expected 1 thread on the cpu device, got %ux%ux%u",
                  interface.workgroupSize[0], interface.workgroupSize[1], interface.workgroupSize[2]);
  if (interface.staticSharedBytes)
    return fail(unsupported, "static_shared_bytes: expected 0 B on the cpu device, got %u B",
                interface.staticSharedBytes);
  if (interface.dynamicShared != kNone)
    return fail(unsupported, "dynamic_shared: expected none on the cpu device, got an expression");
  if (!interface.cluster.empty())
    return fail(unsupported, "cluster: expected none on the cpu device, got %ux%ux%u",
                interface.cluster[0], interface.cluster[1], interface.cluster[2]);
  if (interface.cooperative)
    return fail(unsupported, "cooperative: expected false on the cpu device, got true");
  if (!interface.parameters.empty())
    return fail(unsupported,
                "parameters: expected none on the cpu device, whose kernel ABI fixes them, got %zu, the "
                "first a %s", interface.parameters.size(),
                artifact::EnumNameKernelParameterKind(interface.parameters[0].kind));
  return {};
}

class CpuKernels final : public DeviceKernels {
public:
  const char *level() const override { return picked; }
  hadal_kernel_fn_t function(uint32_t executable) const { return functions[executable]; }

  Status load(const Artifact &artifact, const Program &program,
              const std::vector<const char *> &levels) {
    HADAL_TRY(pickLevel(program, levels));
    for (uint32_t i = 0; i < program.executables.size(); ++i) {
      const Executable &executable = program.executables[i];
      for (uint32_t j = 0; j < executable.variants.size(); ++j) {
        HADAL_TRY_IN(checkInterface(executable.variants[j].interface),
                     "executables[%u] '%s': variants[%u].interface.", i, executable.name, j);
        HADAL_TRY_IN(check(artifact, executable.variants[j]), "executables[%u] '%s': ", i,
                     executable.name);
      }
    }
    for (const Executable &executable : program.executables) {
      const Variant &variant = *findVariant(executable, picked);
      ElfImage &image = images[variant.image];
      if (!image.mapped())
        HADAL_TRY(image.map());
      functions.push_back(reinterpret_cast<hadal_kernel_fn_t>(image.address(variant.symbol)));
      scratch = std::max(scratch, variant.interface.scratchBytes);
    }
    return {};
  }

  uint64_t scratchBytes() const { return scratch; }

private:
  Status pickLevel(const Program &program, const std::vector<const char *> &levels) {
    std::string missing;
    for (const char *level : levels) {
      bool all = true;
      for (uint32_t i = 0; all && i < program.executables.size(); ++i)
        if (!findVariant(program.executables[i], level)) {
          missing += std::string(missing.empty() ? "" : ", ") + "executables[" +
                     std::to_string(i) + "] has no " + level;
          all = false;
        }
      if (all) {
        picked = level;
        return {};
      }
    }
    return fail(HADAL_STATUS_UNSUPPORTED,
                "executables: expected kernels of a level that this CPU has%s, got none: %s",
                forcedLevel() ? " and HADAL_CPU_LEVEL allows" : "",
                levels.empty() ? "the CPU is below x86-64-v3" : missing.c_str());
  }

  // Checks the images of all levels, so that a broken one is found on any machine.
  Status check(const Artifact &artifact, const Variant &variant) {
    auto [at, added] = images.try_emplace(variant.image);
    if (added) {
      const auto *data = artifact.section(variant.image)->data();
      HADAL_TRY_IN(ElfImage::parse(data->data(), data->size(), at->second), "image '%s': ",
                   variant.image);
    }
    if (!at->second.exports(variant.symbol))
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "symbol: expected a function in image '%s', got no '%s'", variant.image,
                  variant.symbol);
    return {};
  }

  const char *picked = "";
  std::map<std::string, ElfImage> images;
  std::vector<hadal_kernel_fn_t> functions; // one an executable
  uint64_t scratch = 0;                     // the most that one of them asks for
};

class CpuDevice final : public Device {
public:
  CpuDevice(uint32_t threads, std::vector<const char *> levels)
      : pool(threads), levels(std::move(levels)) {}

  const char *name() const override { return "cpu"; }
  const char *family() const override { return "cpu"; }
  const char *level() const override { return levels.empty() ? "" : levels.front(); }
  uint32_t threads() const override { return pool.threads(); }
  bool sharesHostMemory() const override { return true; }

  Status loadKernels(const Artifact &artifact, const Program &program,
                     std::unique_ptr<DeviceKernels> &out) override {
    if (program.kernelAbi != HADAL_KERNEL_ABI_VERSION)
      return fail(HADAL_STATUS_UNSUPPORTED, "kernel_abi: expected %u, got %u: compile the model again",
                  HADAL_KERNEL_ABI_VERSION, program.kernelAbi);
    auto kernels = std::make_unique<CpuKernels>();
    HADAL_TRY(kernels->load(artifact, program, levels));
    HADAL_TRY(pool.reserveScratch(kernels->scratchBytes()));
    out = std::move(kernels);
    return {};
  }

  Status allocate(size_t size, const char *what, std::unique_ptr<DeviceMemory> &out) override {
    Pages pages;
    HADAL_TRY(Pages::allocate(size, what, pages));
    out = std::make_unique<CpuMemory>(std::move(pages));
    return {};
  }

  Status reserve(size_t size, const char *what, std::unique_ptr<DeviceMemory> &out) override {
    Pages pages;
    HADAL_TRY(Pages::reserve(size, what, pages));
    out = std::make_unique<CpuMemory>(std::move(pages));
    return {};
  }

  Status importWeights(const uint8_t *data, size_t size,
                       std::unique_ptr<DeviceMemory> &out) override {
    out = std::make_unique<CpuMemory>(data, size);
    return {};
  }

  Status upload(DevicePointer to, const void *from, size_t size) override {
    std::memcpy(to, from, size);
    return {};
  }

  Status download(void *to, DevicePointer from, size_t size) override {
    std::memcpy(to, from, size);
    return {};
  }

  Status launch(const DeviceKernels &kernels, const LaunchRequest &request) override {
    hadal_dispatch_state_t state = {};
    state.bindings = request.bindings;
    state.binding_count = request.bindingCount;
    DevicePointer bindings[kMaxBindings + 1];
    if (request.workspace) {
      std::copy(request.bindings, request.bindings + request.bindingCount, bindings);
      bindings[state.binding_count++] = request.workspace;
      state.bindings = bindings;
    }
    state.constants = request.constants;
    std::memcpy(state.workgroup_count, request.grid, sizeof state.workgroup_count);
    state.constant_count = request.constantCount;
    uint64_t total = uint64_t(request.grid[0]) * request.grid[1] * request.grid[2];
    auto function = static_cast<const CpuKernels &>(kernels).function(request.executable);
    int32_t code = pool.run(function, state, total);
    if (code == 0)
      return {};
    return fail(HADAL_STATUS_KERNEL_FAILED, "kernel: expected code 0, got %d%s", code,
                code == 1 ? ": an operand holds a value that the kernel cannot process" : "");
  }

  Status synchronize() override { return {}; }

private:
  ThreadPool pool;
  std::vector<const char *> levels; // best first
};

} // namespace

Status openCpuDevice(uint32_t threads, const CpuIdentity &cpu, std::unique_ptr<Device> &out) {
  if (threads > kMaxThreads)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "options.threads: expected at most %u, got %u",
                kMaxThreads, threads);
  std::vector<const char *> levels = cpuLevels(cpu);
  HADAL_TRY(restrictLevels(forcedLevel(), levels));
  out = std::make_unique<CpuDevice>(threads ? threads : availableCores(), std::move(levels));
  return {};
}

Status openDevice(const char *name, uint32_t threads, std::unique_ptr<Device> &out) {
  if (std::strcmp(name, "cpu"))
    return fail(HADAL_STATUS_NOT_FOUND, "options.device: expected 'cpu', got '%s'", name);
  CpuIdentity cpu;
  std::string problem = readHostCpu(cpu);
  if (!problem.empty())
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "%s", problem.c_str());
  return openCpuDevice(threads, cpu, out);
}

} // namespace hadal::runtime
