// SPDX-License-Identifier: Apache-2.0
// A loaded artifact and the device that executes it: the internal forms of module and context.
#ifndef HADAL_CORE_MODULE_H
#define HADAL_CORE_MODULE_H

#include "core/Artifact.h"
#include "core/Device.h"
#include "core/Kernels.h"
#include "core/WeightMemory.h"
#include "core/Weights.h"

#include <memory>
#include <string>
#include <vector>

namespace hadal::runtime {

/// A device that modules and sessions share.
struct Context {
  std::unique_ptr<Device> device;
};

/// A loaded artifact; constant once loaded, so any thread may use it.
class Module {
public:
  static Status load(std::shared_ptr<Context> context, const char *path,
                     const hadal_module_options_t &options, std::shared_ptr<Module> &out);

  /// The same for bytes in memory, which are copied; `name` stands for the path.
  static Status loadMemory(std::shared_ptr<Context> context, const char *name, const void *data,
                           size_t size, const hadal_module_options_t &options,
                           std::shared_ptr<Module> &out);

  /// Where the artifact was, or its name.
  const char *path() const { return file.c_str(); }
  const Artifact &artifact() const { return checked; }
  const artifact::Module &plan() const { return checked.plan(); }
  Device &device() const { return *context->device; }
  const Kernels &kernels() const { return loadedKernels; }
  const Weights &weights() const { return mapped; }

  /// The first byte of a parameter, in its file or in the copy; null when there are no weights, and
  /// for one that is computed.
  const uint8_t *weightData(uint32_t parameter) const {
    if (const uint8_t *copy = weightMemory.copyOf(parameter))
      return copy;
    return mapped.data(*plan().parameters()->Get(parameter));
  }

  /// The program that the device executes; null when there is none, and for a
  /// module that was loaded for inspection.
  const Program *program() const { return picked; }
  uint32_t programIndex() const { return pickedIndex; }

  /// "" before kernels are loaded.
  const char *level() const { return loadedKernels.level(); }

  /// Rows a page of the first growing state of the first program; 0 when it has none.
  uint32_t pageSize() const;

  /// Null when it can be run, else why not.
  const char *refusal() const;

  /// Where kernels find a parameter of the program, or a slice of one; empty for a parameter that
  /// the program does not read, and for one that a session computes.
  const DeviceMemory &parameter(uint32_t index) const { return parameters[index]; }
  const DeviceMemory &slice(uint32_t index) const { return slices[index]; }

  /// Parameters that the program reads and a session computes, by index.
  const std::vector<uint32_t> &computed() const { return computedParameters; }

private:
  static std::shared_ptr<Module> make(std::shared_ptr<Context> context, const char *path,
                                      const hadal_module_options_t &options);
  /// Makes what the artifact names ready, once it is there: kernels, weights.
  Status loadContents(const hadal_module_options_t &options);
  Status pickProgram();
  // ModuleWeights.cpp: what the device takes in.
  Status takeWeights(const hadal_module_options_t &options);
  Status takeSlice(const ParameterSlice &slice, const std::vector<int64_t> &values,
                   DeviceQueue &queue, DeviceMemory &out);

  std::shared_ptr<Context> context;
  std::string file;
  bool inspectOnly = false, inMemory = false;
  Artifact checked;
  Weights mapped;
  WeightMemory weightMemory;
  const Program *picked = nullptr;
  uint32_t pickedIndex = 0;
  Kernels loadedKernels;
  std::vector<DeviceMemory> parameters, slices;
  std::vector<uint32_t> computedParameters;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_MODULE_H
