// SPDX-License-Identifier: Apache-2.0
// The CPU as a target of the compiler.
#include "hadal/Target/CPU/CPUTarget.h"

#include "KernelBody.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Target/CPU/Image.h"
#include "hadal/Target/CPU/PackedLayout.h"
#include "hadal/Target/CPU/Passes.h"
#include "hadal/Target/CPU/Pipeline.h"

#include "hadal_kernel_abi.h"

#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace hadal;

namespace {
struct CommandLine {
  explicit CommandLine(llvm::cl::OptionCategory &category)
      : levels("cpu-level",
               llvm::cl::desc("CPU level to compile for: x86-64-v3, x86-64-v4-bf16 (repeatable; "
                              "default: all)"),
               llvm::cl::value_desc("NAME"), llvm::cl::cat(category)),
        emulateDot("emulate-dot",
                   llvm::cl::desc("For tests: the x86-64-v4-bf16 program in instructions of "
                                  "x86-64-v3"),
                   llvm::cl::cat(category)) {}
  llvm::cl::list<std::string> levels;
  llvm::cl::opt<bool> emulateDot;
};

class CPUTarget : public Target {
public:
  StringRef getFamily() const override { return cpu::kFamily; }
  int32_t getKernelABI() const override { return HADAL_KERNEL_ABI_VERSION; }

  ArrayRef<StringRef> getLevels() const override {
    static const std::vector<StringRef> bestFirst = [] {
      std::vector<StringRef> names;
      for (cpu::Level level : llvm::reverse(cpu::allLevels()))
        names.push_back(cpu::getLevelName(level));
      return names;
    }();
    return bestFirst;
  }

  void addOptions(llvm::cl::OptionCategory &category) override {
    options = std::make_unique<CommandLine>(category);
  }

  std::string findOptionProblem() const override {
    if (!options)
      return {};
    for (const std::string &level : options->levels) {
      if (llvm::count(options->levels, level) > 1)
        return "expected each level once, got --cpu-level=" + level + " again";
      if (!cpu::parseLevel(level))
        return "expected --cpu-level=" + llvm::join(llvm::reverse(getLevels()), " or ") +
               ", got '" + level + "'";
    }
    return {};
  }

  StringRef findIdleOption(bool hasProgram, bool makesKernels) const override {
    if (options && !hasProgram && !options->levels.empty())
      return "--cpu-level";
    return options && options->emulateDot && !(hasProgram && makesKernels) ? "--emulate-dot" : "";
  }

  TargetAttr getRequest(MLIRContext *context) const override {
    SmallVector<StringAttr> levels;
    if (options)
      for (const std::string &level : options->levels)
        levels.push_back(StringAttr::get(context, level));
    return TargetAttr::get(context, getFamily(), levels);
  }

  void registerDialects(DialectRegistry &registry) const override {
    registry.insert<x86vector::X86VectorDialect>();
  }

  void registerPasses() const override { cpu::registerCPUPasses(); }

  /// Panels are as high as kernels are wide. Pairs of bf16 feed the dot unit; a
  /// level without it splits them by shift and mask.
  RankedTensorType getParameterType(OperandRole role, RankedTensorType type,
                                    StringRef precision) const override {
    MLIRContext *context = type.getContext();
    Type f32 = Float32Type::get(context), bf16 = BFloat16Type::get(context);
    Type element = type.getElementType();
    switch (role) {
    case OperandRole::Vector: return type.clone(f32);
    case OperandRole::Lookup: return element.isBF16() ? type : type.clone(f32);
    case OperandRole::Matrix: break;
    default: return type;
    }
    if (!isa<Float8E4M3FNType>(element) && !element.isBF16())
      element = precision == "native" ? bf16 : f32;
    return RankedTensorType::get(
        type.getShape(), element,
        PanelsAttr::get(context, cpu::panelOutputs, element.isBF16() ? 2 : 1));
  }

  OpPassManager getDecomposition(OpPassManager shared) const override { return shared; }
  bool supports(ArrayRef<Operation *> ops) const override { return cpu::hasKernel(ops); }

  bool fuses(ArrayRef<Operation *> ops) const override { return cpu::fuses(ops); }

  void addKernelPasses(OpPassManager &pm) const override {
    pm.addPass(createFlattenPass());
    pm.addPass(createVerifyFlatPass());
    cpu::EmitKernelsPassOptions kernels;
    if (options) {
      kernels.levels.assign(options->levels.begin(), options->levels.end());
      kernels.emulateDot = options->emulateDot;
    }
    pm.addPass(cpu::createEmitKernelsPass(kernels));
  }

  void addImagePasses(OpPassManager &pm) const override { pm.addPass(cpu::createLowerImagePass()); }

  FailureOr<TargetImage> compileImage(plan::ImageOp image, ImageObserver observe) const override {
    std::optional<cpu::Level> level = cpu::parseLevel(image.getLevel());
    auto kernels = dyn_cast<ModuleOp>(image.getContents().front().front());
    if (!level || !kernels)
      return image.emitOpError()
             << "expected a module of kernels for a level of the CPU, got level '"
             << image.getLevel() << "'";
    cpu::CompileOptions options;
    options.observe = observe;
    FailureOr<cpu::Image> compiled = cpu::compileImage(kernels, *level, options);
    if (failed(compiled))
      return failure();
    TargetImage result;
    result.bytes = std::move(compiled->bytes);
    for (const cpu::KernelSymbol &symbol : compiled->symbols)
      result.symbols.push_back({symbol.name, symbol.codeSize});
    return result;
  }

private:
  std::unique_ptr<CommandLine> options;
};
} // namespace

std::shared_ptr<Target> hadal::createCPUTarget() { return std::make_shared<CPUTarget>(); }
