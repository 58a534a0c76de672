// SPDX-License-Identifier: Apache-2.0
// When the work of streams runs, and what happens then.
#include "driver/State.h"

#include <algorithm>
#include <cstring>
#include <ctime>

namespace hadal::cuda {
namespace {

// What runs when somebody waits; the seed chooses.
enum class Order {
  Needed, // only what the wait needs
  Random, // any stream, until the wait is over
  Others, // other streams first
  AtOnce  // any stream, whether somebody waits or not
};

Order order() { return Order(state().number("SEED") % 4); }

bool canRun(CUstream stream) {
  if (stream->work.empty())
    return false;
  const Work &first = stream->work.front();
  return first.kind != Work::Wait || first.mark->done;
}

// The stream whose first piece of work brings `wanted` nearer.
CUstream neededFor(CUstream wanted) {
  while (!canRun(wanted))
    wanted = wanted->work.front().mark->stream;
  return wanted;
}

CUstream choose(CUctx_st &context) {
  auto &demands = context.demands;
  while (!demands.empty() && demands.front().first->ended >= demands.front().second)
    demands.pop_front();
  std::vector<CUstream> able;
  for (CUstream stream : context.streams)
    if (canRun(stream))
      able.push_back(stream);
  // A set of pointers has another order each time: the seed is to decide.
  std::sort(able.begin(), able.end(), [](CUstream a, CUstream b) { return a->number < b->number; });
  Order how = order();
  if (able.empty() || (demands.empty() && how != Order::AtOnce))
    return nullptr;
  if (how == Order::Random || how == Order::AtOnce)
    return able[context.random() % able.size()];
  CUstream needed = neededFor(demands.front().first);
  if (how == Order::Others) {
    able.erase(std::remove_if(able.begin(), able.end(),
                              [&](CUstream stream) {
                                return stream == needed || stream == demands.front().first;
                              }),
               able.end());
    if (!able.empty())
      return able[context.random() % able.size()];
  }
  return needed;
}

void runLaunch(CUctx_st &context, LaunchWork &work) {
  State &all = state();
  ++all.counts.work;
  if (CUresult fault = all.fault("work")) {
    context.lost = fault;
    return;
  }
  std::vector<const void *> arguments;
  for (const auto &argument : work.arguments)
    arguments.push_back(argument.data());
  if (all.number("SEED"))
    work.how.seed = context.random();
  hadal_sim_status_t status =
      hadal_sim_launch(context.sim, work.module->sim, work.function->name.c_str(), &work.how,
                       arguments.data(), arguments.size());
  if (status == HADAL_SIM_OK)
    return;
  uint32_t line;
  std::string check = status == HADAL_SIM_CHECK ? hadal_sim_context_check(context.sim, &line) : "";
  context.lost = check == "bounds" ? CUDA_ERROR_ILLEGAL_ADDRESS : CUDA_ERROR_LAUNCH_FAILED;
  // These two a kernel may do on purpose; hardware does not notice the others.
  if (check != "bounds" && check != "trap")
    all.problem(hadal_sim_context_message(context.sim));
}

void runCopy(CUctx_st &context, Work &work) {
  State &all = state();
  hadal_sim_status_t status;
  if (work.kind == Work::Fill) {
    status = hadal_sim_fill(context.sim, work.address, work.value, work.bytes);
  } else if (work.kind == Work::Upload) {
    if (work.pinned && checksum(work.host, work.bytes) != work.sum)
      all.problem("an upload of " + std::to_string(work.bytes) +
                  " bytes: page-locked memory changed before the copy ran");
    status = hadal_sim_copy_in(context.sim, work.address,
                               work.pinned ? work.host : work.snapshot.data(), work.bytes);
  } else {
    status = hadal_sim_copy_out(context.sim, work.host, work.address, work.bytes, nullptr);
    if (status == HADAL_SIM_CHECK) {
      all.problem(std::string("a download: ") + hadal_sim_context_message(context.sim));
      return;
    }
  }
  if (status != HADAL_SIM_OK)
    context.lost = CUDA_ERROR_ILLEGAL_ADDRESS;
}

void runFirst(CUctx_st &context, CUstream stream) {
  Work work = std::move(stream->work.front());
  stream->work.pop_front();
  if (!context.lost) {
    if (work.kind == Work::Launch)
      runLaunch(context, *work.launch);
    else if (work.kind != Work::Reach && work.kind != Work::Wait)
      runCopy(context, work);
  }
  if (work.kind == Work::Reach) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    work.mark->nanoseconds = uint64_t(now.tv_sec) * 1000000000 + uint64_t(now.tv_nsec);
    work.mark->done = true;
  }
  ++stream->ended;
}

void runWorker(CUctx_st &context) {
  std::unique_lock<std::mutex> lock(state().mutex);
  while (!context.stopping) {
    if (CUstream stream = choose(context)) {
      runFirst(context, stream);
      state().ended.notify_all();
      // Others may call the driver between any two pieces of work.
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    } else {
      state().wake.wait(lock);
    }
  }
}

} // namespace

void startWorker(CUctx_st &context) {
  context.random.seed(state().number("SEED"));
  context.stopping = false;
  context.worker = std::thread([&context] { runWorker(context); });
}

void stopWorker(CUctx_st &context, std::unique_lock<std::mutex> &lock) {
  context.stopping = true;
  state().wake.notify_all();
  lock.unlock();
  context.worker.join();
  lock.lock();
}

CUresult add(CUstream stream, Work work) {
  CUctx_st &context = *stream->context;
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return CUDA_SUCCESS;
  }
  if (work.kind == Work::Upload) {
    work.pinned = isPinned(context, work.host, work.bytes);
    if (work.pinned)
      work.sum = checksum(work.host, work.bytes);
    else
      work.snapshot.assign(work.host, work.host + work.bytes);
  } else if (work.kind == Work::Download) {
    work.pinned = isPinned(context, work.host, work.bytes);
    std::memset(work.host, 0xdb, work.bytes);
  }
  stream->work.push_back(std::move(work));
  ++stream->added;
  state().wake.notify_all();
  return CUDA_SUCCESS;
}

CUresult waitFor(CUstream stream, uint64_t count, std::unique_lock<std::mutex> &lock) {
  CUctx_st &context = *stream->context;
  ++state().counts.waits;
  context.demands.emplace_back(stream, count);
  state().wake.notify_all();
  state().ended.wait(lock, [&] { return stream->ended >= count; });
  return context.lost;
}

bool isPinned(const CUctx_st &context, const void *data, size_t bytes) {
  auto *at = const_cast<char *>(static_cast<const char *>(data));
  auto next = context.pinned.upper_bound(at);
  if (next == context.pinned.begin())
    return false;
  auto [begin, size] = *std::prev(next);
  return at + bytes <= begin + size;
}

uint64_t checksum(const void *data, size_t bytes) { // FNV-1a
  uint64_t sum = 0xcbf29ce484222325;
  for (size_t i = 0; i < bytes; ++i)
    sum = (sum ^ static_cast<const unsigned char *>(data)[i]) * 0x100000001b3;
  return sum;
}

} // namespace hadal::cuda
