// SPDX-License-Identifier: Apache-2.0
// What the compiler's tools write: files and standard streams.
#include "CompilerOutput.h"

#include "files/OutputFile.h"
#include "files/Streams.h"

#include "mlir/Bytecode/BytecodeWriter.h"

using namespace llvm;

namespace hadal::tools {
namespace {

/// Flushes standard output and tells what became of it. What LLVM remembers of
/// failures would end the process in its own way, so it is made to forget them.
int flushStreams() {
  outs().flush();
  std::error_code error = outs().error();
  outs().clear_error();
  errs().clear_error();
  return error.value();
}

/// Writes to a file. The first failure stays; the file has its reason.
class FileStream : public raw_ostream {
public:
  explicit FileStream(files::OutputFile &file) : file(file) { SetBufferSize(1 << 16); }
  ~FileStream() override { flush(); }
  bool isGood() const { return good; }

private:
  void write_impl(const char *data, size_t size) override {
    good = good && file.write(data, size);
  }
  uint64_t current_pos() const override { return file.size(); }

  files::OutputFile &file;
  bool good = true;
};

} // namespace

void startCompilerTool(const char *name) {
  // Objects that exist before the tool's handler of exits outlive it.
  outs();
  errs();
  files::startTool(name, flushStreams);
}

Error writeWhole(StringRef path, function_ref<Error(raw_ostream &)> writer) {
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
