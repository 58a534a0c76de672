// SPDX-License-Identifier: Apache-2.0
// Sequences of a session with a paged cache, and the steps that bring their tokens.
#ifndef HADAL_TOOLS_CONFORMANCE_CASES_BATCH_H
#define HADAL_TOOLS_CONFORMANCE_CASES_BATCH_H

#include "Cases.h"

#include <numeric>

namespace hadal::conformance {

/// How many tokens each call brings of it.
using Sequence = std::vector<int64_t>;

/// A sequence is a slot; slots are taken from the last on, and one stays empty.
/// Pages are those of a pool, in no order.
class Batch {
public:
  Batch(std::string name, std::vector<Sequence> sequences, int64_t pageSize);

  struct Token {
    int64_t sequence, position;
  };
  /// Of one call: the tokens, in order, and how a step tells of them.
  struct Tokens {
    std::vector<Token> list;
    Step step;
  };
  /// Those that bring tokens.
  std::vector<Tokens> calls() const;

  int64_t count() const { return static_cast<int64_t>(sequences.size()); }
  int64_t end(int64_t sequence) const {
    return std::accumulate(sequences[sequence].begin(), sequences[sequence].end(), int64_t(0));
  }
  int64_t cacheRows() const { return static_cast<int64_t>(pages.size()) * pagesPerSlot * pageSize; }
  /// Where a position lies in the pool.
  int64_t cacheRow(const Token &token) const;
  /// An edge with the slots, the capacity and the pages.
  Edge &addTo(Case &c) const;

  std::string name;
  int64_t pageSize, pagesPerSlot = 1;

private:
  int64_t slotOf(int64_t sequence) const { return count() - sequence; }
  std::vector<Sequence> sequences;
  std::vector<std::vector<int32_t>> pages; // of each slot
};

/// One token; long and short contexts; what crosses a page; a long chunk; calls of fewer tokens and of more.
std::vector<Batch> batchesOf(Case &c, int64_t pageSize);

/// Rows that depend on a sequence and a position alone, whatever call they are part of.
Tensor rowsFor(const std::vector<Batch::Token> &tokens, uint64_t seed, Element element,
               int64_t width, double scale = 1);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASES_BATCH_H
