// SPDX-License-Identifier: Apache-2.0
// What the handles of the C interface point to, and how its structs cross over.
#ifndef HADAL_CORE_APIHANDLES_H
#define HADAL_CORE_APIHANDLES_H

#include "core/Given.h"
#include "core/Session.h"
#include "support/Structs.h"

#include <memory>
#include <vector>

struct hadal_context {
  std::shared_ptr<hadal::runtime::Context> impl;
};
struct hadal_module {
  std::shared_ptr<hadal::runtime::Context> context; // for its string queries
  std::shared_ptr<hadal::runtime::Module> impl;
  std::vector<int32_t> eosTokens;
};
struct hadal_session {
  std::unique_ptr<hadal::runtime::Session> impl;
};

namespace hadal::runtime {

/// Takes the fields that the caller's struct has; the others stay zero. `given` may be null.
template <typename Options>
Status readOptions(const char *name, const Options *given, Options &out) {
  out = Options();
  if (!given)
    return {};
  if (given->struct_size < sizeof given->struct_size)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "%s.struct_size: expected the size of the struct, got %zu", name,
                given->struct_size);
  out = known(given);
  return {};
}

/// Fills the fields that the caller's struct has.
template <typename Info>
void writeInfo(const Info &info, Info *out) {
  if (out && out->struct_size >= sizeof out->struct_size)
    give(info, out);
}

} // namespace hadal::runtime

#endif // HADAL_CORE_APIHANDLES_H
