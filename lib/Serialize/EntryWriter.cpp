// SPDX-License-Identifier: Apache-2.0
// Writes entry points of a plan as tables of the artifact.
#include "EntryWriter.h"

#include "hadal/IR/HadalDialect.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

template <typename T>
using Off = flatbuffers::Offset<T>;

/// The schema's name for an element type, if it has one.
static std::optional<fb::ElementType> findElementType(Type element) {
  if (element.isF32())
    return fb::ElementType::f32;
  if (element.isF16())
    return fb::ElementType::f16;
  if (element.isBF16())
    return fb::ElementType::bf16;
  if (isa<Float8E4M3FNType>(element))
    return fb::ElementType::f8E4M3FN;
  if (element.isUnsignedInteger(8))
    return fb::ElementType::u8;
  if (element.isSignlessInteger(8))
    return fb::ElementType::i8;
  if (element.isSignlessInteger(32))
    return fb::ElementType::i32;
  if (element.isSignlessInteger(64))
    return fb::ElementType::i64;
  return std::nullopt;
}

fb::ElementType hadal::elementTypeOf(Type element) {
  return *findElementType(element); // of what verifyElementTypes has seen
}

LogicalResult hadal::verifyElementTypes(plan::ProgramOp program) {
  WalkResult walked = program.walk([](Operation *op) {
    auto attr = isa<plan::PlanDialect, HadalDialect>(op->getDialect())
                    ? op->getAttrOfType<TypeAttr>("type")
                    : TypeAttr();
    auto type = attr ? dyn_cast<RankedTensorType>(attr.getValue()) : RankedTensorType();
    if (!type || findElementType(type.getElementType()))
      return WalkResult::advance();
    op->emitOpError() << "expected elements of f32, f16, bf16, f8E4M3FN, i8, ui8, i32 or i64, got "
                      << type.getElementType();
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

namespace {
class EntryWriter {
public:
  EntryWriter(flatbuffers::FlatBufferBuilder &builder, const SymbolNumbers &numbers)
      : builder(builder), numbers(numbers) {}

  Off<fb::EntryPoint> write(plan::EntryOp entry) {
    std::vector<Off<fb::Op>> ops = writeOps(entry.getContents().front());
    auto name = builder.CreateString(entry.getSymName().str());
    auto exprList = builder.CreateVectorOfStructs(exprs);
    auto argumentList = builder.CreateVector(arguments);
    auto resultList = builder.CreateVector(results);
    auto bufferList = builder.CreateVector(buffers);
    auto opList = builder.CreateVector(ops);
    return fb::CreateEntryPoint(builder, name, exprList, argumentList, resultList, bufferList,
                                arena, opList);
  }

private:
  std::vector<Off<fb::Op>> writeOps(Block &block) {
    std::vector<Off<fb::Op>> ops;
    for (Operation &op : block)
      writeOp(op, ops);
    return ops;
  }

  uint32_t addExpr(Value value, fb::Expr expr) {
    exprs.push_back(expr);
    uint32_t number = exprs.size() - 1;
    if (value)
      exprNumbers[value] = number;
    return number;
  }

  uint32_t number(Value value) const { return exprNumbers.lookup(value); }

  /// The expression of a static extent.
  uint32_t constant(int64_t value) {
    auto [it, isNew] = constants.try_emplace(value, 0);
    if (isNew)
      it->second = addExpr(Value(), fb::Expr(value, 0, 0, 0, fb::ExprKind::constant));
    return it->second;
  }

  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> shapeOf(RankedTensorType type,
                                                             ValueRange sizes) {
    std::vector<uint32_t> shape;
    auto next = sizes.begin();
    for (int64_t extent : type.getShape())
      shape.push_back(ShapedType::isDynamic(extent) ? number(*next++) : constant(extent));
    return builder.CreateVector(shape);
  }

  template <typename PortOp>
  Off<fb::Argument> writePort(PortOp op, fb::BindingKind kind) {
    bindings[op.getBuffer()] = fb::Binding(op.getIndex(), kind);
    auto type = cast<RankedTensorType>(op.getType());
    auto shape = shapeOf(type, op.getSizes());
    return fb::CreateArgument(builder, builder.CreateString(op.getName().str()),
                              elementTypeOf(type.getElementType()), shape);
  }

  void writeOp(Operation &op, std::vector<Off<fb::Op>> &ops) {
    llvm::TypeSwitch<Operation *>(&op)
        .Case([&](plan::ConstantOp constantOp) {
          int64_t value = constantOp.getValue();
          constants[value] =
              addExpr(constantOp, fb::Expr(value, 0, 0, 0, fb::ExprKind::constant));
        })
        .Case([&](plan::DimOp dim) {
          addExpr(dim, fb::Expr(static_cast<int64_t>(dim.getDim()), 0, 0, 0, fb::ExprKind::dim));
        })
        .Case([&](plan::ExprOp expr) {
          addExpr(expr, fb::Expr(0, number(expr.getA()), number(expr.getB()), 0,
                                 static_cast<fb::ExprKind>(expr.getKind())));
        })
        .Case([&](plan::SelectOp select) {
          addExpr(select, fb::Expr(0, number(select.getCondition()), number(select.getA()),
                                   number(select.getB()), fb::ExprKind::select));
        })
        .Case([&](plan::ArgumentOp argument) {
          arguments.push_back(writePort(argument, fb::BindingKind::argument));
        })
        .Case([&](plan::ResultOp result) {
          results.push_back(writePort(result, fb::BindingKind::result));
        })
        .Case([&](plan::ParameterOp parameter) {
          bindings[parameter.getBuffer()] =
              fb::Binding(numbers.parameters.lookup(parameter.getParameter()),
                          fb::BindingKind::parameter);
        })
        .Case([&](plan::StateOp state) {
          bindings[state.getBuffer()] =
              fb::Binding(numbers.states.lookup(state.getState()), fb::BindingKind::state);
        })
        .Case([&](plan::BufferOp buffer) {
          bindings[buffer.getBuffer()] =
              fb::Binding(buffers.size(), fb::BindingKind::transient);
          buffers.push_back(fb::CreateBuffer(builder,
                                             builder.CreateString(buffer.getName().str()),
                                             number(buffer.getOffset()), number(buffer.getSize())));
        })
        .Case([&](plan::ArenaOp arenaOp) { arena = number(arenaOp.getSize()); })
        .Case([&](plan::LaunchOp launch) { ops.push_back(writeLaunch(launch)); })
        .Case([&](plan::BranchOp branch) { ops.push_back(writeBranch(branch)); })
        .Case([&](plan::TapOp tap) { ops.push_back(writeTap(tap)); });
  }

  Off<fb::Op> wrap(fb::OpBody kind, Off<void> body) { return fb::CreateOp(builder, kind, body); }

  Off<fb::Op> writeLaunch(plan::LaunchOp op) {
    std::vector<uint32_t> grid = {number(op.getX()), number(op.getY()), number(op.getZ())};
    std::vector<fb::Binding> bound;
    for (Value binding : op.getBindings())
      bound.push_back(bindings.lookup(binding));
    std::vector<uint32_t> values;
    for (Value value : op.getConstants())
      values.push_back(number(value));
    auto gridList = builder.CreateVector(grid);
    auto boundList = builder.CreateVectorOfStructs(bound);
    auto valueList = builder.CreateVector(values);
    auto label = builder.CreateString(op.getLabel().str());
    auto launch = fb::CreateLaunch(builder, numbers.executables.lookup(op.getExecutable()),
                                   gridList, boundList, valueList, label, number(op.getFlops()),
                                   number(op.getBytes()));
    return wrap(fb::OpBody::Launch, launch.Union());
  }

  Off<fb::Op> writeBranch(plan::BranchOp op) {
    auto thenOps = builder.CreateVector(writeOps(op.getThenOps().front()));
    std::vector<Off<fb::Op>> others;
    if (!op.getElseOps().empty())
      others = writeOps(op.getElseOps().front());
    auto elseOps = builder.CreateVector(others);
    auto branch = fb::CreateBranch(builder, number(op.getCondition()), thenOps, elseOps);
    return wrap(fb::OpBody::Branch, branch.Union());
  }

  Off<fb::Op> writeTap(plan::TapOp op) {
    auto type = cast<RankedTensorType>(op.getType());
    fb::Binding binding = bindings.lookup(op.getBuffer());
    auto shape = shapeOf(type, op.getSizes());
    auto name = builder.CreateString(op.getName().str());
    auto tap = fb::CreateTap(builder, name, &binding, elementTypeOf(type.getElementType()), shape);
    return wrap(fb::OpBody::Tap, tap.Union());
  }

  flatbuffers::FlatBufferBuilder &builder;
  const SymbolNumbers &numbers;
  std::vector<fb::Expr> exprs;
  std::vector<Off<fb::Argument>> arguments, results;
  std::vector<Off<fb::Buffer>> buffers;
  uint32_t arena = 0;
  llvm::DenseMap<Value, uint32_t> exprNumbers;
  std::map<int64_t, uint32_t> constants;
  llvm::DenseMap<Value, fb::Binding> bindings;
};
} // namespace

Off<fb::EntryPoint> hadal::writeEntry(flatbuffers::FlatBufferBuilder &builder,
                                      plan::EntryOp entry, const SymbolNumbers &numbers) {
  return EntryWriter(builder, numbers).write(entry);
}

uint64_t hadal::weightBytesOfOneToken(plan::EntryOp entry) {
  uint64_t bytes = 0;
  plan::Evaluator ofOneToken([](plan::Dim) { return 1; });
  entry.walk([&](plan::LaunchOp launch) { bytes += ofOneToken(launch.getBytes()).value_or(0); });
  return bytes;
}
