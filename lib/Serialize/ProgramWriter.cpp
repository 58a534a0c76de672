// SPDX-License-Identifier: Apache-2.0
// Writes programs of a plan, and the parameters that they name, as tables of the artifact.
#include "ProgramWriter.h"

#include "ElementTypes.h"
#include "KernelWriter.h"

using namespace mlir;
using namespace hadal;

template <typename T>
using Off = flatbuffers::Offset<T>;

static Off<fb::RopeTable> writeRopeTable(flatbuffers::FlatBufferBuilder &builder,
                                         RopeTableAttr table) {
  auto number = [](FloatAttr attr) { return attr.getValueAsDouble(); };
  return fb::CreateRopeTable(builder, static_cast<fb::TableComponent>(table.getComponent()),
                             fieldOf(table.getDim()), number(table.getTheta()),
                             number(table.getFactor()), table.getOriginalPositions(),
                             number(table.getBetaFast()), number(table.getBetaSlow()),
                             number(table.getMscale()), table.getTruncate(), table.getYarn());
}

Off<fb::Parameter> hadal::writeParameter(flatbuffers::FlatBufferBuilder &builder,
                                         const PlacedParameter &placed) {
  ParameterOp parameter = placed.parameter;
  RankedTensorType type = parameter.getTensorType();
  std::vector<uint64_t> shape(type.getShape().begin(), type.getShape().end());
  std::string encoding;
  if (type.getEncoding())
    llvm::raw_string_ostream(encoding) << type.getEncoding();
  auto name = builder.CreateString(placed.name);
  auto shapeList = builder.CreateVector(shape);
  auto encodingText = builder.CreateString(encoding);
  Off<fb::RopeTable> table;
  if (auto attr = parameter.getTable())
    table = writeRopeTable(builder, *attr);
  return fb::CreateParameter(builder, name, elementTypeOf(type.getElementType()), shapeList,
                             encodingText, 0, placed.offset, placed.length, placed.checksum, table);
}

namespace {
class ProgramWriter {
public:
  ProgramWriter(flatbuffers::FlatBufferBuilder &builder, plan::ProgramOp program,
                const WeightsLayout &layout, const KernelCodes &codes)
      : builder(builder), program(program), layout(layout), codes(codes) {}

  Off<fb::Program> write() {
    auto contents = [&](auto tag) { return program.getContents().getOps<decltype(tag)>(); };
    for (auto table : contents(plan::BlockTableOp()))
      writeBlockTable(table);
    for (auto dim : contents(plan::HostDimOp()))
      writeDim(dim);
    ExprWriter exprs(numbers.dims);
    for (auto state : contents(StateOp()))
      writeState(state, exprs);
    for (auto parameter : contents(ParameterOp()))
      numbers.parameters[parameter.getSymName()] = layout.numbers.lookup(parameter);
    std::vector<Off<fb::Executable>> executables;
    for (auto executable : contents(plan::ExecutableOp())) {
      numbers.executables[executable.getSymName()] = fieldOf(executables.size());
      executables.push_back(writeExecutable(builder, executable, codes));
    }
    std::vector<Off<fb::EntryPoint>> entries;
    for (auto entry : contents(plan::EntryOp()))
      entries.push_back(writeEntry(builder, entry, numbers));
    auto family = builder.CreateString(program.getSymName().str());
    auto executableList = builder.CreateVector(executables);
    auto entryList = builder.CreateVector(entries);
    auto dimList = builder.CreateVector(dims);
    auto exprList = builder.CreateVectorOfStructs(exprs.list());
    auto tableList = builder.CreateVector(blockTables);
    auto stateList = builder.CreateVector(states);
    return fb::CreateProgram(builder, family, program.getAbi(), executableList, entryList, dimList,
                             exprList, tableList, stateList);
  }

private:
  void writeBlockTable(plan::BlockTableOp table) {
    numbers.blockTables[table.getSymName()] = fieldOf(blockTables.size());
    blockTables.push_back(
        fb::CreateBlockTable(builder, builder.CreateString(table.getSymName().str()),
                             fieldOf(table.getPageSize()), fieldOf(table.getTokensPerRow())));
  }

  void writeDim(plan::HostDimOp dim) {
    numbers.dims[dim.getSymName()] = fieldOf(dims.size());
    uint32_t table = dim.getBlockTable() ? numbers.blockTables.lookup(*dim.getBlockTable()) : 0;
    dims.push_back(fb::CreateHostDim(builder, builder.CreateString(dim.getSymName().str()),
                                     static_cast<fb::Dim>(dim.getKind()), table,
                                     dim.getDefaultOrZero(), dim.getLeast(), dim.getMost()));
  }

  void writeState(StateOp state, ExprWriter &exprs) {
    numbers.states[state.getSymName()] = fieldOf(states.size());
    uint32_t rows = 0;
    if (state.isRing()) {
      exprs.write(state.getRows().front());
      rows = exprs.number(
          cast<plan::YieldOp>(state.getRows().front().getTerminator()).getValues().front());
    }
    auto name = builder.CreateString(state.getSymName().str());
    auto shapeList = builder.CreateVector(fieldsOf(state.getRowShape()));
    uint32_t table = state.isRing() ? 0 : numbers.blockTables.lookup(*state.getBlockTable());
    states.push_back(fb::CreateState(
        builder, name, elementTypeOf(state.getTensorType().getElementType()), /*page_size=*/0,
        /*row=*/0, state.isRing() ? fb::StateKind::ring : fb::StateKind::growing, shapeList, table,
        rows));
  }

  flatbuffers::FlatBufferBuilder &builder;
  plan::ProgramOp program;
  const WeightsLayout &layout;
  const KernelCodes &codes;
  SymbolNumbers numbers;
  std::vector<Off<fb::HostDim>> dims;
  std::vector<Off<fb::BlockTable>> blockTables;
  std::vector<Off<fb::State>> states;
};
} // namespace

Off<fb::Program> hadal::writeProgram(flatbuffers::FlatBufferBuilder &builder,
                                     plan::ProgramOp program, const WeightsLayout &layout,
                                     const KernelCodes &codes) {
  return ProgramWriter(builder, program, layout, codes).write();
}

uint64_t hadal::decodeWeightBytes(plan::ProgramOp program) {
  for (auto entry : program.getContents().getOps<plan::EntryOp>())
    if (entry.getRole() == plan::EntryRole::Decode)
      return weightBytesOfOneToken(entry);
  return 0;
}
