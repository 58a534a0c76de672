// SPDX-License-Identifier: Apache-2.0
// Fills in the specifications of kernels from the ops of executables.
#include "ExecutableKernels.h"

#include "hadal/Target/CPU/MLAKernels.h"
#include "hadal/Target/CPU/MoEKernels.h"
#include "hadal/Target/CPU/RowKernels.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cpu;

void BodyOp::bind(Value operand, Access access) {
  if (!operand)
    return;
  interface.bindings.push_back(cast<BlockArgument>(operand).getArgNumber());
  interface.access.push_back(access);
}

void BodyOp::bindResult(Value result) {
  // Results are numbered after the arguments; what the body does not return comes after
  // them all, and is told when the kernel is emitted.
  auto arguments = cast<func::FuncOp>(op->getParentOp()).getNumArguments();
  interface.bindings.push_back(arguments + (llvm::find(results, result) - results.begin()));
  interface.access.push_back(Access::Write);
}

void BodyOp::setRows(Value operand) {
  interface.rows = cast<BlockArgument>(operand).getArgNumber();
}

void BodyOp::addRowsConstant() {
  interface.constants.push_back(ExtentAttr::get(op->getContext(), interface.rows, 0));
}

void BodyOp::setSlots(Value operand) {
  interface.slots = cast<BlockArgument>(operand).getArgNumber();
}

void BodyOp::addExtentConstant(Value operand, int64_t axis) {
  interface.constants.push_back(
      ExtentAttr::get(op->getContext(), cast<BlockArgument>(operand).getArgNumber(), axis));
}

void BodyOp::addConstant(int64_t value) {
  interface.constants.push_back(Builder(op->getContext()).getI64IntegerAttr(value));
}

cpu::FloatType hadal::cpu::floatTypeOf(Value value) {
  return typeOf(value).getElementType().isBF16() ? cpu::FloatType::BF16 : cpu::FloatType::F32;
}

namespace {
/// What the three kernels that read or write the cache need to find rows in it.
template <typename Op>
void addPagingConstants(BodyOp &body, Op op) {
  body.setSlots(op.getSlots());
  body.addRowsConstant();
  body.addExtentConstant(op.getSlots());
  body.addExtentConstant(op.getBlockTable(), 1);
}

/// The kernels of attention have one type for queries, cache and result.
template <typename Op>
LogicalResult verifyOneType(Op op) {
  Type q = typeOf(op.getQ()).getElementType(), cache = typeOf(op.getCache()).getElementType();
  Type result = typeOf(op.getResult()).getElementType();
  if (q == cache && q == result)
    return success();
  return op.emitOpError() << "expected q, cache and result of one element type, got " << q << ", "
                          << cache << " and " << result;
}

/// Emits one kernel: the description gives scratch and grid, the function body.
template <typename Spec>
LogicalResult emit(BodyOp &body, StringRef name, ModuleOp module, const KernelTarget &target,
                   const Spec &spec, const KernelInfo &info,
                   void (*emitBody)(KernelBuilder &, const Spec &)) {
  if (info.bindings.size() != body.interface.bindings.size() ||
      info.constantCount != static_cast<int64_t>(body.interface.constants.size()))
    return body.op->emitOpError() << "expected a kernel of " << body.interface.bindings.size()
                                  << " bindings and " << body.interface.constants.size()
                                  << " constants, got " << info.bindings.size() << " and "
                                  << info.constantCount;
  body.interface.access.assign(info.bindings.begin(), info.bindings.end());
  body.interface.grid = info.grid;
  body.interface.scratchBytes = info.scratchBytes;
  body.interface.workspace = info.workspace;
  KernelBuilder builder(module, name, target);
  emitBody(builder, spec);
  return success();
}

/// Chooses the specification by the op and emits it.
struct KernelEmitter {
  BodyOp body;
  StringRef name;
  ModuleOp module;
  const KernelTarget &target;

  template <typename Spec>
  LogicalResult run(const Spec &spec, const KernelInfo &info,
                    void (*emitBody)(KernelBuilder &, const Spec &)) {
    return emit(body, name, module, target, spec, info, emitBody);
  }

  LogicalResult operator()(EmbeddingOp op) {
    body.setRows(op.getTokens());
    body.bind(op.getTokens());
    body.bind(op.getTable());
    body.bindResult(op.getResult());
    EmbeddingSpec spec;
    spec.vocab = typeOf(op.getTable()).getDimSize(0);
    spec.width = typeOf(op.getTable()).getDimSize(1);
    spec.table = floatTypeOf(op.getTable());
    return run(spec, getEmbeddingInfo(spec), emitEmbedding);
  }

  LogicalResult operator()(RmsNormOp op) {
    body.setRows(op.getRows() ? op.getRows() : op.getX());
    body.bind(op.getX());
    body.bind(op.getRows());
    body.bind(op.getWeight());
    body.bindResult(body.kernel.result);
    if (body.kernel.wide)
      body.bindResult(body.kernel.wide);
    RMSNormSpec spec;
    spec.width = typeOf(op.getX()).getDimSize(1);
    spec.epsilon = op.getEps().convertToFloat();
    spec.output = floatTypeOf(body.kernel.result);
    spec.secondOutput = static_cast<bool>(body.kernel.wide);
    spec.selectRows = static_cast<bool>(op.getRows());
    return run(spec, getRMSNormInfo(spec), emitRMSNorm);
  }

  LogicalResult operator()(GatherRowsOp op) {
    body.setRows(op.getRows());
    body.bind(op.getX());
    body.bind(op.getRows());
    body.bindResult(op.getResult());
    GatherRowsSpec spec;
    spec.width = typeOf(op.getX()).getDimSize(1);
    spec.element = floatTypeOf(op.getX());
    return run(spec, getGatherRowsInfo(spec), emitGatherRows);
  }

  LogicalResult operator()(SwigluOp op) {
    body.setRows(op.getGate());
    body.bind(op.getGate());
    body.bind(op.getUp());
    body.bindResult(op.getResult());
    ElementwiseSpec spec;
    spec.kind = ElementwiseKind::SwiGLU;
    spec.width = typeOf(op.getGate()).getDimSize(1);
    spec.output = floatTypeOf(op.getResult());
    spec.input = floatTypeOf(op.getGate());
    return run(spec, getElementwiseInfo(spec), emitElementwise);
  }

  LogicalResult operator()(RopeOp op) {
    body.setRows(op.getX());
    body.bindAll(op.getX(), op.getPositions(), op.getCos(), op.getSin());
    body.bindResult(op.getResult());
    RopeQuerySpec spec;
    spec.heads = op.getHeads();
    spec.rope = 2 * typeOf(op.getCos()).getDimSize(1);
    spec.nope = typeOf(op.getX()).getDimSize(1) / spec.heads - spec.rope;
    spec.interleaved = op.getInterleaved();
    spec.output = floatTypeOf(op.getResult());
    return run(spec, getRopeQueryInfo(spec), emitRopeQuery);
  }

  LogicalResult operator()(MlaAppendOp op) {
    body.setRows(op.getKv());
    body.bindAll(op.getKv(), op.getWeight(), op.getCos(), op.getSin(), op.getPositions(),
                 op.getSequenceOffsets(), op.getSlots(), op.getBlockTable(), op.getCache());
    addPagingConstants(body, op);
    MLAAppendSpec spec;
    spec.latent = typeOf(op.getWeight()).getDimSize(0);
    spec.rope = 2 * typeOf(op.getCos()).getDimSize(1);
    spec.pageSize = typeOf(op.getCache()).getDimSize(1);
    spec.epsilon = op.getEps().convertToFloat();
    spec.interleaved = op.getInterleaved();
    spec.cache = floatTypeOf(op.getCache());
    return run(spec, getMLAAppendInfo(spec), emitMLAAppend);
  }

  LogicalResult operator()(MlaAttendAbsorbedOp op) {
    if (failed(verifyOneType(op)))
      return failure();
    body.setRows(op.getQ());
    body.bindAll(op.getQLatent(), op.getQ(), op.getCache(), op.getBlockTable(), op.getPositions(),
                 op.getSequenceOffsets(), op.getSlots());
    body.bindResult(op.getResult());
    addPagingConstants(body, op);
    body.addConstant(op.getThreshold() ? static_cast<int64_t>(*op.getThreshold())
                                       : std::numeric_limits<int64_t>::max());
    MLAAbsorbedSpec spec;
    spec.heads = op.getHeads();
    spec.latent = typeOf(op.getQLatent()).getDimSize(1) / spec.heads;
    spec.rope = typeOf(op.getCache()).getDimSize(2) - spec.latent;
    spec.nope = typeOf(op.getQ()).getDimSize(1) / spec.heads - spec.rope;
    spec.pageSize = typeOf(op.getCache()).getDimSize(1);
    spec.scale = op.getScale().convertToFloat();
    spec.cache = floatTypeOf(op.getCache());
    return run(spec, getMLAAbsorbedInfo(spec, target), emitMLAAbsorbed);
  }

  LogicalResult operator()(MlaAttendExpandedOp op) {
    if (failed(verifyOneType(op)))
      return failure();
    body.setRows(op.getQ());
    body.bindAll(op.getQ(), op.getWUk(), op.getWUv(), op.getCache(), op.getBlockTable(),
                 op.getPositions(), op.getSequenceOffsets(), op.getSlots(), op.getOut());
    addPagingConstants(body, op);
    body.addConstant(op.getThreshold() ? static_cast<int64_t>(*op.getThreshold()) : 0);
    std::optional<WeightType> weight = weightTypeOf(op.getWUk());
    if (!weight || weightTypeOf(op.getWUv()) != weight)
      return op.emitOpError() << "expected w_uk and w_uv packed alike, got "
                              << op.getWUk().getType() << " and " << op.getWUv().getType();
    RankedTensorType uk = typeOf(op.getWUk());
    MLAExpandedSpec spec;
    spec.heads = uk.getDimSize(0);
    spec.nope = uk.getDimSize(1);
    spec.latent = uk.getDimSize(2);
    spec.value = typeOf(op.getWUv()).getDimSize(1);
    spec.rope = typeOf(op.getCache()).getDimSize(2) - spec.latent;
    spec.pageSize = typeOf(op.getCache()).getDimSize(1);
    spec.scale = op.getScale().convertToFloat();
    spec.cache = floatTypeOf(op.getCache());
    spec.weight = *weight;
    return run(spec, getMLAExpandedInfo(spec, target), emitMLAExpanded);
  }

  LogicalResult operator()(MoeRouteOp op) {
    body.setRows(op.getLogits());
    body.bind(op.getLogits());
    body.bind(op.getBias());
    body.bindResult(op.getWeights());
    body.bindResult(op.getIds());
    MoERouteSpec spec;
    spec.experts = typeOf(op.getLogits()).getDimSize(1);
    spec.topK = op.getTopK();
    spec.score = op.getScoring() == Scoring::Softmax ? RouteScore::Softmax : RouteScore::Sigmoid;
    spec.bias = static_cast<bool>(op.getBias());
    spec.groupRule = op.getGroupRule() == hadal::GroupRule::None  ? cpu::GroupRule::None
                     : op.getGroupRule() == hadal::GroupRule::Max ? cpu::GroupRule::Max
                                                                  : cpu::GroupRule::SumOfTwo;
    spec.groups = op.getNGroup();
    spec.keptGroups = op.getTopkGroup();
    spec.normalize = op.getNormalise();
    spec.scale = op.getScale().convertToFloat();
    return run(spec, getMoERouteInfo(spec), emitMoERoute);
  }

  LogicalResult operator()(MoeGroupOp op) {
    body.setRows(op.getIds());
    body.bind(op.getIds());
    body.bindResult(op.getOffsets());
    body.bindResult(op.getRows());
    body.addRowsConstant();
    MoEGroupSpec spec;
    spec.experts = op.getExperts();
    spec.topK = typeOf(op.getIds()).getDimSize(1);
    return run(spec, getMoEGroupInfo(spec), emitMoEGroup);
  }

  LogicalResult operator()(MoeCombineOp op) {
    body.setRows(op.getWeights());
    body.bindAll(op.getY(), op.getWeights());
    for (Value addend : body.kernel.addends)
      body.bind(addend);
    body.bindResult(body.kernel.result);
    MoECombineSpec spec;
    spec.width = typeOf(op.getResult()).getDimSize(1);
    spec.topK = typeOf(op.getWeights()).getDimSize(1);
    spec.addends = body.kernel.addends.size();
    return run(spec, getMoECombineInfo(spec), emitMoECombine);
  }

  LogicalResult operator()(arith::TruncFOp op) { return emitRows(op, ElementwiseKind::Cast); }

  LogicalResult operator()(arith::AddFOp op) { return emitRows(op, ElementwiseKind::Add); }

  /// An op of another dialect on rows of f32.
  LogicalResult emitRows(Operation *op, ElementwiseKind kind) {
    if (!isOfRows(op))
      return reportNoKernel(op);
    body.setRows(op->getOperand(0));
    for (Value operand : op->getOperands())
      body.bind(operand);
    body.bindResult(op->getResult(0));
    ElementwiseSpec spec;
    spec.kind = kind;
    spec.width = typeOf(op->getResult(0)).getDimSize(1);
    spec.output = floatTypeOf(op->getResult(0));
    return run(spec, getElementwiseInfo(spec), emitElementwise);
  }
};
} // namespace

template <typename... Ops>
static LogicalResult emitRowKernel(KernelEmitter &emitter, Roots<Ops...>) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(emitter.body.op)
      .template Case<Ops...>([&](auto concrete) { return emitter(concrete); })
      .Default([](Operation *other) { return reportNoKernel(other); });
}

/// Kernels of products read panels, and look at them; everything else is read in
/// row-major order, vectors as f32, and what is not an integer as f32 or bf16.
static LogicalResult verifyOperands(Operation *op) {
  auto reader = dyn_cast<ComputeOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    OperandRole role = reader ? reader.getOperandRole(operand) : OperandRole::Exact;
    if (!type || role == OperandRole::Matrix)
      continue;
    if (type.getEncoding())
      return op->emitOpError() << "expected operand " << operand.getOperandNumber()
                               << " without a layout, got " << type;
    Type element = type.getElementType();
    bool isVector = role == OperandRole::Vector;
    if (isa<mlir::FloatType>(element) && !element.isF32() && (isVector || !element.isBF16()))
      return op->emitOpError() << "expected operand " << operand.getOperandNumber() << " of f32"
                               << (isVector ? "" : " or bf16") << ", got " << element;
  }
  return success();
}

/// What the body returns is what the kernel writes, in place or to a binding.
static LogicalResult verifyResults(const BodyOp &body) {
  int64_t first = cast<func::FuncOp>(body.op->getParentOp()).getNumArguments();
  int64_t end = first + body.results.size();
  bool writesMore = llvm::any_of(body.interface.bindings, [&](int64_t n) { return n >= end; });
  for (auto [i, result] : llvm::enumerate(body.results))
    if (!findDestination(result) &&
        !llvm::is_contained(body.interface.bindings, first + int64_t(i)))
      return body.op->emitOpError(
          "has no kernel for the CPU that writes all that its body returns");
  if (writesMore)
    return body.op->emitOpError("expected a body that returns all that the kernel writes");
  return success();
}

FailureOr<ExecutableInterface> hadal::cpu::emitKernel(ExecutableOp executable, ModuleOp module,
                                                      const KernelTarget &target) {
  SmallVector<Operation *> ops = executable.getBodyOps();
  if (ops.empty())
    return executable.emitOpError("expected a body of ops that compute, found none");
  for (Operation *op : ops)
    if (failed(verifyOperands(op)))
      return failure();
  std::optional<KernelBody> kernel = matchKernelBody(ops);
  if (!kernel)
    return reportNoKernel(ops);
  StringRef name = executable.getSymName();
  ExecutableInterface interface;
  BodyOp body(*kernel, executable.getBodyResults(), interface);
  std::optional<LogicalResult> matrix = emitMatrixKernel(body, name, module, target);
  KernelEmitter emitter{body, name, module, target};
  LogicalResult result = matrix ? *matrix : emitRowKernel(emitter, RowRoots());
  if (failed(result) || failed(verifyResults(body)))
    return failure();
  return interface;
}
