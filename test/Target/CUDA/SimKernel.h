// SPDX-License-Identifier: Apache-2.0
// A kernel as it is emitted for a level, launched on the simulator: whole, or changed.
#ifndef HADAL_TEST_TARGET_CUDA_SIMKERNEL_H
#define HADAL_TEST_TARGET_CUDA_SIMKERNEL_H

#include "SimHarness.h"

#include "mlir/IR/Builders.h"

namespace hadal::testing {

/// Of a kernel that was changed, checks that fire are noted. Of any other they are failures.
class SimKernel {
public:
  using Emit = llvm::function_ref<void(mlir::OpBuilder &, mlir::Location)>;
  /// Emits the kernel `name` into an empty module, and compiles it.
  SimKernel(std::string name, const cuda::Level &level, Emit emit);

  /// What was emitted, and what came of it.
  mlir::ModuleOp getProgram() { return *program; }
  const std::string &getText() const { return text; }
  const std::string &getName() const { return name; }

  /// Puts a changed text, or what a changed program compiles to, in the kernel's place.
  void change(const std::string &other);
  void change(mlir::ModuleOp other);
  /// The kernel as it was emitted.
  void restore();
  /// Whether a check has fired since the kernel was changed.
  bool hasFailed() const { return image->hasFailed(); }

  /// Its memory, which a change loses.
  SimImage *operator->() { return image.get(); }

  void run(const hadal_sim_launch_t &launch, const std::vector<uint64_t> &parameters);

  hadal_sim_counters_t counters = {};

private:
  std::string name;
  const cuda::Level &level;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> program;
  std::string text;
  std::unique_ptr<SimImage> image;
};

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_SIMKERNEL_H
