// SPDX-License-Identifier: Apache-2.0
// A kernel as it is emitted for a level, launched on the simulator: whole, or changed.
#include "SimKernel.h"

using namespace hadal::testing;

SimKernel::SimKernel(std::string name, const cuda::Level &level, Emit emit)
    : name(std::move(name)), level(level), context(makeKernelContext()) {
  mlir::OpBuilder builder(context.get());
  program = mlir::ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToStart(program->getBody());
  emit(builder, builder.getUnknownLoc());
  mlir::OwningOpRef<mlir::ModuleOp> compiled = program->clone();
  text = compileToPtx(*compiled, level);
  restore();
}

void SimKernel::change(const std::string &other) {
  image = std::make_unique<SimImage>(other, Failures::Noted);
}

void SimKernel::change(mlir::ModuleOp other) { change(compileToPtx(other, level)); }

void SimKernel::restore() { image = std::make_unique<SimImage>(text); }

void SimKernel::run(const hadal_sim_launch_t &launch, const std::vector<uint64_t> &parameters) {
  hadal_sim_launch_t bounded = launch;
  // What was changed may never end.
  constexpr uint64_t most = 1 << 24;
  bounded.max_instructions =
      launch.max_instructions ? std::min(launch.max_instructions, most) : most;
  counters = image->run(name.c_str(), bounded, parameters);
}
