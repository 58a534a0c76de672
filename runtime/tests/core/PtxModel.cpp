// SPDX-License-Identifier: Apache-2.0
// The test model for the family cuda, with kernels in PTX by hand.
#include "ArtifactBuilder.h"
#include "hadal_device.h"

namespace hadal::test {

ModelSpec makePtxModel() {
  ModelSpec model = makeModel();
  model.sections[0] = {SectionKind::kernels, "kernels.sm_80", readFile(HADAL_TEST_PTX), 0};
  ProgramSpec &program = model.programs[0];
  program.family = "cuda";
  program.kernelAbi = HADAL_CUDA_KERNEL_ABI_VERSION;
  for (ExecutableSpec &executable : program.executables) {
    VariantSpec &variant = executable.variants[0];
    variant.level = "sm_80";
    variant.image = "kernels.sm_80";
    variant.interface.scratchBytes = 0;
    uint32_t threads = executable.name == "append" ? 32 : 1;
    variant.interface.workgroupSize = {threads, 1, 1};
    for (uint32_t i = 0; i < executable.bindings.size(); ++i)
      variant.interface.parameters.push_back({KernelParameterKind::binding, i});
    variant.interface.parameters.push_back({KernelParameterKind::constants});
  }
  return model;
}

} // namespace hadal::test
