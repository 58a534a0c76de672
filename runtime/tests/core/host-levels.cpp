// SPDX-License-Identifier: Apache-2.0
// Says which levels of kernels this machine executes and HADAL_CPU_LEVEL allows, best first, one a
// line; or runs a command as on a machine that has less. Exit status of the latter: the command's, or 77 where it would not be
// another machine.
#include "cpu/CpuLevel.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace hadal::runtime;

static int fails(const char *problem) {
  std::fprintf(stderr, "hadal-host-levels: error: %s\n", problem);
  return 1;
}

int main(int argc, char **argv) {
  if (argc == 2 || (argc > 1 && argv[1][0] == '-')) {
    std::fprintf(stderr, "usage: hadal-host-levels [LEVEL COMMAND [ARGUMENT...]]\n");
    return 2;
  }
  CpuIdentity host, lesser;
  std::string problem = readHostCpu(host);
  if (!problem.empty())
    return fails(problem.c_str());
  if (argc == 1) {
    std::vector<const char *> levels = cpuLevels(host);
    Status status = restrictLevels(forcedLevel(), levels);
    if (!status.ok())
      return fails(status.message());
    for (const char *level : levels)
      std::puts(level);
    return 0;
  }
  setenv("HADAL_CPU_AT_MOST", argv[1], 1);
  problem = readHostCpu(lesser);
  if (!problem.empty())
    return fails(problem.c_str());
  if (executableLevels(lesser) == executableLevels(host))
    return 77;
  execvp(argv[2], argv + 2);
  return fails(std::strerror(errno));
}
