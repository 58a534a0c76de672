// SPDX-License-Identifier: Apache-2.0
// What hadal-bench prints.
#include "Measure.h"
#include "support/Diagnostics.h"
#include "support/Json.h"

namespace hadal::tools {

static double rate(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0; }

void printTable(const std::vector<Figure> &figures, const Model &model) {
  std::string out = format("%s: %s, precision %s, kernels %s\nmultiply-add unit: %s\n",
                           model.path().c_str(), model.info().family, model.info().precision,
                           hadal_module_level(model.module()), dotUnitName().c_str());
  for (const Figure &f : figures) {
    out += format("\n%s %u, batch %u, %u threads: %.3f ms, %.1f tokens/s\n",
                  f.decode ? "decode at" : "prefill of", f.tokens, f.batch, f.threads,
                  f.seconds * 1e3, rate(f.newTokens(), f.seconds));
    out += format("  parameters %.1f GB/s, %.2f of a read-only pass (%.1f GB/s)\n",
                  rate(f.bytes, f.seconds) * 1e-9, f.readShare, f.readRate * 1e-9);
    out += format("  arithmetic %.1f GFLOP/s, %.2f of the multiply-add unit (%.1f GFLOP/s)\n",
                  rate(f.flops, f.seconds) * 1e-9, f.dotShare, f.dotRate * 1e-9);
    double sum = 0;
    for (const KernelFigure &kernel : f.kernels)
      sum += kernel.seconds;
    out += format("  %-44s %8s %10s %6s %9s %9s\n", "kernel", "launches", "us", "share", "GB/s",
                  "GFLOP/s");
    for (const KernelFigure &kernel : f.kernels)
      out += format("  %-44s %8llu %10.1f %5.1f%% %9.2f %9.2f\n", kernel.name.c_str(),
                    static_cast<unsigned long long>(kernel.launches), kernel.seconds * 1e6,
                    100 * rate(kernel.seconds, sum), rate(kernel.bytes, kernel.seconds) * 1e-9,
                    rate(kernel.flops, kernel.seconds) * 1e-9);
  }
  print(out);
}

std::string jsonReport(const std::vector<Figure> &figures, const Model &model) {
  std::string out = "{\"model\":" + quoted(model.path()) +
                    ",\"family\":" + quoted(model.info().family) +
                    ",\"precision\":" + quoted(model.info().precision) +
                    ",\"level\":" + quoted(hadal_module_level(model.module())) +
                    ",\"dot_unit\":" + quoted(dotUnitName()) +
                    format(",\"decode_weight_bytes\":%llu,\"figures\":[",
                           static_cast<unsigned long long>(model.info().decode_weight_bytes));
  for (size_t i = 0; i < figures.size(); ++i) {
    const Figure &f = figures[i];
    out += format("%s\n{\"kind\":\"%s\",\"%s\":%u,\"batch\":%u,\"threads\":%u,\"seconds\":%.9g,"
                  "\"tokens_per_second\":%.9g,\"bytes\":%.0f,\"flops\":%.0f,"
                  "\"read_bytes_per_second\":%.9g,\"read_share\":%.6g,"
                  "\"dot_flops_per_second\":%.9g,\"dot_share\":%.6g,\"kernels\":[",
                  i ? "," : "", f.decode ? "decode" : "prefill", f.decode ? "context" : "tokens",
                  f.tokens, f.batch, f.threads, f.seconds, rate(f.newTokens(), f.seconds), f.bytes,
                  f.flops, f.readRate, f.readShare, f.dotRate, f.dotShare);
    for (size_t k = 0; k < f.kernels.size(); ++k) {
      const KernelFigure &kernel = f.kernels[k];
      out += (k ? "," : "") + ("{\"name\":" + quoted(kernel.name)) +
             ",\"family\":" + quoted(kernel.family) +
             format(",\"launches\":%llu,\"seconds\":%.9g,\"bytes\":%.0f,\"flops\":%.0f}",
                    static_cast<unsigned long long>(kernel.launches), kernel.seconds, kernel.bytes,
                    kernel.flops);
    }
    out += "]}";
  }
  return out + "]}\n";
}

} // namespace hadal::tools
