// SPDX-License-Identifier: Apache-2.0
// Recognises whose quantised tensors a checkpoint holds.
#ifndef HADAL_LIB_IMPORT_QUANTISERS_H
#define HADAL_LIB_IMPORT_QUANTISERS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <optional>
#include <string>

namespace hadal {

/// Gathers the names of tensors that a model has no place for.
class QuantiserNames {
public:
  void add(llvm::StringRef tensor);
  /// What the names look like and what to do, as an error's message; nothing if
  /// they are no quantiser's.
  std::optional<std::string> describe() const;

private:
  llvm::StringSet<> endings; // what follows the name of the module
};

/// Whether a tensor only scales a quantised cache of keys and values, queries
/// or attention's probabilities: without such a cache it changes nothing.
bool isCacheScale(llvm::StringRef tensor, llvm::ArrayRef<int64_t> shape);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_QUANTISERS_H
