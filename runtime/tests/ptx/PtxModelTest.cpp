// SPDX-License-Identifier: Apache-2.0
// A whole program with kernels of PTX by hand, run by the core on a device of the family cuda: the same
// results as the model's rule, replayed or not, with few records. HADAL_TEST_PTX_DEVICE is the device.
#include "core/ArtifactBuilder.h"
#include "core/Run.h"
#include "cuda/CubinBuilder.h"
#include "driver/TestDriver.h"
#include "hadal_device.h"

#include <dlfcn.h>
#include <random>

namespace hadal::test {
namespace {

// Counts of the test driver; null functions where the device is another.
struct Driver {
  Driver() {
    counts = reinterpret_cast<decltype(counts)>(find("hadal_test_driver_counts"));
    reset = reinterpret_cast<decltype(reset)>(find("hadal_test_driver_reset"));
  }
  static void *find(const char *name) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    return library ? dlsym(library, name) : nullptr;
  }
  void set(const char *name, const char *value) {
    reinterpret_cast<decltype(&hadal_test_driver_set)>(find("hadal_test_driver_set"))(name, value);
  }
  decltype(&hadal_test_driver_counts) counts;
  decltype(&hadal_test_driver_reset) reset;
};

class PtxModelTest : public testing::Test {
protected:
  static constexpr int32_t kSlots = 8;

  PtxModelTest() {
    openDevice();
    path = writeModel(folder, makePtxModel());
    module = loadModule(context.get(), path);
  }

  void openDevice() {
    hadal_context_options_t options = {};
    options.struct_size = sizeof options;
    options.device = std::getenv("HADAL_TEST_PTX_DEVICE");
    hadal_context_t *opened = nullptr;
    require("hadal_context_create", take(hadal_context_create(&options, &opened)));
    context.reset(opened);
  }

  // How many kernels run as machine code, once a step has computed what it should.
  uint32_t runWithMachineCode(const std::string &cubin) {
    ModelSpec model = makePtxModel();
    model.sections.push_back({SectionKind::kernels, "cubin", Bytes(cubin.begin(), cubin.end()), 0});
    for (ExecutableSpec &executable : model.programs[0].executables)
      executable.variants[0].machineCode = "cubin";
    module = loadModule(context.get(), writeModel(folder, model));
    SessionHandle session = open(0);
    std::vector<float> logits;
    EXPECT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3}), &logits), "ok");
    EXPECT_EQ(logits, expectedLogits(6));
    return hadal_module_machine_code(module.get());
  }

  SessionHandle open(int32_t neverReplays) {
    hadal_session_options_t options = {};
    options.struct_size = sizeof options;
    options.slots = kSlots;
    options.capacity = 64;
    options.never_replay = neverReplays;
    hadal_session_t *session = nullptr;
    require("hadal_session_create", take(hadal_session_create(module.get(), &options, &session)));
    return SessionHandle(session);
  }

  static hadal_session_replays_t replaysOf(const SessionHandle &session) {
    hadal_session_replays_t replays = {};
    replays.struct_size = sizeof replays;
    hadal_session_replays(session.get(), &replays);
    return replays;
  }

  TemporaryFolder folder;
  std::string path;
  ContextHandle context;
  ModuleHandle module;
};

TEST_F(PtxModelTest, PrefillOfARaggedBatch) {
  EXPECT_STREQ(hadal_module_level(module.get()), "sm_80");
  SessionHandle session = open(0);
  std::vector<float> logits;
  StepSpec step =
      StepSpec().add(3, 0, std::vector<int32_t>(50, 2)).add(0, 0, {1}).add(7, 0, {4, 5, 6});
  ASSERT_EQ(runStep(session.get(), step, &logits), "ok");
  std::vector<float> expected;
  for (float sum : {100.0f, 1.0f, 15.0f})
    for (float value : expectedLogits(sum))
      expected.push_back(value);
  EXPECT_EQ(logits, expected);
}

// Batches of 1 to 8 sequences in any order of their slots.
TEST_F(PtxModelTest, DecodingIsReplayedWithFewRecords) {
  SessionHandle sessions[] = {open(0), open(1)};
  std::vector<float> sums(kSlots, 0), logits[2];
  std::mt19937 random(1);
  std::vector<int32_t> slots = {0, 1, 2, 3, 4, 5, 6, 7};
  for (int step = 0; step < 90; ++step) {
    std::shuffle(slots.begin(), slots.end(), random);
    StepSpec spec;
    std::vector<float> expected;
    for (size_t i = 0; i <= random() % kSlots; ++i) {
      int32_t token = static_cast<int32_t>(random() % 11), slot = slots[i];
      spec.add(slot,
               static_cast<int32_t>(
                   hadal_session_length(sessions[0].get(), static_cast<uint32_t>(slot))),
               {token});
      sums[static_cast<size_t>(slot)] += static_cast<float>(token);
      for (float value : expectedLogits(sums[static_cast<size_t>(slot)]))
        expected.push_back(value);
    }
    for (int i = 0; i < 2; ++i)
      ASSERT_EQ(runStep(sessions[i].get(), spec, &logits[i]), "ok");
    ASSERT_EQ(logits[0], expected) << step;
    ASSERT_EQ(logits[1], expected) << step;
  }
  // Sizes of a batch are rounded up to 1, 2, 4 and 8.
  hadal_session_replays_t replays = replaysOf(sessions[0]);
  EXPECT_LE(replays.recorded, 8u); // memory that grows drops some
  EXPECT_GE(replays.replayed, 75u);
  EXPECT_EQ(replaysOf(sessions[1]).recorded, 0u);
}

TEST_F(PtxModelTest, AReplayedStepIsOneUploadOneLaunchOneDownload) {
  Driver driver;
  if (!driver.counts)
    GTEST_SKIP() << "the device has no test driver";
  SessionHandle session = open(0);
  for (int32_t position = 0; position < 3; ++position)
    ASSERT_EQ(runStep(session.get(), StepSpec().add(0, position, {1})), "ok");
  driver.reset();
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 3, {1})), "ok");
  hadal_test_driver_counts_t counts;
  driver.counts(&counts);
  EXPECT_EQ(counts.uploads, 1u);
  EXPECT_EQ(counts.graph_launches, 1u);
  EXPECT_EQ(counts.launches, 0u);
  EXPECT_EQ(counts.downloads, 1u);
}

// Machine code is taken where the device runs it and its driver knows it, and PTX everywhere else.
TEST_F(PtxModelTest, MachineCodeIsTakenWhereItRuns) {
  EXPECT_EQ(hadal_module_machine_code(module.get()), 0u);
  Bytes ptx = readFile(HADAL_TEST_PTX);
  std::string text(ptx.begin(), ptx.end());
  const std::vector<std::string> kernels = {"append", "sum", "project"};
  std::string cubin = buildCubin(80, kernels, text);
  Driver driver;
  if (!driver.counts) {
    EXPECT_EQ(runWithMachineCode(cubin), 0u);
    return;
  }
  EXPECT_EQ(runWithMachineCode(cubin), 3u);
  // Without text the test driver takes it for code of a compiler that it does not know.
  EXPECT_EQ(runWithMachineCode(buildCubin(80, kernels)), 0u);
  module.reset();
  context.reset();
  driver.set("CAPABILITY", "9.0");
  openDevice();
  EXPECT_EQ(runWithMachineCode(cubin), 0u);
  module.reset();
  context.reset();
  driver.set("CAPABILITY", nullptr);
  openDevice();
  // What is broken, or of another level, is refused on any device that reads it.
  ModelSpec model = makePtxModel();
  std::string other = buildCubin(86, kernels, text);
  model.sections.push_back({SectionKind::kernels, "cubin", Bytes(other.begin(), other.end()), 0});
  model.programs[0].executables[1].variants[0].machineCode = "cubin";
  hadal_module_t *refused = nullptr;
  std::string problem =
      take(hadal_module_load(context.get(), writeModel(folder, model).c_str(), nullptr, &refused));
  EXPECT_NE(problem.find("image 'cubin': expected machine code for sm_80, got one for sm_86"),
            std::string::npos)
      << problem;
}

// A device's counters and times reach who asks for launches.
TEST_F(PtxModelTest, LaunchesAreReported) {
  SessionHandle session = open(0);
  std::vector<std::string> labels;
  hadal_session_set_launch_callback(
      session.get(),
      [](void *user, const hadal_launch_t *launch) {
        static_cast<std::vector<std::string> *>(user)->push_back(launch->label);
        EXPECT_GT(launch->start_ns, 0u);
        EXPECT_STREQ(launch->level, "sm_80");
        if (launch->counters)
          EXPECT_EQ(launch->counters[0], '{');
      },
      &labels);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1})), "ok");
  EXPECT_EQ(labels, (std::vector<std::string>{"decode.append", "decode.sum", "decode.project"}));
}

} // namespace
} // namespace hadal::test
