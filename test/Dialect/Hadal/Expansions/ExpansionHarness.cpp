// SPDX-License-Identifier: Apache-2.0
// Runs expansions in this process, lowered by upstream's passes alone.
#include "ExpansionHarness.h"

#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace hadal::testing {

MLIRContext &context() {
  static MLIRContext *shared = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    TargetRegistry targets;
    registerBuiltinTargets(targets);
    registerDialects(registry);
    registerAllPasses();
    registerPasses(targets);
    return new MLIRContext(registry, MLIRContext::Threading::DISABLED);
  }();
  return *shared;
}

static bool runPasses(ModuleOp module, StringRef pipeline) {
  PassManager passes(module.getContext());
  if (failed(parsePassPipeline(pipeline, passes)) || failed(passes.run(module))) {
    ADD_FAILURE() << "the pipeline " << pipeline.str() << " failed";
    return false;
  }
  return true;
}

bool expand(ModuleOp module) {
  if (!runPasses(module, "hadal-expand,canonicalize,cse"))
    return false;
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](HostDimOp dim) {
      unsigned last = function.getNumArguments();
      (void)function.insertArgument(last, dim.getType(), {}, dim.getLoc());
      dim.replaceAllUsesWith(function.getArgument(last));
      dim.erase();
    });
  for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (op.hasTrait<plan::ProgramDeclaration>())
      op.erase();
  return true;
}

std::vector<std::string> passStatesAndWeights(func::FuncOp function) {
  std::vector<std::string> names;
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  Operation *end = function.getBody().front().getTerminator();
  auto replace = [&](Operation *op, StringRef name, bool isWritable) {
    names.push_back(name.str());
    unsigned last = function.getNumArguments();
    Value result = op->getResult(0);
    OpBuilder builder(op);
    DictionaryAttr attributes = builder.getDictionaryAttr(builder.getNamedAttr(
        bufferization::BufferizationDialect::kWritableAttrName, builder.getBoolAttr(isWritable)));
    (void)function.insertArgument(last, result.getType(), attributes, op->getLoc());
    result.replaceAllUsesWith(function.getArgument(last));
    op->erase();
  };
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    if (auto parameter = dyn_cast<ParamOp>(op)) {
      replace(&op, parameter.getName(), /*isWritable=*/false);
    } else if (auto state = dyn_cast<StateReadOp>(op)) {
      replace(&op, state.getName(), /*isWritable=*/true);
    } else if (auto write = dyn_cast<StateWriteOp>(op)) {
      end->insertOperands(end->getNumOperands(), write.getValue());
      op.erase();
    } else if (isa<TapOp>(op)) {
      op.erase();
    }
  }
  function.setFunctionType(FunctionType::get(function.getContext(), function.getArgumentTypes(),
                                             end->getOperandTypes()));
  return names;
}

bool bufferize(ModuleOp module) {
  // Of a function that others may call, no result is dropped.
  auto setVisibility = [&](SymbolTable::Visibility visibility) {
    for (auto function : module.getOps<func::FuncOp>())
      function.setVisibility(visibility);
  };
  setVisibility(SymbolTable::Visibility::Private);
  bool passed = runPasses(module, "convert-elementwise-to-linalg,one-shot-bufferize{"
                                  "bufferize-function-boundaries "
                                  "function-boundary-type-conversion=identity-layout-map},"
                                  "canonicalize,cse,drop-equivalent-buffer-results");
  setVisibility(SymbolTable::Visibility::Public);
  return passed;
}

Expanded::Expanded(const std::string &text) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context());
  EXPECT_TRUE(module) << text;
  if (module)
    compile(*module);
}

void Expanded::compile(ModuleOp module) {
  if (!expand(module) || !bufferize(module))
    return;
  auto function = *module.getOps<func::FuncOp>().begin();
  entry = "_mlir_ciface_" + function.getSymName().str();
  function->setAttr("llvm.emit_c_interface", UnitAttr::get(&context()));
  for (Type type : function.getResultTypes())
    resultRanks.push_back(cast<MemRefType>(type).getRank());
  if (!runPasses(module,
                 "buffer-deallocation-pipeline,convert-bufferization-to-memref,"
                 "convert-linalg-to-loops,scf-forall-to-for,expand-strided-metadata,lower-affine,"
                 "hadal-cuda-expand-math,canonicalize,cse,convert-scf-to-cf,convert-math-to-llvm,"
                 "finalize-memref-to-llvm,convert-arith-to-llvm,convert-index-to-llvm,"
                 "convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts"))
    return;
  ExecutionEngineOptions options;
  auto optimize = makeOptimizingTransformer(/*optLevel=*/1, /*sizeLevel=*/0, nullptr);
  options.transformer = optimize;
  auto made = ExecutionEngine::create(module, options);
  if (made)
    engine = std::move(*made);
  else
    ADD_FAILURE() << llvm::toString(made.takeError());
}

/// Address and aligned address, offset, extents, strides: a memref as LLVM has it.
static std::vector<int64_t> describe(const Argument &argument) {
  size_t rank = argument.extents.size();
  auto address = reinterpret_cast<int64_t>(argument.data);
  std::vector<int64_t> words{address, address, 0};
  words.insert(words.end(), argument.extents.begin(), argument.extents.end());
  words.resize(3 + 2 * rank, 1);
  for (size_t i = rank; i-- > 1;)
    words[3 + rank + i - 1] = words[3 + rank + i] * argument.extents[i];
  return words;
}

std::vector<Buffer> Expanded::run(const std::vector<Argument> &arguments,
                                  std::vector<size_t> elementBytes,
                                  const std::vector<int64_t> &hostDims) {
  EXPECT_EQ(resultRanks.size(), elementBytes.size());
  size_t words = 0;
  for (int64_t rank : resultRanks)
    words += size_t(3 + 2 * rank);
  std::vector<int64_t> results(words, 0), dims = hostDims;
  std::vector<std::vector<int64_t>> described;
  for (const Argument &argument : arguments)
    described.push_back(describe(argument));
  // Each argument is passed by its address: pointers to descriptors, and integers.
  std::vector<void *> pointers, packed;
  if (words > 0)
    pointers.push_back(results.data());
  for (std::vector<int64_t> &each : described)
    pointers.push_back(each.data());
  for (void *&pointer : pointers)
    packed.push_back(&pointer);
  for (int64_t &dim : dims)
    packed.push_back(&dim);
  if (llvm::Error error = engine->invokePacked(entry, packed)) {
    ADD_FAILURE() << llvm::toString(std::move(error));
    return {};
  }
  std::vector<Buffer> made;
  size_t at = 0;
  for (size_t i = 0; i < resultRanks.size(); ++i) {
    const int64_t *descriptor = results.data() + at, *extents = descriptor + 3;
    size_t count = 1;
    for (int64_t axis = 0; axis < resultRanks[i]; ++axis)
      count *= size_t(extents[axis]);
    made.emplace_back(count, elementBytes[i]);
    const char *data = reinterpret_cast<const char *>(descriptor[1]);
    std::memcpy(made.back().data(), data + descriptor[2] * int64_t(elementBytes[i]),
                count * elementBytes[i]);
    std::free(reinterpret_cast<void *>(descriptor[0]));
    at += size_t(3 + 2 * resultRanks[i]);
  }
  return made;
}

std::string toString(Operation *op) {
  std::string text;
  llvm::raw_string_ostream(text) << *op;
  return text;
}

std::string typeOf(FloatType type) { return type == FloatType::BF16 ? "bf16" : "f32"; }

} // namespace hadal::testing
