// SPDX-License-Identifier: Apache-2.0
// A target of the family cuda with kernels of three ops, written by hand: for tests of the suite on GPUs.
#include "hadal/Target/TargetLibrary.h"

#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace hadal;

namespace {

// Every kernel has a thread for each element of a row, 64 a workgroup, and a row for each
// workgroup in y. Workgroups beyond the rows that the constants say do nothing.
// $W is the width; %r0 the row, %r1 the column, %rd1 the address of the constants.
constexpr StringLiteral kBegin = R"(
{
  .reg .pred %p;
  .reg .b32 %r<8>;
  .reg .f32 %f<8>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [constants];
  ld.global.u64 %rd2, [%rd1];
  mov.u32 %r0, %ctaid.y;
  cvt.u64.u32 %rd3, %r0;
  setp.ge.s64 %p, %rd3, %rd2;
  @%p ret;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  mad.lo.u32 %r1, %r1, 64, %r2;
  setp.ge.u32 %p, %r1, $W;
  @%p ret;
  mad.lo.u32 %r3, %r0, $W, %r1;
  ld.param.u64 %rd4, [out];
  mul.wide.u32 %rd5, %r3, 4;
  add.s64 %rd4, %rd4, %rd5;
)";

// out[n] = table[index[n]]
constexpr StringLiteral kRows = R"(
  ld.param.u64 %rd6, [index];
  mul.wide.u32 %rd7, %r0, 4;
  add.s64 %rd6, %rd6, %rd7;
  ld.global.u32 %r4, [%rd6];
  mad.lo.u32 %r5, %r4, $W, %r1;
  ld.param.u64 %rd6, [table];
  mul.wide.u32 %rd7, %r5, 4;
  add.s64 %rd6, %rd6, %rd7;
  ld.global.f32 %f0, [%rd6];
  st.global.f32 [%rd4], %f0;
  ret;
}
)";

// out = gate / (1 + 2^(-gate log2 e)) * up
constexpr StringLiteral kSwiglu = R"(
  ld.param.u64 %rd6, [gate];
  add.s64 %rd6, %rd6, %rd5;
  ld.global.f32 %f0, [%rd6];
  ld.param.u64 %rd6, [up];
  add.s64 %rd6, %rd6, %rd5;
  ld.global.f32 %f1, [%rd6];
  mul.f32 %f2, %f0, 0fBFB8AA3B;
  ex2.approx.f32 %f3, %f2;
  add.f32 %f4, %f3, 0f3F800000;
  div.rn.f32 %f5, %f0, %f4;
  mul.f32 %f6, %f5, %f1;
  st.global.f32 [%rd4], %f6;
  ret;
}
)";

constexpr int64_t kThreads = 64;
constexpr StringLiteral kTextAttrName = "ptx.text";

/// What an op is computed by.
struct Kernel {
  std::string parameters; // "index, table"
  StringRef body;
  SmallVector<Value> operands; // in the order of the parameters
};

bool isOfF32(Value value) { return cast<ShapedType>(value.getType()).getElementType().isF32(); }

std::optional<Kernel> kernelOf(Operation *op) {
  if (!llvm::all_of(op->getResults(), isOfF32))
    return std::nullopt;
  if (auto gather = dyn_cast<GatherRowsOp>(op))
    return Kernel{"index, table", kRows, {gather.getRows(), gather.getX()}};
  if (auto embedding = dyn_cast<EmbeddingOp>(op))
    return Kernel{"index, table", kRows, {embedding.getTokens(), embedding.getTable()}};
  if (auto swiglu = dyn_cast<SwigluOp>(op); swiglu && isOfF32(swiglu.getGate()))
    return Kernel{"gate, up", kSwiglu, {swiglu.getGate(), swiglu.getUp()}};
  return std::nullopt;
}

struct EmitPtxPass : PassWrapper<EmitPtxPass, OperationPass<ProgramOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitPtxPass)
  StringRef getArgument() const override { return "ptx-emit-kernels"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<plan::PlanDialect, func::FuncDialect>();
  }

  void runOnOperation() override {
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>())
      if (failed(emit(executable)))
        return signalPassFailure();
  }

  LogicalResult emit(ExecutableOp executable) {
    Operation *op = executable.getBodyOps().front();
    std::optional<Kernel> kernel = kernelOf(op);
    if (!kernel)
      return op->emitOpError("has no kernel in PTX by hand");
    OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
    SmallVector<int64_t> bindings;
    for (Value operand : kernel->operands)
      bindings.push_back(cast<BlockArgument>(operand).getArgNumber());
    bindings.push_back(executable.getBody().getNumArguments());
    auto rows = cast<Attribute>(ExtentAttr::get(&getContext(), bindings.front(), 0));
    executable.setInterfaceAttr(KernelInterfaceAttr::get(
        &getContext(), bindings, {plan::Access::Read, plan::Access::Read, plan::Access::Write},
        builder.getArrayAttr(rows)));
    int64_t width = cast<ShapedType>(op->getResult(0).getType()).getDimSize(1);
    auto variant = VariantOp::create(builder, executable.getLoc(), "sm_80");
    Block *contents = builder.createBlock(&variant.getContents());
    emitInterface(builder, executable.getLoc(), width);
    builder.setInsertionPointToEnd(contents);
    auto function = func::FuncOp::create(builder, executable.getLoc(), executable.getSymName(),
                                         builder.getFunctionType({}, {}));
    function.setPrivate();
    function->setAttr(kTextAttrName,
                      builder.getStringAttr(textOf(executable.getSymName(), *kernel, width)));
    return success();
  }

  void emitInterface(OpBuilder &builder, Location loc, int64_t width) {
    auto interface = plan::InterfaceOp::create(builder, loc, /*scratch=*/0,
                                               builder.getDenseI64ArrayAttr({kThreads, 1, 1}),
                                               /*static_shared=*/0, DenseI64ArrayAttr());
    Block *block = builder.createBlock(&interface.getBody());
    Value rows = block->addArgument(plan::IntType::get(&getContext()), loc);
    auto constant = [&](int64_t value) -> Value {
      return plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
    };
    auto pass = [&](plan::KernelParameterKind kind, IntegerAttr index) {
      plan::KernelParameterOp::create(builder, loc, kind, index, TypeAttr(), ValueRange(),
                                      ValueRange(), DenseI64ArrayAttr());
    };
    Value x = constant(llvm::divideCeil(width, kThreads)), one = constant(1);
    for (int64_t binding : {0, 1, 2})
      pass(plan::KernelParameterKind::Binding, builder.getI64IntegerAttr(binding));
    pass(plan::KernelParameterKind::Constants, IntegerAttr());
    plan::GridOp::create(builder, loc, x, rows, one, /*dynamic_shared=*/Value(),
                         /*workspace=*/Value());
  }

  static std::string textOf(StringRef name, const Kernel &kernel, int64_t width) {
    std::string text = ("\n.visible .entry " + name + "(").str();
    SmallVector<StringRef> parameters;
    std::string all = kernel.parameters + ", out, constants";
    StringRef(all).split(parameters, ", ");
    for (StringRef parameter : parameters)
      text +=
          (parameter == parameters.front() ? ".param .u64 " : ", .param .u64 ") + parameter.str();
    text += ")" + kBegin.str() + kernel.body.str();
    for (size_t at = text.find("$W"); at != std::string::npos; at = text.find("$W"))
      text.replace(at, 2, std::to_string(width));
    return text;
  }
};

class PtxTarget : public Target {
public:
  StringRef getFamily() const override { return "cuda"; }
  int32_t getKernelABI() const override { return 1; } // HADAL_CUDA_KERNEL_ABI_VERSION
  ArrayRef<StringRef> getLevels() const override {
    static const StringRef levels[] = {"sm_80"};
    return levels;
  }
  RankedTensorType getParameterType(OperandRole role, RankedTensorType type,
                                    StringRef) const override {
    return role == OperandRole::Lookup ? type.clone(Float32Type::get(type.getContext())) : type;
  }
  void addKernelPasses(OpPassManager &pm) const override {
    pm.addPass(std::make_unique<EmitPtxPass>());
  }
  void addImagePasses(OpPassManager &) const override {}

  FailureOr<TargetImage> compileImage(plan::ImageOp image) const override {
    TargetImage result;
    std::string text = ".version 7.0\n.target sm_80\n.address_size 64\n";
    for (auto kernel : cast<ModuleOp>(image.getContents().front().front()).getOps<func::FuncOp>()) {
      StringRef entry = kernel->getAttrOfType<StringAttr>(kTextAttrName).getValue();
      text += entry;
      result.symbols.push_back({kernel.getSymName().str(), entry.size()});
    }
    llvm::sort(result.symbols, [](auto &a, auto &b) { return a.name < b.name; });
    result.bytes.assign(text.begin(), text.end());
    return result;
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT void
hadalGetTargetLibraryInfo(TargetLibraryInfo *info) {
  *info = {};
  info->registerTargets = [](TargetRegistry &targets) {
    targets.add(std::make_shared<PtxTarget>());
  };
}
