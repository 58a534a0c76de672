// SPDX-License-Identifier: Apache-2.0
// Which sums are left to the op that makes a part of them.
#ifndef HADAL_IR_SUMS_H
#define HADAL_IR_SUMS_H

#include "mlir/IR/Operation.h"

namespace hadal {

/// Whether `ops` add to what a moe_combine that is none of them has made, directly or through other
/// sums, for them alone: its kernel then adds it, and more.
bool addsToCombine(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace hadal

#endif // HADAL_IR_SUMS_H
