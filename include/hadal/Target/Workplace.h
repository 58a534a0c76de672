// SPDX-License-Identifier: Apache-2.0
// Files for a program that reads and writes them by name.
#ifndef HADAL_TARGET_WORKPLACE_H
#define HADAL_TARGET_WORKPLACE_H

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <system_error>

namespace hadal {

/// A temporary folder of its own, which is removed with all that lies in it.
class Workplace {
public:
  /// Its name begins with `prefix`; `error` says why there is none.
  explicit Workplace(llvm::StringRef prefix);
  ~Workplace();
  Workplace(const Workplace &) = delete;
  Workplace &operator=(const Workplace &) = delete;

  std::string path(llvm::StringRef name) const;
  std::error_code write(llvm::StringRef name, llvm::StringRef bytes) const;
  /// What a file holds; "" where there is none.
  std::string read(llvm::StringRef name) const;

  std::error_code error;

private:
  llvm::SmallString<128> folder;
};

} // namespace hadal

#endif // HADAL_TARGET_WORKPLACE_H
