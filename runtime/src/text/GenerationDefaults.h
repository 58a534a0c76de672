// SPDX-License-Identifier: Apache-2.0
// Sampling defaults from generation_config.json.
#ifndef HADAL_TEXT_GENERATIONDEFAULTS_H
#define HADAL_TEXT_GENERATIONDEFAULTS_H

#include <cstdint>
#include <string_view>
#include <vector>

#include "Json.h"

namespace hadal::text {

struct GenerationDefaults {
  bool doSample = false;
  double temperature = 1;
  double topP = 1;
  int32_t topK = 0;
  int32_t bosToken = -1;
  std::vector<int32_t> eosTokens;

  /// Reads the file's content; all of it is optional.
  Error read(std::string_view json);
};

} // namespace hadal::text

#endif // HADAL_TEXT_GENERATIONDEFAULTS_H
