// SPDX-License-Identifier: Apache-2.0
// Writes counters as JSON and as an annotated listing.
#include "Counters.h"

#include <cstdio>

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

std::string number(u64 value) {
  return format("%llu", (unsigned long long)value);
}

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
  case Class::LoadShared: case Class::StoreShared: return "shared";
  case Class::LoadLocal: case Class::StoreLocal: return "local";
  default: return "global";
  }
}

} // namespace

std::string countersJson(const Program &program, const Function &kernel,
                         const Counters &counters, const u32 grid[3],
                         const u32 block[3]) {
  u64 warps = 0, lanes = 0, divergent = 0, atomics = 0, asyncBytes = 0;
  u64 classWarps[size_t(Class::Count)] = {}, classLanes[size_t(Class::Count)] = {};
  struct Traffic {
    u64 requests = 0, bytes = 0, sectors = 0;
  } global[2], local[2], shared;
  u64 wavefronts = 0, ideal = 0;
  std::map<std::string, u64> mma;
  std::string lines;
  for (const Function &function : program.functions) {
    for (u32 pc = function.firstPc; pc < function.endPc; ++pc) {
      const LineCount &line = counters.lines[pc];
      const MemoryCount &memory = counters.memory[pc];
      if (!line.warps)
        continue;
      const Inst &inst = program.code[pc];
      warps += line.warps;
      lanes += line.lanes;
      classWarps[size_t(inst.cls)] += line.warps;
      classLanes[size_t(inst.cls)] += line.lanes;
      divergent += memory.divergent;
      std::string name = nameOf(program, function, pc);
      if (inst.cls == Class::Matrix)
        mma[mmaKey(name)] += line.lanes / kLanes;
      if (inst.cls == Class::Atomic)
        atomics += line.lanes;
      if (inst.cls == Class::AsyncCopy)
        asyncBytes += memory.bytes;
      wavefronts += memory.wavefronts;
      ideal += memory.idealWavefronts;
      bool writes = inst.cls == Class::Store || inst.cls == Class::StoreLocal ||
                    inst.cls == Class::Atomic;
      if (memory.sectors) {
        Traffic &into = inst.cls == Class::LoadLocal ||
                                inst.cls == Class::StoreLocal
                            ? local[writes] : global[writes];
        into.requests += memory.requests;
        into.bytes += memory.bytes;
        into.sectors += memory.sectors;
      } else if (memory.wavefronts) {
        shared.requests += memory.requests;
        shared.bytes += memory.bytes;
      }
      const Origin &origin = program.origins[pc];
      std::string entry = format(
          "%s\n    {\"line\": %u, \"instruction\": %s, \"warps\": %s, "
          "\"lanes\": %s", lines.empty() ? "" : ",", origin.at.line,
          quoted(name).c_str(), number(line.warps).c_str(),
          number(line.lanes).c_str());
      if (origin.sourceLine)
        entry += format(", \"source_line\": %u", origin.sourceLine);
      if (memory.requests) {
        entry += ", \"space\": " + quoted(spaceOfClass(inst.cls)) +
                 ", \"requests\": " + number(memory.requests) +
                 ", \"bytes\": " + number(memory.bytes);
        if (memory.sectors)
          entry += ", \"sectors\": " + number(memory.sectors) +
                   format(", \"coalescing\": %.4f",
                          double(memory.bytes) / double(memory.sectors * 32));
        if (memory.wavefronts)
          entry += ", \"wavefronts\": " + number(memory.wavefronts) +
                   ", \"bank_conflicts\": " +
                   number(memory.wavefronts - memory.idealWavefronts);
      }
      if (memory.divergent)
        entry += ", \"divergent\": " + number(memory.divergent);
      lines += entry + "}";
    }
  }
  std::string text = "{\n  \"kernel\": " + quoted(kernel.name);
  text += format(",\n  \"grid\": [%u, %u, %u],\n  \"block\": [%u, %u, %u]",
                 grid[0], grid[1], grid[2], block[0], block[1], block[2]);
  text += ",\n  \"warp_instructions\": " + number(warps) +
          ",\n  \"lane_instructions\": " + number(lanes);
  text += ",\n  \"classes\": {";
  bool first = true;
  for (size_t i = 0; i < size_t(Class::Count); ++i) {
    if (!classWarps[i])
      continue;
    text += std::string(first ? "" : ",") + "\n    " +
            quoted(className(Class(i))) + ": {\"warps\": " +
            number(classWarps[i]) + ", \"lanes\": " + number(classLanes[i]) +
            "}";
    first = false;
  }
  text += "\n  },\n  \"mma\": {";
  first = true;
  for (const auto &[key, count] : mma) {
    text += std::string(first ? "" : ",") + "\n    " + quoted(key) + ": " +
            number(count);
    first = false;
  }
  text += first ? "}" : "\n  }";
  auto traffic = [&](const char *name, const Traffic (&both)[2]) {
    text += format(",\n  \"%s\": {", name);
    for (int i = 0; i < 2; ++i)
      text += format("%s\"%s_requests\": %s, \"%s_sectors\": %s, "
                     "\"%s_bytes\": %s", i ? ", " : "", i ? "write" : "read",
                     number(both[i].requests).c_str(), i ? "write" : "read",
                     number(both[i].sectors).c_str(), i ? "write" : "read",
                     number(both[i].bytes).c_str());
    text += "}";
  };
  traffic("global", global);
  traffic("local", local);
  text += ",\n  \"shared\": {\"requests\": " + number(shared.requests) +
          ", \"bytes\": " + number(shared.bytes) +
          ", \"wavefronts\": " + number(wavefronts) +
          ", \"bank_conflicts\": " + number(wavefronts - ideal) + "}";
  text += ",\n  \"atomics\": " + number(atomics) +
          ",\n  \"barriers\": " + number(counters.barriers) +
          ",\n  \"divergent_branches\": " + number(divergent) +
          ",\n  \"async_copy_bytes\": " + number(asyncBytes);
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
    sum.conflicts += counters.memory[pc].wavefronts -
                     counters.memory[pc].idealWavefronts;
  }
  std::string text =
      "       warps        lanes    sectors  conflicts |\n";
  const std::string &ptx = program.ast->text;
  u32 line = 1;
  for (size_t at = 0; at < ptx.size(); ++line) {
    size_t end = ptx.find('\n', at);
    if (end == std::string::npos)
      end = ptx.size();
    if (line < sums.size() && sums[line].any)
      text += format("%12llu %12llu %10llu %10llu | ",
                     (unsigned long long)sums[line].warps,
                     (unsigned long long)sums[line].lanes,
                     (unsigned long long)sums[line].sectors,
                     (unsigned long long)sums[line].conflicts);
    else
      text += std::string(47, ' ') + " | ";
    text.append(ptx, at, end - at);
    text += '\n';
    at = end + 1;
  }
  return text;
}

} // namespace hadal::sim
