// SPDX-License-Identifier: Apache-2.0
// What a program of an artifact may hold, and how its parts may be called.
#include "plan/IR/PlanDialect.h"

#include "hadal_limits.h"

#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::plan;

LogicalResult hadal::plan::verifyName(function_ref<InFlightDiagnostic()> emitError, StringRef what,
                                      StringRef name) {
  // plan_c1
  if (!name.empty() && !name.contains('\0') && llvm::json::isUTF8(name))
    return success();
  return emitError() << "expected " << what << " to be UTF-8 text, not empty and without NUL, got '"
                     << llvm::json::fixUTF8(name) << "'";
}

LogicalResult hadal::plan::verifyNames(Operation *op) {
  for (NamedAttribute attribute : op->getAttrs())
    if (auto text = dyn_cast<StringAttr>(attribute.getValue());
        text && !attribute.getName().strref().contains('.') &&
        failed(verifyName([&] { return op->emitOpError(); }, attribute.getName(), text)))
      return failure();
  return success();
}

/// Fails at the first op of the type that is one too many.
template <typename OpTy>
static LogicalResult verifyCount(Block &contents, size_t most) {
  size_t count = 0;
  for (auto op : contents.getOps<OpTy>())
    if (++count > most)
      return op.emitOpError() << "expected " << most << " of them in a program at most, got more";
  return success();
}

LogicalResult hadal::plan::verifyDeclarations(Block &contents) {
  // program_c2
  if (failed(verifyCount<HostDimOp>(contents, kMaxDims)))
    return failure();
  return verifyCount<BlockTableOp>(contents, kMaxBlockTables);
}

LogicalResult ProgramOp::verifyRegions() {
  Block &contents = getContents().front();
  // program_c1
  for (Operation &op : contents)
    if (!op.hasTrait<ProgramDeclaration>() && !isa<ImageOp, ExecutableOp, EntryOp>(op))
      return op.emitOpError("expected declarations, images, executables and entry points in a "
                            "program");
  if (failed(verifyDeclarations(contents)))
    return failure();
  return verifyCount<ExecutableOp>(contents, kMaxExecutables);
}
