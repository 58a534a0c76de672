// SPDX-License-Identifier: Apache-2.0
// How the compiler's tools write: a module complete under its name or not at all,
// and what starts a diagnostic.
#ifndef HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H
#define HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace hadal::tools {

/// Lets `writer` fill the file `path`, which appears when it is complete, or not
/// at all; - is standard output. Errors name the path.
llvm::Error writeWhole(llvm::StringRef path,
                       llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writer);

/// Writes a module to `path`: bytecode where the name ends in .mlirbc, else text
/// with locations, which are the labels of kernels.
llvm::Error writeModule(mlir::ModuleOp module, llvm::StringRef path);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_COMPILEROUTPUT_H
