// SPDX-License-Identifier: Apache-2.0
// Outlines ops to executables, one for each distinct kernel.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FORMDISPATCHESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// Everything that distinguishes a kernel: the op, its attributes and types.
std::string fingerprint(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << op->getName() << op->getPropertiesAsAttribute();
  for (Type type : op->getOperandTypes())
    stream << type;
  stream << "->";
  for (Type type : op->getResultTypes())
    stream << type;
  return text;
}

/// family_OUTxIN of the first weight, or family_WIDTH: short and telling.
std::string nameOf(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  for (Value operand : op->getOperands()) {
    auto type = cast<RankedTensorType>(operand.getType());
    if (type.getEncoding()) {
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

std::string labelOf(Operation *op) {
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    return name.getName().str();
  return op->getName().stripDialect().str();
}

struct FormDispatchesPass : impl::FormDispatchesPassBase<FormDispatchesPass> {
  void runOnOperation() override {
    ProgramOp program = getOperation();
    SymbolTable symbols(program);
    llvm::StringMap<StringAttr> executables;
    for (auto function : llvm::to_vector(program.getContents().getOps<func::FuncOp>()))
      for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
        if (staysInEntry(&op))
          continue;
        if (!isa<ComputeOpInterface>(op)) {
          op.emitOpError("has no kernel for target '")
              << program.getTarget().getFamily() << "': expected a hadal op, or an addition that fuses into one";
          return signalPassFailure();
        }
        outline(symbols, executables, &op);
      }
  }

  void outline(SymbolTable &symbols, llvm::StringMap<StringAttr> &executables, Operation *op) {
    auto when = op->getAttrOfType<WhenAttr>(kWhenAttrName);
    op->removeAttr(kWhenAttrName);
    StringAttr &executable = executables[fingerprint(op)];
    if (!executable) {
      executable = makeExecutable(symbols, op);
      ++numExecutables;
    }
    OpBuilder builder(op);
    auto dispatch = DispatchOp::create(builder, op->getLoc(), op->getResultTypes(),
                                       FlatSymbolRefAttr::get(executable), op->getOperands(),
                                       builder.getStringAttr(labelOf(op)), when);
    op->replaceAllUsesWith(dispatch);
    op->erase();
    ++numDispatches;
  }

  StringAttr makeExecutable(SymbolTable &symbols, Operation *op) {
    // The body is the same wherever in the model the op stood.
    Location loc = UnknownLoc::get(&getContext());
    OpBuilder builder(&getContext());
    auto executable = ExecutableOp::create(builder, loc, nameOf(op), KernelInterfaceAttr());
    Block *contents = builder.createBlock(&executable.getContents());
    builder.setInsertionPointToStart(contents);
    auto body = func::FuncOp::create(
        builder, loc, "body",
        builder.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
    Block *entry = body.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    IRMapping mapping;
    // An operand given twice is one argument each time: bindings are positional.
    Operation *inner = builder.clone(*op, mapping);
    inner->setOperands(entry->getArguments());
    inner->setLoc(loc);
    func::ReturnOp::create(builder, loc, inner->getResults());
    func::FuncOp first = *getOperation().getContents().getOps<func::FuncOp>().begin();
    return symbols.insert(executable, Block::iterator(first));
  }
};
} // namespace
} // namespace hadal
