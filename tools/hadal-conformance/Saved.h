// SPDX-License-Identifier: Apache-2.0
// Cases whose artifacts were compiled before, for machines without a compiler.
#ifndef HADAL_TOOLS_CONFORMANCE_SAVED_H
#define HADAL_TOOLS_CONFORMANCE_SAVED_H

#include <map>
#include <string>
#include <vector>

namespace hadal::conformance {

/// A folder with a folder of artifacts for each case, and a file that says which is whose.
class Saved {
public:
  /// A problem says what was expected.
  std::string open(const std::string &folder);
  /// Writes what was saved; a problem or "".
  static std::string write(const std::string &folder, const std::string &target,
                           const std::vector<std::string> &levels,
                           const std::vector<std::string> &names);

  const std::string &target() const { return family; }
  const std::vector<std::string> &levels() const { return all; }
  size_t size() const { return numbers.size(); } // cases
  /// The folder of a case, or "".
  std::string folderOf(const std::string &name) const;
  static std::string folderOf(const std::string &folder, size_t number);

private:
  std::string root, family;
  std::vector<std::string> all;
  std::map<std::string, size_t> numbers;
};

/// The words of a list with commas.
std::vector<std::string> wordsOf(const std::string &list);

/// Whether a name has one of the filter's words in it, which commas separate.
bool isChosen(const std::string &name, const std::string &filter);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_SAVED_H
