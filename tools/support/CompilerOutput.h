// SPDX-License-Identifier: Apache-2.0
// How the compiler's tools write: a module complete under its name or not at all,
// and what starts a diagnostic.
#ifndef HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H
#define HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <unistd.h>

namespace hadal::tools {

inline const char *severityName(mlir::DiagnosticSeverity severity) {
  switch (severity) {
  case mlir::DiagnosticSeverity::Error:
    return "error";
  case mlir::DiagnosticSeverity::Warning:
    return "warning";
  case mlir::DiagnosticSeverity::Note:
  case mlir::DiagnosticSeverity::Remark:
    break;
  }
  return "note";
}

/// What is wrong with writing a file `path`, or nothing. The file is renamed to
/// this name when complete, which would put it in the place of a device.
inline std::string outputNameProblem(const std::string &path) {
  namespace fs = llvm::sys::fs;
  fs::file_status status;
  char link[6];
  // /dev/stdout and its like are links to what may well be a regular file.
  bool isStream = ::readlink(path.c_str(), link, sizeof(link)) == sizeof(link) &&
                  llvm::StringRef(link, sizeof(link)) == "/proc/";
  if (!isStream && (fs::status(path, status) || fs::is_regular_file(status)))
    return "";
  return path + ": expected a file to write, got a " +
         (fs::is_directory(status) ? "directory" : "special file");
}

/// Lets `writer` fill the file `path`, - being standard output. Unlike
/// llvm::writeToOutput it keeps no file that a full disk cut short.
inline llvm::Error writeWhole(llvm::StringRef path,
                              llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writer) {
  auto fill = [&](llvm::raw_fd_ostream &os) -> llvm::Error {
    llvm::Error error = writer(os);
    os.flush();
    std::error_code code = os.error();
    os.clear_error();
    return error || !code ? std::move(error) : llvm::errorCodeToError(code);
  };
  if (path == "-")
    return fill(llvm::outs());
  if (path == "/dev/null")
    return writer(llvm::nulls());
  llvm::Expected<llvm::sys::fs::TempFile> file =
      llvm::sys::fs::TempFile::create(path + ".tmp-%%%%%%");
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  if (llvm::Error error = fill(os))
    return llvm::joinErrors(std::move(error), file->discard());
  return file->keep(path);
}

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H
