// SPDX-License-Identifier: Apache-2.0
// Threads that do one thing together, timed from a common start.
#include "roofs/Team.h"

#include <chrono>

namespace hadal::tools {

Team::Team(unsigned count) {
  for (unsigned i = 1; i < count; ++i)
    threads.emplace_back([this, i] { serve(i); });
}

Team::~Team() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  wake.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

/// Waits, briefly, until all threads are awake. Yields, because there may be more
/// threads than cores.
void Team::meet() {
  ++ready;
  while (ready.load() < size())
    std::this_thread::yield();
}

void Team::serve(unsigned index) {
  unsigned seen = 0;
  for (;;) {
    const std::function<void(unsigned)> *work = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex);
      wake.wait(lock, [&] { return stopping || generation != seen; });
      if (stopping)
        return;
      seen = generation;
      work = task;
    }
    meet();
    (*work)(index);
    ++done;
  }
}

double Team::run(const std::function<void(unsigned)> &work) {
  ready = 0;
  done = 0;
  {
    std::lock_guard<std::mutex> lock(mutex);
    task = &work;
    ++generation;
  }
  wake.notify_all();
  meet();
  auto start = std::chrono::steady_clock::now();
  work(0);
  while (done.load() < threads.size())
    std::this_thread::yield();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace hadal::tools
