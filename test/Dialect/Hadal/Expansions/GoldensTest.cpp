// SPDX-License-Identifier: Apache-2.0
// Runs whole models, expanded, against the reference's logits.
#include "ExpansionHarness.h"

#include "NonFinite.h"
#include "ParameterPacker.h"
#include "core/RopeTable.h"
#include "support/Safetensors.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/Import/Import.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace hadal;
using namespace hadal::testing;

namespace {

/// A weight or a state, with its extents.
struct Held {
  Buffer buffer;
  std::vector<int64_t> extents;
};

Buffer makeTable(RopeTableAttr table, int64_t positions) {
  auto number = [](FloatAttr value) { return value.getValueAsDouble(); };
  runtime::RopeTable rope;
  rope.component = artifact::TableComponent(table.getComponent());
  rope.dim = uint32_t(table.getDim());
  rope.theta = number(table.getTheta());
  rope.factor = number(table.getFactor());
  rope.originalPositions = uint64_t(table.getOriginalPositions());
  rope.betaFast = number(table.getBetaFast());
  rope.betaSlow = number(table.getBetaSlow());
  rope.mscale = number(table.getMscale());
  rope.truncate = table.getTruncate();
  Buffer rows(size_t(positions * table.getDim() / 2), 4);
  std::vector<float> frequencies = ropeFrequencies(rope);
  for (int64_t p = 0; p < positions; ++p)
    ropeTableRow(rope, frequencies, p, static_cast<float *>(rows.data()) + p * table.getDim() / 2);
  return rows;
}

/// The parameters as the module declares them, and states of `pages` pages of NaN.
std::map<std::string, Held> readHeld(ModuleOp module, int64_t pages) {
  std::map<std::string, Held> held;
  llvm::Expected<SourceFiles> files = SourceFiles::open(module);
  if (!files) {
    ADD_FAILURE() << llvm::toString(files.takeError());
    return held;
  }
  NonFiniteValues nonFinite(*files, /*allowed=*/false);
  for (auto parameter : module.getOps<ParameterOp>()) {
    RankedTensorType type = parameter.getTensorType();
    auto add = [&](Buffer buffer) {
      held.emplace(parameter.getSymName().str(), Held{std::move(buffer), type.getShape().vec()});
    };
    if (parameter.getTable()) {
      add(makeTable(*parameter.getTable(), type.getDimSize(0)));
      continue;
    }
    Buffer buffer(size_t(storedBytes(type)), 1);
    char *at = static_cast<char *>(buffer.data());
    llvm::Error failed =
        packParameter(parameter, *files, nonFinite, [&](const uint8_t *data, size_t size) {
          std::memcpy(at, data, size);
          at += size;
          return llvm::Error::success();
        });
    EXPECT_FALSE(failed) << llvm::toString(std::move(failed));
    add(std::move(buffer));
  }
  for (auto state : module.getOps<StateOp>()) {
    std::vector<int64_t> extents = state.getTensorType().getShape().vec();
    extents[0] = pages;
    Buffer rows = Buffer::poisoned(size_t(pages * extents[1] * extents[2]), cpu::FloatType::F32);
    held.emplace(state.getSymName().str(), Held{std::move(rows), extents});
  }
  return held;
}

/// All prompts of a golden as one step, on pages in an order of their own.
struct Prompts {
  explicit Prompts(const tools::SafetensorsFile &expected) {
    offsets.push_back(0);
    for (int32_t i = 0; expected.has("prompt." + std::to_string(i)); ++i) {
      std::vector<int32_t> prompt = expected.integers("prompt." + std::to_string(i));
      tokens.insert(tokens.end(), prompt.begin(), prompt.end());
      for (int32_t p = 0; p < int32_t(prompt.size()); ++p)
        positions.push_back(p);
      // Of a long prompt the last rows alone are known.
      const tools::TensorView &logits = expected.get("logits." + std::to_string(i), "F32", 2);
      for (uint64_t row = prompt.size() - logits.shape[0]; row < prompt.size(); ++row)
        logitRows.push_back(offsets.back() + int32_t(row));
      std::vector<float> values = expected.floats("logits." + std::to_string(i), 2);
      want.insert(want.end(), values.begin(), values.end());
      slots.push_back(i);
      offsets.push_back(int32_t(tokens.size()));
      context = std::max(context, int64_t(prompt.size()));
    }
    std::reverse(slots.begin(), slots.end());
    pagesPerSlot = context / 64 + 1;
    for (int64_t page = int64_t(slots.size()) * pagesPerSlot; page-- > 0;)
      table.push_back(int32_t(page));
  }
  std::vector<int32_t> tokens, positions, offsets, slots, logitRows, table;
  std::vector<double> want;
  int64_t context = 0, pagesPerSlot = 0;
};

TEST(Expansions, Goldens) {
  for (std::string name : {"v2-lite", "v2", "v3-fp8"}) {
    std::string folder = std::string(HADAL_GOLDENS) + "/" + name;
    FailureOr<OwningOpRef<ModuleOp>> imported = importModel(&context(), folder, {});
    ASSERT_TRUE(succeeded(imported));
    Prompts prompts(tools::SafetensorsFile(folder + "/expected.safetensors"));
    std::map<std::string, Held> held = readHeld(**imported, int64_t(prompts.table.size()));
    std::vector<std::string> names =
        passStatesAndWeights(*(*imported)->getOps<func::FuncOp>().begin());
    Expanded step(**imported);
    ASSERT_TRUE(step.valid());

    std::vector<Buffer> given;
    std::vector<Argument> arguments;
    for (auto *values : {&prompts.tokens, &prompts.positions, &prompts.offsets, &prompts.slots,
                         &prompts.logitRows, &prompts.table})
      given.emplace_back(*values);
    for (Buffer &buffer : given)
      arguments.push_back({buffer, {int64_t(buffer.byteSize() / 4)}});
    arguments.back().extents = {int64_t(prompts.slots.size()), prompts.pagesPerSlot};
    for (const std::string &each : names)
      arguments.push_back({held.at(each).buffer, held.at(each).extents});
    std::vector<float> logits =
        step.run(arguments, {4}, {prompts.context})[0].floats(cpu::FloatType::F32);
    EXPECT_LT(relativeError(logits, prompts.want), 1e-4) << name;
    RecordProperty(name, std::to_string(relativeError(logits, prompts.want)));
  }
}

} // namespace
