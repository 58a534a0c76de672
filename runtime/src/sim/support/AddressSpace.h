// SPDX-License-Identifier: Apache-2.0
// The generic address space: where each state space is seen through it.
#ifndef HADAL_SIM_SUPPORT_ADDRESSSPACE_H
#define HADAL_SIM_SUPPORT_ADDRESSSPACE_H

#include "sim/support/Types.h"

namespace hadal::sim {

/// Each window spans 4 GiB; global memory lies above all of them.
constexpr u64 kWindowBytes = u64(1) << 32;
constexpr u64 kSharedWindow = u64(1) << 40;
constexpr u64 kLocalWindow = kSharedWindow + kWindowBytes;
constexpr u64 kParamWindow = kLocalWindow + kWindowBytes;
/// What the address of a function is.
constexpr u64 kFunctionHandle = kParamWindow + kWindowBytes;
constexpr u64 kGlobalBase = u64(0x7f) << 40;
/// Local addresses start here, so that null is never one of them. Addresses of
/// frame variables are relative to the frame until they are executed.
constexpr u64 kLocalOrigin = 256;

} // namespace hadal::sim

#endif // HADAL_SIM_SUPPORT_ADDRESSSPACE_H
