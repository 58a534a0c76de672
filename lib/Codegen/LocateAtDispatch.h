// SPDX-License-Identifier: Apache-2.0
// Diagnostics about bodies, which have no location of their own.
#ifndef HADAL_LIB_CODEGEN_LOCATEATDISPATCH_H
#define HADAL_LIB_CODEGEN_LOCATEATDISPATCH_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Threading.h"

namespace hadal {

/// While it lives, what this thread says without a location it says at the first op that was
/// made a dispatch of the executable.
class LocateAtDispatch {
public:
  explicit LocateAtDispatch(ExecutableOp executable)
      : handler(executable.getContext(), [thread = llvm::get_threadid(),
                                          executable](mlir::Diagnostic &diagnostic) {
          if (llvm::get_threadid() != thread ||
              !mlir::isa<mlir::UnknownLoc>(diagnostic.getLocation()))
            return mlir::failure();
          auto uses = mlir::SymbolTable::getSymbolUses(executable, executable->getParentOp());
          if (!uses || uses->empty())
            return mlir::failure();
          mlir::Location at = uses->begin()->getUser()->getLoc();
          if (mlir::isa<mlir::UnknownLoc>(at))
            return mlir::failure();
          auto &engine = at.getContext()->getDiagEngine();
          engine.emit(at, diagnostic.getSeverity()) << diagnostic.str();
          return mlir::success();
        }) {}

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_LOCATEATDISPATCH_H
