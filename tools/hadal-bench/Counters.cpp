// SPDX-License-Identifier: Apache-2.0
// Reads counters of launches and sums them.
#include "Counters.h"
#include "support/Diagnostics.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace hadal::tools {

uint64_t Counters::products() const {
  uint64_t sum = 0;
  for (const auto &each : mma)
    sum += each.second;
  return sum;
}

void Counters::operator+=(const Counters &other) {
  readRequested += other.readRequested;
  writeRequested += other.writeRequested;
  readDistinct += other.readDistinct;
  writeDistinct += other.writeDistinct;
  warpInstructions += other.warpInstructions;
  moves += other.moves;
  wavefronts += other.wavefronts;
  bankConflicts += other.bankConflicts;
  barriers += other.barriers;
  for (const auto &[key, count] : other.mma)
    mma[key] += count;
}

Counters readCounters(const char *text) {
  constexpr uint64_t sector = 32;
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto number = [&](const char *group, const char *name) -> uint64_t {
    const nlohmann::json *from = &json;
    if (*group)
      from = json.is_object() && json.contains(group) ? &json[group] : nullptr;
    if (!from || !from->is_object() || !from->contains(name) || !(*from)[name].is_number_unsigned())
      fail(format("expected counters with '%s%s%s' of a launch, got none", group, *group ? "." : "",
                  name));
    return (*from)[name].get<uint64_t>();
  };
  Counters counters;
  counters.readRequested = number("global", "read_bytes");
  counters.writeRequested = number("global", "write_bytes");
  counters.readDistinct = sector * number("distinct", "read_sectors");
  counters.writeDistinct = sector * number("distinct", "write_sectors");
  counters.warpInstructions = number("", "warp_instructions");
  counters.wavefronts = number("shared", "wavefronts");
  counters.bankConflicts = number("shared", "bank_conflicts");
  counters.barriers = number("", "barriers");
  if (const auto classes = json.find("classes"); classes != json.end())
    if (const auto moves = classes->find("move"); moves != classes->end())
      counters.moves = moves->value("warps", uint64_t(0));
  if (const auto mma = json.find("mma"); mma != json.end())
    for (const auto &[key, count] : mma->items())
      counters.mma[key] = count.get<uint64_t>();
  return counters;
}

MatrixWork matrixWork(const Counters &counters) {
  MatrixWork work;
  for (const auto &[key, count] : counters.mma) {
    unsigned m = 0, n = 0, k = 0;
    auto has = [&, &name = key](const char *type) { return name.find(type) != std::string::npos; };
    bool isShape = std::sscanf(key.c_str(), "m%un%uk%u", &m, &n, &k) == 3;
    double operations = 2.0 * m * n * k * static_cast<double>(count);
    if (isShape && (has(".e4m3") || has(".e5m2") || has(".s8") || has(".u8")))
      work.bits8 += operations;
    else if (isShape && has(".tf32"))
      work.tf32 += operations;
    else if (isShape && (has(".bf16") || has(".f16")))
      work.bits16 += operations;
    else
      work.others += count;
  }
  return work;
}

} // namespace hadal::tools
