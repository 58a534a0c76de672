// SPDX-License-Identifier: Apache-2.0
// Kernel arguments as hadal-sim takes them on its command line.
#include "Arguments.h"
#include "files/OutputFile.h"
#include "files/Paths.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

bool readFile(const std::string &path, std::vector<uint8_t> &bytes, std::string &error) {
  FILE *file = fopen(path.c_str(), "rb");
  if (!file) {
    error = path + ": " + strerror(errno);
    return false;
  }
  char block[65536];
  size_t n;
  while ((n = fread(block, 1, sizeof(block), file)) > 0)
    bytes.insert(bytes.end(), block, block + n);
  bool good = !ferror(file);
  if (!good)
    error = path + ": " + strerror(errno);
  fclose(file);
  return good;
}

bool writeFile(const std::string &path, const void *data, size_t bytes, std::string &error) {
  hadal::files::OutputFile file;
  bool good = file.open(path) && file.write(data, bytes) && file.commit();
  if (!good)
    error = file.error();
  return good;
}

bool Arguments::fail(const std::string &what) {
  error = what;
  return false;
}

bool Arguments::misuse(const std::string &what) {
  usage = true;
  return fail(what);
}

namespace {

/// A double to a 16-bit format, to the nearest even.
uint16_t toSmall(double value, int exponentBits, int mantissaBits) {
  int bias = (1 << (exponentBits - 1)) - 1;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  uint16_t infinity = uint16_t(((1 << exponentBits) - 1) << mantissaBits);
  if (std::isnan(value))
    return 0x7fff;
  value = std::fabs(value);
  if (std::isinf(value))
    return sign | infinity;
  int exponent = 0;
  std::frexp(value, &exponent); // value = m * 2^exponent, m in [0.5, 1)
  int unit = std::max(exponent - 1, 1 - bias) - mantissaBits;
  double scaled = std::nearbyint(std::ldexp(value, -unit));
  double rounded = std::ldexp(scaled, unit);
  std::frexp(rounded, &exponent);
  if (rounded == 0)
    return sign;
  int biased = exponent - 1 + bias;
  if (biased >= (1 << exponentBits) - 1)
    return sign | infinity;
  if (biased <= 0)
    return uint16_t(sign | uint16_t(std::ldexp(rounded, bias - 1 + mantissaBits)));
  uint16_t fraction =
      uint16_t(std::ldexp(rounded, mantissaBits - (exponent - 1)) - (1 << mantissaBits));
  return uint16_t(sign | biased << mantissaBits | fraction);
}

bool parseCount(const std::string &text, uint64_t &value) {
  if (text.empty() || text[0] < '0' || text[0] > '9')
    return false;
  char *end = nullptr;
  errno = 0;
  value = strtoull(text.c_str(), &end, 0);
  return errno == 0 && *end == 0;
}

} // namespace

bool Arguments::scalar(const std::string &type, const std::string &value, Argument &argument) {
  argument.type = type;
  auto put = [&](const void *from, size_t bytes) {
    argument.bytes.resize(bytes);
    memcpy(argument.bytes.data(), from, bytes);
    return true;
  };
  char kind = type[0];
  unsigned bits = unsigned(atoi(type.c_str() + (type == "bf16" ? 2 : 1)));
  char *end = nullptr;
  errno = 0;
  if (kind == 'i' || kind == 'u') {
    uint64_t raw;
    bool negative = !value.empty() && value[0] == '-';
    if (kind == 'i' || negative) {
      long long parsed = strtoll(value.c_str(), &end, 0);
      raw = uint64_t(parsed);
      if (kind == 'u' && negative)
        return fail("argument '" + argument.text + "': expected no sign");
      if (bits < 64 && (parsed < -(1ll << (bits - 1)) || parsed >= (1ll << (bits - 1))))
        return fail("argument '" + argument.text + "': value does not fit");
    } else {
      raw = strtoull(value.c_str(), &end, 0);
      if (bits < 64 && raw >> bits)
        return fail("argument '" + argument.text + "': value does not fit");
    }
    if (value.empty() || *end || errno)
      return fail("argument '" + argument.text + "': expected an integer, got '" + value + "'");
    return put(&raw, bits / 8);
  }
  double parsed = strtod(value.c_str(), &end);
  if (value.empty() || *end)
    return fail("argument '" + argument.text + "': expected a number, got '" + value + "'");
  if (type == "f64")
    return put(&parsed, 8);
  if (type == "f32") {
    float narrow = float(parsed);
    return put(&narrow, 4);
  }
  uint16_t half = type == "f16" ? toSmall(parsed, 5, 10) : toSmall(parsed, 8, 7);
  return put(&half, 2);
}

namespace {
bool isBuffer(const std::string &kind) {
  return kind == "in" || kind == "out" || kind == "inout" || kind == "scratch";
}
} // namespace

/// in:FILE, out:FILE:BYTES, scratch:FILE:BYTES or inout:IN:OUT.
bool Arguments::buffer(const std::string &text, uint64_t &address) {
  size_t colon = text.find(':');
  std::string kind = text.substr(0, colon), rest = text.substr(colon + 1);
  auto check = [&](hadal_sim_status_t status) {
    return status == HADAL_SIM_OK || fail(hadal_sim_context_message(context));
  };
  if (kind == "in") { // read in place; the kernel may not write to it
    inputs.push_back(rest);
    return check(hadal_sim_map_file(context, rest.c_str(), &address, nullptr));
  }
  size_t last = rest.rfind(':');
  if (last == std::string::npos || last == 0 || last + 1 == rest.size())
    return misuse("argument '" + text + "': expected " +
                  (kind == "inout" ? "inout:IN:OUT" : kind + ":FILE:BYTES"));
  std::string first = rest.substr(0, last), second = rest.substr(last + 1);
  OutputBuffer output;
  output.partial = kind == "scratch";
  if (kind != "inout") {
    if (!parseCount(second, output.bytes))
      return misuse("argument '" + text + "': expected a number of bytes, got '" + second + "'");
    output.path = first;
    if (!check(hadal_sim_alloc(context, output.bytes, first.c_str(), &address)))
      return false;
  } else {
    std::vector<uint8_t> bytes;
    if (!readFile(first, bytes, error))
      return false;
    inputs.push_back(first);
    output.path = second;
    output.bytes = bytes.size();
    if (!check(hadal_sim_alloc(context, bytes.size(), first.c_str(), &address)) ||
        !check(hadal_sim_copy_in(context, address, bytes.data(), bytes.size())))
      return false;
  }
  output.address = address;
  outputs.push_back(output);
  return true;
}

/// struct:FILE[,OFFSET=buffer]...
bool Arguments::structure(const std::string &text, Argument &argument) {
  argument.type = "struct";
  size_t comma = text.find(',');
  inputs.push_back(text.substr(0, comma));
  if (!readFile(text.substr(0, comma), argument.bytes, error))
    return false;
  while (comma != std::string::npos) {
    size_t start = comma + 1;
    comma = text.find(',', start);
    std::string patch = text.substr(start, comma == std::string::npos ? comma : comma - start);
    size_t equals = patch.find('=');
    uint64_t offset = 0, address = 0;
    if (equals == std::string::npos || !parseCount(patch.substr(0, equals), offset))
      return misuse("argument '" + argument.text + "': expected OFFSET=BUFFER, got '" + patch +
                    "'");
    std::string target = patch.substr(equals + 1);
    size_t colon = target.find(':');
    if (colon == std::string::npos || !isBuffer(target.substr(0, colon)))
      return misuse("argument '" + argument.text +
                    "': expected in:, out:, inout: or scratch:, got '" + target + "'");
    if (offset + 8 > argument.bytes.size() || offset + 8 < offset)
      return fail("argument '" + argument.text + "': offset " + std::to_string(offset) +
                  " leaves no room for a pointer in " + std::to_string(argument.bytes.size()) +
                  " bytes");
    if (!buffer(target, address))
      return false;
    memcpy(argument.bytes.data() + offset, &address, 8);
  }
  return true;
}

bool Arguments::add(const std::string &text) {
  Argument argument;
  argument.text = text;
  size_t colon = text.find(':');
  std::string kind = text.substr(0, colon);
  if (colon == std::string::npos)
    return misuse("argument '" + text +
                  "': expected TYPE:VALUE, in:, out:, "
                  "inout:, scratch: or struct:");
  for (const char *type :
       {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "bf16", "f32", "f64"})
    if (kind == type) {
      if (!scalar(kind, text.substr(colon + 1), argument))
        return false;
      list.push_back(std::move(argument));
      return true;
    }
  if (kind == "struct") {
    if (!structure(text.substr(colon + 1), argument))
      return false;
  } else if (isBuffer(kind)) {
    uint64_t address = 0;
    argument.type = "buffer";
    if (!buffer(text, address))
      return false;
    argument.bytes.resize(8);
    memcpy(argument.bytes.data(), &address, 8);
  } else {
    return misuse("argument '" + text + "': unknown type '" + kind + "'");
  }
  list.push_back(std::move(argument));
  return true;
}

bool Arguments::match(hadal_sim_module_t *module, const char *kernel) {
  hadal_sim_kernel_info_t info;
  if (hadal_sim_kernel_info(context, module, kernel, &info) != HADAL_SIM_OK)
    return fail(hadal_sim_context_message(context));
  if (info.parameter_count != list.size())
    return fail(std::string("kernel '") + kernel + "': expected " +
                std::to_string(info.parameter_count) + " arguments, got " +
                std::to_string(list.size()));
  for (size_t i = 0; i < list.size(); ++i) {
    hadal_sim_parameter_t parameter;
    if (hadal_sim_kernel_parameter(context, module, kernel, i, &parameter) != HADAL_SIM_OK)
      return fail(hadal_sim_context_message(context));
    const Argument &argument = list[i];
    std::string where = std::string("kernel '") + kernel + "': argument " + std::to_string(i + 1) +
                        " ('" + argument.text + "') for parameter '" + parameter.name + "': ";
    if (parameter.bytes != argument.bytes.size())
      return fail(where + "expected " + std::to_string(parameter.bytes) + " bytes of type " +
                  parameter.type + ", got " + std::to_string(argument.bytes.size()));
    char kind = parameter.type[0], given = argument.type[0];
    bool isFloat = kind == 'f', givenFloat = given == 'f' || argument.type == "bf16";
    bool isInteger = kind == 'u' || kind == 's';
    if (!parameter.is_array && argument.type != "struct" &&
        ((isFloat && !givenFloat) || (isInteger && givenFloat)))
      return fail(where + "expected type " + parameter.type + ", got " + argument.type);
  }
  return true;
}

bool Arguments::checkOutputs(const std::string &counters) {
  std::vector<std::string> paths;
  for (const OutputBuffer &output : outputs)
    paths.push_back(output.path);
  if (!counters.empty())
    paths.push_back(counters);
  error = hadal::files::outputProblem(paths, inputs);
  return error.empty();
}

bool Arguments::writeOutputs(bool checkInit, bool &undefined) {
  undefined = false;
  for (const OutputBuffer &output : outputs) {
    std::vector<uint8_t> bytes(output.bytes);
    auto copy = output.partial ? hadal_sim_copy_out_partial : hadal_sim_copy_out;
    hadal_sim_status_t status = copy(context, bytes.data(), output.address, output.bytes, nullptr);
    if (status == HADAL_SIM_ERROR)
      return fail(hadal_sim_context_message(context));
    if (status == HADAL_SIM_CHECK && checkInit) {
      fprintf(stderr, "hadal-sim: check: init: %s\n", hadal_sim_context_message(context));
      undefined = true;
    }
    if (!writeFile(output.path, bytes.data(), bytes.size(), error))
      return false;
  }
  return true;
}
