// SPDX-License-Identifier: Apache-2.0
// Runs passes over MLIR, with all dialects of Hadal and of MLIR.
#include "files/Paths.h"
#include "support/CompilerOutput.h"
#include "support/CompilerTool.h"

#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Target/TargetLibrary.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

static int refuse(const llvm::Twine &message) {
  llvm::errs() << "hadal-opt: error: " << message << "\n";
  return EXIT_FAILURE;
}

/// As mlir-opt does, but for the output: that is no input, and it is whole or as
/// it was before.
static int run(const std::string &input, const std::string &output,
               mlir::DialectRegistry &registry) {
  if (std::string problem = hadal::files::outputProblem({output}, {input}); !problem.empty())
    return refuse(problem);
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = mlir::openInputFile(input, &message);
  if (!buffer)
    return refuse(message);
  bool passed = false;
  llvm::Error error = hadal::tools::writeWhole(output, [&](llvm::raw_ostream &os) -> llvm::Error {
    passed = succeeded(mlir::MlirOptMain(os, std::move(buffer), registry,
                                         mlir::MlirOptMainConfig::createFromCLOptions()));
    // What is wrong has been said.
    return passed ? llvm::Error::success() : llvm::createStringError("");
  });
  if (!passed) {
    llvm::consumeError(std::move(error));
    return EXIT_FAILURE;
  }
  return error ? refuse(llvm::toString(std::move(error))) : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  hadal::tools::startStreams("hadal-opt");
  llvm::InitLLVM init(argc, argv, /*InstallPipeSignalExitHandler=*/false);
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hadal::TargetRegistry targets;
  hadal::registerBuiltinTargets(targets);
  if (llvm::Error failed = hadal::loadTargetLibraries(argc, argv, targets)) {
    llvm::errs() << "hadal-opt: error: " << llvm::toString(std::move(failed)) << "\n";
    return 1;
  }
  hadal::registerDialects(registry);
  targets.attachTo(registry);
  mlir::registerAllPasses();
  hadal::registerPasses(targets);
  auto [input, output] =
      mlir::registerAndParseCLIOptions(argc, argv, "Hadal's optimizer driver\n", registry);
  mlir::MlirOptMainConfig config = mlir::MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses())
    return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
  return run(input, output, registry);
}
