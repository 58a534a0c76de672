// SPDX-License-Identifier: Apache-2.0
// A session: what so many slots hold between calls, and the calls that change it.
#ifndef HADAL_CORE_SESSION_H
#define HADAL_CORE_SESSION_H

#include "core/Expression.h"
#include "core/Module.h"
#include "core/Verify.h"

#include <atomic>
#include <memory>
#include <vector>

namespace hadal::runtime {

/// What a call is given. Borrowed for its duration.
struct CallInputs {
  const Entry *entry = nullptr;
  const hadal_step_t *step = nullptr;
  Span<hadal_call_argument_t> arguments;
  Span<hadal_call_result_t> results;
  Span<hadal_named_value_t> values;
  /// Of hadal_session_step: where the result of role logits goes, whatever its name.
  bool isStep = false;
  float *logits = nullptr;
};

class Session {
public:
  static Status create(std::shared_ptr<Module> module, const hadal_session_options_t &options,
                       std::unique_ptr<Session> &out);

  /// Checks the arguments, runs the entry point that fits, writes the logits.
  Status step(const hadal_step_t &step, float *logits);
  Status call(const hadal_call_t &call);

  Status reset(uint32_t slot);
  Status setPages(const char *table, uint32_t slot, uint32_t first, const int32_t *pages,
                  uint32_t count);
  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  uint32_t slots() const { return static_cast<uint32_t>(lengths.size()); }
  uint32_t capacity() const { return tokens; }
  uint32_t length(uint32_t slot) const { return slot < lengths.size() ? lengths[slot] : 0; }
  /// Address space of states and kept results, of intermediates, of what is computed.
  uint64_t cacheBytes() const;
  uint64_t arenaBytes() const { return arena ? arena->size() : 0; }
  uint64_t workspaceBytes() const { return workspace ? workspace->size() : 0; }
  uint64_t computedBytes() const;

  hadal_tap_fn_t tapCallback = nullptr;
  void *tapUser = nullptr;
  hadal_launch_fn_t launchCallback = nullptr;
  void *launchUser = nullptr;

private:
  struct Region {
    DevicePointer address = nullptr;
    uint64_t bytes = 0;
  };

  // Session.cpp: how a session opens.
  Status setSizes(const hadal_session_options_t &options);
  Status setDims(const hadal_session_options_t &options);
  const Program &program() const { return *module->program(); }
  Status inProgram(Status status, const char *entry) const;

  // SessionStates.cpp: what it holds.
  Status makePools(const hadal_session_options_t &options);
  Status makeStates();
  Status computeParameters();
  Status checkPages(const Entry &entry, const hadal_step_t &step) const;

  // StepArguments.cpp: the packed arguments of a step.
  Status checkStep(const Entry &entry, const hadal_step_t &step);
  Status checkSequence(const hadal_step_t &step, uint32_t sequence);
  void setStepDims(const hadal_step_t &step);

  // CallArguments.cpp: what the caller passes, before anything changes.
  Status checkCall(const CallInputs &inputs);
  Status setCallValues(const CallInputs &inputs);
  Status bindArguments(const CallInputs &inputs);
  Status bindValue(const CallInputs &inputs, uint32_t index);
  Status checkShapes(const CallInputs &inputs) const;
  Status bindResults(const CallInputs &inputs);

  // Call.cpp: what changes.
  Status run(const CallInputs &inputs);
  Status place(const CallInputs &inputs);
  Status placeResults(const Entry &entry);
  Status fetchResults(const Entry &entry);
  void setLengths(const hadal_step_t &step, bool succeeded);

  // Execute.cpp: what the plan says.
  Status prepareArena(const Entry &entry);
  Status runOps(const Entry &entry, const std::vector<Op> &ops);
  Status runLaunch(const Entry &entry, const Launch &launch);
  Status prepareLaunch(const KernelInterface &interface, LaunchRequest &request);
  Status reportLaunch(const Entry &entry, const Launch &launch, const LaunchRequest &request);
  Status runTap(const Entry &entry, const Tap &tap);
  Region resolve(const Entry &entry, const artifact::Binding &binding) const;

  std::shared_ptr<Module> module;
  std::vector<uint32_t> lengths; // tokens that each slot holds
  uint32_t tokens = 0;           // capacity of a slot
  uint32_t stepTokens = 0;       // most new tokens of a sequence in one call

  /// A block table and the pages that its states have.
  struct Pool {
    uint32_t pages = 0, pagesPerSlot = 0;
    bool ofCaller = false;             // who assigns pages
    std::vector<int32_t> table;        // [slots, pagesPerSlot]; -1: unset
    std::unique_ptr<DeviceMemory> memory;
  };
  std::vector<Pool> pools;
  std::vector<std::unique_ptr<DeviceMemory>> states;
  std::vector<std::unique_ptr<DeviceMemory>> computed; // by parameter; null where it is stored

  /// A result that stays on the device. A call writes the spare one, so that it can read the other.
  struct KeptResult {
    std::unique_ptr<DeviceMemory> memory, spare;
    Extents extents, spareExtents;
    bool made = false;
  };
  std::vector<KeptResult> kept;

  // Storage that calls share; it grows.
  std::unique_ptr<DeviceMemory> arena, inputs, outputs, workspace;

  // The call that runs.
  std::vector<int64_t> sessionDims, dims;  // by dim of the program
  std::vector<int64_t> values;             // of the entry's expressions
  std::vector<int64_t> constants, launchValues; // of the launch, and its interface's expressions
  std::vector<Extents> argumentExtents, resultExtents;
  std::vector<Region> arguments, results;
  std::vector<const void *> sources; // host memory of arguments; null: on the device already
  std::vector<void *> targets;       // host memory of results; null: not wanted
  std::vector<uint64_t> stamps;      // one a slot: the last check that saw it
  uint64_t stamp = 0;
  std::atomic<bool> cancelled{false};
};

/// Sets those of `dims` that the caller names, all of which must be of that kind and in range.
Status setNamedValues(const char *field, artifact::Dim kind, const std::vector<HostDim> &known,
                      Span<hadal_named_value_t> given, std::vector<int64_t> &dims);

/// *bytes = the size of a tensor; false when an extent is negative or 63 bits are too few.
[[nodiscard]] bool sizeOfTensor(const Extents &extents, artifact::ElementType type, uint64_t *bytes);

} // namespace hadal::runtime

#endif // HADAL_CORE_SESSION_H
