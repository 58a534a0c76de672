// SPDX-License-Identifier: Apache-2.0
// Reads the command line of a tool: --name=value, --name value, --flag.
#ifndef HADAL_TOOLS_SUPPORT_COMMANDLINE_H
#define HADAL_TOOLS_SUPPORT_COMMANDLINE_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hadal::tools {

struct Option {
  enum Kind {
    flag,         // --name
    value,        // --name=VALUE or --name VALUE
    optionalValue // --name or --name=VALUE
  };
  const char *name;
  Kind kind;
  const char *placeholder; // VALUE in the help; "" for a flag
  const char *help;
};

/// Wrong usage ends the process with exit code 2, --help and --version with 0.
class CommandLine {
public:
  /// `usage` is the rest of the line "usage: TOOL"; `about` one paragraph.
  CommandLine(const char *usage, const char *about, std::vector<Option> options);

  void parse(int argc, char **argv);

  const std::vector<std::string> &positionals() const { return words; }
  bool has(const char *name) const { return values.count(name) != 0; }
  std::string text(const char *name, const std::string &otherwise = "") const;
  /// An integer in [low, high].
  uint64_t integer(const char *name, uint64_t otherwise, uint64_t low, uint64_t high) const;
  /// A finite number in [low, high].
  double number(const char *name, double otherwise, double low, double high) const;
  /// Integers in [low, high], separated by commas.
  std::vector<uint64_t> integers(const char *name, std::vector<uint64_t> otherwise, uint64_t low,
                                 uint64_t high) const;

private:
  void printHelp() const;
  const Option *find(const std::string &name) const;

  const char *usage;
  const char *about;
  std::vector<Option> options;
  std::map<std::string, std::string> values;
  std::vector<std::string> words;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_COMMANDLINE_H
