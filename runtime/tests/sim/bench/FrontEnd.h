// SPDX-License-Identifier: Apache-2.0
// The kernel on which parsing and decoding are timed.
#ifndef HADAL_TESTS_SIM_FRONTEND_H
#define HADAL_TESTS_SIM_FRONTEND_H

#include <string>

namespace hadal::simbench {

/// PTX of one kernel of `lines` lines or a few more: index arithmetic, loads,
/// multiply-adds, products of matrices, comparisons and branches in the mix of
/// an unrolled GEMM, nearly every result in a register of its own, as compilers
/// write them.
std::string longKernel(unsigned lines);

} // namespace hadal::simbench

#endif // HADAL_TESTS_SIM_FRONTEND_H
