// SPDX-License-Identifier: Apache-2.0
// Writes a test model: hadal-test-artifact FOLDER NAME [states | shared | ptx | machine-code] -> NAME.hadal and weights.
#include "ArtifactBuilder.h"

#include <cstdio>
#include <functional>
#include <map>

using namespace hadal::test;

namespace {

// An expression that is 2^64 terms where it is written without names.
uint32_t addShared(ExprsSpec &exprs, uint32_t value) {
  for (int i = 0; i < 64; ++i)
    value = exprs.node(ExprKind::min, value, value);
  return value;
}

// The model with such expressions wherever there are expressions, and a tensor map.
ModelSpec makeSharedModel() {
  ModelSpec model = makeModel("model-gnu");
  ProgramSpec &program = model.programs[0];
  StateSpec ring = {"ring", ElementType::f32, {1}, StateKind::ring};
  ring.rows = addShared(program, program.dim(Dim::capacity));
  program.states.push_back(ring);
  EntrySpec &entry = program.entries[0];
  ArgumentSpec &tokens = entry.arguments[0];
  tokens.shape[0] = addShared(entry, tokens.shape[0]);
  InterfaceSpec &interface = program.executables[2].variants[0].interface;
  uint32_t constant = interface.launchConstant(0), width = interface.constant(64);
  interface.grid[0] = addShared(interface, constant);
  KernelParameterSpec map = {KernelParameterKind::tensor_map, 1, true};
  map.extents = {width, constant};
  map.strides = {addShared(interface, constant)};
  map.box = {64, 8};
  map.swizzle = 128;
  interface.parameters = {map};
  return model;
}

// The model with machine code beside each image, which for this device is the same.
ModelSpec makeMachineCodeModel() {
  ModelSpec model = makeModel("model-gnu");
  for (ExecutableSpec &executable : model.programs[0].executables)
    for (VariantSpec &variant : executable.variants)
      variant.machineCode = variant.image;
  return model;
}

} // namespace

int main(int argc, char **argv) {
  const std::map<std::string, std::function<ModelSpec()>> kinds = {
      {"", [] { return makeModel("model-gnu"); }},
      {"states", makeStatesModel},
      {"shared", makeSharedModel},
      {"ptx", makePtxModel},
      {"machine-code", makeMachineCodeModel}};
  auto kind = kinds.find(argc == 4 ? argv[3] : "");
  if (argc < 3 || argc > 4 || kind == kinds.end()) {
    std::fprintf(stderr,
                 "usage: hadal-test-artifact FOLDER NAME [states | shared | ptx | machine-code]\n");
    return 2;
  }
  std::string stem = std::string(argv[1]) + "/" + argv[2];
  ModelSpec model = kind->second();
  model.files[0].name = std::string(argv[2]) + ".weights.safetensors";
  model.sections.push_back({SectionKind::tokenizer, "tokenizer.json", {'{', '}'}, 0});
  Bytes artifact = serialize(model), weights = makeWeights(model);
  writeFile(stem + ".hadal", artifact.data(), artifact.size());
  writeFile(stem + ".weights.safetensors", weights.data(), weights.size());
  return 0;
}
