// SPDX-License-Identifier: Apache-2.0
// Runs a kernel of a PTX file on the host, with checks and counters.
#include "Arguments.h"
#include "files/Streams.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr const char *kUsage =
    "usage: hadal-sim FILE.ptx --entry=NAME --grid=X[,Y[,Z]] --block=X[,Y[,Z]]\n"
    "                 [options] ARG...\n"
    "       hadal-sim FILE.ptx --list\n"
    "\n"
    "  --dynamic-shared=BYTES   dynamic shared memory of a block\n"
    "  --counters=OUT.json      write the counters of the launch\n"
    "  --annotate               print the PTX with counts to stdout\n"
    "  --max-instructions=N     stop a warp that executes more (2^31)\n"
    "  --seed=N                 order in which warps run (0: a fixed round)\n"
    "  --threads=N              host threads (0: all)\n"
    "  --cooperative            keep all blocks resident\n"
    "  --check=global-race      turn a check on\n"
    "  --no-check=NAME          turn a check off: init, race, warp-race (race\n"
    "                           between lanes of a warp alone), barrier, async\n"
    "                           or all\n"
    "  --list                   entries and their parameters\n"
    "\n"
    "  ARG: i8: i16: i32: i64: u8: u16: u32: u64: f16: bf16: f32: f64: and a\n"
    "       value; in:FILE, out:FILE:BYTES, inout:IN:OUT, scratch:FILE:BYTES\n"
    "       (device buffers; scratch may stay partly unwritten);\n"
    "       struct:FILE[,OFFSET=in:|out:|inout:|scratch:...]...\n"
    "\n"
    "  exit: 0 done, 1 an error in the input, 2 wrong usage, 3 a check fired\n";

struct Options {
  std::string file, entry, counters;
  hadal_sim_launch_t launch;
  bool hasGrid = false, hasBlock = false, list = false, annotate = false, help = false;
  std::vector<std::string> arguments;
};

int misuse(const std::string &what) {
  fprintf(stderr, "hadal-sim: error: %s\n%s", what.c_str(), kUsage);
  return 2;
}
int fail(const std::string &what) {
  fprintf(stderr, "hadal-sim: error: %s\n", what.c_str());
  return 1;
}

bool parseNumber(const char *text, uint64_t most, uint64_t &value) {
  if (*text < '0' || *text > '9')
    return false;
  char *end = nullptr;
  value = strtoull(text, &end, 0);
  return *end == 0 && value <= most;
}

bool parseExtents(const char *text, uint32_t extents[3]) {
  extents[0] = extents[1] = extents[2] = 1;
  for (int i = 0; i < 3; ++i) {
    if (*text < '0' || *text > '9')
      return false;
    char *end = nullptr;
    unsigned long long value = strtoull(text, &end, 10);
    if (value > 0xffffffffull)
      return false;
    extents[i] = uint32_t(value);
    if (*end == 0)
      return true;
    if (*end != ',')
      return false;
    text = end + 1;
  }
  return false;
}

bool checkByName(const std::string &name, uint32_t &bit) {
  const struct {
    const char *name;
    uint32_t bit;
  } checks[] = {{"bounds", HADAL_SIM_CHECK_BOUNDS},
                {"init", HADAL_SIM_CHECK_INIT},
                {"race", HADAL_SIM_CHECK_RACE},
                {"warp-race", HADAL_SIM_CHECK_WARP_RACE},
                {"barrier", HADAL_SIM_CHECK_BARRIER},
                {"async", HADAL_SIM_CHECK_ASYNC},
                {"global-race", HADAL_SIM_CHECK_GLOBAL_RACE},
                {"all", ~0u}};
  for (const auto &check : checks)
    if (name == check.name) {
      bit = check.bit;
      return true;
    }
  return false;
}

/// Returns 0, or the exit code after a message.
int parseOptions(int argc, char **argv, Options &options) {
  hadal_sim_launch_defaults(&options.launch);
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    if (text.rfind("--", 0)) {
      if (options.file.empty())
        options.file = text;
      else
        options.arguments.push_back(text);
      continue;
    }
    size_t equals = text.find('=');
    std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
    bool hasValue = equals != std::string::npos;
    const char *value = hasValue ? argv[i] + equals + 1 : "";
    uint64_t number = 0;
    bool good = true;
    if (name == "help" && !hasValue) {
      fputs(kUsage, stdout);
      options.help = true;
      return 0;
    } else if (name == "entry" && hasValue) {
      options.entry = value;
    } else if (name == "grid" && hasValue) {
      good = parseExtents(value, options.launch.grid);
      options.hasGrid = true;
    } else if (name == "block" && hasValue) {
      good = parseExtents(value, options.launch.block);
      options.hasBlock = true;
    } else if (name == "dynamic-shared" && hasValue) {
      good = parseNumber(value, 1u << 30, number);
      options.launch.dynamic_shared_bytes = uint32_t(number);
    } else if (name == "counters" && hasValue) {
      options.counters = value;
    } else if (name == "max-instructions" && hasValue) {
      good = parseNumber(value, ~0ull, options.launch.max_instructions) &&
             options.launch.max_instructions > 0;
    } else if (name == "seed" && hasValue) {
      good = parseNumber(value, ~0ull, options.launch.seed);
    } else if (name == "threads" && hasValue) {
      good = parseNumber(value, 0xffffffff, number);
      options.launch.threads = uint32_t(number);
    } else if (name == "cooperative" && !hasValue) {
      options.launch.cooperative = 1;
    } else if (name == "annotate" && !hasValue) {
      options.annotate = true;
    } else if (name == "list" && !hasValue) {
      options.list = true;
    } else if ((name == "no-check" || name == "check") && hasValue) {
      uint32_t bit = 0;
      good = checkByName(value, bit);
      if (name == "no-check" && bit == HADAL_SIM_CHECK_BOUNDS)
        return misuse("the check 'bounds' cannot be turned off");
      if (name == "no-check")
        options.launch.checks &= ~bit;
      else
        options.launch.checks |= bit;
    } else {
      return misuse("unknown option '" + text + "'");
    }
    if (!good)
      return misuse("option '" + text + "': the value is not valid");
  }
  if (options.file.empty())
    return misuse("expected a PTX file");
  if (options.list)
    return 0;
  if (options.entry.empty())
    return misuse("expected --entry=NAME");
  if (!options.hasGrid || !options.hasBlock)
    return misuse("expected --grid and --block");
  return 0;
}

int listEntries(hadal_sim_context_t *context, hadal_sim_module_t *module) {
  size_t count = hadal_sim_module_kernel_count(module);
  for (size_t k = 0; k < count; ++k) {
    const char *name = hadal_sim_module_kernel_name(module, k);
    hadal_sim_kernel_info_t info;
    hadal_sim_kernel_info(context, module, name, &info);
    printf("%s(", name);
    for (size_t i = 0; i < info.parameter_count; ++i) {
      hadal_sim_parameter_t parameter;
      hadal_sim_kernel_parameter(context, module, name, i, &parameter);
      if (parameter.is_array)
        printf("%s.%s %s[%llu] align %llu", i ? ", " : "", parameter.type, parameter.name,
               (unsigned long long)parameter.bytes, (unsigned long long)parameter.alignment);
      else
        printf("%s.%s %s", i ? ", " : "", parameter.type, parameter.name);
    }
    printf(") shared %llu local %llu", (unsigned long long)info.static_shared_bytes,
           (unsigned long long)info.local_bytes);
    if (info.required_block[0])
      printf(" reqntid %u,%u,%u", info.required_block[0], info.required_block[1],
             info.required_block[2]);
    if (info.maximum_block[0])
      printf(" maxntid %u,%u,%u", info.maximum_block[0], info.maximum_block[1],
             info.maximum_block[2]);
    printf("\n");
  }
  return 0;
}

int run(hadal_sim_context_t *context, Options &options) {
  std::vector<uint8_t> text;
  std::string error;
  if (!readFile(options.file, text, error))
    return fail(error);
  hadal_sim_module_t *module = nullptr;
  if (hadal_sim_module_load(context, reinterpret_cast<char *>(text.data()), text.size(),
                            options.file.c_str(), &module) != HADAL_SIM_OK)
    return fail(hadal_sim_context_message(context));
  if (options.list)
    return listEntries(context, module);
  Arguments arguments(context, options.file);
  hadal_sim_kernel_info_t info;
  if (hadal_sim_kernel_info(context, module, options.entry.c_str(), &info) != HADAL_SIM_OK)
    return fail(hadal_sim_context_message(context));
  for (const std::string &argument : options.arguments)
    if (!arguments.add(argument))
      return arguments.usage ? misuse(arguments.error) : fail(arguments.error);
  if (!arguments.checkOutputs(options.counters) || !arguments.match(module, options.entry.c_str()))
    return fail(arguments.error);
  std::vector<const void *> pointers;
  for (const Argument &argument : arguments.list)
    pointers.push_back(argument.bytes.data());
  // Whoever looks at counters gets all of them.
  options.launch.distinct_sectors = options.annotate || !options.counters.empty();
  hadal_sim_status_t status = hadal_sim_launch(context, module, options.entry.c_str(),
                                               &options.launch, pointers.data(), pointers.size());
  if (status == HADAL_SIM_ERROR)
    return fail(options.file + ": " + hadal_sim_context_message(context));
  bool fired = status == HADAL_SIM_CHECK;
  if (fired)
    fprintf(stderr, "hadal-sim: check: %s: %s\n", options.file.c_str(),
            hadal_sim_context_message(context));
  if (!options.counters.empty()) {
    const char *json = hadal_sim_counters_json(context);
    if (!writeFile(options.counters, json, strlen(json), error))
      return fail(error);
  }
  bool undefined = false;
  if (!fired && !arguments.writeOutputs(options.launch.checks & HADAL_SIM_CHECK_INIT, undefined))
    return fail(arguments.error);
  if (options.annotate)
    fputs(hadal_sim_annotated_listing(context), stdout);
  return fired || undefined ? 3 : 0;
}

} // namespace

int main(int argc, char **argv) {
  hadal::files::startTool("hadal-sim");
  Options options;
  if (int code = parseOptions(argc, argv, options))
    return code;
  if (options.help)
    return 0;
  hadal_sim_context_t *context = nullptr;
  if (hadal_sim_context_create(&context) != HADAL_SIM_OK)
    return fail(hadal_sim_context_message(context));
  int code = run(context, options);
  hadal_sim_context_release(context);
  return code;
}
