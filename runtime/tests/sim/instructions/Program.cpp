// SPDX-License-Identifier: Apache-2.0
// Makes the PTX of a Program, launches it, and copies its buffers back.
#include "Program.h"

#include "Lanes.h"

#include <hadal_sim.h>

#include <algorithm>

namespace hadal::simtest {

bool Program::run() {
  std::string text =
      ".version 8.4\n.target sm_90\n.address_size 64\n" + head + "\n.visible .entry k(";
  for (size_t i = 0; i < buffers.size(); ++i)
    text += (i ? ", .param .u64 a" : ".param .u64 a") + std::to_string(i);
  text += ")\n{\n.reg .b64 %p<" + std::to_string(buffers.size() + 1) +
          ">, %o4, %o8, %o16;\n.reg .b32 %t;\nmov.u32 %t, %tid.x;\n"
          "mul.wide.u32 %o4, %t, 4;\nmul.wide.u32 %o8, %t, 8;\nmul.wide.u32 %o16, %t, 16;\n";
  for (size_t i = 0; i < buffers.size(); ++i)
    text += "ld.param.u64 %p" + std::to_string(i) + ", [a" + std::to_string(i) + "];\n";
  uint32_t linesBefore = uint32_t(std::count(text.begin(), text.end(), '\n'));
  text += body + "\nret;\n}\n";

  hadal_sim_context_t *context = nullptr;
  if (hadal_sim_context_create(&context) != HADAL_SIM_OK) {
    message = hadal_sim_context_message(nullptr);
    return false;
  }
  message.clear(), check.clear(), line = 0;
  auto good = [&](hadal_sim_status_t status) {
    if (status != HADAL_SIM_OK && message.empty()) {
      message = hadal_sim_context_message(context);
      check = hadal_sim_context_check(context, &line);
      line = line > linesBefore ? line - linesBefore : 0;
    }
    return status == HADAL_SIM_OK;
  };
  hadal_sim_module_t *module = nullptr;
  bool done = good(hadal_sim_module_load(context, text.data(), text.size(), "test.ptx", &module));
  std::vector<uint64_t> addresses(buffers.size());
  std::vector<const void *> arguments;
  for (size_t i = 0; done && i < buffers.size(); ++i) {
    done = good(hadal_sim_alloc(context, buffers[i].size(), ("p" + std::to_string(i)).c_str(),
                                &addresses[i]));
    if (done && !(i < poisoned.size() && poisoned[i]))
      done = good(hadal_sim_copy_in(context, addresses[i], buffers[i].data(), buffers[i].size()));
    arguments.push_back(&addresses[i]);
  }
  if (done) {
    hadal_sim_launch_t launch;
    hadal_sim_launch_defaults(&launch);
    launch.grid[0] = grid;
    launch.block[0] = block;
    launch.threads = threads;
    launch.seed = seed;
    launch.dynamic_shared_bytes = dynamicShared;
    if (globalRaces)
      launch.checks |= HADAL_SIM_CHECK_GLOBAL_RACE;
    done =
        good(hadal_sim_launch(context, module, "k", &launch, arguments.data(), arguments.size()));
  }
  undefined.assign(buffers.size(), {});
  for (size_t i = 0; done && i < buffers.size(); ++i) {
    hadal_sim_status_t status =
        hadal_sim_copy_out(context, buffers[i].data(), addresses[i], buffers[i].size(), nullptr);
    undefined[i].assign(buffers[i].size(), false);
    if (status == HADAL_SIM_CHECK) {
      uint8_t byte = 0;
      for (size_t at = 0; at < buffers[i].size(); ++at)
        undefined[i][at] =
            hadal_sim_copy_out(context, &byte, addresses[i] + at, 1, nullptr) == HADAL_SIM_CHECK;
    } else {
      done = good(status);
    }
  }
  hadal_sim_context_release(context);
  return done;
}

std::string vectorOf(const std::string &prefix, int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i)
    text += (i ? ", " : "") + prefix + std::to_string(i);
  return text + "}";
}

uint64_t encoded(const std::string &type, int v) {
  if (type == "f16")
    return roundSlowly(v, 5, 10, 'n');
  if (type == "bf16")
    return roundSlowly(v, 8, 7, 'n');
  if (type == "tf32" || type == "f32")
    return bits(float(v));
  if (type == "f64")
    return bits(double(v));
  if (type == "e4m3")
    return roundSlowly(v, 4, 3, 'n');
  if (type == "e5m2")
    return roundSlowly(v, 5, 2, 'n');
  return uint64_t(int64_t(v));
}
int bitsOf(const std::string &type) {
  return type == "f64"                                                      ? 64
         : type == "f16" || type == "bf16"                                  ? 16
         : type == "e4m3" || type == "e5m2" || type == "s8" || type == "u8" ? 8
         : type == "s4" || type == "u4"                                     ? 4
         : type == "b1"                                                     ? 1
                                                                            : 32;
}

} // namespace hadal::simtest
