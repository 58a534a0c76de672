// SPDX-License-Identifier: Apache-2.0
// Looks functions up in decoded code, and names classes of instructions.
#include "sim/decode/Code.h"

namespace hadal::sim {

const Function *Program::entry(std::string_view name) const {
  for (const Function &function : functions)
    if (function.isEntry && function.name == name)
      return &function;
  return nullptr;
}

const Function &Program::functionAt(u32 pc) const {
  for (const Function &function : functions)
    if (pc >= function.firstPc && pc < function.endPc)
      return function;
  return functions.front();
}

const char *className(Class cls) {
  constexpr const char *names[] = {
      "move",         "integer",    "logic",       "float16",     "float32",      "float64",
      "special",      "convert",    "compare",     "load_global", "store_global", "load_shared",
      "store_shared", "load_local", "store_local", "load_const",  "atomic",       "mbarrier",
      "async_copy",   "matrix",     "matrix_move", "shuffle",     "vote",         "barrier",
      "fence",        "control"};
  static_assert(sizeof(names) / sizeof(names[0]) == size_t(Class::Count));
  return names[size_t(cls)];
}

} // namespace hadal::sim
