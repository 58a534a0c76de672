// SPDX-License-Identifier: Apache-2.0
// Writes a test model: hadal-test-artifact FOLDER NAME [states] -> NAME.hadal and weights.
#include "ArtifactBuilder.h"

#include <cstdio>
#include <cstring>

int main(int argc, char **argv) {
  using namespace hadal::test;
  bool states = argc == 4 && !std::strcmp(argv[3], "states");
  if (argc != 3 && !states) {
    std::fprintf(stderr, "usage: hadal-test-artifact FOLDER NAME [states]\n");
    return 2;
  }
  std::string stem = std::string(argv[1]) + "/" + argv[2];
  ModelSpec model = states ? makeStatesModel() : makeModel("model-gnu");
  model.files[0].name = std::string(argv[2]) + ".weights.safetensors";
  model.sections.push_back({SectionKind::tokenizer, "tokenizer.json", {'{', '}'}, 0});
  Bytes artifact = serialize(model), weights = makeWeights(model);
  writeFile(stem + ".hadal", artifact.data(), artifact.size());
  writeFile(stem + ".weights.safetensors", weights.data(), weights.size());
  return 0;
}
