// SPDX-License-Identifier: Apache-2.0
// What the mains of the compiler's tools share: standard streams and diagnostics.
#include "support/CompilerTool.h"
#include "files/Streams.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace hadal::tools {

/// More than all that an import has to say, which is told in groups.
static constexpr size_t maxDiagnostics = 150;

/// Forgets failures: streams that keep one abort when they are destroyed.
static int flushStreams() {
  llvm::errs().flush();
  llvm::errs().clear_error();
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  llvm::outs().clear_error();
  return code.value();
}

void startStreams(const char *tool) {
  // Made before the process registers the flush, so destroyed after it ran.
  llvm::outs();
  llvm::errs();
  files::startTool(tool, flushStreams);
}

static llvm::StringRef nameOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error: return "error: ";
  case DiagnosticSeverity::Warning: return "warning: ";
  case DiagnosticSeverity::Note:
  case DiagnosticSeverity::Remark: break;
  }
  return "note: ";
}

void DiagnosticPrinter::print(Diagnostic &diagnostic) {
  if (++count > maxDiagnostics)
    return;
  llvm::raw_ostream &os = llvm::errs();
  os << tool << ": " << nameOf(diagnostic.getSeverity());
  // What several ops were fused to is at the first of them.
  if (auto file = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>()) {
    os << file.getFilename().getValue();
    if (file.getLine() > 0)
      os << ":" << file.getLine() << ":" << file.getColumn();
    os << ": ";
  } else if (auto name = dyn_cast<NameLoc>(diagnostic.getLocation())) {
    os << name.getName().getValue() << ": ";
  }
  os << diagnostic.str() << "\n";
}

DiagnosticPrinter::~DiagnosticPrinter() {
  if (count > maxDiagnostics)
    llvm::errs() << tool << ": note: " << count - maxDiagnostics << " more like these\n";
}

} // namespace hadal::tools
