// SPDX-License-Identifier: Apache-2.0
// Words of a finding: kernel, line, block, thread.
#include "sim/state/Launch.h"

namespace hadal::sim {

namespace {
std::string whereOf(Warp &warp, const Inst &inst, u32 lane) {
  const Launch &launch = *warp.launch;
  const Program &program = *launch.program;
  const Origin &origin = program.origins[pcOf(warp, inst)];
  std::string text = format("kernel '%s', line %u", launch.kernel->name.c_str(), origin.at.line);
  const Function &function = program.functionAt(pcOf(warp, inst));
  if (&function != launch.kernel)
    text += format(" in '%s'", function.name.c_str());
  if (origin.sourceLine) {
    const auto &files = program.ast->files;
    text += origin.sourceFile < files.size() && !files[origin.sourceFile].empty()
                ? format(" (%s:%u)", files[origin.sourceFile].c_str(), origin.sourceLine)
                : format(" (source line %u)", origin.sourceLine);
  }
  const Block &block = *warp.block;
  text += format(", block (%u,%u,%u)", block.id[0], block.id[1], block.id[2]);
  if (lane < kLanes) {
    u32 thread = warp.index * kLanes + lane;
    text += format(", thread (%u,%u,%u)", thread % launch.block[0],
                   thread / launch.block[0] % launch.block[1],
                   thread / launch.block[0] / launch.block[1]);
  } else {
    text += format(", warp %u", warp.index);
  }
  return text;
}

void end(Warp &warp, const Inst &inst, Report::Kind kind, const char *check, u32 lane,
         const std::string &message) {
  Launch &launch = *warp.launch;
  std::lock_guard<std::mutex> guard(launch.lock);
  launch.stop.store(true, std::memory_order_relaxed);
  warp.threshold = 0;
  warp.active = 0;
  warp.budget = 0;
  if (launch.report.kind != Report::None)
    return;
  launch.report.kind = kind;
  launch.report.check = check;
  const Origin &origin = launch.program->origins[pcOf(warp, inst)];
  launch.report.line = origin.at.line;
  launch.report.sourceLine = origin.sourceLine;
  launch.report.message = whereOf(warp, inst, lane) + ": " + message;
}
} // namespace

bool report(Warp &warp, const Inst &inst, const char *check, u32 lane, const std::string &message) {
  end(warp, inst, Report::Checked, check, lane, message);
  return false;
}

bool stopWith(Warp &warp, const Inst &inst, const std::string &message) {
  end(warp, inst, Report::Error, "", ~0u, message);
  return false;
}

} // namespace hadal::sim
