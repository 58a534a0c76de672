// SPDX-License-Identifier: Apache-2.0
// How the compiler's tools write a module: complete under its name, or not at all.
#include "support/CompilerOutput.h"

#include "files/OutputFile.h"

#include "mlir/Bytecode/BytecodeWriter.h"

using namespace llvm;

namespace hadal::tools {
namespace {

/// Writes to a file. The first failure stays; the file has its reason.
class FileStream : public raw_ostream {
public:
  explicit FileStream(files::OutputFile &file) : file(file) { SetBufferSize(1 << 16); }
  ~FileStream() override { flush(); }
  bool isGood() const { return good; }

private:
  void write_impl(const char *data, size_t size) override { good = good && file.write(data, size); }
  uint64_t current_pos() const override { return file.size(); }

  files::OutputFile &file;
  bool good = true;
};

} // namespace

Error writeWhole(StringRef path, function_ref<Error(raw_ostream &)> writer) {
  // Whether that could be written is seen when the tool ends (see CompilerTool.h).
  if (path == "-")
    return writer(outs());
  files::OutputFile file;
  if (!file.open(path.str()))
    return createStringError(file.error());
  FileStream stream(file);
  if (Error error = writer(stream))
    return error;
  stream.flush();
  if (!stream.isGood() || !file.commit())
    return createStringError(file.error());
  return Error::success();
}

Error writeModule(mlir::ModuleOp module, StringRef path) {
  return writeWhole(path, [&](raw_ostream &os) -> Error {
    if (path.ends_with(".mlirbc")) {
      if (failed(mlir::writeBytecodeToFile(module, os)))
        return createStringError(path + ": expected a module that can be written as bytecode");
      return Error::success();
    }
    module.print(os, mlir::OpPrintingFlags().enableDebugInfo());
    os << '\n';
    return Error::success();
  });
}

} // namespace hadal::tools
