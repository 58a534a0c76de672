// SPDX-License-Identifier: Apache-2.0
// Calls an entry point with the arguments of an edge, and compares what it gives.
#include "Run.h"
#include "support/Diagnostics.h"

#include <cmath>
#include <cstring>
#include <limits>

using hadal::tools::format;

namespace hadal::conformance {

std::string messageOf(hadal_status_t status) {
  std::string message = status ? hadal_status_message(status) : "";
  hadal_status_release(status);
  return message;
}

namespace {

constexpr size_t kGuard = 64;
constexpr uint8_t kGuardByte = 0x5a;
// A NaN of every element, and an integer that nothing expects.
constexpr uint8_t kUnwritten = 0xff;

/// The bytes of results, and what follows them and nothing may write.
class ResultBuffer {
public:
  explicit ResultBuffer(size_t size) : bytes(size + kGuard, kUnwritten) {
    std::memset(bytes.data() + size, kGuardByte, kGuard);
  }
  uint8_t *data() { return bytes.data(); }
  const uint8_t *data() const { return bytes.data(); }
  size_t size() const { return bytes.size() - kGuard; }
  bool guardIntact() const {
    for (size_t i = size(); i < bytes.size(); ++i)
      if (bytes[i] != kGuardByte)
        return false;
    return true;
  }
  bool operator==(const ResultBuffer &other) const { return bytes == other.bytes; }

private:
  std::vector<uint8_t> bytes;
};
using Results = std::vector<std::vector<ResultBuffer>>; // of each call

std::string placeOf(const Shape &shape, size_t index) {
  std::string text = "]";
  for (size_t axis = shape.size(); axis-- > 0; index /= shape[axis])
    text = (axis ? ", " : "[") + std::to_string(index % shape[axis]) + text;
  return text;
}

/// "call 1: " before what is said of a call, where there are several.
std::string placeOf(const Edge &edge, size_t call) {
  return edge.calls.size() > 1 ? "call " + std::to_string(call) + ": " : "";
}

/// Calls `compareOne(call, result, expected, where)` for each result of each call.
template <typename CompareOne> void compareAll(const Edge &edge, CompareOne compareOne) {
  for (size_t i = 0; i < edge.calls.size(); ++i)
    for (size_t j = 0; j < edge.calls[i].results.size(); ++j)
      compareOne(i, j, edge.calls[i].results[j], placeOf(edge, i));
}

class Session {
public:
  std::string open(hadal_module_t *module, const Edge &edge, bool neverReplay) {
    hadal_page_pool_t pool = {"pages", 0};
    for (const std::vector<int32_t> &slot : edge.pages)
      pool.pages += static_cast<uint32_t>(slot.size());
    hadal_session_options_t options = {};
    options.struct_size = sizeof options;
    options.slots = edge.slots;
    options.capacity = edge.capacity;
    options.pools = edge.pages.empty() ? nullptr : &pool;
    options.pool_count = edge.pages.empty() ? 0 : 1;
    options.never_replay = neverReplay;
    hadal_session_t *opened = nullptr;
    if (std::string problem = messageOf(hadal_session_create(module, &options, &opened));
        !problem.empty())
      return problem;
    session.reset(opened);
    for (size_t slot = 0; slot < edge.pages.size(); ++slot)
      if (std::string problem = messageOf(hadal_session_set_pages(
              opened, pool.block_table, static_cast<uint32_t>(slot), 0, edge.pages[slot].data(),
              static_cast<uint32_t>(edge.pages[slot].size())));
          !problem.empty())
        return problem;
    return "";
  }

  /// All calls of an edge, with its own inputs or with the others.
  std::string run(const Edge &edge, bool others, Results &out) {
    for (size_t i = 0; i < edge.calls.size(); ++i)
      if (std::string problem = call(edge.calls[i], others, out.emplace_back()); !problem.empty())
        return placeOf(edge, i) + problem;
    return "";
  }

private:
  std::string call(const Call &given, bool others, std::vector<ResultBuffer> &out) {
    std::vector<std::vector<uint8_t>> bytes;
    std::vector<hadal_call_argument_t> arguments;
    for (const Argument &argument : given.arguments) {
      const Tensor &value = others ? argument.other : argument.value;
      bytes.push_back(value.encode());
      arguments.push_back({argument.name.c_str(), bytes.back().data(), bytes.back().size(),
                           static_cast<uint32_t>(value.shape.size()), value.shape.data()});
    }
    std::vector<hadal_call_result_t> results;
    out.reserve(given.results.size());
    for (const Expected &expected : given.results) {
      size_t size = expected.values.values.size() *
                    hadal_element_type_size(infoOf(expected.values.element).type);
      out.emplace_back(size);
      results.push_back({expected.name.c_str(), out.back().data(), size});
    }
    hadal_step_t step = {};
    if (given.step)
      step = {nullptr,
              given.step->positions.data(),
              given.step->offsets.data(),
              given.step->slots.data(),
              nullptr,
              static_cast<uint32_t>(given.step->positions.size()),
              static_cast<uint32_t>(given.step->slots.size()),
              0};
    hadal_call_t call = {};
    call.struct_size = sizeof call;
    call.entry = "call";
    call.step = given.step ? &step : nullptr;
    call.arguments = arguments.data();
    call.argument_count = static_cast<uint32_t>(arguments.size());
    call.results = results.data();
    call.result_count = static_cast<uint32_t>(results.size());
    if (std::string problem = messageOf(hadal_session_call(session.get(), &call)); !problem.empty())
      return problem;
    for (size_t i = 0; i < out.size(); ++i)
      if (!out[i].guardIntact())
        return "result '" + given.results[i].name +
               "': expected nothing behind its bytes to change";
    return "";
  }

  Owned<hadal_session_t> session;
};

/// Compares a result, and keeps the largest error of the edge.
void compare(const Expected &expected, const ResultBuffer &actual, const std::string &where,
             Outcome &outcome) {
  const Tensor &wanted = expected.values;
  Tensor got = Tensor::decode(wanted.element, wanted.shape, actual.data());
  double largest = expected.addend, error = 0;
  size_t at = 0, wrong = 0;
  for (double value : wanted.values)
    if (!std::isnan(value))
      largest = std::max(largest, std::fabs(value));
  if (wanted.element == Element::i32 || largest == 0)
    largest = 1;
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    if (std::isnan(wanted.values[i]))
      continue;
    double difference = std::fabs(got.values[i] - wanted.values[i]) / largest;
    if (std::isnan(difference))
      difference = std::numeric_limits<double>::infinity();
    wrong += difference > expected.limit;
    if (difference > error) {
      error = difference;
      at = i;
    }
  }
  if (error > outcome.error || outcome.limit == 0) {
    outcome.error = error;
    outcome.limit = expected.limit;
  }
  if (wrong == 0 || outcome.kind == Outcome::failed)
    return;
  outcome.kind = Outcome::failed;
  outcome.error = error;
  outcome.limit = expected.limit;
  outcome.text =
      where + expected.name + placeOf(wanted.shape, at) +
      format(": expected %.7g, got %.7g: an error of %.3g, at most %.3g; %zu of %zu values are off",
             wanted.values[at], got.values[at], error, expected.limit, wrong, wanted.values.size());
}

/// Whether all that is told of a result has the same bits in both.
bool sameBits(const Expected &expected, const ResultBuffer &a, const ResultBuffer &b) {
  const std::vector<double> &values = expected.values.values;
  size_t size = values.empty() ? 0 : a.size() / values.size();
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i]) && std::memcmp(a.data() + i * size, b.data() + i * size, size) != 0)
      return false;
  return true;
}

// Of the session that replays: the first calls run as they are, the second ones record, later ones
// replay. Inputs take turns, so that results which a replay did not make are those of others.
constexpr size_t kRuns = 4;

struct Runs {
  Results replayed[kRuns]; // with the edge's own inputs and with others in turns
  Results own, others;     // of a session that never replays
};

std::string runAll(hadal_module_t *module, const Edge &edge, Runs &runs) {
  Session session, other;
  std::string problem = session.open(module, edge, /*neverReplay=*/false);
  for (size_t i = 0; i < kRuns && problem.empty(); ++i)
    problem = session.run(edge, /*others=*/i % 2 != 0, runs.replayed[i]);
  if (problem.empty())
    problem = other.open(module, edge, /*neverReplay=*/true);
  // Others first: what only the first of all calls brings to the device would pass otherwise.
  if (problem.empty())
    problem = other.run(edge, /*others=*/true, runs.others);
  return problem.empty() ? other.run(edge, /*others=*/false, runs.own) : problem;
}

/// What is not as it is when nothing is replayed; "" where all is.
std::string compareRuns(const Expected &expected, const Runs &runs, size_t call, size_t result) {
  for (size_t i = 0; i < kRuns; ++i)
    if (const Results &computed = i % 2 ? runs.others : runs.own;
        !sameBits(expected, runs.replayed[i][call][result], computed[call][result]))
      return format("expected the same bits of launches that are replayed and that are not, got "
                    "others in run %zu of %zu",
                    i + 1, kRuns);
  return "";
}

} // namespace

Outcome runEdge(hadal_module_t *module, const Edge &edge) {
  Outcome outcome;
  outcome.edge = edge.name;
  Runs runs;
  outcome.text = runAll(module, edge, runs);
  if (!outcome.text.empty())
    return outcome;
  outcome.kind = Outcome::passed;
  compareAll(edge, [&](size_t i, size_t j, const Expected &expected, const std::string &where) {
    compare(expected, runs.replayed[0][i][j], where, outcome);
    if (outcome.kind == Outcome::failed)
      return;
    if (std::string difference = compareRuns(expected, runs, i, j); !difference.empty()) {
      outcome.kind = Outcome::failed;
      outcome.text = where + expected.name + ": " + difference;
    }
  });
  return outcome;
}

Outcome runEdgeAgainst(hadal_module_t *module, hadal_module_t *plain, const Edge &edge) {
  Outcome outcome;
  outcome.edge = edge.name;
  Session session, other;
  Results results, meant;
  std::string problem = session.open(module, edge, /*neverReplay=*/true);
  if (problem.empty())
    problem = session.run(edge, false, results);
  if (problem.empty())
    problem = other.open(plain, edge, /*neverReplay=*/true);
  if (problem.empty())
    problem = other.run(edge, false, meant);
  if (!problem.empty()) {
    outcome.text = problem;
    return outcome;
  }
  outcome.kind = Outcome::passed;
  compareAll(edge, [&](size_t i, size_t j, Expected expected, const std::string &where) {
    compare(expected, results[i][j], where, outcome);
    Tensor expansion =
        Tensor::decode(expected.values.element, expected.values.shape, meant[i][j].data());
    for (size_t k = 0; k < expansion.values.size(); ++k)
      if (!std::isnan(expected.values.values[k]))
        expected.values.values[k] = expansion.values[k];
    expected.limit *= 2; // each may be that far from the reference
    compare(expected, results[i][j], where + "against its expansion: ", outcome);
  });
  return outcome;
}

} // namespace hadal::conformance
