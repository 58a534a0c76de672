// SPDX-License-Identifier: Apache-2.0
// Recognises files that hold something else than their names say.
#include "FileKinds.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace hadal {

/// Pages for people, such as the one that asks to log in.
static bool isHtml(StringRef bytes) {
  bytes.consume_front("\xEF\xBB\xBF"); // a byte order mark
  bytes = bytes.ltrim();
  return any_of(ArrayRef<StringRef>{"<!doctype html", "<html", "<head", "<body", "<?xml", "<!--"},
                [&](StringRef start) { return bytes.starts_with_insensitive(start); });
}

std::optional<std::string> describeStrayContent(StringRef firstBytes) {
  if (firstBytes.empty())
    return "an empty file; download it again";
  if (firstBytes.starts_with("version https://git-lfs.github.com/spec/"))
    return "a Git LFS pointer, which stands for the file; fetch the file with "
           "git lfs pull";
  if (isHtml(firstBytes))
    return "a web page, as servers send instead of a file that needs a login "
           "or does not exist; download it again";
  if (firstBytes.contains("/annex/objects/"))
    return "a git-annex pointer, which stands for the file; fetch the file with "
           "git annex get";
  if (firstBytes.starts_with("GGUF"))
    return "a GGUF file, in which llama.cpp keeps a model; get the checkpoint "
           "that it was made from";
  if (firstBytes.find_first_not_of('\0') == StringRef::npos)
    return "zeros, as a download leaves that kept room and did not go on; "
           "download it again";
  if (firstBytes.starts_with("\x1f\x8b"))
    return "a gzip archive; unpack it first";
  if (firstBytes.starts_with("PK\x03\x04") || firstBytes.starts_with("PK\x05\x06"))
    return "a zip archive; unpack it first";
  return std::nullopt;
}

} // namespace hadal
