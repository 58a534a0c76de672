// SPDX-License-Identifier: Apache-2.0
// A session: the latent cache of so many slots, and the steps that fill it.
#ifndef HADAL_CORE_SESSION_H
#define HADAL_CORE_SESSION_H

#include "core/Module.h"
#include "core/Expression.h"
#include "core/Verify.h"

#include <atomic>
#include <memory>
#include <vector>

namespace hadal::runtime {

class Session {
public:
  static Status create(std::shared_ptr<Module> module, const hadal_session_options_t &options,
                       std::unique_ptr<Session> &out);

  /// Checks the arguments, runs the entry point that fits, writes the logits.
  Status step(const hadal_step_t &step, float *logits);

  Status reset(uint32_t slot);
  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  uint32_t slots() const { return static_cast<uint32_t>(lengths.size()); }
  uint32_t capacity() const { return tokens; }
  uint32_t length(uint32_t slot) const { return slot < lengths.size() ? lengths[slot] : 0; }
  uint64_t cacheBytes() const;
  uint64_t arenaBytes() const { return arena ? arena->size() : 0; }

  hadal_tap_fn_t tapCallback = nullptr;
  void *tapUser = nullptr;
  hadal_launch_fn_t launchCallback = nullptr;
  void *launchUser = nullptr;

private:
  using Ops = flatbuffers::Vector<flatbuffers::Offset<artifact::Op>>;

  Status allocateCaches();

  // StepArguments.cpp: what the caller passes.
  Status checkStep(const hadal_step_t &step, const float *logits, Dims &dims);
  Status checkSequence(const hadal_step_t &step, uint32_t sequence);
  Status uploadInputs(const hadal_step_t &step);
  Status checkShapes(const artifact::EntryPoint &entry, const Dims &dims) const;

  // Execute.cpp: what the plan says.
  Status runEntry(const artifact::EntryPoint &entry, const Dims &dims);
  Status prepareArena(const artifact::EntryPoint &entry);
  Status runOps(const artifact::EntryPoint &entry, const Ops *ops);
  Status runLaunch(const artifact::EntryPoint &entry, const artifact::Launch &launch);
  Status runTap(const artifact::EntryPoint &entry, const artifact::Tap &tap);
  struct Region {
    DevicePointer address = nullptr;
    uint64_t bytes = 0;
  };
  Region resolve(const artifact::EntryPoint &entry, const artifact::Binding &binding) const;

  std::shared_ptr<Module> module;
  std::vector<uint32_t> lengths; // tokens that each slot holds
  uint32_t tokens = 0;           // capacity of a slot
  uint32_t pagesPerSlot = 0;
  std::vector<std::unique_ptr<DeviceMemory>> states;
  std::unique_ptr<DeviceMemory> blockTable; // [slots, pagesPerSlot] i32

  // Storage that steps share; it grows.
  std::unique_ptr<DeviceMemory> arena, inputs, logitRows;
  DevicePointer inputAddress[kInputCount] = {};
  uint64_t inputBytes[kInputCount] = {};
  DevicePointer logitAddress = nullptr;
  uint64_t logitBytes = 0;

  // The step that runs.
  std::vector<int64_t> values; // of the entry's expressions
  std::vector<uint64_t> stamps; // one a slot: the last check that saw it
  uint64_t stamp = 0;
  std::atomic<bool> cancelled{false};
};

} // namespace hadal::runtime

#endif // HADAL_CORE_SESSION_H
