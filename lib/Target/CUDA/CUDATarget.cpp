// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as a target of the compiler.
#include "hadal/Target/CUDA/CUDATarget.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Target/CUDA/Image.h"
#include "hadal/Target/CUDA/Passes.h"
#include "hadal/Target/CUDA/Pipeline.h"

#include "hadal_kernel_abi.h"

using namespace mlir;
using namespace hadal;

namespace {
class CUDATarget : public Target {
public:
  StringRef getFamily() const override { return cuda::kFamily; }
  int32_t getKernelABI() const override { return HADAL_CUDA_KERNEL_ABI_VERSION; }

  ArrayRef<StringRef> getLevels() const override {
    static const std::vector<StringRef> names = [] {
      std::vector<StringRef> names;
      for (const cuda::Level &level : cuda::allLevels())
        names.push_back(level.name);
      return names;
    }();
    return names;
  }

  void registerPasses() const override { cuda::registerCUDAPasses(); }

  /// All as it is stored, in rows.
  RankedTensorType getParameterType(OperandRole, RankedTensorType type, StringRef) const override {
    return type;
  }

  // Everything takes the plain path.
  bool hasKernels() const override { return false; }
  bool supports(ArrayRef<Operation *>) const override { return false; }

  void addKernelPasses(OpPassManager &pm) const override {
    // An item a thread: neighbours are threads, not lanes.
    FlattenPassOptions flatten;
    flatten.itemElements = 1;
    flatten.lanes = 1;
    pm.addPass(createFlattenPass(flatten));
    pm.addPass(createVerifyFlatPass());
    pm.addPass(cuda::createEmitKernelsPass());
  }

  void addImagePasses(OpPassManager &pm) const override {
    pm.addPass(cuda::createLowerImagePass());
  }

  FailureOr<TargetImage> compileImage(plan::ImageOp image) const override {
    const cuda::Level *level = cuda::findLevel(image.getLevel());
    auto kernels = dyn_cast<ModuleOp>(image.getContents().front().front());
    if (!level || !kernels)
      return image.emitOpError() << "expected a module of kernels for a level of GPUs, got level '"
                                 << image.getLevel() << "'";
    return cuda::compileImage(kernels, *level);
  }
};
} // namespace

std::shared_ptr<Target> hadal::createCUDATarget() { return std::make_shared<CUDATarget>(); }
