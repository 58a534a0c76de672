// SPDX-License-Identifier: Apache-2.0
// Compiles a checkpoint or a module to an artifact and its weights file.
#include "files/ArtifactOutput.h"
#include "files/Paths.h"
#include "support/CompilerOutput.h"
#include "support/CompilerTool.h"

#include "hadal/Import/Import.h"
#include "hadal/Pipeline/Dump.h"
#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Pipeline/Report.h"
#include "hadal/Serialize/Serialize.h"
#include "hadal/Target/TargetLibrary.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

#include <chrono>
#include <unistd.h>

using namespace llvm;
using namespace mlir;

static cl::OptionCategory category("hadal-compile options");
static cl::opt<std::string> input(cl::Positional, cl::desc("DIR|FILE.mlir|FILE.mlirbc|-"),
                                  cl::cat(category));
static cl::opt<std::string> output(
    "o", cl::desc("Write the artifact here (with --compile-to: the module); - is standard output"),
    cl::value_desc("FILE"), cl::cat(category));
static cl::list<std::string>
    targetNames("target",
                cl::desc("Target to compile for, or a level of one (repeatable; default: the first "
                         "that is built in, unless libraries bring others)"),
                cl::value_desc("NAME"), cl::cat(category));
static cl::opt<std::string> precision("precision", cl::desc("native (default) or reference"),
                                      cl::init("native"), cl::value_desc("NAME"),
                                      cl::cat(category));
static cl::opt<std::string> quantize("quantize", cl::desc("none (default)"), cl::init("none"),
                                     cl::value_desc("NAME"), cl::cat(category));
static cl::opt<std::string> attention("mla", cl::desc("auto (default), absorbed or expanded"),
                                      cl::init("auto"), cl::value_desc("FORM"), cl::cat(category));
static cl::opt<bool> plain("plain",
                           cl::desc("Take no kernels of the target, but the expansion of every op"),
                           cl::cat(category));
static cl::opt<bool> taps("taps",
                          cl::desc("Have what each op makes asked for, by hadal-verify --bisect; "
                                   "kernels and results stay the same"),
                          cl::cat(category));
static cl::opt<bool>
    shapesOnly("shapes-only", cl::desc("Use config.json alone: an artifact to inspect, not to run"),
               cl::cat(category));
static cl::opt<int64_t>
    maxContext("max-context",
               cl::desc("Longest context that the model will run with (default: its "
                        "own)"),
               cl::value_desc("N"), cl::cat(category));
static cl::opt<bool>
    allowNonFinite("allow-nonfinite",
                   cl::desc("Pack weights that are NaN or infinite as they are, with a warning"),
                   cl::cat(category));
static cl::opt<std::string> compileTo("compile-to",
                                      cl::desc("Stop at a stage: model, dispatch, kernel or plan"),
                                      cl::value_desc("STAGE"), cl::cat(category));
static cl::opt<std::string>
    report("report", cl::desc("Write a report to standard output: text (default) or json"),
           cl::ValueOptional, cl::value_desc("FORMAT"), cl::cat(category));
static cl::opt<std::string>
    dumpFolder("dump",
               cl::desc("Write every stage, and each executable after each pass that changes it, "
                        "down to its code, to this folder, which must be new or empty"),
               cl::value_desc("DIR"), cl::cat(category));
static cl::opt<bool> timing("timing", cl::desc("Write the time of each pass to standard error"),
                            cl::cat(category));

namespace {
enum ExitCode { kDone = 0, kBadInput = 1, kBadUsage = 2 };

size_t builtinCount = 0; // of targets

using Clock = std::chrono::steady_clock;
double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

int usage(const Twine &message) {
  errs() << "hadal-compile: error: " << message << "; see --help\n";
  return kBadUsage;
}

int refuse(const Twine &message) {
  errs() << "hadal-compile: error: " << message << "\n";
  return kBadInput;
}

/// Checks where the output goes, before anything that may take long.
std::optional<int> checkOutput() {
  using hadal::files::ArtifactOutput;
  bool withWeights = compileTo.empty() && !shapesOnly;
  std::string problem = ArtifactOutput::problem(output, withWeights);
  if (!problem.empty() && ArtifactOutput::problem(output, /*withWeights=*/false).empty())
    problem += "; what --compile-to and --shapes-only give can go there";
  if (!problem.empty())
    return refuse(problem);
  if (report.getNumOccurrences() &&
      hadal::files::resolveOutput(output).kind == hadal::files::Target::descriptor)
    return usage("expected --report with a file to write, got '" + output + "' for the artifact");
  if (dumpFolder.getNumOccurrences() && dumpFolder.empty())
    return usage("expected a folder for --dump, got none");
  auto isSame = [](std::string a, std::string b) {
    bool same;
    return !sys::fs::equivalent(a.empty() ? "." : a, b.empty() ? "." : b, same) && same;
  };
  std::string folder = hadal::files::folderOf(output), dump = dumpFolder;
  while (dump.size() > 1 && dump.back() == '/')
    dump.pop_back();
  if (!dump.empty() &&
      (isSame(folder, dump) || (sys::path::filename(output) == sys::path::filename(dump) &&
                                isSame(folder, hadal::files::folderOf(dump)))))
    return usage("expected a folder for --dump in which nothing else is written, got that of '" +
                 output + "'");
  return std::nullopt;
}

/// Whether the input is a module, which may come from standard input, and not a
/// checkpoint's folder.
bool isModuleInput() {
  return input == "-" || StringRef(input).ends_with(".mlir") ||
         StringRef(input).ends_with(".mlirbc");
}

/// Checks everything about the command line before anything is read.
std::optional<int> checkOptions(const hadal::TargetRegistry &targets) {
  if (input.empty())
    return usage("expected a checkpoint's folder or a module, got none");
  if (output.empty())
    return usage("expected -o FILE, got none");
  if (!compileTo.empty() && !hadal::parseStage(compileTo))
    return usage("expected --compile-to=model, dispatch, kernel or plan, got '" + compileTo + "'");
  if (!compileTo.empty() && report.getNumOccurrences())
    return usage("expected --report without --compile-to: it tells of an artifact");
  if (precision != "native" && precision != "reference")
    return usage("expected --precision=native or reference, got '" + precision + "'");
  if (attention != "auto" && attention != "absorbed" && attention != "expanded")
    return usage("expected --mla=auto, absorbed or expanded, got '" + attention + "'");
  if (maxContext.getNumOccurrences() && maxContext < 1)
    return usage("expected a --max-context of at least 1, got " + Twine(maxContext));
  if (maxContext.getNumOccurrences() && isModuleInput())
    return usage(
        "expected --max-context with a checkpoint's folder, got a module, which has its own: "
        "give it to hadal-import");
  if (report != "" && report != "text" && report != "json")
    return usage("expected --report=text or json, got '" + report + "'");
  if (quantize == "int8" || quantize == "int4")
    return refuse("--quantize=" + quantize + ": expected none: this version does not quantise");
  if (quantize != "none")
    return usage("expected --quantize=none, int8 or int4, got '" + quantize + "'");
  for (const std::string &name : targetNames) {
    if (!targets.find(name))
      return usage("expected --target=" + targets.getFamilies() + " or a level of theirs, got '" +
                   name + "'");
    if (count(targetNames, name) > 1)
      return usage("expected each target once, got --target=" + name + " again");
  }
  for (const std::shared_ptr<hadal::Target> &target : targets.getTargets())
    if (std::string problem = target->findOptionProblem(); !problem.empty())
      return usage(problem);
  return checkOutput();
}

/// What the output must not replace: the input, and the checkpoint that a module
/// was made from.
std::vector<std::string> inputsOf(ModuleOp module) {
  if (!isModuleInput())
    return hadal::inputFiles(input, module);
  std::vector<std::string> inputs =
      hadal::inputFiles(hadal::textOf(module, hadal::kCheckpointAttrName), module);
  inputs.push_back(input);
  return inputs;
}

FailureOr<OwningOpRef<ModuleOp>> readInput(MLIRContext &context) {
  if (!isModuleInput()) {
    hadal::ImportOptions options;
    options.shapesOnly = shapesOnly;
    if (maxContext.getNumOccurrences())
      options.maxContext = maxContext;
    return hadal::importModel(&context, input, options);
  }
  SourceMgr sources;
  ParserConfig config(&context);
  auto buffer = MemoryBuffer::getFileOrSTDIN(input);
  if (!buffer) {
    errs() << "hadal-compile: error: " << input << ": cannot read: " << buffer.getError().message()
           << "\n";
    return failure();
  }
  sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, config);
  if (!module)
    return failure();
  return module;
}

/// Shows progress on standard error where that is a terminal.
class Progress {
public:
  void stage(StringRef name) {
    if (isTerminal)
      errs() << "\r\033[Khadal-compile: " << name << " ";
  }
  void weights(uint64_t done, uint64_t total) {
    peakBytes = std::max(peakBytes, hadal::residentBytes());
    if (isTerminal)
      stage(("packing weights: " + Twine(done >> 20) + " of " + Twine(total >> 20) + " MiB").str());
  }
  ~Progress() {
    if (isTerminal)
      errs() << "\r\033[K";
  }
  uint64_t peakBytes = 0;

private:
  bool isTerminal = ::isatty(STDERR_FILENO);
};

/// Chooses the targets to compile a module for: those that are asked for, or
/// those of the programs that it holds already. Returns an exit status on failure.
std::optional<int> chooseTargets(ModuleOp module, const hadal::TargetRegistry &known,
                                 std::vector<const hadal::Target *> &targets) {
  for (const std::string &name : targetNames)
    if (const hadal::Target *target = known.find(name); !is_contained(targets, target))
      targets.push_back(target);
  if (hadal::stageOf(module) == hadal::Stage::Model) {
    if (targets.empty() && known.getTargets().size() == builtinCount)
      targets.push_back(known.getTargets().front().get());
    if (targets.empty())
      return usage("expected --target=" + known.getFamilies() + ", got none");
    return std::nullopt;
  }
  FailureOr<std::vector<const hadal::Target *>> held = hadal::targetsOf(module);
  if (failed(held))
    return kBadInput;
  for (const hadal::Target *target : targets)
    if (!is_contained(*held, target))
      return refuse(input + ": expected a program for --target=" + target->getFamily() +
                    ", found none: the module was made for other targets");
  for (const hadal::Target *target : *held) {
    if (!targets.empty() && !is_contained(targets, target))
      return refuse(input + ": expected --target=" + target->getFamily() +
                    " too, or none, since the module holds its program");
    if (hadal::stageOf(module) > hadal::Stage::Dispatch &&
        !target->getRequest(module.getContext()).getLevels().empty())
      return refuse(input + ": expected no level of '" + target->getFamily() +
                    "' on the command line, since the module holds its kernels");
    if (any_of(targetNames, [&](const std::string &name) {
          return known.find(name) == target && target->getFamily() != name;
        }))
      return refuse(input + ": expected --target=" + target->getFamily() +
                    " without a level, since the module holds its program");
  }
  targets = std::move(*held);
  return std::nullopt;
}

/// Runs the passes from one stage to another; with a dump, stage by stage.
LogicalResult runPasses(ModuleOp module, hadal::Stage from, hadal::Stage to,
                        const hadal::PipelineOptions &options, hadal::Dump *dump) {
  auto lead = [&](hadal::Stage begin, hadal::Stage end) -> LogicalResult {
    PassManager pm(module.getContext());
    if (timing)
      pm.enableTiming();
    if (dump)
      dump->follow(pm);
    hadal::buildPipeline(pm, begin, end, options);
    if (failed(pm.run(module)))
      return failure();
    if (!dump)
      return success();
    dump->addStage(module, end);
    if (Error error = dump->check()) {
      refuse(toString(std::move(error)));
      return failure();
    }
    return success();
  };
  if (!dump)
    return lead(from, to);
  if (failed(lead(from, from))) // verifies what is given
    return failure();
  for (int at = int(from); at < int(to); ++at)
    if (failed(lead(hadal::Stage(at), hadal::Stage(at + 1))))
      return failure();
  return success();
}

/// Refuses options that would do nothing, which whoever gives them does not expect.
std::optional<int> checkIdle(const hadal::TargetRegistry &known,
                             ArrayRef<const hadal::Target *> targets, hadal::Stage from,
                             hadal::Stage to) {
  using hadal::Stage;
  bool makesKernels = from <= Stage::Dispatch && to >= Stage::Kernel;
  for (const std::shared_ptr<hadal::Target> &target : known.getTargets())
    if (StringRef idle = target->findIdleOption(
            to != Stage::Model && is_contained(targets, target.get()), makesKernels);
        !idle.empty())
      return usage("expected " + idle + " where kernels of '" + target->getFamily() +
                   "' are made, got none of them");
  struct Choice {
    const cl::Option &option;
    bool isMade;
    const char *what;
  };
  const Choice choices[] = {{precision, precision.getNumOccurrences() != 0, "it"},
                            {attention, attention.getNumOccurrences() != 0, "it"},
                            {plain, plain, "its kernels"},
                            {taps, taps, "its kernels"}};
  for (const Choice &choice : choices)
    if (choice.isMade && from != Stage::Model)
      return refuse(input + ": expected --" + choice.option.ArgStr +
                    " with a module at stage model, got one at stage " + hadal::stageName(from) +
                    ", which has " + choice.what + " chosen");
  for (const Choice &choice : ArrayRef(choices).take_front(2)) // of the form
    if (choice.isMade && to == Stage::Model)
      return usage("expected --" + choice.option.ArgStr +
                   " without --compile-to=model, since it is chosen after that");
  return std::nullopt;
}

int compile(MLIRContext &context, const hadal::TargetRegistry &known) {
  std::unique_ptr<hadal::Dump> dump;
  if (!dumpFolder.empty()) {
    Expected<std::unique_ptr<hadal::Dump>> opened = hadal::Dump::open(dumpFolder);
    if (!opened)
      return refuse(toString(opened.takeError()));
    dump = std::move(*opened);
    context.disableMultithreading(); // what comes after what is told
  }
  hadal::CompileCosts costs;
  Progress progress;
  Clock::time_point begin = Clock::now(), mark = begin;
  auto lap = [&] {
    double seconds = secondsSince(mark);
    mark = Clock::now();
    progress.peakBytes = std::max(progress.peakBytes, hadal::residentBytes());
    return seconds;
  };
  progress.stage("reading");
  FailureOr<OwningOpRef<ModuleOp>> module = readInput(context);
  if (failed(module))
    return kBadInput;
  std::vector<std::string> inputs = inputsOf(**module);
  if (std::string problem = hadal::files::outputProblem({output}, inputs); !problem.empty())
    return refuse(problem);
  hadal::Stage from = hadal::stageOf(**module);
  if (from == hadal::Stage::Model)
    hadal::countParameters(**module);
  costs.importSeconds = lap();

  hadal::Stage to = compileTo.empty() ? hadal::Stage::Plan : *hadal::parseStage(compileTo);
  if (from > to)
    return refuse(input + ": expected a module at stage " + compileTo +
                  " or before, got one at stage " + hadal::stageName(from));
  hadal::PipelineOptions options;
  if (std::optional<int> code = chooseTargets(**module, known, options.targets))
    return *code;
  if (std::optional<int> code = checkIdle(known, options.targets, from, to))
    return *code;
  for (const std::string &name : targetNames)
    if (!known.lookup(name))
      options.levels.push_back(name);
  options.precision = precision;
  options.attention = attention;
  options.plain = plain;
  options.taps = taps;
  progress.stage("compiling");
  if (failed(runPasses(**module, from, to, options, dump.get())))
    return kBadInput;
  costs.passSeconds = lap();
  auto finishDump = [&]() -> std::optional<int> {
    if (dump)
      if (Error error = dump->commit())
        return refuse(toString(std::move(error)));
    return std::nullopt;
  };
  if (!compileTo.empty()) {
    if (Error error = hadal::tools::writeModule(**module, output))
      return refuse(toString(std::move(error)));
    return finishDump().value_or(kDone);
  }

  hadal::SerializeOptions serialize;
  serialize.path = output;
  serialize.inputs = std::move(inputs);
  serialize.shapesOnly = shapesOnly;
  serialize.allowNonFinite = allowNonFinite;
  serialize.progress = [&](uint64_t done, uint64_t total) { progress.weights(done, total); };
  if (dump)
    serialize.observe = [&](hadal::plan::ImageOp image, const hadal::ImageForm &form) {
      dump->addForm(image, form);
    };
  progress.stage("generating code");
  FailureOr<hadal::SerializeResult> result = hadal::serialize(**module, serialize);
  if (failed(result))
    return kBadInput;
  lap();
  if (std::optional<int> code = finishDump())
    return *code;
  costs.totalSeconds = secondsSince(begin);
  costs.peakBytes = progress.peakBytes;
  if (report.getNumOccurrences())
    hadal::writeReport(**module, *result, costs, report == "json", outs());
  return kDone;
}
} // namespace

int main(int argc, char **argv) {
  hadal::tools::startStreams("hadal-compile");
  InitLLVM init(argc, argv, /*InstallPipeSignalExitHandler=*/false);
  hadal::TargetRegistry targets;
  hadal::registerBuiltinTargets(targets);
  builtinCount = targets.getTargets().size();
  if (Error failed = hadal::loadTargetLibraries(argc, argv, targets, &category))
    return refuse(toString(std::move(failed)));
  for (const std::shared_ptr<hadal::Target> &target : targets.getTargets())
    target->addOptions(category);
  cl::HideUnrelatedOptions(category);
  std::string complaint;
  raw_string_ostream complaints(complaint);
  if (!cl::ParseCommandLineOptions(argc, argv, "checkpoint or module -> artifact\n", &complaints)) {
    errs() << complaint;
    return kBadUsage;
  }
  if (std::optional<int> code = checkOptions(targets))
    return *code;
  DialectRegistry registry;
  hadal::registerDialects(registry);
  targets.attachTo(registry);
  MLIRContext context(registry);
  hadal::tools::DiagnosticPrinter printer("hadal-compile", context);
  return compile(context, targets);
}
