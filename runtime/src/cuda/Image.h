// SPDX-License-Identifier: Apache-2.0
// Reads code without loading it: PTX text and machine code (cubin).
#ifndef HADAL_CUDA_IMAGE_H
#define HADAL_CUDA_IMAGE_H

#include "cuda/Level.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace hadal::cuda {

/// What an image says of itself.
struct ImageFacts {
  bool machineCode = false; // else PTX
  Level level;              // that it was made for
  std::set<std::string, std::less<>> functions;
};

/// Whether the bytes begin as an ELF file does.
bool isElf(std::string_view image);

/// Reads the directives of PTX text, or the tables of a cubin. False, and why, where that is not
/// what it is: "expected ..., got ...".
bool readPtx(std::string_view image, ImageFacts &out, std::string &why);
bool readCubin(std::string_view image, ImageFacts &out, std::string &why);

} // namespace hadal::cuda

#endif // HADAL_CUDA_IMAGE_H
