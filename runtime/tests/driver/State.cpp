// SPDX-License-Identifier: Apache-2.0
// Settings, counts, faults and problems of the test driver.
#include "driver/State.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace hadal::cuda {
namespace {

const struct {
  const char *name, *value;
} kDefaults[] = {
    {"SEED", "0"},        {"CAPABILITY", "8.0"}, {"DEVICES", "1"}, {"MEMORY", "1073741824"},
    {"VERSION", "12040"}, {"FAIL", ""},          {"COUNTS", ""}};

std::string fromEnvironment(const char *name) {
  const char *value = std::getenv((std::string("HADAL_TEST_CUDA_") + name).c_str());
  if (value)
    return value;
  for (const auto &item : kDefaults)
    if (!std::strcmp(item.name, name))
      return item.value;
  std::fprintf(stderr, "test driver: expected a setting, got '%s'\n", name);
  std::abort();
}

void writeCounts(const std::string &path, const hadal_test_driver_counts_t &counts) {
  std::FILE *file = std::fopen(path.c_str(), "w");
  if (!file)
    return;
  std::fprintf(
      file,
      "{\"calls\": %llu, \"uploads\": %llu, \"upload_bytes\": %llu, \"downloads\": %llu, "
      "\"download_bytes\": %llu, \"launches\": %llu, \"graph_launches\": %llu, \"waits\": %llu, "
      "\"work\": %llu}\n",
      (unsigned long long)counts.calls, (unsigned long long)counts.uploads,
      (unsigned long long)counts.upload_bytes, (unsigned long long)counts.downloads,
      (unsigned long long)counts.download_bytes, (unsigned long long)counts.launches,
      (unsigned long long)counts.graph_launches, (unsigned long long)counts.waits,
      (unsigned long long)counts.work);
  std::fclose(file);
}

// The end of the process, or of the library in it: what nobody has asked for must not go unnoticed.
__attribute__((destructor)) void leave() {
  std::unique_ptr<State> owner(&state());
  State &all = *owner;
  std::unique_lock<std::mutex> lock(all.mutex);
  for (auto &[device, context] : all.contexts)
    if (context.holds) {
      all.leaks += "a context of device " + std::to_string(device) + "\n";
      stopWorker(context, lock);
    }
  if (std::string path = all.setting("COUNTS"); !path.empty())
    writeCounts(path, all.counts);
  if (all.problems.empty() && all.leaks.empty())
    return;
  std::fprintf(stderr, "test driver: problems:\n%sleaks:\n%s", all.problems.c_str(),
               all.leaks.c_str());
  std::fflush(nullptr);
  _exit(70);
}

} // namespace

State &state() {
  static State *all = new State;
  return *all;
}

std::vector<CUcontext> &currentContexts() {
  static thread_local std::vector<CUcontext> stack;
  return stack;
}

std::string State::setting(const char *name) const {
  auto found = settings.find(name);
  return found == settings.end() ? fromEnvironment(name) : found->second;
}

uint64_t State::number(const char *name) const {
  return std::strtoull(setting(name).c_str(), nullptr, 10);
}

int State::capability() const {
  int major = 0, minor = 0;
  std::sscanf(setting("CAPABILITY").c_str(), "%d.%d", &major, &minor);
  return 10 * major + minor;
}

CUresult State::fault(const char *function) {
  ++callsOf[function];
  std::string fail = setting("FAIL");
  if (fail.empty())
    return CUDA_SUCCESS;
  // "NTH:CODE" or "FUNCTION:NTH:CODE"
  size_t last = fail.rfind(':'), before = fail.rfind(':', last - 1);
  bool named = before != std::string::npos;
  uint64_t nth = std::strtoull(fail.c_str() + (named ? before + 1 : 0), nullptr, 10);
  if (named && fail.compare(0, before, function))
    return CUDA_SUCCESS;
  if (!named && !std::strcmp(function, "work"))
    return CUDA_SUCCESS;
  if ((named ? callsOf[function] : counts.calls) != nth)
    return CUDA_SUCCESS;
  failed = function;
  return CUresult(std::atoi(fail.c_str() + last + 1));
}

} // namespace hadal::cuda

using namespace hadal::cuda;

HADAL_TEST_DRIVER void hadal_test_driver_counts(hadal_test_driver_counts_t *out_counts) {
  std::lock_guard<std::mutex> lock(state().mutex);
  *out_counts = state().counts;
}

HADAL_TEST_DRIVER void hadal_test_driver_reset(void) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().counts = {};
  state().callsOf.clear();
  state().failed.clear();
}

HADAL_TEST_DRIVER void hadal_test_driver_set(const char *name, const char *value) {
  std::lock_guard<std::mutex> lock(state().mutex);
  std::string start = fromEnvironment(name); // that there is such a setting
  state().settings[name] = value ? value : start;
}

HADAL_TEST_DRIVER const char *hadal_test_driver_failed(void) {
  std::lock_guard<std::mutex> lock(state().mutex);
  return state().failed.c_str();
}

HADAL_TEST_DRIVER const char *hadal_test_driver_problems(void) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().handedOut[0].swap(state().problems);
  state().problems.clear();
  return state().handedOut[0].c_str();
}

HADAL_TEST_DRIVER const char *hadal_test_driver_leaks(void) {
  std::lock_guard<std::mutex> lock(state().mutex);
  state().handedOut[1].swap(state().leaks);
  state().leaks.clear();
  return state().handedOut[1].c_str();
}
