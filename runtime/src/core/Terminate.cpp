// SPDX-License-Identifier: Apache-2.0
// Ends the process where the C++ library would, without the text that it would print. The library is
// linked statically, and its own handler brings a demangler of names, a seventh of all the code.
#include <cstdlib>
#include <exception>

namespace __cxxabiv1 {

// Of libstdc++ (eh_term_handler.cc), which takes this definition for its own. Declared first, since it
// belongs to no header.
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = std::abort;

} // namespace __cxxabiv1
