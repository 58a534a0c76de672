// SPDX-License-Identifier: Apache-2.0
// Tests how the compiler's tools print diagnostics, and that they print a bounded number.
#include "support/CompilerTool.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace {

class Diagnostics : public testing::Test {
protected:
  MLIRContext context{MLIRContext::Threading::DISABLED};
  /// What is printed while `emit` runs, line by line.
  template <typename Emit>
  std::vector<std::string> printed(Emit emit) {
    testing::internal::CaptureStderr();
    {
      hadal::tools::DiagnosticPrinter printer("tool", context);
      emit();
    }
    std::vector<std::string> lines;
    std::stringstream text(testing::internal::GetCapturedStderr());
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
    return lines;
  }
};

TEST_F(Diagnostics, SayWhereAndHowBad) {
  auto lines = printed([&] {
    emitError(FileLineColLoc::get(&context, "a.mlir", 3, 5)) << "expected a";
    emitWarning(FileLineColLoc::get(&context, "b.safetensors", 0, 0)) << "expected b";
    emitRemark(UnknownLoc::get(&context)) << "c";
    emitError(NameLoc::get(StringAttr::get(&context, "d"))) << "expected e";
  });
  EXPECT_EQ(lines, (std::vector<std::string>{"tool: error: a.mlir:3:5: expected a",
                                             "tool: warning: b.safetensors: expected b",
                                             "tool: note: c", "tool: error: d: expected e"}));
}

TEST_F(Diagnostics, AreCountedBeyondTheFirst) {
  auto lines = printed([&] {
    for (int i = 0; i < 1000; ++i)
      emitError(UnknownLoc::get(&context)) << "expected " << i;
  });
  ASSERT_LT(lines.size(), 200u);
  EXPECT_EQ(lines[lines.size() - 2], "tool: error: expected " + std::to_string(lines.size() - 2));
  EXPECT_EQ(lines.back(),
            "tool: note: " + std::to_string(1001 - lines.size()) + " more like these");
}

} // namespace
