// SPDX-License-Identifier: Apache-2.0
// Weights brought into memory before a kernel asks for them: copied, read ahead, locked.
#ifndef HADAL_CORE_WEIGHTMEMORY_H
#define HADAL_CORE_WEIGHTMEMORY_H

#include "core/Weights.h"

#include <vector>

namespace hadal::runtime {

/// What the options of a module say about the memory of its weights, done.
class WeightMemory {
public:
  /// `isRead[i]`: whether parameter i, which lies in a file, is one that the program reads; others
  /// are left alone. Errors: no memory, a lock that the system does not allow, a file that cannot be
  /// read or that shrank, an end that options.progress asks for.
  static Status make(const artifact::Module &module, const Weights &weights,
                     const std::vector<bool> &isRead, const hadal_module_options_t &options,
                     WeightMemory &out);

  /// The copy of a parameter, at a multiple of 64 bytes; null where none was made.
  const uint8_t *copyOf(uint32_t parameter) const {
    return offsets.empty() || offsets[parameter] == kNone ? nullptr
                                                          : copies.data() + offsets[parameter];
  }

private:
  static constexpr uint64_t kNone = UINT64_MAX;
  Pages copies;
  std::vector<uint64_t> offsets; // into them, one a parameter
};

} // namespace hadal::runtime

#endif // HADAL_CORE_WEIGHTMEMORY_H
