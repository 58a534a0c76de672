// SPDX-License-Identifier: Apache-2.0
// What hadal-bench prints.
#include "Measure.h"
#include "support/Diagnostics.h"
#include "support/Json.h"

namespace hadal::tools {

static double rate(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0; }

/// A figure that was timed.
static std::string timeTable(const Figure &f, const Plan &plan) {
  std::string out;
  double read = rate(f.bytes, f.seconds), done = rate(f.flops, f.seconds);
  out += format("  parameters %.1f GB/s", read * 1e-9);
  if (plan.onHost)
    out += format(", %.2f of a read-only pass (%.1f GB/s)", f.readShare, f.readRate * 1e-9);
  if (plan.roof)
    out += format(", %.2f of the data sheet of %s", read / plan.roof->memory, plan.roof->product);
  out += format("\n  arithmetic %.1f GFLOP/s", done * 1e-9);
  if (plan.onHost)
    out += format(", %.2f of the multiply-add unit (%.1f GFLOP/s)", f.dotShare, f.dotRate * 1e-9);
  if (plan.roof)
    out += format(", %.2f of the data sheet", done / plan.roof->tensor16);
  double sum = 0;
  for (const KernelFigure &kernel : f.kernels)
    sum += kernel.seconds;
  out += format("\n  %-44s %8s %10s %6s %9s %9s\n", "kernel", "launches", "us", "share", "GB/s",
                "GFLOP/s");
  for (const KernelFigure &kernel : f.kernels)
    out += format("  %-44s %8llu %10.1f %5.1f%% %9.2f %9.2f\n", kernel.name.c_str(),
                  static_cast<unsigned long long>(kernel.launches), kernel.seconds * 1e6,
                  100 * rate(kernel.seconds, sum), rate(kernel.bytes, kernel.seconds) * 1e-9,
                  rate(kernel.flops, kernel.seconds) * 1e-9);
  return out;
}

void printTable(const std::vector<Figure> &figures, const Model &model, const Plan &plan) {
  std::string out =
      format("%s: %s, precision %s, kernels %s", model.path().c_str(), model.info().family,
             model.info().precision, hadal_module_level(model.module()));
  if (uint32_t count = hadal_module_machine_code(model.module()))
    out += format(", %u of them as machine code of the artifact", count);
  out += "\n";
  if (plan.onHost)
    out += "multiply-add unit: " + dotUnitName() + "\n";
  for (const Figure &f : figures) {
    out += format("\n%s %u, batch %u", f.decode ? "decode at" : "prefill of", f.tokens, f.batch);
    if (f.counted)
      out += ": counted, not timed\n" + counterTable(f, plan.roof);
    else
      out += format(", %u threads: %.3f ms, %.1f tokens/s\n", f.threads, f.seconds * 1e3,
                    rate(f.newTokens(), f.seconds)) +
             timeTable(f, plan);
  }
  print(out);
}

/// Members of a figure that was timed.
static std::string timeMembers(const Figure &f, const Plan &plan) {
  std::string out =
      format(",\"threads\":%u,\"seconds\":%.9g,\"tokens_per_second\":%.9g,\"bytes\":%.0f,"
             "\"flops\":%.0f",
             f.threads, f.seconds, rate(f.newTokens(), f.seconds), f.bytes, f.flops);
  if (plan.onHost)
    out += format(",\"read_bytes_per_second\":%.9g,\"read_share\":%.6g,"
                  "\"dot_flops_per_second\":%.9g,\"dot_share\":%.6g",
                  f.readRate, f.readShare, f.dotRate, f.dotShare);
  if (plan.roof)
    out += ",\"roof\":" + quoted(plan.roof->name) +
           format(",\"memory_share\":%.6g,\"tensor_share\":%.6g",
                  rate(f.bytes, f.seconds) / plan.roof->memory,
                  rate(f.flops, f.seconds) / plan.roof->tensor16);
  return out;
}

std::string jsonReport(const std::vector<Figure> &figures, const Model &model, const Plan &plan) {
  std::string out =
      "{\"model\":" + quoted(model.path()) + ",\"family\":" + quoted(model.info().family) +
      ",\"precision\":" + quoted(model.info().precision) +
      ",\"level\":" + quoted(hadal_module_level(model.module())) +
      format(",\"machine_code_kernels\":%u", hadal_module_machine_code(model.module()));
  if (plan.onHost)
    out += ",\"dot_unit\":" + quoted(dotUnitName());
  out += format(",\"decode_weight_bytes\":%llu,\"figures\":[",
                static_cast<unsigned long long>(model.info().decode_weight_bytes));
  for (size_t i = 0; i < figures.size(); ++i) {
    const Figure &f = figures[i];
    out +=
        format("%s\n{\"kind\":\"%s\",\"%s\":%u,\"batch\":%u", i ? "," : "",
               f.decode ? "decode" : "prefill", f.decode ? "context" : "tokens", f.tokens, f.batch);
    out += f.counted ? counterMembers(f, plan.roof) : timeMembers(f, plan);
    out += ",\"kernels\":[";
    for (size_t k = 0; k < f.kernels.size(); ++k) {
      const KernelFigure &kernel = f.kernels[k];
      out += (k ? ",\n " : "\n ") + ("{\"name\":" + quoted(kernel.name)) +
             ",\"family\":" + quoted(kernel.family) +
             format(",\"launches\":%llu", static_cast<unsigned long long>(kernel.launches));
      out += f.counted ? counterMembers(kernel, plan.roof)
                       : format(",\"seconds\":%.9g,\"bytes\":%.0f,\"flops\":%.0f", kernel.seconds,
                                kernel.bytes, kernel.flops);
      out += "}";
    }
    out += "]}";
  }
  return out + "]}\n";
}

} // namespace hadal::tools
