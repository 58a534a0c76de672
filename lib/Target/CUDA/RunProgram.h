// SPDX-License-Identifier: Apache-2.0
// Runs another program with a limit of its time.
#ifndef HADAL_LIB_TARGET_CUDA_RUNPROGRAM_H
#define HADAL_LIB_TARGET_CUDA_RUNPROGRAM_H

#include <string>
#include <vector>

namespace hadal::cuda {

/// Runs the program at `arguments[0]`; what it prints goes to the file `log`. Returns what went
/// wrong, or "". One that takes longer than so many seconds is ended with all that it has started.
/// LLVM's own way of waiting sets a timer of the whole process, which threads cannot share.
std::string runProgram(const std::vector<std::string> &arguments, const std::string &log,
                       unsigned seconds);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_RUNPROGRAM_H
