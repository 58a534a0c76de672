// SPDX-License-Identifier: Apache-2.0
// What a user wants to know of a model before running it.
#ifndef HADAL_PIPELINE_REPORT_H
#define HADAL_PIPELINE_REPORT_H

#include "hadal/Serialize/Serialize.h"

#include "llvm/Support/raw_ostream.h"

namespace hadal {

/// Measured while compiling.
struct CompileCosts {
  double importSeconds = 0, passSeconds = 0, totalSeconds = 0;
  uint64_t peakBytes = 0; // anonymous and shared memory
};

/// Anonymous and shared memory of this process, in bytes.
uint64_t residentBytes();

/// Writes the report of a module at the plan stage as text or as one JSON object.
void writeReport(mlir::ModuleOp module, const SerializeResult &result, const CompileCosts &costs,
                 bool asJson, llvm::raw_ostream &os);

} // namespace hadal

#endif // HADAL_PIPELINE_REPORT_H
