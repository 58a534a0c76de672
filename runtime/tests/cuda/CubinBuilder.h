// SPDX-License-Identifier: Apache-2.0
// Machine code for the test driver: an ELF file of the form that compilers write.
#ifndef HADAL_TESTS_CUDA_CUBINBUILDER_H
#define HADAL_TESTS_CUDA_CUBINBUILDER_H

#include <string>
#include <vector>

namespace hadal::test {

/// A cubin for a level with these functions. The test driver executes `ptx`, which it carries along.
std::string buildCubin(unsigned level, const std::vector<std::string> &functions,
                       const std::string &ptx = "");

} // namespace hadal::test

#endif // HADAL_TESTS_CUDA_CUBINBUILDER_H
