// SPDX-License-Identifier: Apache-2.0
// Converts one function to a plan.entry.
#ifndef HADAL_LIB_CONVERSION_ENTRYCONVERTER_H
#define HADAL_LIB_CONVERSION_ENTRYCONVERTER_H

#include "ArgumentShapes.h"
#include "BodyFacts.h"
#include "BufferPlanner.h"
#include "ExprBuilder.h"

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"

namespace hadal {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// First walks the function and notes extents, lives of buffers and what is to
/// be executed; then places the buffers and writes the entry.
class EntryConverter {
public:
  EntryConverter(mlir::func::FuncOp function, mlir::SymbolTable &symbols, plan::EntryOp entry)
      : function(function), symbols(symbols), entry(entry),
        builder(mlir::OpBuilder::atBlockEnd(&entry.getContents().front())),
        exprs(makeSection(), function.getLoc(), symbols), buffersAt(makeSection()), planner(exprs),
        shapes(exprs) {}

  mlir::LogicalResult run();

  int64_t launchCount = 0;
  int64_t bufferCount() const { return transients.size(); }

private:
  /// A place to insert at that stays before everything appended later.
  mlir::OpBuilder makeSection();

  // The walk (EntryConverter.cpp).
  mlir::LogicalResult bindArguments();
  /// An argument and its axis, and another, whose extents are equal.
  mlir::LogicalResult requireAlike(llvm::ArrayRef<int64_t> pair);
  mlir::LogicalResult visit(mlir::Operation &op, int64_t step);
  mlir::LogicalResult visitDispatch(DispatchOp dispatch, int64_t step);
  mlir::LogicalResult visitReturn(mlir::func::ReturnOp ret);
  mlir::LogicalResult defineTransient(mlir::Value value, Extents shape, llvm::StringRef name,
                                      int64_t step);
  /// Whether kernels bind a result that nothing reads.
  static bool isBound(ExecutableOp executable, unsigned result);

  // Dims (EntryDims.cpp).
  /// The declaration of the program's dim of that kind, or null.
  plan::HostDimOp findDim(plan::DimKind kind);
  /// Its value; it has been verified to exist.
  mlir::Value dimOf(plan::DimKind kind);
  mlir::LogicalResult verifyConstant(DispatchOp dispatch, mlir::Attribute constant);
  /// Verifies that the program declares the dims that conditions and costs are about.
  mlir::LogicalResult verifyHostDims(DispatchOp dispatch, const BodyFacts &body);

  // Extents (EntryExtents.cpp).
  /// The expressions of the dynamic extents of a value.
  llvm::SmallVector<mlir::Value> sizesOf(mlir::Value value);
  static Extents staticExtents(mlir::RankedTensorType type);
  Extents argumentExtents(mlir::BlockArgument argument, PortAttr port);
  Extents stateExtents(StateReadOp read);
  /// The pages that a growing state has in a session that assigns them itself, where `value`
  /// is one, updated or not, and the program declares the dims.
  std::optional<Extent> poolPages(mlir::Value value);
  /// The extent that an integer of the function is.
  Extent extentOf(mlir::OpFoldResult size);

  // What is executed (EntryLaunches.cpp).
  mlir::LogicalResult emit();
  mlir::Block *makeBranch(WhenAttr when);
  void emitLaunch(mlir::OpBuilder &at, DispatchOp dispatch);
  void emitTap(mlir::OpBuilder &at, TapOp tap);
  mlir::Value bufferOf(mlir::Value value);
  mlir::Value launchConstant(mlir::Attribute attr, DispatchOp dispatch);

  mlir::func::FuncOp function;
  mlir::SymbolTable &symbols;
  plan::EntryOp entry;
  mlir::OpBuilder builder;
  llvm::SmallVector<mlir::Operation *> markers;
  ExprBuilder exprs;
  mlir::OpBuilder buffersAt;
  BufferPlanner planner;
  ArgumentShapes shapes;
  llvm::SmallVector<plan::ArgumentOp> arguments;
  llvm::DenseMap<mlir::Value, Extents> extents;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers; // what a kernel binds for a value
  llvm::DenseMap<mlir::Value, mlir::Value> aliasOf; // a result in place: what it overwrites
  llvm::DenseSet<mlir::Value> overwritten; // by a dispatch, in place
  llvm::DenseMap<mlir::Value, unsigned> transientOf;
  std::vector<std::pair<mlir::Value, std::string>> transients;
  llvm::DenseSet<mlir::Value> returned;
  llvm::DenseMap<mlir::Operation *, BodyFacts> facts; // of dispatches
  std::vector<mlir::Operation *> work; // dispatches and taps, in order
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_ENTRYCONVERTER_H
