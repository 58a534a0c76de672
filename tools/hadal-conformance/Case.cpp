// SPDX-License-Identifier: Apache-2.0
// Puts the modules of cases together.
#include "Case.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

namespace hadal::conformance {

void Call::argument(const std::string &name, Tensor value) {
  Tensor other = value;
  if (value.element != Element::i32) {
    auto isNumber = [](double each) { return !std::isnan(each); };
    std::vector<double> numbers;
    std::copy_if(value.values.begin(), value.values.end(), std::back_inserter(numbers), isNumber);
    for (double &each : other.values)
      if (isNumber(each)) {
        each = rounded(numbers.back() / 2, value.element);
        numbers.pop_back();
      }
  }
  arguments.push_back({name, std::move(value), std::move(other)});
}

void Call::indices(const std::string &name, Tensor value, int64_t end) {
  Tensor other = value;
  for (double &each : other.values)
    each = static_cast<double>((static_cast<int64_t>(each) + 1) % end);
  arguments.push_back({name, std::move(value), std::move(other)});
}

/// What every program of the suite has; it is no language model, so the numbers
/// mean nothing to it.
static const char kFacts[] =
    "hadal.model = #hadal.model<family = \"none\", layers = 1, hidden_size = 1, vocab_size = 1, heads = 1, "
    "max_positions = 1048576, max_position_embeddings = 1048576, kv_lora_rank = 1, qk_nope_head_dim = 1, "
    "qk_rope_head_dim = 1, v_head_dim = 1>";

std::string typeText(Element element, const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += (extent < 0 ? "?" : std::to_string(extent)) + "x";
  return text + infoOf(element).name + ">";
}

void Case::parameter(const std::string &name, Tensor stored) {
  std::string type = typeText(stored.element, stored.shape);
  parameters.push_back({name, type, ""});
  body += "  %" + name + " = hadal.param @" + name + " : " + type + "\n";
  types[name] = type;
  weights.push_back({name, std::move(stored)});
}

void Case::scaledParameter(const std::string &name, Element element, Tensor stored, Tensor scales,
                           const Shape &block) {
  stored.element = Element::f8;
  std::string type = typeText(element, stored.shape);
  parameters.push_back(
      {name, type, "[" + std::to_string(block[0]) + ", " + std::to_string(block[1]) + "]"});
  body += "  %" + name + " = hadal.param @" + name + " : " + type + "\n";
  types[name] = type;
  weights.push_back({name, std::move(stored)});
  weights.push_back({name + ".scale", std::move(scales)});
}

void Case::port(const std::string &name, const std::string &type, const std::string &role) {
  arguments += std::string(arguments.empty() ? "" : ", ") + "%" + name + ": " + type +
               " {hadal.port = #hadal.port<\"" + name + "\", " + role + ">}";
  types[name] = type;
}

void Case::argument(const std::string &name, Element element, const Shape &shape) {
  port(name, typeText(element, shape), "value");
}

void Case::stepArguments(int64_t pageSize) {
  declarations += "plan.block_table @pages page_size " + std::to_string(pageSize) + "\n";
  for (const char *dim : {"tokens", "sequences", "slots", "max_sequence_tokens",
                          "min_sequence_tokens", "max_context"})
    declarations += std::string("plan.host_dim @") + dim + " is " + dim + "\n";
  declarations += "plan.host_dim @pages_per_slot is pages_per_slot of @pages\n";
  port("positions", "tensor<?xi32>", "positions, [@tokens]");
  port("sequence_offsets", "tensor<?xi32>", "sequence_offsets, [@sequences + 1]");
  port("slots", "tensor<?xi32>", "slots, [@sequences]");
  port("block_table", "tensor<?x?xi32>", "block_table of @pages, [@slots, @pages_per_slot]");
}

void Case::state(const std::string &name, Element element, const Shape &shape) {
  std::string type = typeText(element, shape);
  declarations += "hadal.state @" + name + " growing @pages : " + type + "\n";
  body += "  %" + name + " = hadal.state_read @" + name + " : " + type + "\n";
  types[name] = type;
}

void Case::writeState(const std::string &name, const std::string &value) {
  body += "  hadal.state_write @" + name + ", %" + value + " : " + types.at(value) + "\n";
}

/// The next name after a percent sign, from `at` on, which moves behind it; "" at the end.
static std::string nextName(const std::string &text, size_t &at) {
  at = text.find('%', at);
  if (at == std::string::npos)
    return "";
  size_t begin = ++at;
  while (at < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_'))
    ++at;
  return text.substr(begin, at - begin);
}

std::vector<int64_t> Case::rowCounts() {
  if (!draw)
    return {0, 1, 2, 7, 16, 33, 65};
  std::vector<int64_t> counts;
  for (int64_t i = 0; i < draw->edges; ++i)
    counts.push_back(i < 2 ? i : draw->random.between(0, draw->random.coin() ? 9 : 70));
  return counts;
}

void Case::op(const std::string &text, const std::vector<std::string> &results) {
  size_t at = 0, equals = text.find('=');
  for (const std::string &type : results)
    types[nextName(text, at)] = type;
  at = results.empty() ? 0 : equals;
  std::string read, made;
  for (std::string name = nextName(text, at); !name.empty(); name = nextName(text, at))
    read += (read.empty() ? "" : ", ") + types.at(name);
  for (const std::string &type : results)
    made += (made.empty() ? "" : ", ") + type;
  body += "  " + text + " : (" + read + ") -> (" + made + ")\n";
}

void Case::line(const std::string &text, const std::string &name, const std::string &type) {
  body += "  " + text + "\n";
  types[name] = type;
}

void Case::sum(const std::string &name, const std::string &a, const std::string &b) {
  line("%" + name + " = arith.addf %" + a + ", %" + b + " : " + types.at(a), name, types.at(a));
}

void Case::result(const std::string &name, Element element, const Shape &shape) {
  std::string type = typeText(element, shape), comma = results.empty() ? "" : ", ";
  results += comma + type + " {hadal.port = #hadal.port<\"" + name + "\", value>}";
  returned += comma + "%" + name;
  returnedTypes += comma + type;
}

std::string Case::module(const std::string &fileAttributes,
                         const std::function<std::string(const std::string &)> &sourcesOf) const {
  std::string text = std::string("module attributes {") + kFacts + fileAttributes + "} {\n";
  for (const Parameter &parameter : parameters) {
    text += "hadal.parameter @" + parameter.name + " : " + parameter.type + " sources " +
            sourcesOf(parameter.name);
    if (!parameter.block.empty())
      text += " scales " + sourcesOf(parameter.name + ".scale") + " block " + parameter.block;
    text += "\n";
  }
  return text + declarations + "func.func @call(" + arguments + ") -> (" + results + ") {\n" +
         body + "  return " + returned + " : " + returnedTypes + "\n}\n}\n";
}

} // namespace hadal::conformance
