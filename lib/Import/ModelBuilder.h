// SPDX-License-Identifier: Apache-2.0
// Builds the module of the model stage from a configuration and its weights.
#ifndef HADAL_LIB_IMPORT_MODELBUILDER_H
#define HADAL_LIB_IMPORT_MODELBUILDER_H

#include "TextFiles.h"
#include "WeightTable.h"

#include "hadal/Import/Import.h"

namespace hadal {

/// docs/ModelStage.md says what the module looks like. `recordedDirectory`
/// becomes hadal.checkpoint.
mlir::OwningOpRef<mlir::ModuleOp> buildModel(mlir::MLIRContext *context, const ModelConfig &config,
                                             const WeightTable &weights,
                                             const Checkpoint &checkpoint,
                                             const TextFiles &textFiles,
                                             llvm::StringRef recordedDirectory, int64_t pageSize);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_MODELBUILDER_H
