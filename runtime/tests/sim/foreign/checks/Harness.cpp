// SPDX-License-Identifier: Apache-2.0
// Launches one kernel under many schedules, compares the runs, and hands the results to a test.
#include "Harness.h"

#include "hadal_sim.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>

namespace hadal::simtest {

namespace {

/// Text of a file; read once, unless it is a temporary one (absolute path).
std::string readPtx(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct ContextRelease {
  void operator()(hadal_sim_context_t *context) const { hadal_sim_context_release(context); }
};
using Context = std::unique_ptr<hadal_sim_context_t, ContextRelease>;

} // namespace

std::string foreignFile(const std::string &name) {
  return name.rfind('/', 0) == 0 ? name : std::string(HADAL_SIM_FOREIGN) + "/" + name;
}

Case &Case::grid(unsigned x, unsigned y, unsigned z) {
  grid_[0] = x, grid_[1] = y, grid_[2] = z;
  return *this;
}
Case &Case::block(unsigned x, unsigned y, unsigned z) {
  block_[0] = x, block_[1] = y, block_[2] = z;
  return *this;
}
Case &Case::dynamicShared(unsigned bytes) {
  dynamicShared_ = bytes;
  return *this;
}
Case &Case::cooperative() {
  cooperative_ = true;
  return *this;
}
Case &Case::timingDependent() {
  timingDependent_ = true;
  return *this;
}
Case &Case::seeds(unsigned count) {
  seeds_ = count;
  return *this;
}

int Case::poisoned(size_t bytes) {
  Buffer made;
  made.bytes.resize(bytes);
  made.poisoned = true;
  buffers_.push_back(std::move(made));
  return int(buffers_.size()) - 1;
}

int Case::argumentFor(int buffer) {
  arguments_.push_back({Argument::Kind::Buffer, {}, buffer, {}});
  return buffer;
}

Case &Case::structure(std::vector<uint8_t> bytes, std::vector<Argument::Patch> patches) {
  arguments_.push_back({Argument::Kind::Struct, std::move(bytes), -1, std::move(patches)});
  return *this;
}

Outcome Case::runOnce(const Schedule &schedule) const {
  Outcome outcome;
  hadal_sim_context_t *raw = nullptr;
  hadal_sim_context_create(&raw);
  Context context(raw);
  auto failed = [&](hadal_sim_status_t status) {
    if (status == HADAL_SIM_OK)
      return false;
    outcome.error = hadal_sim_context_message(raw);
    if (status == HADAL_SIM_CHECK)
      outcome.reports.push_back(outcome.error);
    return true;
  };
  if (!raw) {
    outcome.error = hadal_sim_context_message(nullptr);
    return outcome;
  }
  std::string text = readPtx(foreignFile(file_));
  hadal_sim_module_t *module = nullptr;
  if (failed(hadal_sim_module_load(raw, text.data(), text.size(), file_.c_str(), &module)))
    return outcome;
  std::vector<uint64_t> addresses;
  for (size_t i = 0; i < buffers_.size(); ++i) {
    const Buffer &buffer = buffers_[i];
    uint64_t address = 0;
    std::string name = "buffer" + std::to_string(i);
    if (failed(hadal_sim_alloc(raw, buffer.bytes.size(), name.c_str(), &address)))
      return outcome;
    if (!buffer.poisoned &&
        failed(hadal_sim_copy_in(raw, address, buffer.bytes.data(), buffer.bytes.size())))
      return outcome;
    addresses.push_back(address);
  }
  std::vector<std::vector<uint8_t>> values;
  std::vector<const void *> pointers;
  for (const Argument &argument : arguments_) {
    std::vector<uint8_t> bytes = argument.bytes;
    if (argument.kind == Argument::Kind::Buffer) {
      bytes.resize(8);
      std::memcpy(bytes.data(), &addresses[size_t(argument.buffer)], 8);
    }
    for (const Argument::Patch &patch : argument.patches)
      std::memcpy(bytes.data() + patch.offset, &addresses[size_t(patch.buffer)], 8);
    values.push_back(std::move(bytes));
  }
  for (const auto &value : values)
    pointers.push_back(value.data());
  hadal_sim_launch_t launch;
  hadal_sim_launch_defaults(&launch);
  for (int i = 0; i < 3; ++i) {
    launch.grid[i] = grid_[i];
    launch.block[i] = block_[i];
  }
  launch.dynamic_shared_bytes = dynamicShared_;
  launch.threads = schedule.threads;
  launch.cooperative = cooperative_;
  launch.seed = schedule.seed;
  launch.max_instructions = schedule.maxInstructions;
  if (!schedule.checks)
    launch.checks = HADAL_SIM_CHECK_BOUNDS;
  if (schedule.inStep)
    launch.checks &= ~uint32_t(HADAL_SIM_CHECK_WARP_RACE);
  if (schedule.globalRaces)
    launch.checks |= HADAL_SIM_CHECK_GLOBAL_RACE;
  bool launched = !failed(
      hadal_sim_launch(raw, module, entry_.c_str(), &launch, pointers.data(), pointers.size()));
  outcome.counters = hadal_sim_counters_json(raw);
  if (!launched)
    return outcome;
  outcome.ok = true;
  for (size_t i = 0; i < buffers_.size(); ++i) {
    std::vector<uint8_t> bytes(buffers_[i].bytes.size());
    if (failed(hadal_sim_copy_out(raw, bytes.data(), addresses[i], bytes.size(), nullptr)))
      outcome.ok = false;
    outcome.buffers.push_back(std::move(bytes));
  }
  return outcome;
}

bool Case::run() {
  auto name = [&](const Schedule &schedule) {
    return file_ + " " + entry_ + ", seed " + std::to_string(schedule.seed) + ", " +
           std::to_string(schedule.threads) + " threads" +
           (schedule.globalRaces ? ", global races" : "");
  };
  std::vector<Schedule> schedules;
  for (unsigned threads : {1u, 2u})
    for (unsigned seed = 0; seed < seeds_; ++seed) {
      Schedule schedule;
      schedule.seed = seed;
      schedule.threads = threads;
      schedules.push_back(schedule);
    }
  for (unsigned threads : {1u, 2u}) {
    Schedule schedule;
    schedule.threads = threads;
    schedule.globalRaces = true;
    schedules.push_back(schedule);
  }
  for (size_t run = 0; run < schedules.size(); ++run) {
    Outcome outcome = runOnce(schedules[run]);
    if (!outcome.ok) {
      ADD_FAILURE() << name(schedules[run]) << ": " << outcome.error;
      return false;
    }
    if (run == 0) {
      first_ = std::move(outcome);
      continue;
    }
    for (size_t i = 0; i < buffers_.size(); ++i)
      if (buffers_[i].compared && outcome.buffers[i] != first_.buffers[i]) {
        ADD_FAILURE() << name(schedules[run]) << ": buffer " << i
                      << " differs from that of the first run";
        return false;
      }
    if (!timingDependent_ && outcome.counters != first_.counters) {
      size_t at = 0;
      while (at < outcome.counters.size() && at < first_.counters.size() &&
             outcome.counters[at] == first_.counters[at])
        ++at;
      at = at > 60 ? at - 60 : 0;
      ADD_FAILURE() << name(schedules[run]) << ": counters differ: expected ..."
                    << first_.counters.substr(at, 160) << "..., got ..."
                    << outcome.counters.substr(at, 160);
      return false;
    }
  }
  return true;
}

} // namespace hadal::simtest
