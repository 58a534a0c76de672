// SPDX-License-Identifier: Apache-2.0
// Writes the test model: hadal-test-artifact FOLDER NAME -> NAME.hadal and weights.
#include "ArtifactBuilder.h"

#include <cstdio>

int main(int argc, char **argv) {
  using namespace hadal::test;
  if (argc != 3) {
    std::fprintf(stderr, "usage: hadal-test-artifact FOLDER NAME\n");
    return 2;
  }
  std::string stem = std::string(argv[1]) + "/" + argv[2];
  ModelSpec model = makeModel("model-gnu");
  model.files[0].name = std::string(argv[2]) + ".weights.safetensors";
  model.sections.push_back({SectionKind::tokenizer, "tokenizer.json", {'{', '}'}, 0});
  Bytes artifact = serialize(model), weights = makeWeights(model);
  writeFile(stem + ".hadal", artifact.data(), artifact.size());
  writeFile(stem + ".weights.safetensors", weights.data(), weights.size());
  return 0;
}
