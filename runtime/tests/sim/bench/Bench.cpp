// SPDX-License-Identifier: Apache-2.0
// hadal-sim-bench: the speed of the simulator on one host thread with its default checks.
#include "FrontEnd.h"
#include "hadal_sim.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <time.h>
#include <vector>

namespace {

int repeats = 10;
size_t elements = size_t(1) << 20;
std::string folder = HADAL_SIM_FOREIGN;
std::string only;

[[noreturn]] void die(const std::string &what) {
  fprintf(stderr, "hadal-sim-bench: %s\n", what.c_str());
  exit(1);
}

/// Time of the processor that this thread has used: other programs that share
/// the core do not count.
double seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

std::string fileText(const std::string &name) {
  std::string path = folder + "/" + name, text;
  FILE *file = fopen(path.c_str(), "rb");
  if (!file)
    die("cannot open " + path);
  char block[65536];
  size_t n;
  while ((n = fread(block, 1, sizeof(block), file)) > 0)
    text.append(block, n);
  fclose(file);
  return text;
}

/// A context with one module; every failure ends the program.
struct Machine {
  hadal_sim_context_t *context = nullptr;
  hadal_sim_module_t *module = nullptr;
  Machine() {
    if (hadal_sim_context_create(&context) != HADAL_SIM_OK)
      die(hadal_sim_context_message(nullptr));
  }
  ~Machine() { hadal_sim_context_release(context); }
  void check(hadal_sim_status_t status) {
    if (status != HADAL_SIM_OK)
      die(hadal_sim_context_message(context));
  }
  void load(const std::string &text, const char *name) {
    check(hadal_sim_module_load(context, text.data(), text.size(), name, &module));
  }
  template <typename T> uint64_t buffer(const std::vector<T> &values, const char *name) {
    uint64_t at = buffer(values.size() * sizeof(T), name);
    check(hadal_sim_copy_in(context, at, values.data(), values.size() * sizeof(T)));
    return at;
  }
  uint64_t buffer(uint64_t bytes, const char *name) {
    uint64_t at = 0;
    check(hadal_sim_alloc(context, bytes, name, &at));
    return at;
  }
  template <typename T> std::vector<T> contents(uint64_t at, size_t count) {
    std::vector<T> values(count);
    check(hadal_sim_copy_out(context, values.data(), at, count * sizeof(T), nullptr));
    return values;
  }
  /// The least time of all repeats.
  double launch(const char *kernel, uint32_t gridX, uint32_t gridY, uint32_t block,
                const std::vector<const void *> &arguments) {
    hadal_sim_launch_t how;
    hadal_sim_launch_defaults(&how);
    how.grid[0] = gridX;
    how.grid[1] = gridY;
    how.block[0] = block;
    how.threads = 1;
    double best = 1e30;
    for (int i = 0; i < repeats; ++i) {
      double start = seconds();
      check(hadal_sim_launch(context, module, kernel, &how, arguments.data(), arguments.size()));
      best = std::min(best, seconds() - start);
    }
    return best;
  }
  /// The first number behind `key` in the counters, from `from` on.
  double counter(const char *key, const char *from = "") {
    const char *at = strstr(hadal_sim_counters_json(context), from);
    at = at ? strstr(at, key) : nullptr;
    if (!at || !(at = strchr(at, ':')))
      die(std::string("the counters have no ") + key);
    return strtod(at + 1, nullptr);
  }
};

bool wanted(const char *row) { return only.empty() || only == row; }

void gemm() {
  constexpr int m = 512, n = 512, k = 1024;
  Machine machine;
  machine.load(fileText("gemm_bf16.ptx"), "gemm_bf16.ptx");
  // Small integers: every sum is exact.
  auto value = [](size_t i) { return int(i * 2654435761u >> 7 & 3) - 1; };
  auto brain = [](int i) {
    float f = float(i);
    uint32_t bits;
    memcpy(&bits, &f, 4);
    return uint16_t(bits >> 16);
  };
  std::vector<uint16_t> a(size_t(m) * k), b(size_t(n) * k);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = brain(value(i));
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = brain(value(i + 77));
  uint64_t da = machine.buffer(a, "a"), db = machine.buffer(b, "b"),
           dc = machine.buffer(uint64_t(m) * n * 4, "c");
  double best = machine.launch("gemm_bf16_64x64x32", n / 64, m / 64, 128, {&da, &db, &dc, &n, &k});
  auto c = machine.contents<float>(dc, size_t(m) * n);
  for (size_t i = 0; i < c.size(); i += 1009) {
    int sum = 0;
    for (size_t l = 0; l < k; ++l)
      sum += value(i / n * k + l) * value(i % n * k + l + 77);
    if (c[i] != float(sum))
      die("gemm_bf16_64x64x32 computed a wrong element");
  }
  printf("gemm        %7.2f G multiply-adds/s                 bf16 GEMM, block "
         "64x64x32, %d x %d x %d; bar 4 with AVX-512\n",
         double(m) * n * k / best * 1e-9, m, n, k);
}

void arithmetic() {
  constexpr int threads = 32 * 128, iterations = 2000;
  Machine machine;
  machine.load(fileText("speed.ptx"), "speed.ptx");
  uint64_t f = machine.buffer(std::vector<float>(threads, 0.5f), "f"),
           n = machine.buffer(std::vector<int>(threads, 3), "n");
  double best = machine.launch("speed_arithmetic", 32, 1, 128, {&f, &n, &iterations});
  printf("arithmetic  %7.2f G lane-instructions/s             f32 and i32; bar 1.5\n",
         machine.counter("\"lane_instructions\"") / best * 1e-9);
}

void memory(const char *row, size_t n, const char *bar) {
  bool scattered = strcmp(row, "scattered") == 0;
  Machine machine;
  machine.load(fileText("speed.ptx"), "speed.ptx");
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i)
    x[i] = float(i);
  std::vector<int> t(n);
  std::iota(t.begin(), t.end(), 0);
  uint64_t random = 88172645463325252u;
  for (size_t i = n; scattered && i > 1; --i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    std::swap(t[i - 1], t[random % i]);
  }
  int count = int(n);
  uint64_t dt = machine.buffer(t, "t"), dx = machine.buffer(x, "x"),
           dy = machine.buffer(n * 4, "y");
  double best = scattered ? machine.launch("speed_scattered", 16, 1, 256, {&dt, &dx, &dy, &count})
                          : machine.launch("speed_coalesced", 16, 1, 256, {&dx, &dy, &count});
  auto y = machine.contents<float>(dy, n);
  for (size_t i = 0; i < n; ++i)
    if (y[i] != x[scattered ? i ^ 1 : i])
      die(std::string("speed_") + row + " computed a wrong element");
  double accesses = machine.counter("\"lanes\"", "\"load_global\"") +
                    machine.counter("\"lanes\"", "\"store_global\"");
  printf("%-11s %7.0f M global lane-accesses/s, %5.0f M lane-instructions/s  %zu "
         "elements; bar %s\n",
         row, accesses / best * 1e-6, machine.counter("\"lane_instructions\"") / best * 1e-6, n,
         bar);
}

void frontEnd(const char *what, const std::string &text) {
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    Machine machine;
    double start = seconds();
    machine.load(text, what);
    best = std::min(best, seconds() - start);
  }
  size_t lines = size_t(std::count(text.begin(), text.end(), '\n'));
  printf("parse       %7.1f ms, %.1f a 4,000 lines              %s, %zu lines; bar 20\n",
         best * 1e3, best * 4e6 / double(lines), what, lines);
}

} // namespace

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument.rfind("--repeats=", 0) == 0) {
      repeats = atoi(argument.c_str() + 10);
    } else if (argument.rfind("--only=", 0) == 0) {
      only = argument.substr(7);
    } else if (argument.rfind("--elements=", 0) == 0) {
      elements = strtoul(argument.c_str() + 11, nullptr, 10);
      elements -= elements % 2; // x[i ^ 1] is read
    } else if (argument[0] != '-') {
      folder = argument;
    } else {
      repeats = 0;
    }
    if (repeats < 1 || elements < 2 || elements > size_t(1) << 30) {
      fprintf(stderr, "usage: hadal-sim-bench [FOLDER OF PTX] [--repeats=N] "
                      "[--elements=N] [--only=gemm|arithmetic|coalesced|scattered|parse]\n");
      return 2;
    }
  }
  {
    Machine machine;
    printf("level %s, one host thread, default checks, time of the processor, best of %d\n",
           hadal_sim_context_level(machine.context), repeats);
  }
  if (wanted("gemm"))
    gemm();
  if (wanted("arithmetic"))
    arithmetic();
  if (wanted("coalesced"))
    memory("coalesced", elements, "300");
  if (wanted("scattered"))
    memory("scattered", elements, "60");
  if (wanted("parse")) {
    frontEnd("a kernel", hadal::simbench::longKernel(3960));
    frontEnd("cub_device.ptx", fileText("cub_device.ptx"));
  }
  return 0;
}
