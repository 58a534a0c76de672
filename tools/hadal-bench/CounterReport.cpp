// SPDX-License-Identifier: Apache-2.0
// What hadal-bench prints where the device counts.
#include "Measure.h"
#include "support/Json.h"

namespace hadal::tools {

namespace {

using Count = unsigned long long;

KernelFigure sumOf(const Figure &figure) {
  KernelFigure sum;
  sum.name = "all";
  for (const KernelFigure &kernel : figure.kernels) {
    sum.launches += kernel.launches;
    sum.readBytes += kernel.readBytes;
    sum.writeBytes += kernel.writeBytes;
    sum.counters += kernel.counters;
  }
  return sum;
}

/// "1.02", or "-" where there is nothing to compare with.
std::string ratio(uint64_t moved, uint64_t needed) {
  return needed ? format("%.2f", static_cast<double>(moved) / static_cast<double>(needed)) : "-";
}

std::string trafficCells(uint64_t requested, uint64_t distinct, uint64_t needed) {
  return format(" %12llu %12llu %12llu %6s", Count(requested), Count(distinct), Count(needed),
                ratio(distinct, needed).c_str());
}

std::string counterRow(const KernelFigure &kernel) {
  const Counters &c = kernel.counters;
  return format("  %-32s %8llu", kernel.name.c_str(), Count(kernel.launches)) +
         trafficCells(c.readRequested, c.readDistinct, kernel.readBytes) +
         trafficCells(c.writeRequested, c.writeDistinct, kernel.writeBytes) +
         format(" %12llu %10llu %9llu %9llu\n", Count(c.warpInstructions), Count(c.wavefronts),
                Count(c.bankConflicts), Count(c.products()));
}

std::string boundRow(const char *name, const Bounds &bounds, double sum, const char *binding) {
  return format("  %-32s %10.3f %10.3f %10.3f %10.3f %10.3f  %s\n", name, bounds.memory * 1e6,
                bounds.tensor * 1e6, bounds.issue * 1e6, bounds.shared * 1e6, sum * 1e6, binding);
}

/// Kernels run one after the other, so what binds each of them adds up.
double sumOfLargest(const Figure &figure, const Gpu &gpu) {
  double sum = 0;
  for (const KernelFigure &kernel : figure.kernels)
    sum += boundsOf(gpu, kernel.counters).largest();
  return sum;
}

std::string boundTable(const Figure &figure, const Gpu &gpu) {
  std::string out = format(
      "  bounds in us, no prediction: %s, data sheet: %.0f GB/s, %.1f TFLOP/s, %u SMs at %.2f GHz\n",
      gpu.product, gpu.memory * 1e-9, gpu.tensor16 * 1e-12, gpu.sms, gpu.clock * 1e-9);
  out += format("  %-32s %10s %10s %10s %10s %10s  %s\n", "kernel", "memory", "tensor", "issue",
                "shared", "largest", "binds");
  uint64_t others = 0;
  for (const KernelFigure &kernel : figure.kernels) {
    Bounds bounds = boundsOf(gpu, kernel.counters);
    others += matrixWork(kernel.counters).others;
    out += boundRow(kernel.name.c_str(), bounds, bounds.largest(), bounds.binding());
  }
  Bounds all = boundsOf(gpu, sumOf(figure).counters);
  out += boundRow("all", all, sumOfLargest(figure, gpu), all.binding());
  if (others)
    out +=
        format("  %llu matrix products of types without a rate in the data sheet are not in it\n",
               Count(others));
  return out;
}

std::string boundMembers(const Bounds &bounds) {
  return format("\"memory\":%.6g,\"tensor\":%.6g,\"issue\":%.6g,\"shared\":%.6g,\"binds\":\"%s\"",
                bounds.memory, bounds.tensor, bounds.issue, bounds.shared, bounds.binding());
}

} // namespace

std::string counterTable(const Figure &figure, const Gpu *roof) {
  std::string out = format("  %-32s %8s %45s %45s\n", "", "", "read: bytes", "written: bytes");
  out += format("  %-32s %8s %12s %12s %12s %6s %12s %12s %12s %6s %12s %10s %9s %9s\n", "kernel",
                "launches", "requested", "distinct", "compulsory", "ratio", "requested", "distinct",
                "compulsory", "ratio", "instructions", "wavefronts", "conflicts", "mma");
  for (const KernelFigure &kernel : figure.kernels)
    out += counterRow(kernel);
  out += counterRow(sumOf(figure));
  return roof ? out + boundTable(figure, *roof) : out;
}

std::string counterMembers(const KernelFigure &kernel, const Gpu *roof) {
  const Counters &c = kernel.counters;
  std::string mma;
  for (const auto &[key, count] : c.mma)
    mma += (mma.empty() ? "" : ",") + quoted(key) + ":" + std::to_string(count);
  std::string out = format(
      ",\"read_requested_bytes\":%llu,\"read_distinct_bytes\":%llu,\"read_compulsory_bytes\":%llu,"
      "\"write_requested_bytes\":%llu,\"write_distinct_bytes\":%llu,"
      "\"write_compulsory_bytes\":%llu,\"warp_instructions\":%llu,\"moves\":%llu,"
      "\"shared_wavefronts\":%llu,\"bank_conflicts\":%llu,\"barriers\":%llu,\"mma\":{",
      Count(c.readRequested), Count(c.readDistinct), Count(kernel.readBytes),
      Count(c.writeRequested), Count(c.writeDistinct), Count(kernel.writeBytes),
      Count(c.warpInstructions), Count(c.moves), Count(c.wavefronts), Count(c.bankConflicts),
      Count(c.barriers));
  out += mma + "}";
  if (roof)
    out += ",\"bound_seconds\":{" + boundMembers(boundsOf(*roof, c)) + "}";
  return out;
}

std::string counterMembers(const Figure &figure, const Gpu *roof) {
  KernelFigure sum = sumOf(figure);
  std::string out =
      format(",\"launches\":%llu", Count(sum.launches)) + counterMembers(sum, /*roof=*/nullptr);
  if (roof)
    out += ",\"roof\":" + quoted(roof->name) + ",\"bound_seconds\":{" +
           boundMembers(boundsOf(*roof, sum.counters)) +
           format(",\"sum_of_largest\":%.6g}", sumOfLargest(figure, *roof));
  return out;
}

} // namespace hadal::tools
