// SPDX-License-Identifier: Apache-2.0
// Where programs of NVIDIA's toolkit are.
#ifndef HADAL_FILES_TOOLKIT_H
#define HADAL_FILES_TOOLKIT_H

#include <string>

namespace hadal::files {

/// The places that are looked at, in order, for messages.
inline constexpr char kToolkitPlaces[] = "on the search path, in CUDA_HOME or in build/cuda";

/// The path of ptxas, nvdisasm or cuobjdump; "" where there is none. build/cuda, which
/// scripts/bootstrap --cuda fills, is found from where this program is: build/PRESET/bin.
std::string findToolkitProgram(const std::string &name);

} // namespace hadal::files

#endif // HADAL_FILES_TOOLKIT_H
