// SPDX-License-Identifier: Apache-2.0
// Imports a checkpoint in Hugging Face layout as a module of the hadal dialect.
#include "files/Paths.h"
#include "support/CompilerOutput.h"
#include "support/CompilerTool.h"

#include "hadal/Import/Import.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;

static cl::OptionCategory category("hadal-import options");
static cl::opt<std::string> directory(cl::Positional, cl::desc("DIR"), cl::cat(category));
static cl::opt<std::string>
    output("o",
           cl::desc("Write the module here: text, or bytecode if it ends in "
                    ".mlirbc; - is standard output"),
           cl::value_desc("FILE"), cl::cat(category));
static cl::opt<std::string>
    check("check", cl::ValueOptional,
          cl::desc("Only look for problems, and tell them in groups; =all lists each"),
          cl::value_desc("all"), cl::cat(category));
static cl::opt<bool>
    shapesOnly("shapes-only",
               cl::desc("Use config.json alone; the module can be compiled, not run"),
               cl::cat(category));
static cl::opt<std::string> recorded("checkpoint-dir",
                                     cl::desc("Folder to record in the module instead of DIR"),
                                     cl::value_desc("PATH"), cl::cat(category));
static cl::opt<int64_t> pageSize("page-size",
                                 cl::desc("Tokens on a page of the latent cache (default 64)"),
                                 cl::init(64), cl::value_desc("N"), cl::cat(category));

static cl::opt<int64_t>
    maxContext("max-context",
               cl::desc("Positions that a session may use (default: the model's own)"),
               cl::value_desc("N"), cl::cat(category));

enum ExitCode { done = 0, badInput = 1, badUsage = 2 };

static int usage(const Twine &message) {
  errs() << "hadal-import: error: " << message << "; see --help\n";
  return badUsage;
}

static int refuse(const Twine &message) {
  errs() << "hadal-import: error: " << message << "\n";
  return badInput;
}

// Results go to standard output, all else to standard error.
static int runCheck(const hadal::ImportOptions &options) {
  hadal::Problems problems(/*keepAll=*/check == "all");
  std::string summary;
  hadal::checkCheckpoint(directory, options, problems, summary);
  for (const hadal::Problem &note : problems.notes())
    errs() << "hadal-import: note: " << note.str() << "\n";
  for (const hadal::Problem &warning : problems.warnings())
    errs() << "hadal-import: warning: " << warning.str() << "\n";
  for (const hadal::Problem &error : problems.errors())
    errs() << "hadal-import: error: " << error.str() << "\n";
  outs() << directory << ": ";
  if (!summary.empty())
    outs() << summary << ": ";
  outs() << (problems.any() ? hadal::formatCount(problems.count()) : "no") << " problem"
         << (problems.count() == 1 ? "" : "s");
  if (size_t warnings = problems.warningCount())
    outs() << ", " << hadal::formatCount(warnings) << " warning" << (warnings == 1 ? "" : "s");
  outs() << "\n";
  return problems.any() ? badInput : done;
}

int main(int argc, char **argv) {
  hadal::tools::startStreams("hadal-import");
  InitLLVM init(argc, argv, /*InstallPipeSignalExitHandler=*/false);
  cl::HideUnrelatedOptions(category);
  std::string complaint;
  raw_string_ostream complaints(complaint);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "checkpoint in Hugging Face layout -> module of the hadal dialect\n",
          &complaints)) {
    errs() << complaint;
    return badUsage;
  }
  if (directory.empty())
    return usage("expected a checkpoint's folder, got none");
  bool checks = check.getNumOccurrences();
  if (!check.empty() && check != "all")
    return usage("expected --check or --check=all, got '" + check + "'");
  if (checks == !output.empty())
    return usage(checks ? "expected --check or -o, got both"
                        : "expected -o FILE or --check, got neither");
  if (pageSize < 1 || pageSize > 65536)
    return usage("expected a --page-size from 1 to 65536, got " + Twine(pageSize));

  if (maxContext.getNumOccurrences() && maxContext < 1)
    return usage("expected a --max-context of at least 1, got " + Twine(maxContext));

  hadal::ImportOptions options;
  options.shapesOnly = shapesOnly;
  options.pageSize = pageSize;
  if (maxContext.getNumOccurrences())
    options.maxContext = maxContext;
  options.recordedDirectory = recorded;
  if (checks)
    return runCheck(options);

  // One thread is enough, and a pool would cost more than the import.
  MLIRContext context(MLIRContext::Threading::DISABLED);
  hadal::tools::DiagnosticPrinter printer("hadal-import", context);
  FailureOr<OwningOpRef<ModuleOp>> module = hadal::importModel(&context, directory, options);
  if (failed(module))
    return badInput;
  if (std::string problem =
          hadal::files::outputProblem({output}, hadal::inputFiles(directory, **module));
      !problem.empty())
    return refuse(problem);
  if (Error error = hadal::tools::writeModule(**module, output))
    return refuse(toString(std::move(error)));
  return done;
}
