// SPDX-License-Identifier: Apache-2.0
// Writes executables, their variants and how each is launched as tables of the artifact.
#include "KernelWriter.h"

#include "ElementTypes.h"

using namespace mlir;
using namespace hadal;

template <typename T>
using Off = flatbuffers::Offset<T>;

/// Where the schema has no expression.
static constexpr uint32_t kNone = UINT32_MAX;

static std::vector<uint32_t> extentsOf(std::optional<ArrayRef<int64_t>> extents) {
  return fieldsOf(extents.value_or(ArrayRef<int64_t>()));
}

static Off<fb::TensorMap> writeTensorMap(flatbuffers::FlatBufferBuilder &builder,
                                         plan::KernelParameterOp op, const ExprWriter &exprs) {
  auto numbersOf = [&](ValueRange values) {
    std::vector<uint32_t> numbers;
    for (Value value : values)
      numbers.push_back(exprs.number(value));
    return builder.CreateVector(numbers);
  };
  auto extents = numbersOf(op.getExtents());
  auto strides = numbersOf(op.getStrides());
  auto box = builder.CreateVector(extentsOf(op.getBox()));
  return fb::CreateTensorMap(builder, elementTypeOf(*op.getElement()), extents, strides, box,
                             fieldOf(op.getSwizzle()));
}

static Off<fb::KernelParameter> writeParameter(flatbuffers::FlatBufferBuilder &builder,
                                               plan::KernelParameterOp op,
                                               const ExprWriter &exprs) {
  Off<fb::TensorMap> map;
  if (op.getKind() == plan::KernelParameterKind::TensorMap)
    map = writeTensorMap(builder, op, exprs);
  return fb::CreateKernelParameter(builder, static_cast<fb::KernelParameterKind>(op.getKind()),
                                   fieldOf(op.getIndex().value_or(0)), map);
}

static Off<fb::KernelInterface> writeInterface(flatbuffers::FlatBufferBuilder &builder,
                                               plan::InterfaceOp op) {
  llvm::StringMap<uint32_t> noDims;
  ExprWriter exprs(noDims);
  exprs.write(op.getBody().front());
  plan::GridOp grid = op.getGrid();
  std::vector<uint32_t> workgroups = {exprs.number(grid.getX()), exprs.number(grid.getY()),
                                      exprs.number(grid.getZ())};
  std::vector<Off<fb::KernelParameter>> parameters;
  for (auto parameter : op.getOps<plan::KernelParameterOp>())
    parameters.push_back(writeParameter(builder, parameter, exprs));
  auto numberOf = [&](Value value) { return value ? exprs.number(value) : kNone; };
  auto exprList = builder.CreateVectorOfStructs(exprs.list());
  auto gridList = builder.CreateVector(workgroups);
  auto size = builder.CreateVector(extentsOf(op.getWorkgroupSize()));
  auto cluster = builder.CreateVector(extentsOf(op.getCluster()));
  auto parameterList = builder.CreateVector(parameters);
  return fb::CreateKernelInterface(builder, exprList, gridList, op.getScratch(), size,
                                   fieldOf(op.getStaticShared()), numberOf(grid.getDynamicShared()),
                                   numberOf(grid.getWorkspace()), cluster, op.getCooperative(),
                                   parameterList);
}

static Off<fb::MachineCode> writeMachineCode(flatbuffers::FlatBufferBuilder &builder,
                                             const KernelCode &code) {
  if (!code.machineCode)
    return {};
  const KernelMachineCode &facts = *code.machineCode;
  auto section = builder.CreateString(code.machineSection);
  auto symbol = builder.CreateString(facts.symbol);
  auto compiler = builder.CreateString(facts.compiler);
  return fb::CreateMachineCode(builder, section, symbol, fieldOf(facts.bytes), compiler,
                               facts.registers, facts.sharedBytes, facts.stackBytes,
                               facts.spillStoreBytes, facts.spillLoadBytes);
}

Off<fb::Executable> hadal::writeExecutable(flatbuffers::FlatBufferBuilder &builder,
                                           plan::ExecutableOp executable,
                                           const KernelCodes &codes) {
  std::vector<Off<fb::KernelVariant>> variants;
  for (auto variant : executable.getVariants().front().getOps<plan::VariantOp>()) {
    auto image = SymbolTable::lookupNearestSymbolFrom<plan::ImageOp>(executable->getParentOp(),
                                                                     variant.getImageAttr());
    std::string name = image.getSymName().str(), symbol = executable.getSymName().str();
    const KernelCode &code = codes.at({name, symbol});
    auto interface = writeInterface(builder, variant.getInterface());
    auto level = builder.CreateString(image.getLevel().str());
    auto imageName = builder.CreateString(name);
    auto symbolName = builder.CreateString(symbol);
    auto machineCode = writeMachineCode(builder, code);
    variants.push_back(fb::CreateKernelVariant(builder, level, imageName, symbolName,
                                               fieldOf(code.size), interface, machineCode));
  }
  std::vector<fb::Access> access;
  for (plan::Access each : executable.getAccess().getValue())
    access.push_back(static_cast<fb::Access>(each));
  auto name = builder.CreateString(executable.getSymName().str());
  auto family = builder.CreateString(executable.getFamily().str());
  auto accessList = builder.CreateVector(access);
  auto variantList = builder.CreateVector(variants);
  return fb::CreateExecutable(builder, name, family, accessList,
                              fieldOf(executable.getConstantCount()),
                              /*scratch_bytes=*/0, variantList);
}
