// SPDX-License-Identifier: Apache-2.0
// Recognises whose quantised tensors a checkpoint holds.
#include "Quantisers.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace hadal {

namespace {
/// A quantiser, by endings of names that it writes all of. The more particular
/// comes first.
struct Quantiser {
  StringRef name;
  ArrayRef<StringRef> endings;
};
} // namespace

static constexpr StringRef gptq[] = {"qweight", "qzeros", "scales", "g_idx"};
static constexpr StringRef awq[] = {"qweight", "qzeros", "scales"};
static constexpr StringRef packedNvfp4[] = {"weight_packed", "weight_scale", "weight_global_scale"};
static constexpr StringRef mixedNvfp4[] = {"weight_packed", "weight_scale_2"};
static constexpr StringRef nvfp4[] = {"weight_scale", "weight_scale_2"};
static constexpr StringRef packedIntegers[] = {"weight_packed", "weight_scale"};
static constexpr StringRef mlx[] = {"scales", "biases"};
static constexpr StringRef bits4[] = {"absmax", "quant_map"};
static constexpr StringRef bits8[] = {"SCB"};
static constexpr StringRef hqq[] = {"W_q"};
static constexpr StringRef exl2[] = {"q_weight", "q_scale"};
static constexpr StringRef exl3[] = {"trellis"};
static constexpr StringRef aqlm[] = {"codes", "codebooks"};
static constexpr StringRef quanto[] = {"_data", "_scale"};
static constexpr StringRef marlin[] = {"B", "s"};
static constexpr StringRef perChannel[] = {"weight_scale"};

static const Quantiser quantisers[] = {
    {"GPTQ", gptq},
    {"AWQ", awq},
    {"NVFP4, as compressed-tensors writes it", packedNvfp4},
    {"NVFP4", mixedNvfp4},
    {"NVFP4, as ModelOpt writes it", nvfp4},
    {"compressed-tensors (packed integers)", packedIntegers},
    {"MLX", mlx},
    {"bitsandbytes (4 bits)", bits4},
    {"bitsandbytes (8 bits)", bits8},
    {"HQQ", hqq},
    {"EXL2", exl2},
    {"EXL3", exl3},
    {"AQLM", aqlm},
    {"Quanto", quanto},
    {"Marlin", marlin},
    {"compressed-tensors, ModelOpt or Quark, with a scale for each tensor or "
     "channel",
     perChannel},
};

void QuantiserNames::add(StringRef tensor) { endings.insert(tensor.rsplit('.').second); }

std::optional<std::string> QuantiserNames::describe() const {
  const Quantiser *found = find_if(quantisers, [&](const Quantiser &each) {
    return all_of(each.endings, [&](StringRef ending) { return endings.contains(ending); });
  });
  if (found == std::end(quantisers))
    return std::nullopt;
  std::string names;
  for (StringRef ending : found->endings)
    names += (names.empty() ? "*." : ", *.") + ending.str();
  return "expected weights in bf16, f16, f32 or fp8 with block scales "
         "(weight_scale_inv), got tensors of " +
         found->name.str() + " (" + names + "); use the checkpoint that was quantised";
}

bool isCacheScale(StringRef tensor, ArrayRef<int64_t> shape) {
  static constexpr StringRef endings[] = {
      "q_scale",      "k_scale",      "v_scale",
      "kv_scale",     "prob_scale",   "q_zero_point",
      "k_zero_point", "v_zero_point", "kv_cache_scaling_factor"};
  static constexpr StringRef modules[] = {"self_attn", "attn", "attention"};
  auto [module, ending] = tensor.rsplit('.');
  SmallVector<StringRef> path;
  module.split(path, '.');
  // One for the whole cache or one for each head; EXL2's q_scale is a matrix.
  return shape.size() <= 1 && is_contained(endings, ending) &&
         any_of(path, [](StringRef each) { return is_contained(modules, each); });
}

} // namespace hadal
