// SPDX-License-Identifier: Apache-2.0
// Kernel arguments as hadal-sim takes them on its command line.
#ifndef HADAL_TOOLS_SIM_ARGUMENTS_H
#define HADAL_TOOLS_SIM_ARGUMENTS_H

#include <hadal_sim.h>

#include <string>
#include <vector>

/// A device buffer that is written to a file after the launch.
struct OutputBuffer {
  std::string path;
  uint64_t address = 0;
  uint64_t bytes = 0;
  bool partial = false; // some of it may never be written
};

/// The bytes of one argument.
struct Argument {
  std::string text;          // as given
  std::string type;          // "i32", "f16", ..., "buffer" or "struct"
  std::vector<uint8_t> bytes;
};

class Arguments {
public:
  /// `program` is the file that is run, an input like those of the arguments.
  Arguments(hadal_sim_context_t *context, const std::string &program)
      : context(context), inputs{program} {}
  /// Parses `i32:7`, `in:FILE`, `struct:...` and allocates buffers. On failure
  /// `error` says why, and `usage` whether the form itself is wrong.
  bool add(const std::string &text);
  /// Checks the arguments against the parameters of the kernel.
  bool match(hadal_sim_module_t *module, const char *kernel);
  /// Refuses outputs, and a file of counters, that are inputs or each other.
  bool checkOutputs(const std::string &counters);
  /// Copies the outputs back and writes them, each file as a whole or not at
  /// all. `undefined` is set where a check fired on the way.
  bool writeOutputs(bool checkInit, bool &undefined);

  std::string error;
  bool usage = false;
  std::vector<Argument> list;

private:
  bool fail(const std::string &what);
  bool misuse(const std::string &what);
  bool scalar(const std::string &type, const std::string &value, Argument &argument);
  bool buffer(const std::string &text, uint64_t &address);
  bool structure(const std::string &text, Argument &argument);
  hadal_sim_context_t *context;
  std::vector<std::string> inputs;
  std::vector<OutputBuffer> outputs;
};

/// Reads a whole file; false and `error` where that fails.
bool readFile(const std::string &path, std::vector<uint8_t> &bytes, std::string &error);
/// Writes a file as a whole or not at all.
bool writeFile(const std::string &path, const void *data, size_t bytes, std::string &error);
#endif // HADAL_TOOLS_SIM_ARGUMENTS_H
