// SPDX-License-Identifier: Apache-2.0
// What the mains of the compiler's tools share: standard streams and diagnostics.
#ifndef HADAL_TOOLS_SUPPORT_COMPILERTOOL_H
#define HADAL_TOOLS_SUPPORT_COMPILERTOOL_H

#include "mlir/IR/Diagnostics.h"

namespace hadal::tools {

/// First in main, before LLVM opens what is closed. Standard streams behave as in
/// every tool of Hadal (see files/Streams.h); LLVM's own end the process with a
/// crash where they cannot be written.
void startStreams(const char *tool);

/// Prints diagnostics as `TOOL: error: FILE:LINE:COLUMN: MESSAGE` on standard
/// error. Verifiers may find the same in thousands of ops: the first are told, the
/// rest are counted.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(const char *tool, mlir::MLIRContext &context)
      : tool(tool), handler(&context, [this](mlir::Diagnostic &each) { print(each); }) {}
  ~DiagnosticPrinter();

private:
  void print(mlir::Diagnostic &diagnostic);

  const char *tool;
  size_t count = 0;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_COMPILERTOOL_H
