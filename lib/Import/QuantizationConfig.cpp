// SPDX-License-Identifier: Apache-2.0
// Reads quantization_config: fp8 weights with block scales, or nothing.
#include "Families.h"

#include "llvm/ADT/ScopeExit.h"

using namespace llvm;

namespace hadal {

void readQuantization(const ConfigReader &reader, ModelConfig &config) {
  std::optional<ConfigReader> found = reader.nested("quantization_config");
  if (!found)
    return;
  ConfigReader &quantization = *found;
  // Without it nothing can be said of the types of tensors.
  size_t before = reader.sink().raised();
  scope_exit settle([&] { config.shapesKnown &= reader.sink().raised() == before; });
  std::string method = quantization.string("quant_method", "");
  if (method != "fp8") {
    quantization.error("quant_method", "expected \"fp8\", got " +
                                           (method.empty() ? "no such key" : "\"" + method + "\""));
    return;
  }
  quantization.requireString("fmt", "e4m3");
  quantization.requireString("activation_scheme", "dynamic");

  BlockScales scales;
  const json::Value *block = quantization.find("weight_block_size");
  const json::Array *sizes = block ? block->getAsArray() : nullptr;
  auto side = [&](size_t i) -> int64_t {
    std::optional<int64_t> value =
        sizes && sizes->size() == 2 ? (*sizes)[i].getAsInteger() : std::nullopt;
    return value && *value >= 1 && *value <= 65536 ? *value : 0;
  };
  scales.rows = side(0);
  scales.columns = side(1);
  if (!scales.rows || !scales.columns) {
    quantization.error("weight_block_size",
                       "expected two whole numbers from 1 to 65536, got " +
                           (block ? describeJson(*block) : std::string("no such key")));
    return;
  }
  for (StringRef key : {"modules_to_not_convert", "ignored_layers"}) {
    const json::Value *list = quantization.find(key);
    if (!list)
      continue;
    const json::Array *names = list->getAsArray();
    bool good = names != nullptr;
    for (size_t i = 0; good && i < names->size(); ++i)
      if (std::optional<StringRef> name = (*names)[i].getAsString())
        scales.unconverted.push_back(name->str());
      else
        good = false;
    if (!good)
      quantization.error(key, "expected a list of strings, got " + describeJson(*list));
  }
  config.fp8 = std::move(scales);
}

} // namespace hadal
