// SPDX-License-Identifier: Apache-2.0
// From a module at the plan stage to an artifact and its weights file.
#ifndef HADAL_SERIALIZE_SERIALIZE_H
#define HADAL_SERIALIZE_SERIALIZE_H

#include "hadal/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hadal {

struct SerializeOptions {
  /// The artifact; its weights go beside it, under a name that it gives.
  std::string path;
  /// Files that must not be replaced by the weights.
  std::vector<std::string> inputs;
  /// Compile without weights: the artifact can be inspected, not run.
  bool shapesOnly = false;
  /// Weights that are not finite are warnings, not errors.
  bool allowNonFinite = false;
  /// Called with bytes packed and bytes in all, now and then.
  std::function<void(uint64_t, uint64_t)> progress;
  /// Told what each image becomes on the way to its bytes, and of these last; may be null.
  std::function<void(plan::ImageOp, const ImageForm &)> observe;
};

/// Machine code beside the image that a kernel is in.
struct KernelMachineCode {
  std::string symbol, compiler; // equal kernels share one
  uint64_t bytes = 0;
  uint32_t registers = 0, sharedBytes = 0, stackBytes = 0, spillStoreBytes = 0, spillLoadBytes = 0;
};

/// One compiled kernel of one level.
struct KernelSize {
  std::string executable, level;
  uint64_t codeBytes = 0;
  std::optional<KernelMachineCode> machineCode;
};

/// What was written, for the report.
struct SerializeResult {
  std::string weightsPath;
  uint64_t artifactBytes = 0, weightBytes = 0;
  uint64_t decodeWeightBytes = 0; // that one decoded token reads
  uint64_t cacheBytes = 0;        // a token
  uint64_t plainCacheBytes = 0;   // what plain multi-head attention would hold for it
  std::vector<KernelSize> kernels;
  /// Of levels whose images devices compile: what made machine code beside them, or why there is none.
  std::vector<std::pair<std::string, std::string>> machineCodeBy;
  double codegenSeconds = 0, packSeconds = 0;
};

/// Compiles the images, packs the weights and writes both files, which replace
/// what was there as one. Nothing is left behind on failure, which is reported as
/// diagnostics. Sources are read through
/// mappings, one at a time. The same module gives the same bytes.
mlir::FailureOr<SerializeResult> serialize(mlir::ModuleOp module, const SerializeOptions &options);

} // namespace hadal

#endif // HADAL_SERIALIZE_SERIALIZE_H
