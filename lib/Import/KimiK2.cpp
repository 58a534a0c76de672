// SPDX-License-Identifier: Apache-2.0
// kimi_k2: Kimi K2, and the language model of K2.5, whose configuration nests
// it in text_config.
#include "Families.h"

using namespace llvm;

namespace hadal {

// Kimi K2 ships DeepSeek-V3's configuration class under its own model_type
// (technical report, arXiv:2507.20534, section 2.3), so the defaults are V3's;
// its own values, one group of experts among them, are written out.
void readKimiK2(ConfigReader &reader, ModelConfig &config) { readDeepseekV3(reader, config); }

} // namespace hadal
