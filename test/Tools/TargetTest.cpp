// SPDX-License-Identifier: Apache-2.0
// Tests what is asked of targets, whoever brings them: their names, their images, and what one does that says nothing.
#include "hadal/Target/Target.h"
#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Serialize/Serialize.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace hadal;

namespace {

class NamedTarget : public Target {
public:
  NamedTarget(StringRef family, std::vector<StringRef> levels) : family(family), levels(levels) {}
  StringRef getFamily() const override { return family; }
  int32_t getKernelABI() const override { return 1; }
  ArrayRef<StringRef> getLevels() const override { return levels; }
  RankedTensorType getParameterType(OperandRole, RankedTensorType type, StringRef) const override {
    return type;
  }
  void addKernelPasses(OpPassManager &) const override {}
  void addImagePasses(OpPassManager &) const override {}
  FailureOr<TargetImage> compileImage(plan::ImageOp, ImageObserver) const override {
    TargetImage image;
    image.bytes = {1, 2, 3};
    image.symbols.push_back({"other", 3});
    return image;
  }

private:
  StringRef family;
  std::vector<StringRef> levels;
};

/// What is wrong with a target beside one of the family "one" with the level "one-1".
std::string problemOf(StringRef family, std::vector<StringRef> levels) {
  TargetRegistry targets;
  targets.add(std::make_shared<NamedTarget>("one", std::vector<StringRef>{"one-1"}));
  targets.add(std::make_shared<NamedTarget>(family, std::move(levels)));
  return targets.findNameProblem(1);
}

TEST(Targets, NamesAreOfOneTarget) {
  EXPECT_EQ(problemOf("two", {"two-1", "two-2"}), "");
  EXPECT_EQ(problemOf("one", {}), "expected targets of new names, got 'one' again");
  EXPECT_EQ(problemOf("one-1", {}), "expected targets of new names, got 'one-1' again");
  EXPECT_EQ(problemOf("two", {"one"}), "expected targets of new names, got 'one' again");
  EXPECT_EQ(problemOf("two", {"one-1"}), "expected targets of new names, got 'one-1' again");
  EXPECT_EQ(problemOf("two", {"a", "a"}), "expected targets of new names, got 'a' again");
  for (std::string name : {"a b", "\u00e9", "", "a/b", "a,b"})
    EXPECT_EQ(problemOf(name, {}),
              "expected names of targets and levels of letters, digits, '_', '.' and '-', got '" +
                  name + "'");
}

TEST(Targets, WithoutAWordTheyTakeThePlainPath) {
  NamedTarget target("one", {});
  EXPECT_FALSE(target.supports({}));
  OpPassManager shared(ProgramOp::getOperationName());
  EXPECT_TRUE(target.getDecomposition(shared).empty());
}

// What the plan launches must be there.
TEST(Targets, AnImageHasTheKernelsOfItsVariants) {
  TargetRegistry targets;
  targets.add(std::make_shared<NamedTarget>("one", std::vector<StringRef>{"one-1"}));
  DialectRegistry registry;
  registerDialects(registry);
  targets.attachTo(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 1, vocab_size = 1, heads = 1, max_positions = 1, max_position_embeddings = 1, kv_lora_rank = 1, qk_nope_head_dim = 1, qk_rope_head_dim = 1, v_head_dim = 1>} {
    plan.program @one abi 1 {
      plan.image @image level "one-1" {
        builtin.module {
          llvm.func @kernel()
        }
      }
      plan.executable @kernel family "kernel" access [write] constants 0 {
        plan.variant @image {
          plan.interface {
            %one = plan.constant 1
            plan.grid %one, %one, %one
          }
        }
      }
      plan.entry @main {
        %zero = plan.constant 0
        %y = plan.result 0 "y" : tensor<1xf32> sizes()
        plan.arena %zero
        plan.launch @kernel bindings(%y) constants() label "kernel" flops %zero bytes %zero
      }
    }
    })",
                                                             ParserConfig(&context));
  ASSERT_TRUE(module) << message;
  SerializeOptions options;
  options.path = testing::TempDir() + "hadal-target-test.hadal";
  options.shapesOnly = true;
  EXPECT_TRUE(failed(serialize(*module, options)));
  EXPECT_EQ(message, "'plan.variant' op expected the target to compile image 'image' with the "
                     "kernel 'kernel', got one without");
}

} // namespace
