// SPDX-License-Identifier: Apache-2.0
// Reads the command line of a tool.
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace hadal::tools {

CommandLine::CommandLine(const char *usage, const char *about, std::vector<Option> given)
    : usage(usage), about(about), options(std::move(given)) {
  options.push_back({"help", Option::flag, "", "print this and stop"});
  options.push_back({"version", Option::flag, "", "print the version and stop"});
}

const Option *CommandLine::find(const std::string &name) const {
  for (const Option &option : options)
    if (name == option.name)
      return &option;
  return nullptr;
}

void CommandLine::parse(int argc, char **argv) {
  bool onlyWords = false;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (onlyWords || argument.size() < 2 || argument[0] != '-') {
      words.push_back(argument);
      continue;
    }
    if (argument == "--") {
      onlyWords = true;
      continue;
    }
    if (argument == "-h")
      argument = "--help";
    // One dash does, as in the tools of LLVM.
    size_t dashes = argument[1] == '-' ? 2 : 1;
    size_t equals = argument.find('=');
    std::string name =
        argument.substr(dashes, equals == std::string::npos ? std::string::npos : equals - dashes);
    const Option *option = find(name);
    if (!option)
      failUsage("unknown option '" + argument.substr(0, equals) + "'");
    std::string value;
    if (equals != std::string::npos) {
      if (option->kind == Option::flag)
        failUsage("--" + name + " takes no value, got '" + argument.substr(equals + 1) + "'");
      value = argument.substr(equals + 1);
    } else if (option->kind == Option::value) {
      if (i + 1 == argc)
        failUsage("--" + name + " needs a value: --" + name + "=" + option->placeholder);
      value = argv[++i];
    }
    if (!values.emplace(name, value).second)
      failUsage("--" + name + " is given twice");
  }
  if (has("help")) {
    printHelp();
    std::exit(0);
  }
  if (has("version")) {
    print(std::string(toolName()) + " " HADAL_VERSION "\n");
    std::exit(0);
  }
}

void CommandLine::printHelp() const {
  std::string out = std::string("usage: ") + toolName() + " " + usage + "\n\n" + about + "\n\n";
  constexpr size_t column = 32;
  for (const Option &option : options) {
    std::string left = std::string("  --") + option.name;
    if (option.kind == Option::value)
      left += std::string("=") + option.placeholder;
    else if (option.kind == Option::optionalValue)
      left += std::string("[=") + option.placeholder + "]";
    if (left.size() + 1 > column)
      left += "\n" + std::string(column, ' ');
    else
      left.resize(column, ' ');
    out += left + option.help + "\n";
  }
  print(out);
}

std::string CommandLine::text(const char *name, const std::string &otherwise) const {
  auto it = values.find(name);
  return it == values.end() ? otherwise : it->second;
}

/// Reads a whole string as an integer in [low, high].
static bool readInteger(const std::string &text, uint64_t low, uint64_t high, uint64_t &out) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos)
    return false;
  errno = 0;
  out = std::strtoull(text.c_str(), nullptr, 10);
  return errno == 0 && out >= low && out <= high;
}

uint64_t CommandLine::integer(const char *name, uint64_t otherwise, uint64_t low,
                              uint64_t high) const {
  if (!has(name))
    return otherwise;
  uint64_t result = 0;
  if (!readInteger(text(name), low, high, result))
    failUsage(std::string("--") + name + ": expected an integer from " + std::to_string(low) +
              " to " + std::to_string(high) + ", got '" + text(name) + "'");
  return result;
}

double CommandLine::number(const char *name, double otherwise, double low, double high) const {
  if (!has(name))
    return otherwise;
  std::string given = text(name);
  char *end = nullptr;
  double result = std::strtod(given.c_str(), &end);
  if (given.empty() || *end || !(result >= low) || !(result <= high) || !std::isfinite(result))
    failUsage(
        format("--%s: expected a number from %g to %g, got '%s'", name, low, high, given.c_str()));
  return result;
}

std::vector<uint64_t> CommandLine::integers(const char *name, std::vector<uint64_t> otherwise,
                                            uint64_t low, uint64_t high) const {
  if (!has(name))
    return otherwise;
  std::vector<uint64_t> result;
  std::string given = text(name);
  for (size_t start = 0; start <= given.size();) {
    size_t end = given.find(',', start);
    if (end == std::string::npos)
      end = given.size();
    uint64_t value = 0;
    if (!readInteger(given.substr(start, end - start), low, high, value))
      failUsage(std::string("--") + name + ": expected integers from " + std::to_string(low) +
                " to " + std::to_string(high) + ", separated by commas, got '" + given + "'");
    result.push_back(value);
    start = end + 1;
  }
  return result;
}

} // namespace hadal::tools
