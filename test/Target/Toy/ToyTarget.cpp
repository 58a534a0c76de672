// SPDX-License-Identifier: Apache-2.0
// A target in a library of its own, as small as one can be: for tests of what a loaded target brings. Its
// kernels are lines of text, which ToyDevice.c computes.
#include "hadal/Target/TargetLibrary.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace hadal;

namespace {
/// `#toy.columns`: a weight [.., out, in] with its inputs outermost.
class ColumnsAttr
    : public Attribute::AttrBase<ColumnsAttr, Attribute, AttributeStorage,
                                 VerifiableTensorEncoding::Trait, LayoutAttrInterface::Trait> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ColumnsAttr)
  using Base::Base;
  static constexpr StringLiteral name = "toy.columns";

  LogicalResult verifyEncoding(ArrayRef<int64_t> shape, Type,
                               llvm::function_ref<InFlightDiagnostic()> emitError) const {
    if (shape.size() >= 2)
      return success();
    return emitError() << "expected rank 2 or more, got " << shape.size();
  }
  int64_t getStoredElements(ArrayRef<int64_t> shape) const {
    return ShapedType::getNumElements(shape);
  }
  llvm::Error packMatrix(const StoredMatrix &matrix, Type element, PackedSink sink) const {
    if (matrix.element != storedElementOf(element))
      return llvm::createStringError("expected elements as they are stored");
    size_t bytes = element.getIntOrFloatBitWidth() / 8;
    std::vector<uint8_t> column(matrix.outputs * bytes);
    for (int64_t i = 0; i < matrix.inputs; ++i) {
      for (int64_t o = 0; o < matrix.outputs; ++o)
        std::memcpy(column.data() + o * bytes,
                    matrix.data + (o * matrix.outputStride + i * matrix.inputStride) * bytes,
                    bytes);
      if (llvm::Error failed = sink(column.data(), column.size()))
        return failed;
    }
    return llvm::Error::success();
  }
};

class ToyDialect : public Dialect {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ToyDialect)
  static StringRef getDialectNamespace() { return "toy"; }
  explicit ToyDialect(MLIRContext *context)
      : Dialect(getDialectNamespace(), context, TypeID::get<ToyDialect>()) {
    addAttributes<ColumnsAttr>();
  }
  Attribute parseAttribute(DialectAsmParser &parser, Type) const override {
    if (parser.parseKeyword("columns"))
      return {};
    return ColumnsAttr::get(getContext());
  }
  void printAttribute(Attribute, DialectAsmPrinter &printer) const override {
    printer << "columns";
  }
};

constexpr StringLiteral kCodeAttrName = "toy.code";

/// The line of an image that computes an op, but for its name, and what it reads, in order.
struct Code {
  std::string text;
  SmallVector<Value> operands;
};

bool isOfF32(Value value) { return cast<ShapedType>(value.getType()).getElementType().isF32(); }

std::optional<Code> codeOf(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!isOfF32(op->getResult(0)) || type.getRank() != 2 || type.isDynamicDim(1))
    return std::nullopt;
  auto make = [&](StringRef kind, Value first, Value second,
                  std::optional<uint64_t> number = {}) -> std::optional<Code> {
    bool areOfF32 = (kind == "rows" || isOfF32(first)) && isOfF32(second);
    std::string text = (kind + " " + Twine(type.getDimSize(1))).str();
    if (number)
      text += " " + std::to_string(*number);
    return areOfF32 ? std::make_optional(Code{text, {first, second}}) : std::nullopt;
  };
  if (auto gather = dyn_cast<GatherRowsOp>(op))
    return make("rows", gather.getRows(), gather.getX());
  if (auto embedding = dyn_cast<EmbeddingOp>(op))
    return make("rows", embedding.getTokens(), embedding.getTable());
  if (auto swiglu = dyn_cast<SwigluOp>(op))
    return make("swiglu", swiglu.getGate(), swiglu.getUp());
  if (auto add = dyn_cast<arith::AddFOp>(op))
    return make("add", add.getLhs(), add.getRhs());
  if (auto norm = dyn_cast<RmsNormOp>(op); norm && !norm.getRows())
    return make("rms_norm", norm.getX(), norm.getWeight(),
                norm.getEps().bitcastToAPInt().getZExtValue());
  // A weight that is an argument has no columns.
  if (auto linear = dyn_cast<LinearOp>(op); linear && !linear.getScale()) {
    auto weight = linear.getWeight().getType();
    if (isa_and_present<ColumnsAttr>(weight.getEncoding()))
      return make("linear", linear.getX(), linear.getWeight(), weight.getDimSize(1));
  }
  return std::nullopt;
}

/// Gives every executable an interface and a kernel.
struct EmitToyKernelsPass : PassWrapper<EmitToyKernelsPass, OperationPass<ProgramOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(EmitToyKernelsPass)
  EmitToyKernelsPass() = default;
  explicit EmitToyKernelsPass(bool onlyNames) { names = onlyNames; }
  EmitToyKernelsPass(const EmitToyKernelsPass &other) : PassWrapper(other) {}
  StringRef getArgument() const override { return "toy-emit-kernels"; }
  StringRef getDescription() const override { return "Emit the kernels of the toy target"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<plan::PlanDialect, func::FuncDialect>();
  }

  void runOnOperation() override {
    StringRef family = getOperation().getTarget().getFamily();
    if (family != "toy") {
      getOperation().emitOpError() << "expected the target 'toy', got '" << family << "'";
      return signalPassFailure();
    }
    SmallVector<StringRef> levels;
    for (StringAttr level : getOperation().getTarget().getLevels())
      levels.push_back(level);
    if (levels.empty())
      levels = {"toy-2", "toy-1"};
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>())
      if (failed(emit(executable, levels)))
        return signalPassFailure();
  }

  LogicalResult emit(ExecutableOp executable, ArrayRef<StringRef> levels) {
    SmallVector<Operation *> ops(executable.getBodyOps());
    if (ops.empty())
      return executable.emitOpError("expected a body of ops that compute, found none");
    std::optional<Code> code = ops.size() == 1 ? codeOf(ops.front()) : std::nullopt;
    if (!code && !names)
      return ops.front()->emitOpError("has no kernel of the toy target");
    if (code)
      bind(executable, *code);
    else
      bindAll(executable);
    // What another library defines: the interface of an op of the hadal dialect.
    int64_t flops = 0;
    for (Operation *op : ops)
      if (auto compute = dyn_cast<ComputeOpInterface>(op))
        flops += compute.getWork().perRow;
    for (StringRef level : levels)
      addVariant(executable, level, code ? code->text : "", flops);
    return success();
  }

  void setInterface(ExecutableOp executable, ArrayRef<int64_t> bindings,
                    ArrayRef<plan::Access> access) {
    Builder builder(&getContext());
    auto rows = cast<Attribute>(ExtentAttr::get(&getContext(), bindings.front(), 0));
    executable.setInterfaceAttr(
        KernelInterfaceAttr::get(&getContext(), bindings, access, builder.getArrayAttr(rows)));
  }

  void bind(ExecutableOp executable, const Code &code) {
    SmallVector<int64_t> bindings;
    for (Value operand : code.operands)
      bindings.push_back(cast<BlockArgument>(operand).getArgNumber());
    bindings.push_back(executable.getBody().getNumArguments());
    setInterface(executable, bindings,
                 {plan::Access::Read, plan::Access::Read, plan::Access::Write});
  }

  /// All operands and results, for a kernel that has a name alone.
  void bindAll(ExecutableOp executable) {
    func::FuncOp body = executable.getBody();
    SmallVector<int64_t> bindings;
    SmallVector<plan::Access> access;
    auto bind = [&](int64_t number, plan::Access how) {
      bindings.push_back(number);
      access.push_back(how);
    };
    llvm::DenseSet<Value> overwritten;
    for (Value result : executable.getBodyResults())
      overwritten.insert(findDestination(result));
    for (BlockArgument argument : body.getArguments())
      bind(argument.getArgNumber(),
           overwritten.contains(argument) ? plan::Access::ReadWrite : plan::Access::Read);
    for (auto [i, result] : llvm::enumerate(executable.getBodyResults()))
      if (!findDestination(result))
        bind(body.getNumArguments() + i, plan::Access::Write);
    setInterface(executable, bindings, access);
  }

  void addVariant(ExecutableOp executable, StringRef level, StringRef code, int64_t flops) {
    OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
    auto variant = VariantOp::create(builder, executable.getLoc(), level);
    Block *contents = builder.createBlock(&variant.getContents());
    // The levels spread the work differently.
    auto interface = plan::InterfaceOp::create(builder, executable.getLoc());
    Block *block = builder.createBlock(&interface.getBody());
    Value all = block->addArgument(plan::IntType::get(&getContext()), executable.getLoc());
    Value one =
        plan::ConstantOp::create(builder, executable.getLoc(), builder.getI64IntegerAttr(1));
    plan::GridOp::create(builder, executable.getLoc(), all, level == "toy-2" ? all : one, one,
                         /*dynamic_shared=*/Value(), /*workspace=*/Value());
    builder.setInsertionPointToEnd(contents);
    auto kernel = func::FuncOp::create(builder, executable.getLoc(), executable.getSymName(),
                                       builder.getFunctionType({}, {}));
    kernel.setPrivate();
    kernel->setAttr("toy.flops_per_row", builder.getI64IntegerAttr(flops));
    if (!code.empty())
      kernel->setAttr(kCodeAttrName, builder.getStringAttr(code));
  }

  Option<bool> names{*this, "names", llvm::cl::desc("What has no kernel gets a name alone"),
                     llvm::cl::init(false)};
};

class ToyTarget : public Target {
public:
  StringRef getFamily() const override { return "toy"; }
  int32_t getKernelABI() const override { return 7; }
  ArrayRef<StringRef> getLevels() const override {
    static const StringRef levels[] = {"toy-2", "toy-1"};
    return levels;
  }
  void addOptions(llvm::cl::OptionCategory &category) override {
    names = std::make_unique<llvm::cl::opt<bool>>(
        "toy-names",
        llvm::cl::desc(
            "For tests: what the toy has no kernel for gets a name alone, and cannot run"),
        llvm::cl::cat(category));
  }
  void registerDialects(DialectRegistry &registry) const override { registry.insert<ToyDialect>(); }
  void registerPasses() const override { PassRegistration<EmitToyKernelsPass>(); }

  RankedTensorType getParameterType(OperandRole role, RankedTensorType type,
                                    StringRef) const override {
    Type f32 = Float32Type::get(type.getContext());
    if (role == OperandRole::Vector)
      return type.clone(f32); // as the CPU has it
    if (role != OperandRole::Matrix)
      return type;
    return RankedTensorType::get(type.getShape(), type.getElementType(),
                                 ColumnsAttr::get(type.getContext()));
  }
  /// It does not take the plain path: what it has no kernel for its own pass refuses by name.
  OpPassManager getDecomposition(OpPassManager shared) const override { return shared; }
  bool supports(ArrayRef<Operation *>) const override { return true; }

  /// A norm is computed by the linear that reads it, and additions stand alone.
  bool fuses(ArrayRef<Operation *> ops) const override {
    auto norm = dyn_cast<RmsNormOp>(ops.front());
    return ops.size() == 2 && norm && isa<LinearOp>(ops.back()) && norm.getResult().hasOneUse();
  }
  void addKernelPasses(OpPassManager &pm) const override {
    pm.addPass(std::make_unique<EmitToyKernelsPass>(names && *names));
  }
  void addImagePasses(OpPassManager &) const override {}

  FailureOr<TargetImage> compileImage(plan::ImageOp image, ImageObserver) const override {
    TargetImage result;
    auto kernels = cast<ModuleOp>(image.getContents().front().front());
    for (auto kernel : kernels.getOps<func::FuncOp>()) {
      std::string line = kernel.getSymName().str();
      if (auto code = kernel->getAttrOfType<StringAttr>(kCodeAttrName))
        line += " " + code.str();
      line += "\n";
      result.bytes.insert(result.bytes.end(), line.begin(), line.end());
      result.symbols.push_back({kernel.getSymName().str(), line.size()});
    }
    llvm::sort(result.symbols, [](auto &a, auto &b) { return a.name < b.name; });
    return result;
  }

private:
  std::unique_ptr<llvm::cl::opt<bool>> names;
};
} // namespace

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT void
hadalGetTargetLibraryInfo(TargetLibraryInfo *info) {
  *info = {};
  info->registerTargets = [](TargetRegistry &targets) {
    targets.add(std::make_shared<ToyTarget>());
  };
}
