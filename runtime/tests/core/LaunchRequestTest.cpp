// SPDX-License-Identifier: Apache-2.0
// What a device is asked to launch: the interface of the variant that it picked, evaluated over the
// constants of the launch.
#include "TestDevices.h"
#include "hadal_kernel_abi.h"

namespace hadal::test {
namespace {

// Constants of `main`'s launch, by number.
enum Constant : uint32_t { kFull, kQuarter, kCoarse, kRows, kScale, kSequences };

class LaunchRequestTest : public testing::Test {
protected:
  LaunchRequestTest() {
    program().family = "recorder";
    for (ExecutableSpec &executable : program().executables) {
      executable.variants[0].level = "old";
      executable.variants.insert(executable.variants.begin(), executable.variants[0]);
      executable.variants[0].level = "new";
    }
  }

  ProgramSpec &program() { return model.programs[0]; }
  /// The interface of `main`'s kernel at the better level.
  InterfaceSpec &interface() { return program().executables[0].variants[0].interface; }

  void open(const char *level) {
    session.reset();
    module.reset();
    auto made = std::make_unique<RecordingDevice>(level);
    device = made.get();
    context = makeContextOf(std::move(made));
    module = loadModule(context.get(), writeModel(folder, model));
    session = makeSession(module.get(), 2, 64);
  }

  /// One call of `main`.
  std::string run(StepSpec spec, int64_t scale = 1) {
    hadal_step_t step = spec.view();
    std::vector<double> sums(spec.slots.size() * 3);
    hadal_named_value_t value = {"scale", scale};
    hadal_call_result_t result = {"sums", sums.data(), sums.size() * sizeof(double)};
    hadal_call_t call = {sizeof call, "main", &step, nullptr, 0, 1, &result, &value, 1};
    return take(hadal_session_call(session.get(), &call));
  }

  const KeptLaunch &last() { return device->launches.at(device->launches.size() - 1); }
  const hadal_device_interface_t &lastInterface() { return device->interface(last()); }

  uint64_t workspaceBytes() {
    hadal_session_memory_t memory = {};
    memory.struct_size = sizeof memory;
    hadal_session_memory(session.get(), &memory);
    return memory.workspace_bytes;
  }

  TemporaryFolder folder;
  ModelSpec model = makeStatesModel();
  RecordingDevice *device = nullptr;
  ContextHandle context;
  ModuleHandle module;
  SessionHandle session;
};

const StepSpec kTwo = StepSpec().add(0, 0, {1, 2, 3}).add(1, 0, {4});

std::vector<uint32_t> three(const uint32_t (&values)[3]) { return {values, values + 3}; }

TEST_F(LaunchRequestTest, SaysWhatTheInterfaceSays) {
  interface() = makeInterface({constant(kSequences), constant(kScale), {2}});
  interface().workgroupSize = {32, 4, 1};
  interface().staticShared = 1024;
  interface().cluster = {2, 1, 1};
  interface().cooperative = true;
  interface().dynamicShared =
      interface().node(ExprKind::mul, interface().launchConstant(kScale), interface().constant(64));
  interface().workspace = interface().node(ExprKind::mul, interface().launchConstant(kSequences),
                                           interface().constant(4096));
  open("new");
  ASSERT_EQ(run(kTwo, 3), "ok");
  ASSERT_EQ(device->launches.size(), 1u);
  KeptLaunch launch = last();
  const hadal_device_interface_t &asked = lastInterface();
  EXPECT_EQ(&asked, &device->kernels[0]);
  EXPECT_EQ(three(launch.grid), (std::vector<uint32_t>{2, 3, 2}));
  EXPECT_EQ(three(asked.workgroup_size), (std::vector<uint32_t>{32, 4, 1}));
  EXPECT_EQ(three(asked.cluster), (std::vector<uint32_t>{2, 1, 1}));
  EXPECT_TRUE(asked.cooperative);
  EXPECT_TRUE(asked.dynamic_shared);
  EXPECT_EQ(asked.static_shared_bytes, 1024u);
  EXPECT_EQ(launch.shared_bytes, 192u);
  EXPECT_EQ(workspaceBytes(), 8192u + HADAL_KERNEL_COUNTER_BYTES);
  // Pages of a slot of 64 tokens in each table, a ring of 3 + 64 + 1 rows, and what the call gave.
  EXPECT_EQ(launch.passed, (std::vector<int64_t>{16, 8, 1, 68, 3, 2}));
  EXPECT_EQ(launch.boundAt.size(), 13u + 1); // the workspace last
}

TEST_F(LaunchRequestTest, OfAnotherVariantIsItsOwn) {
  interface().workgroupSize = {32, 1, 1};
  interface().grid[1] = interface().constant(7);
  open("new");
  ASSERT_EQ(run(kTwo), "ok");
  EXPECT_EQ(three(last().grid), (std::vector<uint32_t>{2, 7, 1}));
  open("old");
  EXPECT_STREQ(hadal_module_level(module.get()), "old");
  ASSERT_EQ(run(kTwo), "ok");
  EXPECT_EQ(three(last().grid), (std::vector<uint32_t>{2, 1, 1}));
  EXPECT_EQ(three(lastInterface().workgroup_size), (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_EQ(three(lastInterface().cluster), (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_FALSE(lastInterface().cooperative);
  EXPECT_EQ(last().shared_bytes, 0u);
  EXPECT_EQ(last().boundAt.size(), 13u);
}

// The first `draft` has two rows, and a workspace of a float for each.
TEST_F(LaunchRequestTest, AWorkspaceGrowsAndIsUsedAgain) {
  interface().workspace = interface().node(ExprKind::mul, interface().launchConstant(kScale),
                                           interface().constant(1000));
  open("new");
  EXPECT_EQ(workspaceBytes(), 0u);
  ASSERT_EQ(run(kTwo, 2), "ok");
  EXPECT_EQ(workspaceBytes(), 2000u + HADAL_KERNEL_COUNTER_BYTES);
  hadal_device_address_t first = last().boundAt.back();
  ASSERT_EQ(run(kTwo, 1), "ok");
  EXPECT_EQ(last().boundAt.back(), first);
  EXPECT_EQ(workspaceBytes(), 2000u + HADAL_KERNEL_COUNTER_BYTES);
  ASSERT_EQ(run(kTwo, 100), "ok");
  EXPECT_EQ(workspaceBytes(), 100000u + HADAL_KERNEL_COUNTER_BYTES);
}

// What lies in front of it may be no zeros any more.
TEST_F(LaunchRequestTest, AWorkspaceIsNotUsedAfterAFailure) {
  interface().workspace =
      interface().node(ExprKind::sub, interface().constant(3000),
                       interface().node(ExprKind::mul, interface().constant(1000),
                                        interface().launchConstant(kScale)));
  open("new");
  ASSERT_EQ(run(kTwo, 1), "ok");
  EXPECT_EQ(workspaceBytes(), 2000u + HADAL_KERNEL_COUNTER_BYTES);
  EXPECT_NE(run(kTwo, 9), "ok");
  ASSERT_EQ(run(kTwo, 2), "ok");
  EXPECT_EQ(workspaceBytes(), 1000u + HADAL_KERNEL_COUNTER_BYTES);
}

TEST_F(LaunchRequestTest, NothingIsLaunchedWithoutWorkgroups) {
  interface().grid[2] =
      interface().node(ExprKind::sub, interface().launchConstant(kScale), interface().constant(1));
  interface().workspace = interface().grid[2];
  open("new");
  ASSERT_EQ(run(kTwo, 1), "ok");
  EXPECT_EQ(device->launches.size(), 0u);
  EXPECT_EQ(workspaceBytes(), 0u);
  ASSERT_EQ(run(kTwo, 2), "ok");
  EXPECT_EQ(device->launches.size(), 1u);
}

TEST_F(LaunchRequestTest, SizesBelowNothing) {
  const InterfaceSpec before = interface();
  const struct {
    const char *field;
    uint32_t InterfaceSpec::*index;
  } fields[] = {{"dynamic_shared", &InterfaceSpec::dynamicShared},
                {"workspace", &InterfaceSpec::workspace}};
  for (const auto &field : fields) {
    interface() = before;
    interface().*field.index = interface().node(ExprKind::sub, interface().constant(2),
                                                interface().launchConstant(kScale));
    open("new");
    ASSERT_EQ(run(kTwo, 2), "ok");
    EXPECT_EQ(run(kTwo, 9),
              folder.path("model.hadal") +
                  ": programs[0].entry 'main': ops[0] 'main.remember': executable 'remember': " +
                  field.field + ": expected at least 0 B, got -7 B");
    EXPECT_EQ(hadal_session_length(session.get(), 0), 0u);
  }
}

// Expressions fail where they are evaluated, and the message says in which list.
TEST_F(LaunchRequestTest, AnInterfaceThatCannotBeEvaluated) {
  interface().grid[0] = interface().node(
      ExprKind::floor_div, interface().constant(1),
      interface().node(ExprKind::sub, interface().launchConstant(kScale), interface().constant(1)));
  open("new");
  ASSERT_EQ(run(kTwo, 2), "ok");
  std::string message = run(kTwo, 1);
  EXPECT_NE(message.find("executable 'remember': interface.exprs["), std::string::npos) << message;
  EXPECT_NE(message.find("expected a positive divisor, got 0"), std::string::npos) << message;
}

// What a kernel is passed, in its own order.
TEST_F(LaunchRequestTest, ParametersReachTheDevice) {
  uint32_t rows = interface().launchConstant(kRows), two = interface().constant(2);
  interface().workspace = two;
  interface().parameters = {
      {KernelParameterKind::tensor_map, 10, true, ElementType::f32, {two, rows}, {two}, {2, 8}, 64},
      {KernelParameterKind::constant_i32, kScale},
      {KernelParameterKind::constant_i64, kRows},
      {KernelParameterKind::binding, 12},
      {KernelParameterKind::workspace},
      {KernelParameterKind::constants}};
  open("new");
  ASSERT_EQ(run(kTwo, 5), "ok");
  KeptLaunch launch = last();
  EXPECT_EQ(launch.binding_count, 0u);
  ASSERT_EQ(launch.given.size(), 6u);
  ASSERT_TRUE(launch.given[0].map);
  EXPECT_EQ(launch.given[0].map->type, HADAL_TYPE_F32);
  EXPECT_EQ(launch.given[0].map->rank, 2u);
  EXPECT_EQ(launch.given[0].map->extents[0], 2u);
  EXPECT_EQ(launch.given[0].map->extents[1], 68u);
  EXPECT_EQ(launch.given[0].map->strides[0], 2u);
  EXPECT_EQ(launch.given[0].map->box[1], 8u);
  EXPECT_EQ(launch.given[0].map->swizzle, 64u);
  EXPECT_EQ(launch.given[1].kind, HADAL_DEVICE_PARAMETER_I32);
  EXPECT_EQ(launch.given[1].value, 5);
  EXPECT_EQ(launch.given[2].kind, HADAL_DEVICE_PARAMETER_I64);
  EXPECT_EQ(launch.given[2].value, 68);
  for (size_t i : {3, 4, 5})
    EXPECT_EQ(launch.given[i].kind, HADAL_DEVICE_PARAMETER_ADDRESS);
  EXPECT_EQ(device->kernels[0].parameter_count, 6u);
}

} // namespace
} // namespace hadal::test
