// SPDX-License-Identifier: Apache-2.0
// Outlines groups of ops to executables, one for each distinct kernel.
#include "hadal/Transforms/Passes.h"

#include "DispatchGroups.h"

#include "hadal_tap_names.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FORMDISPATCHESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// Everything that distinguishes a kernel: ops, attributes, types and what reads what.
std::string fingerprint(func::FuncOp body) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  body->print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

/// What the root is called: an op of the dialect by its name, others by the last
/// part of their label, since they are all alike.
std::string familyOf(Operation *root) {
  if (isa<ComputeOpInterface>(root))
    return root->getName().stripDialect().str();
  std::string name;
  std::string label = labelOf(root);
  for (char c : StringRef(label).drop_front(StringRef(label).rfind('.') + 1))
    name += llvm::isAlnum(c) ? c : '_';
  return name;
}

/// family_OUTxIN of the root's first weight, or family_WIDTH: short and telling.
std::string nameOf(Operation *root) {
  std::string name = familyOf(root);
  ArrayRef<int64_t> shape = cast<RankedTensorType>(root->getResult(0).getType()).getShape();
  for (Value operand : root->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (type && type.getEncoding()) {
      shape = type.getShape();
      break;
    }
  }
  const char *separator = "_";
  for (int64_t extent : shape)
    if (!ShapedType::isDynamic(extent)) {
      name += separator + std::to_string(extent);
      separator = "x";
    }
  return name;
}

/// Whether the plain path computes with it.
bool isNumber(Type type) { return bufferBytesOf(type) && !type.isUnsignedInteger(); }

/// Verifies that an op of another dialect is about numbers that the plain path knows.
LogicalResult verifyNumbers(Operation *op) {
  WalkResult walked = op->walk<WalkOrder::PreOrder>([](Operation *inner) {
    for (Type type : llvm::concat<const Type>(llvm::to_vector(inner->getOperandTypes()),
                                              llvm::to_vector(inner->getResultTypes()))) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      bool isSmall = !tensor && type.isSignlessInteger() && type.getIntOrFloatBitWidth() <= 64;
      if (isSmall || isNumber(tensor ? tensor.getElementType() : type))
        continue;
      inner->emitOpError() << "expected numbers of f64, f32, f16, bf16, f8E4M3FN, i1, i8, i16, "
                              "i32, i64 or index, got "
                           << type;
      return WalkResult::interrupt();
    }
    auto rounds = dyn_cast<arith::ArithRoundingModeInterface>(inner);
    arith::RoundingModeAttr mode = rounds ? rounds.getRoundingModeAttr() : nullptr;
    if (mode && mode.getValue() != arith::RoundingMode::to_nearest_even) {
      inner->emitOpError() << "expected to round to_nearest_even, got "
                           << arith::stringifyRoundingMode(mode.getValue());
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

/// Lets a tap of a view ask for what is viewed, which holds the same elements.
void tapViewed(TapOp tap) {
  while (isa_and_present<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(
      tap.getValue().getDefiningOp()))
    tap.getValueMutable().assign(tap.getValue().getDefiningOp()->getOperand(0));
}

/// Verifies that a dispatch can hold the op.
LogicalResult verifyOp(Operation *op) {
  if (!belongsInBody(op) || op->getNumResults() == 0)
    return op->emitOpError("has no place in a dispatch: expected a hadal op that computes, or one "
                           "of linalg, tensor, arith or math");
  for (Type type : op->getResultTypes())
    if (!isa<RankedTensorType>(type))
      return op->emitOpError() << "expected ranked tensors as results in a dispatch, got " << type;
  return isa<ComputeOpInterface>(op) ? success() : verifyNumbers(op);
}

struct FormDispatchesPass : impl::FormDispatchesPassBase<FormDispatchesPass> {
  using FormDispatchesPassBase::FormDispatchesPassBase;

  void runOnOperation() override {
    ProgramOp program = getOperation();
    SymbolTable symbols(program);
    const Target *target = lookupTarget(program, program.getTarget().getFamily());
    if (!target)
      return signalPassFailure();
    llvm::StringMap<StringAttr> executables;
    for (auto function : llvm::to_vector(program.getContents().getOps<func::FuncOp>())) {
      Block &block = function.getBody().front();
      for (Operation &op : block)
        if (!staysInEntry(&op) && failed(verifyOp(&op)))
          return signalPassFailure();
      if (taps)
        for (auto tap : block.getOps<TapOp>())
          tapViewed(tap);
      for (const DispatchGroup &group : formDispatchGroups(block, *target))
        if (failed(outline(symbols, executables, group)))
          return signalPassFailure();
      // What bodies have for themselves now is not wanted here.
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isCarried(&op) && op.use_empty())
          op.erase();
    }
  }

  LogicalResult outline(SymbolTable &symbols, llvm::StringMap<StringAttr> &executables,
                        const DispatchGroup &group) {
    FailureOr<DispatchBody> body = makeDispatchBody(group);
    if (failed(body))
      return failure();
    Operation *root = findRoot(group), *last = group.back();
    OpBuilder builder(last);
    StringAttr &executable = executables[fingerprint(*body->function)];
    if (!executable) {
      executable = makeExecutable(symbols, nameOf(root), std::move(body->function));
      ++numExecutables;
    }
    auto when = root->getAttrOfType<WhenAttr>(kWhenAttrName);
    auto dispatch = DispatchOp::create(builder, root->getLoc(),
                                       llvm::to_vector(ValueRange(body->results).getTypes()),
                                       FlatSymbolRefAttr::get(executable), body->operands,
                                       builder.getStringAttr(labelOf(root)), when);
    if (taps)
      for (auto [value, result] : llvm::zip(body->results, dispatch.getResults()))
        tap(cast<OpResult>(value), result, when);
    for (auto [result, replacement] : llvm::zip(body->results, dispatch.getResults())) {
      for (Operation *user : llvm::make_early_inc_range(result.getUsers()))
        if (isa<TapOp>(user) && user->isBeforeInBlock(dispatch))
          user->moveAfter(dispatch);
      result.replaceAllUsesWith(replacement);
    }
    for (Operation *op : llvm::reverse(group))
      op->erase();
    ++numDispatches;
    numFused += group.size() - 1;
    return success();
  }

  /// Taps what the dispatch makes in the place of `value`, by the names that it has.
  void tap(OpResult value, Value made, WhenAttr when) {
    Operation *maker = value.getOwner();
    OpBuilder builder(made.getContext());
    builder.setInsertionPointAfter(made.getDefiningOp());
    std::string number =
        value.getResultNumber() ? "#" + std::to_string(value.getResultNumber()) : "";
    auto add = [&](const std::string &name, Attribute condition) {
      auto tap = TapOp::create(builder, made.getLoc(), name + number, made);
      if (condition)
        tap->setAttr(kWhenAttrName, condition);
    };
    std::string label = labelOf(maker);
    auto name = maker->getAttrOfType<StringAttr>(kValueAttrName);
    // What is made in place is there whether or not this dispatch was.
    if (name)
      add(kOpTapPrefix + name.str(), {});
    if (std::optional<int64_t> step = stepOf(maker))
      add(kPartTapPrefix + label + kStepSeparator + std::to_string(*step), when);
    else if (isa<ComputeOpInterface>(maker) &&
             (!name || StringRef(label).starts_with(name.str() + kPartSeparator)))
      add(kPartTapPrefix + label, when);
  }

  StringAttr makeExecutable(SymbolTable &symbols, StringRef name, OwningOpRef<func::FuncOp> body) {
    Location loc = UnknownLoc::get(&getContext());
    OpBuilder builder(&getContext());
    auto executable = ExecutableOp::create(builder, loc, name, KernelInterfaceAttr());
    builder.createBlock(&executable.getContents())->push_back(body.release());
    func::FuncOp first = *getOperation().getContents().getOps<func::FuncOp>().begin();
    return symbols.insert(executable, Block::iterator(first));
  }
};
} // namespace
} // namespace hadal
