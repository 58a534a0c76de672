// SPDX-License-Identifier: Apache-2.0
// What generic code may ask of an op of the dialect, and of a layout.
#ifndef HADAL_IR_HADALINTERFACES_H
#define HADAL_IR_HADALINTERFACES_H

#include "hadal/IR/StoredElements.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <limits>
#include <optional>

namespace hadal {

/// How an op reads an operand.
enum class OperandRole {
  Factor, // activations that enter a matrix product: may be rounded to bf16
  Exact,  // activations that are read as they are
  Index,  // integers: ids, offsets, slots, block tables
  Places, // positions of rows, at which angles are read
  Matrix, // weight [.., out, in] of a matrix product
  Vector, // weight of one row: of a norm, or a bias
  Lookup, // weight [rows, width] of which rows are looked up
  Scales, // block scales of a matrix
  Angles, // rotary table
  Cache,  // state that lives from step to step
};

/// Upper bounds of an op's work, where rows is the first extent of its first
/// operand:
/// flops = rows * (perRow + perRowAndKey * max_context);
/// bytes = fixedBytes + min(experts, rows * choices) * expertBytes.
struct Work {
  int64_t perRow = 0;
  int64_t perRowAndKey = 0;
  int64_t fixedBytes = 0;
  int64_t expertBytes = 0;
  int64_t experts = 0;
  int64_t choices = 0;
};

/// Finds the declared role of operand `number` of an op with one role for each
/// operand (group) of its definition.
template <typename ConcreteOp>
OperandRole findDeclaredRole(ConcreteOp op, llvm::ArrayRef<OperandRole> roles, unsigned number) {
  for (auto [group, role] : llvm::enumerate(roles)) {
    auto [first, count] = op.getODSOperandIndexAndLength(group);
    if (number >= first && number < first + count)
      return role;
  }
  llvm_unreachable("the trait's verifier has matched roles and operands");
}

/// The op's declaration of how it reads each of its operands.
template <OperandRole... roles>
struct ReadsAs {
  template <typename ConcreteOp>
  class Impl : public mlir::OpTrait::TraitBase<ConcreteOp, Impl> {
  public:
    static llvm::ArrayRef<OperandRole> getDeclaredRoles() {
      static constexpr OperandRole list[] = {roles...};
      return list;
    }
    OperandRole getDeclaredRole(unsigned operand) {
      return findDeclaredRole(llvm::cast<ConcreteOp>(this->getOperation()), getDeclaredRoles(),
                              operand);
    }
    static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
      unsigned covered = 0;
      for (size_t group = 0; group < sizeof...(roles); ++group)
        covered += llvm::cast<ConcreteOp>(op).getODSOperandIndexAndLength(group).second;
      if (covered == op->getNumOperands())
        return mlir::success();
      return op->emitOpError() << "expected a role for each of its " << op->getNumOperands()
                               << " operands, got roles of " << covered;
    }
  };
};

template <typename ConcreteOp>
class RoundsResult : public mlir::OpTrait::TraitBase<ConcreteOp, RoundsResult> {};
template <typename ConcreteOp>
class HasParts : public mlir::OpTrait::TraitBase<ConcreteOp, HasParts> {};
template <typename ConcreteOp>
class StaysInEntry : public mlir::OpTrait::TraitBase<ConcreteOp, StaysInEntry> {};

/// Takes consecutive pieces of a weight's bytes.
using PackedSink = llvm::function_ref<llvm::Error(const uint8_t *data, size_t size)>;

} // namespace hadal

#include "hadal/IR/HadalOpInterfaces.h.inc"

#include "hadal/IR/HadalAttrInterfaces.h.inc"

namespace hadal {

/// True for ops that an entry point holds beside dispatches: those of the
/// dialect that say so, and what frames a function of tensors.
bool staysInEntry(mlir::Operation *op);

/// True for ops that the body of an executable may hold: those of the dialect
/// that compute, and ops of linalg, tensor, arith, math and scf that touch no memory.
bool belongsInBody(mlir::Operation *op);

/// True for ops that cost nothing, so that each body that reads their results has them
/// for itself: constants, integers that the host knows, views of tensors, and empty and
/// filled ones.
bool isCarried(mlir::Operation *op);

/// The op of a body that it is named and counted after: that of the most
/// operations a row, the first of equals; where none is of the dialect, the first
/// that is not carried, or no constant. Null where there is none.
mlir::Operation *findRoot(llvm::ArrayRef<mlir::Operation *> ops);

/// The argument of a body that `value` is written over, since ops in destination
/// style made it of the argument; null where it has a buffer of its own.
mlir::BlockArgument findDestination(mlir::Value value);

/// Bytes of the weights that `op` reads: operands of static shape, but for what
/// another op computes.
int64_t weightBytes(mlir::Operation *op);

/// Bytes that an element of a tensor takes in a buffer of a step; nullopt for types that
/// none has.
std::optional<int64_t> bufferBytesOf(mlir::Type element);

/// How files hold elements of this type, if weights can be of it.
std::optional<StoredElement> storedElementOf(mlir::Type element);

/// What sizes saturate at; verifiers refuse it.
inline constexpr int64_t kTooManyBytes = std::numeric_limits<int64_t>::max();

/// The product of extents, or kTooManyBytes.
int64_t saturatingProduct(llvm::ArrayRef<int64_t> extents);

/// Bytes of a tensor as it is stored, padding of its layout included.
int64_t storedBytes(mlir::RankedTensorType type);

} // namespace hadal

#endif // HADAL_IR_HADALINTERFACES_H
