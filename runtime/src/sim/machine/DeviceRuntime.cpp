// SPDX-License-Identifier: Apache-2.0
// Functions of CUDA's device runtime that compiled kernels call without a body: vprintf and __assertfail.
#include "sim/machine/Machine.h"
#include "sim/support/AddressSpace.h"

#include <cstdio>
#include <cstring>

namespace hadal::sim {

namespace {

/// Copies bytes that a lane sees at a generic address; false where there are
/// none.
bool fetch(Warp &warp, u32 lane, u64 address, void *to, u64 bytes) {
  const u8 *from = nullptr;
  if (address - kLocalWindow < kWindowBytes) {
    u64 offset = address - kLocalWindow - kLocalOrigin;
    if (offset + bytes <= warp.localStride)
      from = warp.local + lane * warp.localStride + offset;
  } else if (address - kSharedWindow < kWindowBytes) {
    u64 offset = address - kSharedWindow;
    if (offset + bytes <= warp.block->shared.size())
      from = warp.block->shared.data() + offset;
  } else if (Buffer *buffer = warp.launch->memory->find(address)) {
    if (!buffer->freed && address + bytes <= buffer->end())
      from = buffer->host + (address - buffer->base);
  }
  if (from)
    memcpy(to, from, bytes);
  return from != nullptr;
}

bool fetchText(Warp &warp, u32 lane, u64 address, std::string &text) {
  constexpr size_t kLongest = 1 << 16;
  for (char c = 0; text.size() < kLongest; text += c) {
    if (!fetch(warp, lane, address + text.size(), &c, 1))
      return false;
    if (!c)
      return true;
  }
  return false;
}

/// The text that printf makes of `pattern` and the arguments that lie, each
/// aligned to its size, at `arguments`.
bool formatText(Warp &warp, u32 lane, const std::string &pattern, u64 arguments,
                std::string &text) {
  auto next = [&](u64 bytes, u64 &value) {
    arguments = (arguments + bytes - 1) & ~(bytes - 1);
    value = 0;
    bool good = fetch(warp, lane, arguments, &value, bytes);
    arguments += bytes;
    return good;
  };
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '%') {
      text += pattern[i++];
      continue;
    }
    size_t start = i++;
    std::string spec = "%";
    u64 value = 0;
    for (; i < pattern.size() && strchr("-+ #0123456789.*", pattern[i]); ++i) {
      if (pattern[i] != '*') {
        spec += pattern[i];
        continue;
      }
      if (!next(4, value))
        return false;
      spec += std::to_string(i32(value));
    }
    bool wide = false;
    for (; i < pattern.size() && strchr("hljztL", pattern[i]); ++i)
      wide |= pattern[i] != 'h' && pattern[i] != 'L';
    char kind = i < pattern.size() ? pattern[i++] : '\0';
    constexpr size_t kLongestSpec = 12; // keeps widths within reason
    if (kind == '%') {
      text += '%';
    } else if (spec.size() > kLongestSpec) {
      text += pattern.substr(start, i - start);
    } else if (strchr("diouxXc", kind) && kind) {
      if (!next(wide ? 8 : 4, value))
        return false;
      bool isSigned = kind == 'd' || kind == 'i';
      i64 number = isSigned && !wide ? i64(i32(u32(value))) : i64(value);
      text += kind == 'c' ? format((spec + "c").c_str(), int(value))
                          : format((spec + "ll" + kind).c_str(), (long long)number);
    } else if (strchr("eEfFgGaA", kind) && kind) {
      double number;
      if (!next(8, value))
        return false;
      memcpy(&number, &value, 8);
      text += format((spec + kind).c_str(), number);
    } else if (kind == 's') {
      std::string part;
      if (!next(8, value) || !fetchText(warp, lane, value, part))
        return false;
      text += format((spec + "s").c_str(), part.c_str());
    } else if (kind == 'p') {
      if (!next(8, value))
        return false;
      text += format("0x%llx", (unsigned long long)value);
    } else { // as CUDA does with what it does not know
      text += pattern.substr(start, i - start);
    }
  }
  return true;
}

struct Arguments {
  Warp &warp;
  const CallSite &site;
  bool get(size_t index, u32 lane, void *to, u64 bytes) const {
    if (index >= site.arguments.size() || site.arguments[index].isRegister ||
        site.arguments[index].bytes < bytes)
      return false;
    memcpy(to,
           warp.local + lane * warp.localStride + warp.frame->localBase +
               site.arguments[index].offset,
           bytes);
    return true;
  }
};

bool print(Warp &warp, const Inst &inst, const CallSite &site, u32 mask) {
  Arguments arguments{warp, site};
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = u32(__builtin_ctz(rest));
    u64 pattern = 0, values = 0;
    std::string text, result;
    if (!arguments.get(0, lane, &pattern, 8) || !arguments.get(1, lane, &values, 8))
      return stopWith(warp, inst, "expected two 64-bit parameters of vprintf");
    if (!fetchText(warp, lane, pattern, text) || !formatText(warp, lane, text, values, result))
      return report(warp, inst, "bounds", lane,
                    "vprintf reads text or arguments where no memory is");
    fwrite(result.data(), 1, result.size(), stdout);
    if (site.results.size() == 1 && !site.results[0].isRegister) {
      u64 at = lane * warp.localStride + warp.frame->localBase + site.results[0].offset;
      i32 count = i32(result.size());
      memcpy(warp.local + at, &count, 4);
      memset(warp.localUndefined + at, 0, 4);
    }
  }
  fflush(stdout);
  return true;
}

bool assertionFailed(Warp &warp, const Inst &inst, const CallSite &site, u32 mask) {
  Arguments arguments{warp, site};
  u32 lane = u32(__builtin_ctz(mask)), line = 0;
  u64 addresses[3] = {};
  std::string texts[3]; // condition, file, function
  const size_t places[3] = {0, 1, 3};
  arguments.get(2, lane, &line, 4);
  for (size_t i = 0; i < 3; ++i)
    if (arguments.get(places[i], lane, &addresses[i], 8))
      fetchText(warp, lane, addresses[i], texts[i]);
  return report(warp, inst, "trap", lane,
                format("assertion '%s' failed (%s:%u, in '%s')", texts[0].c_str(), texts[1].c_str(),
                       line, texts[2].c_str()));
}

} // namespace

bool callRuntime(Warp &warp, const Inst &inst, const CallSite &site, const Function &callee,
                 u32 mask) {
  if (callee.name == "vprintf")
    return print(warp, inst, site, mask);
  if (callee.name == "__assertfail" || callee.name == "__assert_fail")
    return assertionFailed(warp, inst, site, mask);
  return stopWith(warp, inst,
                  format("call of '%s', which has no body and is no function of "
                         "the device runtime that is provided (vprintf, "
                         "__assertfail)",
                         callee.name.c_str()));
}

} // namespace hadal::sim
