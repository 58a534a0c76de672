// SPDX-License-Identifier: Apache-2.0
// Writes entry points of a plan as tables of the artifact.
#include "EntryWriter.h"

#include "ElementTypes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

template <typename T>
using Off = flatbuffers::Offset<T>;

namespace {
class EntryWriter {
public:
  EntryWriter(flatbuffers::FlatBufferBuilder &builder, const SymbolNumbers &numbers)
      : builder(builder), numbers(numbers), exprs(numbers.dims) {}

  Off<fb::EntryPoint> write(plan::EntryOp entry) {
    std::vector<Off<fb::Op>> ops = writeOps(entry.getContents().front());
    auto name = builder.CreateString(entry.getSymName().str());
    auto exprList = builder.CreateVectorOfStructs(exprs.list());
    auto argumentList = builder.CreateVector(arguments);
    auto resultList = builder.CreateVector(results);
    auto bufferList = builder.CreateVector(buffers);
    auto opList = builder.CreateVector(ops);
    return fb::CreateEntryPoint(builder, name, exprList, argumentList, resultList, bufferList,
                                arena, opList, static_cast<fb::EntryRole>(entry.getRole()));
  }

private:
  std::vector<Off<fb::Op>> writeOps(Block &block) {
    std::vector<Off<fb::Op>> ops;
    for (Operation &op : block)
      writeOp(op, ops);
    return ops;
  }

  uint32_t number(Value value) const { return exprs.number(value); }

  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> shapeOf(RankedTensorType type,
                                                             ValueRange sizes) {
    std::vector<uint32_t> shape;
    auto next = sizes.begin();
    for (int64_t extent : type.getShape())
      shape.push_back(ShapedType::isDynamic(extent) ? number(*next++) : exprs.constant(extent));
    return builder.CreateVector(shape);
  }

  template <typename PortOp>
  Off<fb::Argument> writePort(PortOp op, fb::BindingKind kind) {
    bindings[op.getBuffer()] = fb::Binding(fieldOf(op.getIndex()), kind);
    auto type = cast<RankedTensorType>(op.getType());
    auto shape = shapeOf(type, op.getSizes());
    uint32_t table = op.getBlockTable() ? numbers.blockTables.lookup(*op.getBlockTable()) : 0;
    return fb::CreateArgument(builder, builder.CreateString(op.getName().str()),
                              elementTypeOf(type.getElementType()), shape,
                              static_cast<fb::PortRole>(op.getRole()), table);
  }

  void writeOp(Operation &op, std::vector<Off<fb::Op>> &ops) {
    if (exprs.write(op))
      return;
    llvm::TypeSwitch<Operation *>(&op)
        .Case([&](plan::ArgumentOp argument) {
          arguments.push_back(writePort(argument, fb::BindingKind::argument));
        })
        .Case([&](plan::ResultOp result) {
          results.push_back(writePort(result, fb::BindingKind::result));
        })
        .Case([&](plan::ParameterOp parameter) {
          bindings[parameter.getBuffer()] = fb::Binding(
              numbers.parameters.lookup(parameter.getParameter()), fb::BindingKind::parameter);
        })
        .Case([&](plan::StateOp state) {
          bindings[state.getBuffer()] =
              fb::Binding(numbers.states.lookup(state.getState()), fb::BindingKind::state);
        })
        .Case([&](plan::BufferOp buffer) {
          bindings[buffer.getBuffer()] =
              fb::Binding(fieldOf(buffers.size()), fb::BindingKind::transient);
          buffers.push_back(fb::CreateBuffer(builder, builder.CreateString(buffer.getName().str()),
                                             number(buffer.getOffset()), number(buffer.getSize())));
        })
        .Case([&](plan::ArenaOp arenaOp) { arena = number(arenaOp.getSize()); })
        .Case([&](plan::LaunchOp launch) { ops.push_back(writeLaunch(launch)); })
        .Case([&](plan::BranchOp branch) { ops.push_back(writeBranch(branch)); })
        .Case([&](plan::TapOp tap) { ops.push_back(writeTap(tap)); })
        .Default([](Operation *) { llvm_unreachable("entry_c1"); });
  }

  Off<fb::Op> wrap(fb::OpBody kind, Off<void> body) { return fb::CreateOp(builder, kind, body); }

  Off<fb::Op> writeLaunch(plan::LaunchOp op) {
    std::vector<fb::Binding> bound;
    for (Value binding : op.getBindings())
      bound.push_back(bindings.lookup(binding));
    std::vector<uint32_t> values;
    for (Value value : op.getConstants())
      values.push_back(number(value));
    auto boundList = builder.CreateVectorOfStructs(bound);
    auto valueList = builder.CreateVector(values);
    auto label = builder.CreateString(op.getLabel().str());
    auto launch = fb::CreateLaunch(builder, numbers.executables.lookup(op.getExecutable()),
                                   /*grid=*/0, boundList, valueList, label, number(op.getFlops()),
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
  ExprWriter exprs;
  std::vector<Off<fb::Argument>> arguments, results;
  std::vector<Off<fb::Buffer>> buffers;
  uint32_t arena = 0;
  llvm::DenseMap<Value, fb::Binding> bindings;
};
} // namespace

Off<fb::EntryPoint> hadal::writeEntry(flatbuffers::FlatBufferBuilder &builder, plan::EntryOp entry,
                                      const SymbolNumbers &numbers) {
  return EntryWriter(builder, numbers).write(entry);
}

/// A dim where a session of one slot has one new token, at its first position.
static int64_t valueForOneToken(plan::HostDimOp dim) {
  switch (dim.getKind()) {
  case plan::DimKind::Rank: return 0;
  case plan::DimKind::SessionValue:
  case plan::DimKind::CallValue: return dim.getDefaultOrZero();
  default: return 1;
  }
}

uint64_t hadal::weightBytesOfOneToken(plan::EntryOp entry) {
  uint64_t bytes = 0;
  plan::Evaluator ofOneToken([](Value leaf) -> std::optional<int64_t> {
    if (auto dim = leaf.getDefiningOp<plan::DimOp>())
      return valueForOneToken(plan::declarationOf(dim));
    return std::nullopt;
  });
  entry.walk([&](plan::LaunchOp launch) { bytes += ofOneToken(launch.getBytes()).value_or(0); });
  return bytes;
}
