// SPDX-License-Identifier: Apache-2.0
// Sums of counters, written as JSON and as an annotated listing.
#include "sim/api/CounterReport.h"

#include <cstdio>
#include <map>

namespace hadal::sim {

namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    if (u8(c) < 0x20)
      result += format("\\u%04x", c);
    else
      result += c;
  }
  return result + "\"";
}

std::string number(u64 value) { return format("%llu", (unsigned long long)value); }

/// The opcode with its modifiers, as written.
std::string nameOf(const Program &program, const Function &function, u32 pc) {
  const AstFunction *ast = nullptr;
  for (const AstFunction &candidate : program.ast->functions)
    if (candidate.index == u32(&function - program.functions.data()))
      ast = &candidate;
  u32 index = pc - function.firstPc;
  if (!ast || index >= ast->body.size())
    return "ret";
  std::string name(ast->body[index].opcode);
  for (std::string_view modifier : ast->body[index].modifiers)
    name += "." + std::string(modifier);
  return name;
}

/// m16n8k16 in mma.sync.aligned.m16n8k16.row.col....; types behind it.
std::string mmaKey(const std::string &name) {
  size_t at = name.find(".m");
  for (; at != std::string::npos; at = name.find(".m", at + 1))
    if (at + 2 < name.size() && name[at + 2] >= '0' && name[at + 2] <= '9')
      break;
  return at == std::string::npos ? name : name.substr(at + 1);
}

const char *spaceOfClass(Class cls) {
  switch (cls) {
  case Class::LoadShared:
  case Class::StoreShared:
  case Class::Mbarrier: return "shared";
  case Class::LoadLocal:
  case Class::StoreLocal: return "local";
  default: return "global";
  }
}

} // namespace

hadal_sim_counters_t totalsOf(const Program &program, const Counters &counters, u32 line) {
  hadal_sim_counters_t sum = {};
  for (size_t pc = 0; pc < counters.lines.size(); ++pc) {
    const LineCount &count = counters.lines[pc];
    LineCount spins = counters.spinLine(pc);
    if ((!count.warps && !spins.warps) || (line && program.origins[pc].at.line != line))
      continue;
    MemoryCount spun = spins.warps ? counters.spinMemory[pc] : MemoryCount();
    sum.spin_warp_instructions += spins.warps;
    sum.spin_lane_instructions += spins.lanes;
    sum.spin_requests += spun.requests;
    sum.spin_bytes += spun.bytes;
    sum.spin_sectors += spun.sectors;
    sum.spin_wavefronts += spun.wavefronts;
    const MemoryCount &memory = counters.memory[pc];
    Class cls = program.code[pc].cls;
    sum.warp_instructions += count.warps;
    sum.lane_instructions += count.lanes;
    sum.divergent_branches += memory.divergent;
    sum.matrix_products += cls == Class::Matrix ? count.lanes / kLanes : 0;
    sum.atomics += cls == Class::Atomic ? count.lanes : 0;
    sum.async_copy_bytes += cls == Class::AsyncCopy ? memory.bytes : 0;
    sum.shared_wavefronts += memory.wavefronts;
    sum.shared_bank_conflicts += memory.wavefronts - memory.idealWavefronts;
    auto add = [&](uint64_t &requests, uint64_t &bytes, uint64_t &sectors) {
      requests += memory.requests;
      bytes += memory.bytes;
      sectors += memory.sectors;
    };
    bool writes = cls == Class::Store || cls == Class::StoreLocal || cls == Class::Atomic;
    if (!memory.sectors) {
      if (memory.wavefronts) {
        sum.shared_requests += memory.requests;
        sum.shared_bytes += memory.bytes;
      }
    } else if (cls == Class::LoadLocal) {
      add(sum.local_read_requests, sum.local_read_bytes, sum.local_read_sectors);
    } else if (cls == Class::StoreLocal) {
      add(sum.local_write_requests, sum.local_write_bytes, sum.local_write_sectors);
    } else if (writes) {
      add(sum.global_write_requests, sum.global_write_bytes, sum.global_write_sectors);
    } else {
      add(sum.global_read_requests, sum.global_read_bytes, sum.global_read_sectors);
    }
  }
  return sum;
}

namespace {

/// The object of one instruction.
std::string lineJson(const Program &program, const Function &function, u32 pc,
                     const Counters &counters) {
  const LineCount &line = counters.lines[pc];
  const MemoryCount &memory = counters.memory[pc];
  const Origin &origin = program.origins[pc];
  std::string text = format("{\"line\": %u, \"instruction\": %s, \"warps\": %s, "
                            "\"lanes\": %s",
                            origin.at.line, quoted(nameOf(program, function, pc)).c_str(),
                            number(line.warps).c_str(), number(line.lanes).c_str());
  if (origin.sourceLine)
    text += format(", \"source_line\": %u", origin.sourceLine);
  if (memory.requests) {
    text += ", \"space\": " + quoted(spaceOfClass(program.code[pc].cls)) +
            ", \"requests\": " + number(memory.requests) + ", \"bytes\": " + number(memory.bytes);
    if (memory.sectors)
      text += ", \"sectors\": " + number(memory.sectors) +
              format(", \"coalescing\": %.4f", double(memory.bytes) / double(memory.sectors * 32));
    if (memory.wavefronts)
      text += ", \"wavefronts\": " + number(memory.wavefronts) +
              ", \"bank_conflicts\": " + number(memory.wavefronts - memory.idealWavefronts);
  }
  if (memory.divergent)
    text += ", \"divergent\": " + number(memory.divergent);
  if (u64 spins = counters.spinLine(pc).warps)
    text += ", \"spin_warps\": " + number(spins);
  return text + "}";
}

/// `, "name": {"field": value, ...}`
std::string groupJson(const char *name,
                      std::initializer_list<std::pair<const char *, u64>> fields) {
  std::string text = format(",\n  \"%s\": {", name);
  const char *comma = "";
  for (const auto &[field, value] : fields) {
    text += format("%s\"%s\": %s", comma, field, number(value).c_str());
    comma = ", ";
  }
  return text + "}";
}

} // namespace

std::string countersJson(const Program &program, const Function &kernel, const Counters &counters,
                         const u32 grid[3], const u32 block[3]) {
  u64 classWarps[size_t(Class::Count)] = {}, classLanes[size_t(Class::Count)] = {};
  std::map<std::string, u64> mma;
  std::string lines;
  for (const Function &function : program.functions)
    for (u32 pc = function.firstPc; pc < function.endPc; ++pc) {
      const LineCount &line = counters.lines[pc];
      if (!line.warps && !counters.spinLine(pc).warps)
        continue;
      Class cls = program.code[pc].cls;
      classWarps[size_t(cls)] += line.warps;
      classLanes[size_t(cls)] += line.lanes;
      if (cls == Class::Matrix)
        mma[mmaKey(nameOf(program, function, pc))] += line.lanes / kLanes;
      lines += (lines.empty() ? "\n    " : ",\n    ") + lineJson(program, function, pc, counters);
    }
  hadal_sim_counters_t sum = totalsOf(program, counters, 0);
  std::string text = "{\n  \"kernel\": " + quoted(kernel.name);
  text += format(",\n  \"grid\": [%u, %u, %u],\n  \"block\": [%u, %u, %u]", grid[0], grid[1],
                 grid[2], block[0], block[1], block[2]);
  text += ",\n  \"warp_instructions\": " + number(sum.warp_instructions) +
          ",\n  \"lane_instructions\": " + number(sum.lane_instructions);
  text += ",\n  \"classes\": {";
  const char *comma = "";
  for (size_t i = 0; i < size_t(Class::Count); ++i) {
    if (!classWarps[i])
      continue;
    text += comma + std::string("\n    ") + quoted(className(Class(i))) +
            ": {\"warps\": " + number(classWarps[i]) + ", \"lanes\": " + number(classLanes[i]) +
            "}";
    comma = ",";
  }
  text += "\n  },\n  \"mma\": {";
  comma = "";
  for (const auto &[key, count] : mma) {
    text += comma + std::string("\n    ") + quoted(key) + ": " + number(count);
    comma = ",";
  }
  text += mma.empty() ? "}" : "\n  }";
  text += groupJson("global", {{"read_requests", sum.global_read_requests},
                               {"read_sectors", sum.global_read_sectors},
                               {"read_bytes", sum.global_read_bytes},
                               {"write_requests", sum.global_write_requests},
                               {"write_sectors", sum.global_write_sectors},
                               {"write_bytes", sum.global_write_bytes}});
  if (counters.distinct)
    text += groupJson("distinct", {{"read_sectors", counters.distinctReads},
                                   {"write_sectors", counters.distinctWrites}});
  text += groupJson("local", {{"read_requests", sum.local_read_requests},
                              {"read_sectors", sum.local_read_sectors},
                              {"read_bytes", sum.local_read_bytes},
                              {"write_requests", sum.local_write_requests},
                              {"write_sectors", sum.local_write_sectors},
                              {"write_bytes", sum.local_write_bytes}});
  text += groupJson("shared", {{"requests", sum.shared_requests},
                               {"bytes", sum.shared_bytes},
                               {"wavefronts", sum.shared_wavefronts},
                               {"bank_conflicts", sum.shared_bank_conflicts}});
  text += groupJson("spin", {{"warp_instructions", sum.spin_warp_instructions},
                             {"lane_instructions", sum.spin_lane_instructions},
                             {"requests", sum.spin_requests},
                             {"bytes", sum.spin_bytes},
                             {"sectors", sum.spin_sectors},
                             {"wavefronts", sum.spin_wavefronts},
                             {"unsure", unsureCount(program, counters)}});
  text += ",\n  \"atomics\": " + number(sum.atomics) +
          ",\n  \"barriers\": " + number(counters.barriers) +
          ",\n  \"divergent_branches\": " + number(sum.divergent_branches) +
          ",\n  \"async_copy_bytes\": " + number(sum.async_copy_bytes);
  text += ",\n  \"lines\": [" + lines + "\n  ]\n}\n";
  return text;
}

std::string annotatedListing(const Program &program, const Counters &counters) {
  struct Sum {
    u64 warps = 0, lanes = 0, sectors = 0, conflicts = 0;
    bool any = false;
  };
  std::vector<Sum> sums;
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    u32 line = program.origins[pc].at.line;
    if (sums.size() <= line)
      sums.resize(line + 1);
    Sum &sum = sums[line];
    // The return at the end of a body is not in the text.
    if (!counters.lines[pc].warps && sum.any)
      continue;
    sum.any = true;
    sum.warps += counters.lines[pc].warps;
    sum.lanes += counters.lines[pc].lanes;
    sum.sectors += counters.memory[pc].sectors;
    sum.conflicts += counters.memory[pc].wavefronts - counters.memory[pc].idealWavefronts;
  }
  std::string text = "       warps        lanes    sectors  conflicts |\n";
  const std::string &ptx = program.ast->text;
  u32 line = 1;
  for (size_t at = 0; at < ptx.size(); ++line) {
    size_t end = ptx.find('\n', at);
    if (end == std::string::npos)
      end = ptx.size();
    if (line < sums.size() && sums[line].any)
      text += format("%12llu %12llu %10llu %10llu | ", (unsigned long long)sums[line].warps,
                     (unsigned long long)sums[line].lanes, (unsigned long long)sums[line].sectors,
                     (unsigned long long)sums[line].conflicts);
    else
      text += std::string(47, ' ') + " | ";
    text.append(ptx, at, end - at);
    text += '\n';
    at = end + 1;
  }
  u64 spins = 0;
  for (const LineCount &count : counters.spinLines)
    spins += count.warps;
  if (spins)
    text +=
        format("polling, not counted above: %llu warp instructions\n", (unsigned long long)spins);
  if (u64 unsure = unsureCount(program, counters))
    text +=
        format("counts may depend on the host: %llu warp instructions poll in loops that are not "
               "recognised, or beside lanes that wait\n",
               (unsigned long long)unsure);
  if (counters.distinct)
    text += format("distinct sectors of global memory: %llu read, %llu "
                   "written\n",
                   (unsigned long long)counters.distinctReads,
                   (unsigned long long)counters.distinctWrites);
  return text;
}

} // namespace hadal::sim
