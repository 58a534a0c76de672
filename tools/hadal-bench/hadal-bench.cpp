// SPDX-License-Identifier: Apache-2.0
// hadal-bench: times a compiled model, each figure beside what the machine can do at best.
#include "Measure.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

#include <thread>

using namespace hadal::tools;

int main(int argc, char **argv) {
  setToolName("hadal-bench");
  CommandLine line(
      "MODEL.hadal [options]",
      "Times prefill and decode. Every repeat of a figure is interleaved with a read-only\n"
      "pass over the parameter bytes that a decoded token reads and with a loop on the\n"
      "fastest multiply-add unit, so that it is a share of what the machine did in the\n"
      "same moments. Bytes and operations are the compiler's upper bounds. On a device that\n"
      "counts (sim) one step is counted and nothing timed: bytes that kernels ask for, and\n"
      "those of distinct sectors, beside what they have to move.",
      withMemoryOptions(
          {{"prefill", Option::value, "LENGTHS", "lengths of prompts, run in one step (512)"},
           {"decode", Option::value, "CONTEXTS", "tokens in the cache before the step (512)"},
           {"batch", Option::value, "SIZES", "sequences in one step (1)"},
           {"threads", Option::value, "COUNTS", "threads that execute kernels (as many as cores)"},
           {"repeat", Option::value, "N", "repeats of each figure, of which the median counts (5)"},
           {"json", Option::flag, "", "print JSON"},
           {"roof", Option::value, "GPU",
            "with --device=sim: the time that each resource of a GPU needs at least by its\n"
            "                                data sheet, which is a bound and no prediction; with\n"
            "                                --device=cuda: shares of it (a100, h100, h200, l40s)"},
           {"device", Option::value, "NAME",
            "where to run: cpu, or a device library by name or path (cpu)"},
           {"weights", Option::value, "DIR",
            "where to look for weights that are not beside the model"}}));
  line.parse(argc, argv);
  if (line.positionals().size() != 1)
    failUsage("expected one model, got " + std::to_string(line.positionals().size()));
  Plan plan;
  // Given one of the two, only that one is measured.
  bool either = line.has("prefill") || line.has("decode");
  plan.prefill = line.integers(
      "prefill", either ? std::vector<uint64_t>{} : std::vector<uint64_t>{512}, 1, UINT32_MAX - 1);
  plan.decode = line.integers(
      "decode", either ? std::vector<uint64_t>{} : std::vector<uint64_t>{512}, 0, UINT32_MAX - 1);
  plan.batches = line.integers("batch", {1}, 1, 65536);
  plan.repeat = static_cast<uint32_t>(line.integer("repeat", 5, 1, 10000));
  uint64_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<uint64_t> threads = line.integers("threads", {cores}, 1, 1024);

  // The list of counts is this tool's own, so the helper must not read it.
  ModelOptions options;
  options.device = line.text("device", "cpu");
  options.weightsDirectory = line.text("weights");
  readMemoryOptions(line, options);
  plan.onHost = options.device == "cpu";
  if (line.has("roof")) {
    plan.roof = findGpu(line.text("roof"));
    if (!plan.roof)
      failUsage("expected --roof=" + gpuNames() + ", got '" + line.text("roof") + "'");
    if (plan.onHost)
      failUsage("expected --roof with --device=sim or another of GPU kernels, got " +
                options.device);
  }
  std::vector<Figure> figures;
  for (size_t i = 0; i < threads.size(); ++i) {
    options.threads = static_cast<uint32_t>(threads[i]);
    Model model(line.positionals()[0], options);
    for (Figure &figure : measure(model, plan, options.threads))
      figures.push_back(std::move(figure));
    if (i + 1 == threads.size()) {
      if (line.has("json"))
        print(jsonReport(figures, model, plan));
      else
        printTable(figures, model, plan);
    }
  }
  return 0;
}
