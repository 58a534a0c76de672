// SPDX-License-Identifier: Apache-2.0
// Deals pages to slots and tokens to steps.
#include "Batch.h"

#include <algorithm>
#include <numeric>

namespace hadal::conformance {

Batch::Batch(std::string name, std::vector<Sequence> sequences, int64_t pageSize)
    : name(std::move(name)), pageSize(pageSize), sequences(std::move(sequences)) {
  for (int64_t s = 0; s < count(); ++s)
    pagesPerSlot = std::max(pagesPerSlot, (end(s) + pageSize - 1) / pageSize);
  int64_t slots = count() + 1;
  std::vector<int32_t> pool(slots * pagesPerSlot);
  std::iota(pool.begin(), pool.end(), 0);
  Random random(pool.size());
  for (size_t i = pool.size() - 1; i > 0; --i)
    std::swap(pool[i], pool[random.below(static_cast<int64_t>(i) + 1)]);
  for (int64_t slot = 0; slot < slots; ++slot)
    pages.emplace_back(pool.begin() + slot * pagesPerSlot,
                       pool.begin() + (slot + 1) * pagesPerSlot);
}

std::vector<Batch::Tokens> Batch::calls() const {
  std::vector<Tokens> calls;
  std::vector<int64_t> ends(sequences.size());
  for (size_t i = 0; i < sequences.front().size(); ++i) {
    Tokens call;
    call.step.offsets = {0};
    for (int64_t s = 0; s < count(); ++s) {
      int64_t first = ends[s], last = ends[s] += sequences[s][i];
      if (first == last)
        continue;
      for (int64_t position = first; position < last; ++position) {
        call.list.push_back({s, position});
        call.step.positions.push_back(static_cast<int32_t>(position));
      }
      call.step.offsets.push_back(static_cast<int32_t>(call.list.size()));
      call.step.slots.push_back(static_cast<int32_t>(slotOf(s)));
    }
    if (!call.list.empty())
      calls.push_back(std::move(call));
  }
  return calls;
}

int64_t Batch::cacheRow(const Token &token) const {
  return pages[slotOf(token.sequence)][token.position / pageSize] * pageSize +
         token.position % pageSize;
}

Edge &Batch::addTo(Case &c) const {
  Edge &edge = c.edge(name);
  edge.slots = static_cast<uint32_t>(pages.size());
  edge.capacity = static_cast<uint32_t>(pagesPerSlot * pageSize);
  edge.pages = pages;
  return edge;
}

std::vector<Batch> batchesOf(Case &c, int64_t pageSize) {
  if (c.draw) {
    Random &random = c.draw->random;
    std::vector<Batch> drawn;
    while (static_cast<int64_t>(drawn.size()) < c.draw->edges) {
      std::vector<Sequence> sequences(random.between(1, 4));
      for (Sequence &each : sequences)
        each = {random.coin() ? 0 : random.between(0, random.coin() ? 100 : 2 * pageSize),
                random.coin() ? 1 : random.between(1, random.coin() ? 9 : 40)};
      drawn.push_back({std::to_string(drawn.size()), std::move(sequences), pageSize});
    }
    return drawn;
  }
  return {
      {"1 token", {{0, 1}}, pageSize},
      {"1 token after 2 pages", {{2 * pageSize, 1}}, pageSize},
      {"ragged", {{0, 1}, {62, 4}, {0, 9}, {127, 1}, {30, 2}}, pageSize},
      {"across pages", {{pageSize - 1, 2}, {pageSize, 1}, {pageSize - 3, pageSize + 5}}, pageSize},
      {"70 tokens and 3", {{0, 70}, {5, 3}}, pageSize},
      // Where dims are rounded up, one record may serve both counts.
      {"4 sequences, 3 of them, 4",
       {{5, 1, 1, 1}, {0, 1, 0, 1}, {62, 1, 1, 1}, {30, 1, 1, 1}},
       pageSize}};
}

Tensor rowsFor(const std::vector<Batch::Token> &tokens, uint64_t seed, Element element,
               int64_t width, double scale) {
  Tensor rows{element, {static_cast<int64_t>(tokens.size()), width}, {}};
  for (const Batch::Token &token : tokens) {
    Random random(seed * 1000003 + token.sequence * 7919 + token.position);
    Tensor row = Tensor::random(random, element, {1, width}, scale);
    rows.values.insert(rows.values.end(), row.values.begin(), row.values.end());
  }
  return rows;
}

} // namespace hadal::conformance
