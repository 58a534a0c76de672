// SPDX-License-Identifier: Apache-2.0
// Runs the pipeline in this process, stage by stage.
#include "Compile.h"

#include "hadal/Import/Import.h"
#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Serialize/Serialize.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace hadal::conformance {
namespace {
class Compilation {
public:
  explicit Compilation(const CompileRequest &request)
      : request(request), context(makeRegistry(request)),
        handler(&context, [this](Diagnostic &each) {
          // The first is the reason; notes and what follows from it are not.
          if (each.getSeverity() == DiagnosticSeverity::Error && problem.empty())
            problem = each.str();
        }) {
    // Cases run in processes of their own, side by side.
    context.disableMultithreading();
  }

  MLIRContext &getContext() { return context; }

  Compiled run(FailureOr<OwningOpRef<ModuleOp>> module, const std::string &artifact) {
    if (failed(module) || !*module)
      return stop(Compiled::failed);
    countParameters(**module);
    if (failed(lead(**module, Stage::Model, Stage::Dispatch)))
      return stop(Compiled::failed);
    Builder builder(&context);
    for (auto program : (*module)->getOps<ProgramOp>())
      program.setTargetAttr(TargetAttr::get(&context, program.getTarget().getFamily(),
                                            builder.getStringAttr(request.level)));
    if (failed(lead(**module, Stage::Dispatch, Stage::Kernel)))
      return stop(request.plain ? Compiled::failed : Compiled::unsupported);
    SerializeOptions options;
    options.path = artifact;
    if (failed(lead(**module, Stage::Kernel, Stage::Plan)) || failed(serialize(**module, options)))
      return stop(Compiled::failed);
    return {Compiled::done, ""};
  }

private:
  static DialectRegistry makeRegistry(const CompileRequest &request) {
    DialectRegistry registry;
    registerDialects(registry);
    request.targets.attachTo(registry);
    return registry;
  }

  LogicalResult lead(ModuleOp module, Stage from, Stage to) {
    PipelineOptions options;
    options.targets = {&request.target};
    options.precision = request.precision;
    options.attention = request.attention;
    options.plain = request.plain;
    PassManager pm(&context);
    buildPipeline(pm, from, to, options);
    return pm.run(module);
  }

  Compiled stop(Compiled::Kind kind) {
    return {kind, problem.empty() ? "failed without a diagnostic" : problem};
  }

  const CompileRequest &request;
  std::string problem;
  MLIRContext context;
  ScopedDiagnosticHandler handler;
};
} // namespace

Compiled compileModule(const CompileRequest &request, const std::string &text,
                       const std::string &artifact) {
  Compilation compilation(request);
  return compilation.run(parseSourceString<ModuleOp>(text, &compilation.getContext()), artifact);
}

Compiled compileCheckpoint(const CompileRequest &request, const std::string &folder,
                           const std::string &artifact) {
  Compilation compilation(request);
  return compilation.run(importModel(&compilation.getContext(), folder, ImportOptions()), artifact);
}

} // namespace hadal::conformance
