// SPDX-License-Identifier: Apache-2.0
// What a target is to the compiler: levels, layouts, kernels, images.
#ifndef HADAL_TARGET_TARGET_H
#define HADAL_TARGET_TARGET_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm::cl {
class OptionCategory;
} // namespace llvm::cl

namespace hadal {

/// Machine code of a kernel, beside an image that devices compile themselves.
struct MachineCode {
  std::string symbol; // the kernel in it; equal kernels share one
  std::vector<uint8_t> bytes;
  uint32_t registers = 0;   // of a thread
  uint32_t sharedBytes = 0; // static, of a workgroup
  uint32_t stackBytes = 0;  // of a thread, as are those that it spills
  uint32_t spillStoreBytes = 0, spillLoadBytes = 0;
};

/// Code of all kernels of a program for one level, as an artifact holds it.
struct TargetImage {
  struct Symbol {
    std::string name;
    uint64_t codeSize = 0; // in bytes
    std::optional<size_t> machineCode = std::nullopt; // index of its own
  };
  std::vector<uint8_t> bytes;
  std::vector<Symbol> symbols; // in the order of their names
  std::vector<MachineCode> machineCode;
  /// What made the machine code, and its version, or why there is none; "" where the
  /// image is machine code itself.
  std::string machineCodeBy;
};

/// What an image, or one kernel of it, is on the way to code.
struct ImageForm {
  llvm::StringRef kernel; // empty: the whole image
  llvm::StringRef name;   // as of a file: kernels.ll
  llvm::StringRef content;
};
using ImageObserver = llvm::function_ref<void(const ImageForm &)>;

/// A family of machines that programs are compiled for. Generic code asks it
/// and names no target, level or layout itself. One object serves any number of
/// contexts and threads, so nothing but the command line changes it.
class Target {
public:
  virtual ~Target();

  /// The name in options, modules and artifacts, where it also says which
  /// device takes the program.
  virtual llvm::StringRef getFamily() const = 0;

  /// Version of the interface between kernels and the device.
  virtual int32_t getKernelABI() const = 0;

  /// Names of the levels that a variant can be compiled for, best first. A
  /// device takes the first that it can run.
  virtual llvm::ArrayRef<llvm::StringRef> getLevels() const = 0;

  /// Adds the target's own options to a command line.
  virtual void addOptions(llvm::cl::OptionCategory &category);

  /// What is wrong with the values of those options, or nothing.
  virtual std::string findOptionProblem() const;

  /// The first of them that was given and does nothing: where no program for the target is
  /// compiled, or its kernels are not made. Empty where there is none.
  virtual llvm::StringRef findIdleOption(bool hasProgram, bool makesKernels) const;

  /// What a program for this target is to be compiled for: the family, and the
  /// levels that options ask for.
  virtual TargetAttr getRequest(mlir::MLIRContext *context) const;

  /// Dialects, interfaces and translations beyond those of every stage. They are
  /// loaded with the hadal dialect, so generic passes can use the layouts.
  virtual void registerDialects(mlir::DialectRegistry &registry) const;

  /// Makes the target's passes known by name. Called once a process.
  virtual void registerPasses() const;

  /// The type, with a layout, as which kernels read a parameter of stored type
  /// `type` in the given role; `precision` is native or reference.
  virtual mlir::RankedTensorType getParameterType(OperandRole role, mlir::RankedTensorType type,
                                                  llvm::StringRef precision) const = 0;

  /// The passes over a hadal.program of this target that bring its ops to those that the
  /// target has kernels for: before ops without a kernel are expanded, and parameters have
  /// layouts. `shared` are those that split attention and experts where the target has a
  /// kernel of a part, and fuse gates. By default there are none: an op that is
  /// expanded is best expanded whole.
  virtual mlir::OpPassManager getDecomposition(mlir::OpPassManager shared) const;

  /// Whether the target has a kernel for `ops`: one op of an entry point before its
  /// parameters have layouts, or the ops of a body. What it has none for takes the plain
  /// path, as its expansion; then kernels of variants in the flat form are wanted of
  /// the target. By default it has none.
  virtual bool supports(llvm::ArrayRef<mlir::Operation *> ops) const;

  /// Whether one kernel of the target computes `ops`: two or more of an entry
  /// point or of a body, in their order. Each is made for or from another of them, or stands
  /// near them and has nothing to do with them: then the kernel computes both side by side.
  /// Dispatches grow by what reads their results, as far as the target says so;
  /// who else reads them is in the IR. By default each op is a kernel of its own.
  virtual bool fuses(llvm::ArrayRef<mlir::Operation *> ops) const;

  /// Appends the passes that give each executable of a hadal.program of this
  /// target its interface and a variant for each level that the program wants:
  /// from the dispatch to the kernel stage. They run on programs of this target
  /// only.
  virtual void addKernelPasses(mlir::OpPassManager &pm) const = 0;

  /// Appends to passes over a plan.image of this target those after which it can
  /// be compiled.
  virtual void addImagePasses(mlir::OpPassManager &pm) const = 0;

  /// Compiles an image; failures are diagnostics. `observe`, where it is not null, is told
  /// what the image becomes in between, in order, and changes nothing.
  virtual mlir::FailureOr<TargetImage> compileImage(plan::ImageOp image,
                                                    ImageObserver observe) const = 0;
};

/// The targets that a tool knows, in the order in which they were added.
class TargetRegistry {
public:
  void add(std::shared_ptr<Target> target) { targets.push_back(std::move(target)); }
  llvm::ArrayRef<std::shared_ptr<Target>> getTargets() const { return targets; }
  const Target *lookup(llvm::StringRef family) const;
  /// The target of that family, or that has a level of that name: what a user asks for.
  const Target *find(llvm::StringRef name) const;

  /// What is wrong with the names of the targets from number `first` on, or nothing: a family
  /// or a level is of letters, digits, '_', '.' and '-', and no other target has it.
  std::string findNameProblem(size_t first) const;

  /// Adds dialects of the model stage whose ops expand: what a library brings that has
  /// ops of its own.
  using AddDialects = void (*)(mlir::DialectRegistry &registry);
  void addDialects(AddDialects add) { dialects.push_back(add); }

  /// The families, for messages: "a, b".
  std::string getFamilies() const;

  /// Lets contexts made from `registry` find the targets and the dialects, and load
  /// those of the targets.
  void attachTo(mlir::DialectRegistry &registry) const;

private:
  std::vector<std::shared_ptr<Target>> targets;
  std::vector<AddDialects> dialects;
};

/// The target of that family that the context of `op` knows; otherwise reports
/// which there are at `op` and returns null.
const Target *lookupTarget(mlir::Operation *op, llvm::StringRef family);

/// The same, but by family or level.
const Target *findTarget(mlir::Operation *op, llvm::StringRef name);

/// The ops on each element of an entry point's block that are no part of a kernel of the target.
llvm::SmallVector<mlir::Operation *> findLeftOver(mlir::Block &block, const Target &target);

} // namespace hadal

#endif // HADAL_TARGET_TARGET_H
