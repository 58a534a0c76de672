// SPDX-License-Identifier: Apache-2.0
// Headers of safetensors files: what tensors a checkpoint holds and where their
// bytes lie.
#ifndef HADAL_IMPORT_SAFETENSORS_H
#define HADAL_IMPORT_SAFETENSORS_H

#include "hadal/Import/Problems.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace hadal {

/// A file whose header has been read. Tensor data is never touched.
struct WeightFile {
  std::string name;        // relative to the checkpoint's folder
  uint64_t size = 0;       // bytes
  uint64_t headerHash = 0; // XXH3-64 of the 8-byte length and the JSON header
};

struct StoredTensor {
  unsigned file = 0; // index into Checkpoint::files
  std::string dtype; // as the header spells it: BF16, F8_E4M3, ...
  llvm::SmallVector<int64_t, 3> shape;
  uint64_t offset = 0; // absolute in the file, bytes
  uint64_t length = 0; // bytes
};

/// All tensors of a checkpoint, by name.
struct Checkpoint {
  std::string directory;
  std::vector<WeightFile> files;
  llvm::StringMap<StoredTensor> tensors;
  /// Tensors that are listed but cannot be used, reported where they were
  /// found;
  /// `*` stands for all that a file without an index may have held.
  llvm::StringSet<> unusable;

  bool isUnusable(llvm::StringRef name) const {
    return unusable.contains(name) || unusable.contains("*");
  }
};

/// Bytes of one element, or nothing for a type that safetensors does not have.
std::optional<unsigned> safetensorsElementSize(llvm::StringRef dtype);

/// Reads the header of `directory/name` and adds its tensors to `checkpoint`.
/// Checked: the length field against the file, the JSON and its types,
/// duplicate names, shape times element size against data_offsets, and that
/// the tensors cover the data without overlap or hole. Returns false, with
/// errors, if the file as a whole could not be read.
bool readSafetensorsHeader(llvm::StringRef directory, llvm::StringRef name, Checkpoint &checkpoint,
                           Problems &problems);

/// Reads the headers of `model.safetensors`, or of every shard that
/// `model.safetensors.index.json` lists, and checks the index against them.
Checkpoint readCheckpoint(llvm::StringRef directory, Problems &problems);

} // namespace hadal

#endif // HADAL_IMPORT_SAFETENSORS_H
