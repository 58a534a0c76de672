// SPDX-License-Identifier: Apache-2.0
// Says what a folder holds in place of weights that can be read.
#include "AbsentWeights.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace hadal {

namespace {
/// Names that tell of one mishap, and what they are.
struct Kind {
  StringRef prefix, ending;
  StringRef advice;
};
} // namespace

/// The first that matches any file is told: the nearest to a remedy first.
static constexpr Kind kinds[] = {
    {"", ".incomplete", "an unfinished download; run the download again"},
    {"", ".aria2", "an unfinished download; run the download again"},
    {"adapter_model", ".safetensors",
     "an adapter of another model; merge it into that model first"},
    {"model-", ".safetensors",
     "a shard without the index; download model.safetensors.index.json too"},
    {"", ".safetensors", "a file of another name; rename it if it is the whole model"},
    {"", ".gguf",
     "a GGUF file; use the checkpoint that it was made "
     "from"},
    {"", ".bin", "a file of PyTorch; convert it to safetensors"},
    {"", ".pt", "a file of PyTorch; convert it to safetensors"},
    {"", ".pth", "a file of PyTorch; convert it to safetensors"},
    {"", ".bin.index.json", "a file of PyTorch; convert it to safetensors"},
};

/// Names in a folder, sorted; none if there is no such folder.
static std::vector<std::string> namesIn(const Twine &directory) {
  std::vector<std::string> names;
  std::error_code code;
  for (sys::fs::directory_iterator file(directory, code), end; !code && file != end;
       file.increment(code))
    names.push_back(sys::path::filename(file->path()).str());
  sort(names);
  return names;
}

std::string describeAbsentWeights(StringRef directory) {
  std::vector<std::string> names = namesIn(directory);
  // Where huggingface_hub keeps what it has not finished.
  append_range(names, namesIn(directory + "/.cache/huggingface/download"));
  for (const Kind &kind : kinds)
    for (StringRef name : names)
      if (name.starts_with(kind.prefix) && name.ends_with(kind.ending))
        return (name + ", " + kind.advice).str();
  return "neither";
}

} // namespace hadal
