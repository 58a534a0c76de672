// SPDX-License-Identifier: Apache-2.0
// Which files of a checkpoint deal with text, and why text is not available
// where they don't.
#include "TextFiles.h"

#include "FileBytes.h"

using namespace llvm;

namespace hadal {

TextFiles findTextFiles(StringRef directory) {
  TextFiles files;
  auto take = [&](StringRef name, std::string &to) {
    if (isRegularFile(joinPath(directory, name)))
      to = name.str();
  };
  take("tokenizer.json", files.tokenizer);
  take("tokenizer_config.json", files.tokenizerConfig);
  take("generation_config.json", files.generation);
  if (!files.tokenizer.empty())
    return files;
  for (StringRef other : {"tiktoken.model", "tokenizer.model", "vocab.json"}) {
    std::string found;
    take(other, found);
    if (!found.empty()) {
      files.note = "expected tokenizer.json, got " + found +
                   ", a tokenizer of another kind; token ids work";
      return files;
    }
  }
  files.note = "expected tokenizer.json, got no tokenizer; token ids work";
  return files;
}

} // namespace hadal
