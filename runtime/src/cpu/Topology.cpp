// SPDX-License-Identifier: Apache-2.0
// Reads /sys/devices/system; source of the names: Linux, Documentation/ABI/stable/sysfs-devices-node
// and sysfs-devices-system-cpu.
#include "cpu/Topology.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tuple>

namespace hadal::runtime {
namespace {

// The first line of a small file; "" where there is none.
std::string readLine(const std::string &path) {
  std::string line;
  FILE *file = std::fopen(path.c_str(), "re");
  if (!file)
    return line;
  for (int c; (c = std::fgetc(file)) != EOF && c != '\n';)
    line += static_cast<char>(c);
  std::fclose(file);
  return line;
}

} // namespace

std::vector<uint32_t> parseCpuList(const char *text) {
  std::vector<uint32_t> cpus;
  while (*text) {
    char *end = nullptr;
    unsigned long first = std::strtoul(text, &end, 10), last = first;
    bool isNumber = end != text;
    if (isNumber && *end == '-')
      last = std::strtoul(end + 1, &end, 10);
    for (unsigned long cpu = first; isNumber && cpu <= last && cpu < CPU_SETSIZE; ++cpu)
      cpus.push_back(static_cast<uint32_t>(cpu));
    while (*end && *end != ',')
      ++end;
    text = *end ? end + 1 : end;
  }
  return cpus;
}

std::vector<uint32_t> pinOrder(const cpu_set_t &allowed, const char *system) {
  std::string root = system;
  std::vector<uint32_t> nodeOf(CPU_SETSIZE, 0);
  for (uint32_t node : parseCpuList(readLine(root + "/node/online").c_str()))
    for (uint32_t cpu :
         parseCpuList(readLine(root + "/node/node" + std::to_string(node) + "/cpulist").c_str()))
      nodeOf[cpu] = node;

  // Which of its core's allowed CPUs it is, its node, itself.
  std::vector<std::tuple<uint32_t, uint32_t, uint32_t>> order;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed))
      continue;
    uint32_t rank = 0;
    for (uint32_t sibling : parseCpuList(
             readLine(root + "/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list")
                 .c_str()))
      rank += sibling < cpu && CPU_ISSET(sibling, &allowed);
    order.emplace_back(rank, nodeOf[cpu], cpu);
  }
  std::sort(order.begin(), order.end());
  std::vector<uint32_t> cpus;
  for (const auto &[rank, node, cpu] : order)
    cpus.push_back(cpu);
  return cpus;
}

} // namespace hadal::runtime
