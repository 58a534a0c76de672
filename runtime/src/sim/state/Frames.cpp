// SPDX-License-Identifier: Apache-2.0
// Activations of functions: register files and local memory of a warp.
#include "sim/state/Launch.h"

#include <cstdlib>
#include <cstring>

namespace hadal::sim {

Warp::~Warp() {
  for (auto &frame : frames) {
    ::free(frame->registers);
    ::free(frame->undefined);
    ::free(frame->shadow);
    ::free(frame->origins);
  }
  ::free(local);
  ::free(localUndefined);
}

void useFrame(Warp &warp, Frame *frame) {
  warp.frame = frame;
  warp.base[0] = frame->registers;
  warp.undefined = frame->undefined;
}

Frame *enterFunction(Warp &warp, const Function &function, u32 mask) {
  Frame **link = &warp.freeFrames;
  while (*link && (*link)->capacity < function.slots)
    link = &(*link)->nextFree;
  Frame *frame = *link;
  if (frame) {
    *link = frame->nextFree;
  } else {
    warp.frames.push_back(std::make_unique<Frame>());
    frame = warp.frames.back().get();
    u64 capacity = (u64(function.slots) + 15) & ~u64(15);
    frame->registers = static_cast<u8 *>(aligned_alloc(64, capacity * kSlotBytes));
    frame->undefined = static_cast<u32 *>(calloc(capacity, sizeof(u32)));
    if (!frame->registers || !frame->undefined)
      abort();
    memset(frame->registers, 0, capacity * kSlotBytes);
    frame->capacity = capacity;
  }
  frame->function = &function;
  frame->parent = nullptr;
  frame->call = nullptr;
  frame->depth = 0;
  frame->localBase = 0;
  frame->carry = 0;
  frame->lanes = frame->started = mask;
  frame->nextFree = nullptr;
  memset(frame->undefined, 0, function.slots * sizeof(u32));
  if (warp.launch->checks & kCheckInit) {
    for (u32 slot : function.undefinedSlots) {
      frame->undefined[slot] = kFullMask;
      warp.tracking = true;
    }
    if (frame->shadow)
      for (u32 slot : function.undefinedSlots)
        memset(frame->shadow + u64(slot) * kSlotBytes, 0xff, kSlotBytes);
    if (frame->origins)
      memset(frame->origins, 0, u64(function.slots) * kSlotBytes);
  }
  return frame;
}

void leaveFrame(Warp &warp, Frame *frame) {
  frame->nextFree = warp.freeFrames;
  warp.freeFrames = frame;
}

bool growLocal(Warp &warp, u64 bytes) {
  if (bytes <= warp.localStride)
    return true;
  if (bytes > kMaximumLocal)
    return false;
  u64 stride = warp.localStride ? warp.localStride * 2 : 256;
  while (stride < bytes)
    stride *= 2;
  auto grow = [&](u8 *old, int fill) {
    u8 *fresh = static_cast<u8 *>(malloc(stride * kLanes));
    if (!fresh)
      abort();
    memset(fresh, fill, stride * kLanes);
    if (old)
      for (u32 lane = 0; lane < kLanes; ++lane)
        memcpy(fresh + lane * stride, old + lane * warp.localStride, warp.localStride);
    ::free(old);
    return fresh;
  };
  warp.local = grow(warp.local, 0xff);
  warp.localUndefined = grow(warp.localUndefined, 0xff);
  warp.localStride = stride;
  return true;
}

} // namespace hadal::sim
