// SPDX-License-Identifier: Apache-2.0
// Runs passes over MLIR, with all dialects of Hadal and of MLIR.
#include "support/CompilerTool.h"

#include "hadal/Pipeline/Pipeline.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  hadal::tools::startStreams("hadal-opt");
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hadal::TargetRegistry targets;
  hadal::registerBuiltinTargets(targets);
  hadal::registerDialects(registry);
  targets.attachTo(registry);
  mlir::registerAllPasses();
  hadal::registerPasses(targets);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Hadal's optimizer driver\n", registry));
}
