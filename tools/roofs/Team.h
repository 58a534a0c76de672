// SPDX-License-Identifier: Apache-2.0
// Threads that do one thing together, timed from a common start.
#ifndef HADAL_TOOLS_ROOFS_TEAM_H
#define HADAL_TOOLS_ROOFS_TEAM_H

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hadal::tools {

/// Sleeps between runs, so that the runtime's threads have the cores.
class Team {
public:
  explicit Team(unsigned count);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  unsigned size() const { return static_cast<unsigned>(threads.size()) + 1; }
  /// Calls work(0) ... work(size - 1) at the same time; seconds from when all
  /// were ready until the last was done.
  double run(const std::function<void(unsigned)> &work);

private:
  void serve(unsigned index);
  void meet();

  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake;
  const std::function<void(unsigned)> *task = nullptr;
  unsigned generation = 0;
  bool stopping = false;
  std::atomic<unsigned> ready{0}, done{0};
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_ROOFS_TEAM_H
