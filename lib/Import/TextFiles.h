// SPDX-License-Identifier: Apache-2.0
// Which files of a checkpoint deal with text, and why text is not available
// where they don't.
#ifndef HADAL_LIB_IMPORT_TEXTFILES_H
#define HADAL_LIB_IMPORT_TEXTFILES_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace hadal {

/// Names relative to the folder, empty where it has no such file.
struct TextFiles {
  std::string tokenizer;       // tokenizer.json
  std::string tokenizerConfig; // tokenizer_config.json
  std::string generation;      // generation_config.json
  std::string note;            // why text is not available; empty when it is
};

TextFiles findTextFiles(llvm::StringRef directory);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_TEXTFILES_H
