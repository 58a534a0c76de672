// SPDX-License-Identifier: Apache-2.0
// Takes what keeps order and bounds away from a kernel, one by one: each is missed.
#include "Mutations.h"

#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::testing;

/// Where lines of an entry begin that have one of these words.
static std::vector<size_t> findLines(const std::string &text, const std::string &entry,
                                     std::initializer_list<const char *> words) {
  std::vector<size_t> found;
  size_t begin = text.find(".entry " + entry + "("), end = text.find(".entry ", begin + 1);
  for (size_t at = begin; at < std::min(end, text.size()); at = text.find('\n', at) + 1) {
    llvm::StringRef line = llvm::StringRef(text).substr(at).split('\n').first;
    if (llvm::any_of(words, [&](const char *word) { return line.contains(word); }))
      found.push_back(at);
  }
  return found;
}

void hadal::testing::expectWaitsMissed(SimKernel &kernel, size_t atLeast, IsSame isSame) {
  const std::string &whole = kernel.getText();
  std::vector<size_t> lines =
      findLines(whole, kernel.getName(),
                {"bar.sync", "barrier.sync", "cp.async.wait_group", "cp.async.commit_group"});
  for (size_t line : lines) {
    std::string other = whole;
    size_t length = whole.find('\n', line) - line;
    kernel.change(other.erase(line, length));
    EXPECT_TRUE(!isSame() || kernel.hasFailed())
        << "nothing misses" << whole.substr(line, length) << ", "
        << std::count(whole.begin(), whole.begin() + ptrdiff_t(line), '\n') + 1;
  }
  kernel.restore();
  EXPECT_GE(lines.size(), atLeast);
}

/// The rows of a window that an op keeps to, if it does.
static OpOperand *findRows(Operation *op) {
  return llvm::TypeSwitch<Operation *, OpOperand *>(op)
      .Case<tile::ReadOp, tile::DrainOp, tile::WriteOp>(
          [](auto windowed) { return &windowed.getRowsMutable(); })
      .Case<tile::CopyOp, tile::FetchOp>([](auto windowed) -> OpOperand * {
        return windowed.getRows() ? &*windowed.getRowsMutable().begin() : nullptr;
      })
      .Default([](Operation *) { return nullptr; });
}

static bool isBound(Operation *op) {
  if (auto condition = dyn_cast<scf::IfOp>(op))
    return condition.getNumResults() == 0 && condition.getElseRegion().empty();
  return isa<tile::MaskOp, arith::MinSIOp>(op) || findRows(op);
}

static void removeBound(Operation *op) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  if (auto mask = dyn_cast<tile::MaskOp>(op))
    mask.replaceAllUsesWith(mask.getSum());
  else if (auto least = dyn_cast<arith::MinSIOp>(op))
    least.replaceAllUsesWith(least.getLhs());
  else if (auto condition = dyn_cast<scf::IfOp>(op))
    condition.getConditionMutable().assign(
        arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
  else
    findRows(op)->set(arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(4096)));
}

void hadal::testing::expectBoundsMissed(SimKernel &kernel, size_t atLeast, IsSame isSame,
                                        llvm::function_ref<bool(Operation *)> mayBeLeftOut) {
  size_t removed = 0;
  for (bool isMore = true; isMore; ++removed) {
    OwningOpRef<ModuleOp> program = kernel.getProgram().clone();
    SmallVector<Operation *> bounds;
    program->walk([&](Operation *op) {
      if (isBound(op) && !(mayBeLeftOut && mayBeLeftOut(op)))
        bounds.push_back(op);
    });
    if (bounds.empty())
      break;
    std::string what;
    llvm::raw_string_ostream(what) << *bounds[removed];
    removeBound(bounds[removed]);
    kernel.change(*program);
    EXPECT_TRUE(!isSame() || kernel.hasFailed())
        << "nothing misses bound " << removed << ": " << what.substr(0, 400);
    isMore = removed + 1 < bounds.size();
  }
  kernel.restore();
  EXPECT_GE(removed, atLeast);
}
