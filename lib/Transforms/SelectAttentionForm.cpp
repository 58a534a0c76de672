// SPDX-License-Identifier: Apache-2.0
// Chooses absorbed or expanded attention by cost.
#include "hadal/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_SELECTATTENTIONFORMPASS
#include "hadal/Transforms/Passes.h.inc"

std::optional<int64_t> expansionThreshold(int64_t rank, int64_t nope, int64_t rope, int64_t value) {
  int64_t expansion = rank * (nope + value);
  int64_t saving = (2 * rank + rope) - (nope + rope + value);
  if (saving <= 0)
    return std::nullopt;
  return llvm::divideCeil(expansion, saving);
}

namespace {
struct SelectAttentionFormPass : impl::SelectAttentionFormPassBase<SelectAttentionFormPass> {
  using SelectAttentionFormPassBase::SelectAttentionFormPassBase;

  void runOnOperation() override {
    std::optional<AttentionForm> wanted = symbolizeAttentionForm(form);
    if (!wanted || *wanted == AttentionForm::Unset) {
      getOperation().emitError() << "expected the form auto, absorbed or expanded, got '" << form
                                 << "'";
      return signalPassFailure();
    }
    getOperation()->setAttr(kAttentionAttrName, StringAttr::get(&getContext(), form));
    getOperation().walk([&](MlaAttentionOp op) {
      if (op.getForm() != AttentionForm::Unset)
        return;
      auto function = op->getParentOfType<func::FuncOp>();
      bool isDecode = entryRoleOf(function) == plan::EntryRole::Decode;
      bool isFree = *wanted == AttentionForm::Auto;
      set(op, isDecode && isFree ? AttentionForm::Absorbed : *wanted);
    });
  }

  void set(MlaAttentionOp op, AttentionForm choice) {
    auto uk = cast<RankedTensorType>(op.getWUk().getType());
    auto uv = cast<RankedTensorType>(op.getWUv().getType());
    auto cache = cast<RankedTensorType>(op.getCache().getType());
    int64_t rank = uk.getDimSize(2);
    if (choice == AttentionForm::Auto) {
      std::optional<int64_t> threshold =
          expansionThreshold(rank, uk.getDimSize(1), cache.getDimSize(2) - rank, uv.getDimSize(1));
      if (threshold)
        op.setThreshold(*threshold);
      else
        choice = AttentionForm::Absorbed;
    }
    op.setForm(choice);
    ++(choice == AttentionForm::Auto       ? numAuto
       : choice == AttentionForm::Absorbed ? numAbsorbed
                                           : numExpanded);
  }
};
} // namespace
} // namespace hadal
