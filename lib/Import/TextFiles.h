// SPDX-License-Identifier: Apache-2.0
// The files of a checkpoint that deal with text: what an artifact carries of
// them, and what is wrong with the others.
#ifndef HADAL_LIB_IMPORT_TEXTFILES_H
#define HADAL_LIB_IMPORT_TEXTFILES_H

#include "hadal/Import/ModelConfig.h"

namespace hadal {

/// A file that the runtime's own readers accept, as they were given it.
struct TextFile {
  std::string name; // relative to the folder
  uint64_t size = 0;
  uint64_t hash = 0; // XXH3-64 of all of it
};

struct TextFiles {
  std::optional<TextFile> tokenizer;       // tokenizer.json
  std::optional<TextFile> tokenizerConfig; // tokenizer_config.json
  std::optional<TextFile> generation;      // generation_config.json
  std::string textNote;       // why text is not available; empty when it is
  std::string generationNote; // why generation_config.json gives no defaults
};

/// Reads the files as the runtime will. One that it could not use becomes a
/// warning and a note, since models run on token ids without any of them. The
/// bos and eos ids of generation_config.json replace those of `config`; one
/// that is no id is an error, as generation would not end where it should.
TextFiles readTextFiles(llvm::StringRef directory, ModelConfig &config, Problems &problems);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_TEXTFILES_H
