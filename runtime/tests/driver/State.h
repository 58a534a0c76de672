// SPDX-License-Identifier: Apache-2.0
// What the test driver keeps: contexts, their objects, and work that has not run.
#ifndef HADAL_TESTS_DRIVER_STATE_H
#define HADAL_TESTS_DRIVER_STATE_H

#include "cuda/Abi.h"
#include "driver/TestDriver.h"
#include "hadal_sim.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hadal::cuda {

/// A recorded event: a point in the work of a stream.
struct Mark {
  CUstream stream;
  uint64_t place = 0; // among its work, from 1
  bool done = false;
  uint64_t nanoseconds = 0;
};

/// A launch with all that it was given.
struct LaunchWork {
  CUfunction function;
  std::shared_ptr<CUmod_st> module; // keeps it while the launch waits
  hadal_sim_launch_t how;
  std::vector<std::vector<char>> arguments;
};

/// Something that a stream does.
struct Work {
  enum Kind { Launch, Upload, Download, Fill, Reach, Wait } kind;
  explicit Work(Kind kind) : kind(kind) {}

  std::shared_ptr<LaunchWork> launch;
  CUdeviceptr address = 0;
  char *host = nullptr;
  size_t bytes = 0;
  unsigned char value = 0;
  bool pinned = false;
  uint64_t sum = 0;           // of page-locked memory, at the call
  std::vector<char> snapshot; // of pageable memory
  std::shared_ptr<Mark> mark;
};

struct CUctx_st {
  int device = 0;
  int holds = 0;
  hadal_sim_context_t *sim = nullptr;
  CUresult lost = CUDA_SUCCESS; // what every call returns from then on
  std::map<CUdeviceptr, size_t> memory;
  std::map<char *, size_t> pinned;
  size_t used = 0;
  std::set<CUstream> streams;
  std::set<CUevent> events;
  std::map<CUmodule, std::shared_ptr<CUmod_st>> modules;
  std::set<CUgraph> graphs;
  std::set<CUgraphExec> execs;

  // The thread that runs the streams.
  std::thread worker;
  bool stopping = false;
  std::deque<std::pair<CUstream, uint64_t>> demands; // work of a stream that somebody waits for
  std::mt19937_64 random;
};

struct CUfunc_st {
  CUmodule module;
  std::string name;
  hadal_sim_kernel_info_t info;
  std::vector<hadal_sim_parameter_t> parameters;
  size_t maxDynamicShared;
};

struct CUmod_st {
  CUcontext context;
  hadal_sim_module_t *sim;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
  ~CUmod_st();
};

struct CUstream_st {
  CUcontext context;
  uint64_t number; // in the order of creation
  std::deque<Work> work;
  uint64_t added = 0, ended = 0;
  std::unique_ptr<CUgraph_st> capture; // what is captured; null: nothing is
  bool captureLost = false;
  CUstreamCaptureMode captureMode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id captureThread;
};

struct CUevent_st {
  CUcontext context;
  unsigned flags;
  std::shared_ptr<Mark> mark; // of the last record; null: never recorded
};

struct CUgraph_st {
  CUcontext context;
  std::vector<Work> work;
};

struct CUgraphExec_st {
  CUcontext context;
  std::vector<Work> work;
};

struct State {
  std::mutex mutex;
  std::condition_variable wake, ended; // for workers; for those who wait
  std::map<std::string, std::string> settings;
  hadal_test_driver_counts_t counts = {};
  std::map<std::string, uint64_t> callsOf; // by function, for FAIL
  std::string failed, problems, leaks;
  std::string handedOut[2];
  bool initialized = false;
  std::map<int, CUctx_st> contexts; // by device

  std::string setting(const char *name) const;
  uint64_t number(const char *name) const;
  int capability() const; // 80

  void problem(const std::string &text) { problems += text + "\n"; }
  /// What FAIL says about this call.
  CUresult fault(const char *function);
};

/// Lives as long as the library is loaded.
State &state();

/// The contexts that are current, innermost last.
std::vector<CUcontext> &currentContexts();

/// Every function begins with one: it locks, counts, and fails as it was asked to.
class Entry {
public:
  enum Kind {
    Free,     // needs nothing
    Driver,   // needs cuInit
    InContext // needs a current context, and that it is of use
  };
  Entry(const char *function, Kind kind);

  bool ok() const { return code == CUDA_SUCCESS; }
  operator CUresult() const { return code; }
  /// The current context or null, also where the call fails.
  CUcontext context() const { return current; }
  std::unique_lock<std::mutex> &lock() { return held; }

  /// Whether an object is there and of this context; else the call fails, and is a problem.
  template <typename Object> bool has(const std::set<Object> &objects, Object object) {
    return hasObject(object && objects.count(object));
  }
  bool hasObject(bool exists);
  /// Whether a call that captures do not allow may be made now.
  bool mayDisturb();
  CUresult fail(CUresult result) { return code = result; }

private:
  std::unique_lock<std::mutex> held;
  const char *function;
  CUcontext current = nullptr;
  CUresult code = CUDA_SUCCESS;
};

// Work.cpp: all with the lock held.
void startWorker(CUctx_st &context);
void stopWorker(CUctx_st &context, std::unique_lock<std::mutex> &lock);
/// Puts work into a stream, or into what it captures.
CUresult add(CUstream stream, Work work);
/// Waits until `count` pieces of work of the stream have ended.
CUresult waitFor(CUstream stream, uint64_t count, std::unique_lock<std::mutex> &lock);
/// Whether the memory is page-locked, in whole.
bool isPinned(const CUctx_st &context, const void *data, size_t bytes);
uint64_t checksum(const void *data, size_t bytes);

void destroyContext(CUctx_st &context);

#define HADAL_TEST_DRIVER extern "C" __attribute__((visibility("default")))

// Declared as the device calls them, so that no definition can differ.
#define HADAL_TEST_DECLARE(name, parameters) HADAL_TEST_DRIVER CUresult name parameters;
HADAL_CUDA_FUNCTIONS(HADAL_TEST_DECLARE)
HADAL_CUDA_LATER_FUNCTIONS(HADAL_TEST_DECLARE)
#undef HADAL_TEST_DECLARE

} // namespace hadal::cuda

#endif // HADAL_TESTS_DRIVER_STATE_H
