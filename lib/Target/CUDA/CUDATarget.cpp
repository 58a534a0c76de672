// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as a target of the compiler.
#include "hadal/Target/CUDA/CUDATarget.h"

#include "Assembler.h"
#include "BesideKernels.h"
#include "LaneKernels.h"
#include "TileKernels.h"

#include "files/Toolkit.h"
#include "hadal/Codegen/Passes.h"
#include "hadal/IR/Sums.h"
#include "hadal/Target/CUDA/Image.h"
#include "hadal/Target/CUDA/Passes.h"
#include "hadal/Target/CUDA/Pipeline.h"

#include "hadal_kernel_abi.h"

#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace hadal;

namespace {
struct CommandLine {
  explicit CommandLine(llvm::cl::OptionCategory &category)
      : cubin("cubin",
              llvm::cl::desc("For NVIDIA GPUs: machine code beside PTX, made by ptxas where it is "
                             "found on the search path, in CUDA_HOME or in build/cuda"),
              llvm::cl::cat(category)),
        seconds("ptxas-timeout",
                llvm::cl::desc("Seconds that ptxas may take for a kernel (default: 300)"),
                llvm::cl::init(300), llvm::cl::value_desc("S"), llvm::cl::cat(category)) {}
  llvm::cl::opt<bool> cubin;
  llvm::cl::opt<unsigned> seconds;
};

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

  void addOptions(llvm::cl::OptionCategory &category) override {
    options = std::make_unique<CommandLine>(category);
  }

  std::string findOptionProblem() const override {
    if (options && (options->seconds < 1 || options->seconds > 86400))
      return "expected a --ptxas-timeout from 1 to 86400, got " + std::to_string(options->seconds);
    return {};
  }

  void registerPasses() const override { cuda::registerCUDAPasses(); }

  void registerDialects(DialectRegistry &registry) const override {
    registry.insert<tile::TileDialect>();
  }

  /// As it is stored, in rows, but for matrices of products.
  RankedTensorType getParameterType(OperandRole role, RankedTensorType type,
                                    StringRef) const override {
    return role == OperandRole::Matrix ? cuda::getMatrixType(type) : type;
  }

  OpPassManager getDecomposition(OpPassManager shared) const override { return shared; }
  bool supports(ArrayRef<Operation *> ops) const override {
    return cuda::hasTileKernel(ops) || cuda::hasLaneKernel(ops) || cuda::isBeside(ops);
  }
  bool fuses(ArrayRef<Operation *> ops) const override {
    // What experts have made is summed in the kernel of the next norm.
    bool isTile = cuda::hasTileKernel(ops) && !addsToCombine(ops);
    return isTile || cuda::hasLaneKernel(ops) || cuda::isBeside(ops);
  }

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

  FailureOr<TargetImage> compileImage(plan::ImageOp image, ImageObserver observe) const override {
    const cuda::Level *level = cuda::findLevel(image.getLevel());
    auto kernels = dyn_cast<ModuleOp>(image.getContents().front().front());
    if (!level || !kernels)
      return image.emitOpError() << "expected a module of kernels for a level of GPUs, got level '"
                                 << image.getLevel() << "'";
    std::optional<cuda::Assembler> assembler;
    std::string by = "none, PTX alone: --cubin asks for it";
    if (options && options->cubin) {
      auto found = cuda::Assembler::find(options->seconds);
      if (!found)
        return image.emitOpError() << "--cubin: " << llvm::toString(found.takeError());
      assembler = std::move(*found);
      by = assembler ? assembler->version()
                     : (llvm::Twine("none, PTX alone: no ptxas ") + files::kToolkitPlaces).str();
      if (!assembler)
        image.emitWarning() << "--cubin: expected ptxas " << files::kToolkitPlaces
                            << ", got none: the artifact has PTX alone for " << level->name;
    }
    FailureOr<TargetImage> compiled =
        cuda::compileImage(kernels, *level, assembler ? &*assembler : nullptr, observe);
    if (succeeded(compiled))
      compiled->machineCodeBy = by;
    return compiled;
  }

private:
  std::unique_ptr<CommandLine> options;
};
} // namespace

std::shared_ptr<Target> hadal::createCUDATarget() { return std::make_shared<CUDATarget>(); }
