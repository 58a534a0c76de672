// SPDX-License-Identifier: Apache-2.0
// Weights that are copied, read ahead and locked, and what is told meanwhile.
#include "ProcessPages.h"
#include "TestDevices.h"

#include <filesystem>

namespace hadal::test {
namespace {

class WeightMemoryTest : public testing::Test {
protected:
  WeightMemoryTest() { options.struct_size = sizeof options; }

  std::string load(ModuleHandle *out = nullptr, hadal_context_t *on = nullptr) {
    hadal_module_t *module = nullptr;
    std::string message =
        take(hadal_module_load(on ? on : context.get(), artifact.c_str(), &options, &module));
    EXPECT_EQ(module != nullptr, message == "ok");
    ModuleHandle handle(module);
    if (out)
      *out = std::move(handle);
    return message;
  }

  /// Makes the weight `size` bytes long, most of which are a hole.
  void enlarge(uint64_t size) {
    ParameterSpec &parameter = model.parameters[0];
    model.files[0].size = parameter.offset + size;
    parameter.shape = {size / 4};
    parameter.length = size;
    parameter.checksum = 0;
    writeModel(folder, model);
    Bytes plan = serialize(model);
    writeFile(artifact, plan.data(), plan.size());
    std::filesystem::resize_file(weights(), model.files[0].size);
  }

  std::string weights() const { return folder.path("model.weights.safetensors"); }

  TemporaryFolder folder;
  ModelSpec model = makeModel();
  std::string artifact = writeModel(folder, model);
  ContextHandle context = makeContext(1);
  hadal_module_options_t options = {};
};

TEST_F(WeightMemoryTest, CopiesDoNotDependOnTheFile) {
  options.weights_memory = HADAL_WEIGHTS_COPY;
  ModuleHandle module;
  ASSERT_EQ(load(&module), "ok");
  // Overwritten in place: a mapping would show it.
  Bytes damaged(readFile(weights()).size(), 0x55);
  writeFile(weights(), damaged.data(), damaged.size());
  EXPECT_EQ(take(hadal_module_verify_parameter(module.get(), 0)), "ok");
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 0, &info)), "ok");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(info.data) % 64, 0u);
  SessionHandle session = makeSession(module.get(), 1, 8);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {3, 4}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(7));
}

TEST_F(WeightMemoryTest, LargeCopiesEndInTheLastByte) {
  constexpr uint64_t size = (uint64_t(33) << 20) + 4; // more than a piece, and no whole huge page
  enlarge(size);
  Bytes stored = readFile(weights());
  stored.back() = 7;
  writeFile(weights(), stored.data(), stored.size());
  options.weights_memory = HADAL_WEIGHTS_COPY;
  ModuleHandle module;
  ASSERT_EQ(load(&module), "ok");
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 0, &info)), "ok");
  EXPECT_EQ(static_cast<const uint8_t *>(info.data)[size - 1], 7);
  // Of the file no more was touched than its header.
  EXPECT_EQ(touchedPages(weights(), uint64_t(8) << 20), 0u);
}

TEST_F(WeightMemoryTest, ReadAheadTouchesEveryPage) {
  constexpr uint64_t far = uint64_t(8) << 20; // beyond what a fault maps around it
  enlarge(uint64_t(40) << 20);
  ModuleHandle module;
  ASSERT_EQ(load(&module), "ok");
  EXPECT_EQ(touchedPages(weights(), far), 0u);
  options.prefault_weights = 1;
  ASSERT_EQ(load(&module), "ok");
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(touchedPages(weights(), far), (model.files[0].size - far + page - 1) / page);
}

TEST_F(WeightMemoryTest, AreLockedAsLongAsTheModuleLives) {
  enlarge(uint64_t(1) << 20); // what anybody may lock
  options.lock_weights = 1;
  for (hadal_weights_memory_t memory : {HADAL_WEIGHTS_MAP, HADAL_WEIGHTS_COPY}) {
    options.weights_memory = memory;
    uint64_t before = statusOfProcess("VmLck");
    ModuleHandle module;
    ASSERT_EQ(load(&module), "ok");
    EXPECT_GE(statusOfProcess("VmLck"), before + 1024);
    module.reset();
    EXPECT_EQ(statusOfProcess("VmLck"), before);
  }
}

TEST_F(WeightMemoryTest, ProgressEndsAtTheTotalAndCanEndTheLoad) {
  static constexpr uint64_t size = uint64_t(70) << 20;
  enlarge(size);
  struct Told {
    std::vector<uint64_t> done;
    size_t endsAfter = SIZE_MAX;
  } told;
  options.progress = [](void *user, uint64_t done, uint64_t total) -> int32_t {
    auto *told = static_cast<Told *>(user);
    EXPECT_EQ(total, size);
    told->done.push_back(done);
    return told->done.size() == told->endsAfter ? 1 : 0;
  };
  options.progress_user = &told;
  ASSERT_EQ(load(), "ok");
  EXPECT_TRUE(told.done.empty()); // nothing is read
  options.prefault_weights = 1;
  ASSERT_EQ(load(), "ok");
  EXPECT_GE(told.done.size(), 3u);
  EXPECT_TRUE(std::is_sorted(told.done.begin(), told.done.end()));
  EXPECT_EQ(told.done.back(), size);
  told.done.clear();
  told.endsAfter = 2;
  options.weights_memory = HADAL_WEIGHTS_COPY;
  hadal_module_t *module = nullptr;
  hadal_status_t status = hadal_module_load(context.get(), artifact.c_str(), &options, &module);
  EXPECT_EQ(hadal_status_code(status), HADAL_STATUS_CANCELLED);
  EXPECT_EQ(module, nullptr);
  EXPECT_EQ(take(status),
            artifact + ": options.progress: cancelled at 67108864 of 73400320 B of weights");
}

TEST_F(WeightMemoryTest, WrongOptions) {
  options.weights_memory = static_cast<hadal_weights_memory_t>(2);
  EXPECT_EQ(load(),
            "options.weights_memory: expected HADAL_WEIGHTS_MAP or HADAL_WEIGHTS_COPY, got 2");
  options.weights_memory = HADAL_WEIGHTS_COPY;
  ContextHandle separate = makeContextOf(std::make_unique<SeparateCpuDevice>());
  std::string device = hadal_context_device(separate.get());
  std::string rest = ": expected a device that shares the host's memory, got '" + device +
                     "', which has memory of its own";
  EXPECT_EQ(load(nullptr, separate.get()), "options.weights_memory" + rest);
  options.weights_memory = HADAL_WEIGHTS_MAP;
  options.lock_weights = 1;
  EXPECT_EQ(load(nullptr, separate.get()), "options.lock_weights" + rest);
  options.lock_weights = 0;
  options.prefault_weights = 1;
  EXPECT_EQ(load(nullptr, separate.get()), "ok");
}

} // namespace
} // namespace hadal::test
