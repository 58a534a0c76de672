// SPDX-License-Identifier: Apache-2.0
// Finds targets by family, in a tool and in a context.
#include "hadal/Target/Target.h"

#include "mlir/IR/DialectInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace hadal;

Target::~Target() = default;
void Target::addOptions(llvm::cl::OptionCategory &) {}
std::string Target::findOptionProblem() const { return {}; }
StringRef Target::findIdleOption(bool, bool) const { return {}; }
TargetAttr Target::getRequest(MLIRContext *context) const {
  return TargetAttr::get(context, getFamily());
}
void Target::registerDialects(DialectRegistry &) const {}
void Target::registerPasses() const {}
OpPassManager Target::getDecomposition(OpPassManager) const {
  return OpPassManager(ProgramOp::getOperationName());
}
bool Target::supports(ArrayRef<Operation *>) const { return false; }
bool Target::fuses(ArrayRef<Operation *>) const { return false; }

const Target *TargetRegistry::lookup(StringRef family) const {
  for (const std::shared_ptr<Target> &target : targets)
    if (target->getFamily() == family)
      return target.get();
  return nullptr;
}

const Target *TargetRegistry::find(StringRef name) const {
  if (const Target *target = lookup(name))
    return target;
  for (const std::shared_ptr<Target> &target : targets)
    if (llvm::is_contained(target->getLevels(), name))
      return target.get();
  return nullptr;
}

std::string TargetRegistry::findNameProblem(size_t first) const {
  llvm::StringSet<> taken;
  for (auto [i, target] : llvm::enumerate(targets)) {
    SmallVector<StringRef> names = {target->getFamily()};
    llvm::append_range(names, target->getLevels());
    for (StringRef name : names) {
      auto isNamed = [](char c) { return llvm::isAlnum(c) || StringRef("_.-").contains(c); };
      if (name.empty() || !llvm::all_of(name, isNamed))
        return ("expected names of targets and levels of letters, digits, '_', '.' and '-', got '" +
                name + "'")
            .str();
      if (!taken.insert(name).second && i >= first)
        return ("expected targets of new names, got '" + name + "' again").str();
    }
  }
  return {};
}

std::string TargetRegistry::getFamilies() const {
  return llvm::join(llvm::map_range(targets, [](auto &target) { return target->getFamily(); }),
                    ", ");
}

namespace {
/// The registry as a property of the hadal dialect of a context.
class ContextTargets : public DialectInterface::Base<ContextTargets> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ContextTargets)
  ContextTargets(Dialect *dialect, const TargetRegistry &registry)
      : Base(dialect), registry(registry) {}
  TargetRegistry registry;
};

/// Hands the registry to the dialect when a context loads it, and loads what the
/// targets bring: generic passes give parameters their layouts.
class TargetsExtension : public DialectExtension<TargetsExtension, HadalDialect> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TargetsExtension)
  explicit TargetsExtension(const TargetRegistry &registry) : registry(registry) {}
  void apply(MLIRContext *context, HadalDialect *dialect) const override {
    dialect->addInterface<ContextTargets>(registry);
    DialectRegistry dialects;
    for (const std::shared_ptr<Target> &target : registry.getTargets())
      target->registerDialects(dialects);
    for (StringRef name : dialects.getDialectNames())
      context->getOrLoadDialect(name);
  }

private:
  TargetRegistry registry;
};
} // namespace

void TargetRegistry::attachTo(DialectRegistry &known) const {
  for (const std::shared_ptr<Target> &target : targets)
    target->registerDialects(known);
  for (AddDialects add : dialects)
    add(known);
  known.addExtension(TypeID::get<TargetsExtension>(), std::make_unique<TargetsExtension>(*this));
}

static const Target *
getOrReport(Operation *op, StringRef name,
            llvm::function_ref<const Target *(const TargetRegistry &)> lookup) {
  auto *dialect = op->getContext()->getLoadedDialect<HadalDialect>();
  auto *known = dialect ? dialect->getRegisteredInterface<ContextTargets>() : nullptr;
  const Target *target = known ? lookup(known->registry) : nullptr;
  if (!target)
    op->emitError() << "expected a target that is registered ("
                    << (known ? known->registry.getFamilies() : std::string("none")) << "), got '"
                    << name << "'";
  return target;
}

const Target *hadal::lookupTarget(Operation *op, StringRef family) {
  return getOrReport(op, family, [&](auto &registry) { return registry.lookup(family); });
}

const Target *hadal::findTarget(Operation *op, StringRef name) {
  return getOrReport(op, name, [&](auto &registry) { return registry.find(name); });
}

SmallVector<Operation *> hadal::findLeftOver(Block &block, const Target &target) {
  SmallVector<Operation *> left;
  llvm::DenseMap<Operation *, SmallVector<Operation *>> kernels; // by their last op
  for (Operation &op : block) {
    if (staysInEntry(&op))
      continue;
    if (target.supports(&op)) {
      kernels[&op] = {&op};
      continue;
    }
    if (!OpTrait::hasElementwiseMappableTraits(&op))
      continue;
    for (Value operand : llvm::reverse(op.getOperands())) {
      SmallVector<Operation *> kernel = kernels.lookup(operand.getDefiningOp());
      if (kernel.empty())
        continue;
      kernel.push_back(&op);
      if (target.fuses(kernel)) {
        kernels[&op] = std::move(kernel);
        break;
      }
    }
    if (!kernels.contains(&op))
      left.push_back(&op);
  }
  return left;
}
