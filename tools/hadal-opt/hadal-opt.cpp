// SPDX-License-Identifier: Apache-2.0
// Runs passes over MLIR, with all dialects of Hadal and of MLIR.
#include "hadal/Conversion/Passes.h"
#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CPU/Executables.h"
#include "hadal/Target/CPU/Pipeline.h"
#include "hadal/Transforms/Passes.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<hadal::HadalDialect, hadal::plan::PlanDialect>();
  mlir::registerAllPasses();
  hadal::registerHadalTransformsPasses();
  hadal::registerHadalConversionPasses();
  hadal::registerHadalTargetCPUExecutablesPasses();
  hadal::cpu::registerCPUPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Hadal's optimizer driver\n", registry));
}
