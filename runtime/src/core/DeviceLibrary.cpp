// SPDX-License-Identifier: Apache-2.0
// Finds a device by name: built in, or in a library that is loaded when it is asked for.
#include "core/Device.h"
#include "cpu/CpuDevice.h"
#include "device/Table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/stat.h>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kUnsupported = HADAL_STATUS_UNSUPPORTED;

// What the runtime was built with; a shorter table lacks what was added since.
constexpr size_t kFirstTableSize = sizeof(hadal_device_table_t);

bool isFile(const std::string &path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

// The folder of this library, or of the program that holds it; with a slash at its end.
std::string ownFolder() {
  Dl_info self;
  if (!dladdr(reinterpret_cast<void *>(&findDeviceTable), &self) || !self.dli_fname)
    return "";
  std::string path = self.dli_fname;
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// Where a library of that name is looked for, in this order.
std::string findLibrary(const std::string &name, std::string &places) {
  std::string file = "libhadal_device_" + name + ".so";
  auto look = [&](const std::string &folder) {
    std::string path = folder + file;
    if (places.find(path) == std::string::npos) // a folder may be given that is ours anyway
      places += (places.empty() ? "" : ", ") + path;
    return isFile(path) ? path : "";
  };
  const char *given = std::getenv("HADAL_DEVICE_PATH");
  std::string folders = given ? given : "";
  for (size_t begin = 0; begin < folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    if (end > begin)
      if (std::string path = look(folders.substr(begin, end - begin) + "/"); !path.empty())
        return path;
    begin = end + 1;
  }
  std::string own = ownFolder();
  return own.empty() ? "" : look(own);
}

Status loadLibrary(const std::string &path, const hadal_device_table_t **out) {
  // Never closed: its threads and what it has loaded may outlive the last context.
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    // What is missing may be a library that this one needs.
    std::string why = dlerror();
    bool isNamed = why.compare(0, path.size(), path) == 0;
    return fail(HADAL_STATUS_NOT_FOUND, "options.device: expected a device library, got: %s%s%s",
                isNamed ? "" : path.c_str(), isNamed ? "" : ": ", why.c_str());
  }
  auto query = reinterpret_cast<hadal_device_query_fn_t>(dlsym(library, "hadal_device_query"));
  if (!query)
    return fail(kUnsupported, "%s: expected a device library, got one without hadal_device_query",
                path.c_str());
  const hadal_device_table_t *table = query(HADAL_DEVICE_VERSION);
  if (!table)
    return fail(kUnsupported, "%s: expected a device of version %d, got none", path.c_str(),
                HADAL_DEVICE_VERSION);
  hadal_device_table_t known;
  HADAL_TRY(checkTable(table, path.c_str(), known));
  *out = table;
  return {};
}

// Takes ":N" from the end of a name; false when what follows the colon is no such number.
bool takeIndex(std::string &name, uint32_t *index) {
  *index = 0;
  size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos)
    return true;
  const std::string digits = name.substr(colon + 1);
  if (digits.empty() || digits.size() > 4 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return false;
  *index = static_cast<uint32_t>(std::strtoul(digits.c_str(), nullptr, 10));
  name.resize(colon);
  return true;
}

} // namespace

Status checkTable(const hadal_device_table_t *table, const char *shown, hadal_device_table_t &out) {
  if (table->version != HADAL_DEVICE_VERSION)
    return fail(kUnsupported, "%s: version: expected %d, got %u", shown, HADAL_DEVICE_VERSION,
                table->version);
  if (table->struct_size < kFirstTableSize)
    return fail(kUnsupported, "%s: struct_size: expected at least %zu B, got %zu B", shown,
                kFirstTableSize, table->struct_size);
  out = *table;
  if (!out.name || !out.name[0])
    return fail(kUnsupported, "%s: name: expected a text, got none", shown);
  const struct {
    const char *name;
    bool isThere;
  } functions[] = {
#define HADAL_FUNCTION(field, function) {#field, out.field != nullptr},
      HADAL_DEVICE_FUNCTIONS(HADAL_FUNCTION)
#undef HADAL_FUNCTION
  };
  for (const auto &function : functions)
    if (!function.isThere)
      return fail(kUnsupported, "%s: %s: expected a function, got NULL", shown, function.name);
  return {};
}

Status findDeviceTable(const char *given, const hadal_device_table_t **out, uint32_t *index) {
  std::string name = given;
  if (!takeIndex(name, index))
    return fail(
        HADAL_STATUS_INVALID_ARGUMENT,
        "options.device: expected a name, or one with a number of up to 4 digits as in 'cuda:1', got "
        "'%s'",
        given);
  if (name == "cpu") {
    *out = &cpuDeviceTable();
    return {};
  }
  if (name.find('/') != std::string::npos)
    return loadLibrary(name, out);
  std::string places;
  std::string path = name.empty() ? "" : findLibrary(name, places);
  if (path.empty())
    return fail(HADAL_STATUS_NOT_FOUND,
                "options.device: expected 'cpu' or the name of a device library, got '%s'%s%s",
                given, places.empty() ? "" : ", and there is no ", places.c_str());
  return loadLibrary(path, out);
}

} // namespace hadal::runtime
