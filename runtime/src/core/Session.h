// SPDX-License-Identifier: Apache-2.0
// A session: what so many slots hold between calls, and the calls that change it.
#ifndef HADAL_CORE_SESSION_H
#define HADAL_CORE_SESSION_H

#include "core/Expression.h"
#include "core/Module.h"
#include "core/Prepared.h"
#include "core/RecordDims.h"
#include "core/Verify.h"
#include "hadal_kernel_abi.h"

#include <atomic>
#include <list>
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
  Status replaceTap(const void *data, size_t size);
  void cancel() { cancelled.store(1, std::memory_order_relaxed); }

  uint32_t slots() const { return static_cast<uint32_t>(lengths.size()); }
  uint32_t capacity() const { return tokens; }
  uint32_t length(uint32_t slot) const { return slot < lengths.size() ? lengths[slot] : 0; }
  /// Address space of states and kept results, of intermediates, of what is computed.
  uint64_t cacheBytes() const;
  uint64_t arenaBytes() const { return arena.size(); }
  uint64_t workspaceBytes() const { return workspace.size(); }
  uint64_t computedBytes() const;

  /// Calls whose launches were recorded, and those that a record served.
  uint64_t recorded = 0, replayed = 0;

  hadal_tap_fn_t tapCallback = nullptr;
  void *tapUser = nullptr;
  hadal_launch_fn_t launchCallback = nullptr;
  void *launchUser = nullptr;

private:
  /// Results of a call that is recorded; they are copied to where the caller wants them.
  static constexpr uint64_t kMostRecordedBytes = 4 << 20;

  struct Region {
    DeviceAddress address = 0;
    uint64_t bytes = 0;
  };

  /// The launches of a call, kept for calls that have them in common.
  struct Recording {
    std::vector<int64_t> key;
    Prepared prepared;
    DeviceRecord record;
    std::vector<Region> arguments, results;
    std::vector<Extents> argumentExtents, resultExtents;
  };

  // Session.cpp: how a session opens.
  Status setSizes(const hadal_session_options_t &options);
  Status setDims(const hadal_session_options_t &options);
  void findEntries();
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
  Status shapeResults(const CallInputs &inputs);
  Status bindResults(const CallInputs &inputs);

  // Call.cpp: the outline, and what is placed where.
  Status findEntry(const CallInputs &inputs, const Entry **out) const;
  Status run(const CallInputs &inputs);
  Status evaluate(const CallInputs &inputs);
  Status execute(const CallInputs &inputs, const Recording *recording);
  Status placeArguments(const Entry &entry);
  Status placeResults(const Entry &entry, bool direct);
  Status uploadArguments(const Prepared &launches, bool isRounded);
  Status fetchResults();
  void keepResults(const Entry &entry);
  void setLengths(const hadal_step_t &step, bool succeeded);
  uint64_t layoutBytes(const Port &port, uint64_t actual) const;

  // Prepare.cpp: what the plan says of this call.
  Status prepare(const Entry &entry);
  Status prepareArena(const Entry &entry);
  Status prepareOps(const Entry &entry, const std::vector<Op> &ops, uint32_t branch);
  Status prepareLaunch(const Entry &entry, const Launch &launch, PreparedOp &op, bool *any);
  Status prepareGrid(const KernelInterface &interface, PreparedOp &op, bool *any);
  Status prepareParameters(const KernelInterface &interface, PreparedOp &op);
  Region resolve(const Entry &entry, const artifact::Binding &binding) const;
  Status grow(uint64_t bytes, const char *what, DeviceMemory &memory);
  DeviceAddress workspaceAddress() const {
    return workspace.address() + HADAL_KERNEL_COUNTER_BYTES;
  }
  Status replaceWorkspace();

  // Execute.cpp: launches and taps, one by one.
  Status runOps(const CallInputs &inputs);
  Status reportLaunch(const CallInputs &inputs, const PreparedOp &op);
  Status runTap(const Entry &entry, const Tap &tap);
  Region openTap; // whose callback runs
  bool openTapIsOurs = false;

  // Traffic.cpp: what a launch has to move.
  uint64_t stateBytes(const hadal_step_t &step, uint32_t index, bool written) const;
  void countTraffic(const CallInputs &inputs, const Launch &launch, hadal_launch_t &out) const;

  // Record.cpp: launches that are kept.
  bool mayRecord(const Entry &entry) const;
  const RecordDims &dimsOf(const Entry &entry) const {
    return recordDimsOf[static_cast<size_t>(&entry - program().entries.data())];
  }
  bool isRounded(const Entry &entry) const { return !dimsOf(entry).rounded.empty(); }
  void roundDims(const Entry &entry);
  void makeKey(const Entry &entry);
  Recording *findRecording();
  bool isWorthRecording(const Entry &entry);
  Status record(const Entry &entry);
  Status replay(const Recording &recording);

  std::shared_ptr<Module> module;
  std::vector<uint32_t> lengths; // tokens that each slot holds
  uint32_t tokens = 0;           // capacity of a slot
  uint32_t stepTokens = 0;       // most new tokens of a sequence in one call

  /// A block table and the pages that its states have.
  struct Pool {
    uint32_t pages = 0, pagesPerSlot = 0;
    bool ofCaller = false;             // who assigns pages
    std::vector<int32_t> table;        // [slots, pagesPerSlot]; -1: unset
    DeviceMemory memory;
  };
  std::vector<Pool> pools;
  std::vector<DeviceMemory> states;
  std::vector<DeviceMemory> computed; // by parameter; empty where it is stored

  /// A result that stays on the device. A call writes the spare one, so that it can read the other.
  struct KeptResult {
    DeviceMemory memory, spare;
    Extents extents;
    bool made = false;
  };
  std::vector<KeptResult> kept;

  // Storage that calls share; it grows. What a call uploads is one block: constants that kernels read
  // from memory, then arguments.
  DeviceMemory arena, block, outputs, workspace;
  bool workspaceIsSpoiled = false; // a call failed that may have used it
  DeviceStaging stagedBlock, stagedOutputs; // on the host, where it does not share memory
  uint64_t stagedOutputBytes = 0;
  DeviceQueue queue;
  DeviceEvent before, after; // of the launch that is reported

  std::vector<RecordDims> recordDimsOf; // by entry
  const Entry *stepEntry = nullptr, *decodeEntry = nullptr;
  bool neverReplays = false;
  std::list<Recording> records; // the one used last in front
  std::vector<std::vector<int64_t>> seen; // keys of the last calls that were not recorded
  size_t nextSeen = 0;

  // The call that runs.
  std::vector<int64_t> sessionDims, dims, roundedDims; // by dim of the program
  // Of the entry's expressions: as they are; what grids and sizes are computed from, over dims that
  // are rounded up.
  std::vector<int64_t> values, layout;
  // Of a launch, and its interface's expressions.
  std::vector<int64_t> launchConstants, launchValues;
  std::vector<int64_t> key;
  Prepared prepared;
  uint32_t usedBlock = 0;
  uint64_t neededWorkspace = 0;
  std::vector<Extents> argumentExtents, resultExtents;
  std::vector<Region> arguments, results;
  std::vector<const void *> sources; // host memory of arguments; null: on the device already
  std::vector<void *> targets; // host memory of results; null: not wanted
  std::vector<uint32_t> fetched; // results that are copied together
  std::vector<uint64_t> stamps; // one a slot: the last check that saw it
  uint64_t stamp = 0;
  std::atomic<int32_t> cancelled{0};
};

/// Sets those of `dims` that the caller names, all of which must be of that kind and in range.
Status setNamedValues(const char *field, artifact::Dim kind, const std::vector<HostDim> &known,
                      Span<hadal_named_value_t> given, std::vector<int64_t> &dims);

/// *bytes = the size of a tensor; false when an extent is negative or 63 bits are too few.
[[nodiscard]] bool sizeOfTensor(const Extents &extents, artifact::ElementType type,
                                uint64_t *bytes);

} // namespace hadal::runtime

#endif // HADAL_CORE_SESSION_H
