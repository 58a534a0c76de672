// SPDX-License-Identifier: Apache-2.0
// What a target outside of the tree begins with: its bodies in the flat form.
#include "hadal/Codegen/Passes.h"

#include "mlir/Pass/PassManager.h"

void addFirstDay(mlir::OpPassManager &pm) {
  pm.addPass(hadal::createFlattenPass({/*itemElements=*/1, /*lanes=*/1}));
  pm.addPass(hadal::createVerifyFlatPass());
}

bool isFlat(hadal::ExecutableOp executable) { return bool(hadal::findFlatVariant(executable)); }
