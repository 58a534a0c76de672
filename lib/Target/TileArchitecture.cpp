// SPDX-License-Identifier: Apache-2.0
// Lowers the tile dialect by an architecture's patterns, after checks that all of them share.
#include "hadal/Target/TileArchitecture.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"

using namespace mlir;
using namespace hadal;

TileArchitecture::~TileArchitecture() = default;

static bool isTile(Type type) { return isa<tile::TileDialect>(type.getDialect()); }

/// Warps over which a tile in registers lies that `op` makes or takes, or nothing.
static std::optional<int64_t> warpsOf(Operation *op) {
  SmallVector<Type> types(op->getResultTypes());
  llvm::append_range(types, op->getOperandTypes());
  for (Type type : types) {
    if (auto fragment = dyn_cast<tile::FragmentType>(type))
      return fragment.getWarpCount();
    if (auto column = dyn_cast<tile::ColumnType>(type))
      return column.getWarpCount();
  }
  return std::nullopt;
}

static LogicalResult verifyWarps(Operation *op, int64_t wanted, int64_t threads,
                                 const TileArchitecture &architecture) {
  int64_t warps = threads / architecture.getWarpThreads();
  if (wanted == warps)
    return success();
  return op->emitOpError() << "expected the " << warps << " warps of its kernel, got " << wanted;
}

static LogicalResult verifyOp(Operation *op, int64_t threads,
                              const TileArchitecture &architecture) {
  if (std::optional<int64_t> warps = warpsOf(op))
    if (failed(verifyWarps(op, *warps, threads, architecture)))
      return failure();
  if (auto group = dyn_cast<tile::GroupOp>(op)) {
    ArrayRef<int64_t> warps = group.getWarps();
    if (failed(verifyWarps(op, warps[0] * warps[1] * warps[2], threads, architecture)))
      return failure();
  }
  std::optional<Wavefronts> counted = architecture.countWavefronts(op, threads);
  if (counted && counted->taken > counted->least)
    op->emitWarning() << "expected no conflicts of banks, got " << counted->taken
                      << " wavefronts in the place of " << counted->least;
  return success();
}

static LogicalResult verifyKernel(FunctionOpInterface kernel,
                                  const TileArchitecture &architecture) {
  std::optional<int64_t> threads = architecture.getThreads(kernel);
  if (!threads || *threads <= 0 || *threads % architecture.getWarpThreads() != 0)
    return kernel->emitOpError() << "expected a kernel in tiles to have a known number of threads, "
                                    "a multiple of "
                                 << architecture.getWarpThreads();
  int64_t bytes = tile::sharedBytes(kernel);
  if (bytes > architecture.getSharedBytes())
    return kernel->emitOpError() << "expected at most " << architecture.getSharedBytes()
                                 << " bytes of shared memory, which " << architecture.getName()
                                 << " has, got " << bytes;
  WalkResult walked = kernel->walk([&](Operation *op) {
    if (isa<tile::TileDialect>(op->getDialect()) && failed(verifyOp(op, *threads, architecture)))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

static bool hasTiles(func::FuncOp kernel) {
  return llvm::any_of(kernel.getArgumentTypes(), isTile) ||
         kernel
             .walk([](Operation *op) {
               return isa<tile::TileDialect>(op->getDialect()) ? WalkResult::interrupt()
                                                               : WalkResult::advance();
             })
             .wasInterrupted();
}

FailureOr<unsigned> hadal::lowerTiles(ModuleOp module, const TileArchitecture &architecture) {
  SmallVector<func::FuncOp> kernels;
  for (auto kernel : module.getOps<func::FuncOp>())
    if (hasTiles(kernel))
      kernels.push_back(kernel);
  if (kernels.empty())
    return 0u;
  for (func::FuncOp kernel : kernels)
    if (failed(verifyKernel(kernel, architecture)))
      return failure();

  TypeConverter types;
  types.addConversion([](Type type) { return type; });
  architecture.addTypes(types);
  RewritePatternSet patterns(module.getContext());
  ConversionTarget target(*module.getContext());
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  target.addIllegalDialect<tile::TileDialect>();
  target.addDynamicallyLegalOp<func::FuncOp>(
      [&](func::FuncOp op) { return types.isSignatureLegal(op.getFunctionType()); });
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
  scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target);
  architecture.addPatterns(types, patterns, target);
  if (failed(applyPartialConversion(module, target, std::move(patterns))))
    return failure();
  return unsigned(kernels.size());
}
