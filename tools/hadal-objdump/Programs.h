// SPDX-License-Identifier: Apache-2.0
// Runs other programs that show machine code.
#ifndef HADAL_TOOLS_OBJDUMP_PROGRAMS_H
#define HADAL_TOOLS_OBJDUMP_PROGRAMS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hadal::objdump {

/// A file that is removed with the object.
class TemporaryFile {
public:
  ~TemporaryFile();
  /// Makes the file; says what is wrong, and returns false, when it cannot.
  bool write(const uint8_t *data, size_t size);
  std::string name;
};

/// Runs the first of the commands whose program is installed, and copies what it
/// prints to the standard output. False when none is; *exitCode is that of the tool.
bool runFirst(const std::vector<std::vector<std::string>> &commands, int *exitCode);

} // namespace hadal::objdump

#endif // HADAL_TOOLS_OBJDUMP_PROGRAMS_H
