// SPDX-License-Identifier: Apache-2.0
// Each call of a device lies once. The runtime says what was wrong, and nothing is lost: the same call
// of the runtime succeeds when it is made again, all results are right, all objects are released.
#include "LyingDevice.h"
#include "core/ApiHandles.h"
#include "cpu/CpuDevice.h"

#include <cstring>

namespace hadal::test {
namespace {

using Floats = std::vector<float>;

/// What a program of everything does, call by call; each is made again when it fails.
class Scenario {
public:
  Scenario() {
    model = writeModel(folders[0], makeModel());
    states = writeModel(folders[1], makeStatesModel());
  }

  /// What all calls gave, in order; ends early when the device is lost.
  Floats run(Lie lie, int at) {
    given.clear();
    failures.clear();
    liar() = {lie, at, liar().separate, 0, "", 0, 0};
    isLost = false;
    runAll();
    return given;
  }

  std::vector<std::string> failures; // messages of calls that failed
  bool isLost = false;

private:
  // Makes a call, and again if it fails. False: it is no use.
  template <typename Call>
  bool make(Call call) {
    for (int tries = 0; tries < 2 && !isLost; ++tries) {
      hadal_status_t status = call();
      if (!status)
        return true;
      isLost = hadal_status_code(status) == HADAL_STATUS_DEVICE_LOST;
      failures.push_back(take(status));
      if (isLost)
        expectLost(call);
    }
    return false;
  }

  // Whatever is tried afterwards.
  template <typename Call>
  void expectLost(Call call) {
    if (liar().told == "open")
      return;
    std::string message = take(call());
    EXPECT_NE(
        message.find(
            "device 'liar': expected one that works, got one that was lost before: a new context is "
            "needed"),
        std::string::npos)
        << message;
  }

  void runAll() {
    hadal_device_options_t options = {sizeof options, 0, 1, 0};
    auto impl = std::make_shared<runtime::Context>();
    if (!make([&] { return runtime::Device::open(lyingTable(), options, impl->device).release(); }))
      return;
    ContextHandle context(new hadal_context{impl});
    runModel(context.get());
    if (!isLost)
      runStates(context.get());
  }

  hadal_module_t *load(hadal_context_t *context, const std::string &path) {
    hadal_module_t *module = nullptr;
    make([&] { return hadal_module_load(context, path.c_str(), nullptr, &module); });
    return module;
  }

  hadal_session_t *open(hadal_module_t *module, const hadal_session_options_t &options) {
    hadal_session_t *session = nullptr;
    make([&] { return hadal_session_create(module, &options, &session); });
    return session;
  }

  bool step(hadal_session_t *session, const StepSpec &spec) {
    Floats logits(spec.rows.size() * 11);
    hadal_step_t view = spec.view();
    bool done = make([&] { return hadal_session_step(session, &view, logits.data()); });
    given.insert(given.end(), logits.begin(), logits.end());
    return done;
  }

  void runModel(hadal_context_t *context) {
    ModuleHandle module(load(context, model));
    if (!module)
      return;
    hadal_session_options_t options = {};
    options.struct_size = sizeof options;
    options.slots = 2;
    SessionHandle session(open(module.get(), options));
    if (!session)
      return;
    for (int32_t i = 0; i < 4; ++i)
      if (!step(session.get(), StepSpec().add(0, i, {i}).add(1, i, {7})))
        return;
    StepSpec large = StepSpec().add(0, 4, std::vector<int32_t>(40, 2));
    hadal_session_set_launch_callback(
        session.get(), [](void *, const hadal_launch_t *) {}, nullptr);
    hadal_session_set_tap_callback(session.get(), [](void *, const hadal_tap_t *) {}, nullptr);
    step(session.get(), large);
  }

  bool runMain(hadal_session_t *session, const StepSpec &spec) {
    std::vector<double> sums(spec.slots.size() * 3);
    Floats hidden(spec.tokens.size());
    hadal_step_t view = spec.view();
    view.logit_row_count = 0;
    hadal_call_result_t results[] = {{"sums", sums.data(), sums.size() * sizeof(double)},
                                     {"hidden", hidden.data(), hidden.size() * sizeof(float)}};
    hadal_call_t call = {sizeof call, nullptr, &view, nullptr, 0, 2, results, nullptr, 0};
    bool done = make([&] { return hadal_session_call(session, &call); });
    given.insert(given.end(), hidden.begin(), hidden.end());
    given.insert(given.end(), sums.begin(), sums.end());
    return done;
  }

  bool runOther(hadal_session_t *session, const char *entry, const char *name, size_t count) {
    float bias[] = {1, 10};
    int64_t two = 2;
    Floats values(count);
    hadal_call_argument_t argument = {"bias", bias, sizeof bias, 1, &two};
    hadal_call_result_t result = {name, values.data(), count * sizeof(float)};
    bool takes = !std::strcmp(entry, "draft");
    hadal_call_t call = {sizeof call, entry, nullptr, &argument, takes, 1, &result, nullptr, 0};
    bool done = make([&] { return hadal_session_call(session, &call); });
    given.insert(given.end(), values.begin(), values.end());
    return done;
  }

  void runStates(hadal_context_t *context) {
    ModuleHandle module(load(context, states));
    if (!module)
      return;
    hadal_page_pool_t pool = {"full", 8};
    hadal_session_options_t options = {};
    options.struct_size = sizeof options;
    options.slots = 2;
    options.capacity = 100;
    options.pools = &pool;
    options.pool_count = 1;
    SessionHandle session(open(module.get(), options));
    if (!session)
      return;
    for (int32_t slot : {0, 1}) {
      int32_t pages[] = {slot * 3, slot * 3 + 2, slot * 3 + 1};
      if (!make([&] {
            return hadal_session_set_pages(session.get(), "full", static_cast<uint32_t>(slot), 0,
                                           pages, 3);
          }))
        return;
    }
    // Sums that this kernel keeps take tokens twice that are given twice, so they are zeros.
    for (int32_t p = 0; p < 5; ++p)
      if (!runMain(session.get(), StepSpec().add(1, p, {0}).add(0, p, {0})))
        return;
    for (int i = 0; i < 5; ++i)
      if (!runOther(session.get(), "draft", "drafted", 2))
        return;
    for (int i = 0; i < 3; ++i)
      if (!runOther(session.get(), "turn", "turned", kTurned))
        return;
    if (runMain(session.get(), StepSpec().add(1, 5, {0, 0, 0, 0}).add(0, 5, {0, 0})))
      runOther(session.get(), "draft", "drafted", 6);
  }

  TemporaryFolder folders[2];
  std::string model, states;
  Floats given;
};

class DeviceFaultsTest : public testing::TestWithParam<bool> {
protected:
  DeviceFaultsTest() {
    liar().separate = GetParam();
    right = scenario.run(Lie::none, 0);
    count = liar().calls;
    EXPECT_EQ(liar().live, 0);
    EXPECT_TRUE(scenario.failures.empty());
    EXPECT_GT(count, 100);
    EXPECT_EQ(Floats(right.begin() + 11, right.begin() + 22), expectedLogits(7));
  }

  /// Tells it with each call in turn. Where the device is not lost, all goes on.
  template <typename Expected>
  void tellEach(Lie lie, Expected expected) {
    int told = 0;
    // How a failure is worded does not depend on the device.
    bool isWording = lie == Lie::isSilent || lie == Lie::isEndless || lie == Lie::isUnknown;
    for (int at = 1; at <= count; at += isWording && GetParam() ? 7 : 1) {
      Floats given = scenario.run(lie, at);
      const std::string function = liar().told;
      EXPECT_EQ(liar().live, 0) << function << ", call " << at;
      if (function.empty())
        continue;
      ++told;
      ASSERT_EQ(scenario.failures.size(), 1u) << function << ", call " << at;
      std::string message = scenario.failures[0], wanted = expected(function);
      EXPECT_NE(message.find(wanted), std::string::npos) << message << "\nis not " << wanted;
      EXPECT_EQ(scenario.isLost, lie == Lie::losesDevice);
      EXPECT_EQ(liar().afterLoss, 0) << function << ", call " << at;
      if (lie != Lie::losesDevice)
        EXPECT_EQ(given, right) << function << ", call " << at;
    }
    EXPECT_GT(told, 0);
  }

  Scenario scenario;
  Floats right;
  int count = 0;
};

INSTANTIATE_TEST_SUITE_P(Devices, DeviceFaultsTest, testing::Values(false, true),
                         [](const auto &info) { return info.param ? "separate" : "shared"; });

TEST_P(DeviceFaultsTest, AMessageIsPassedOn) {
  tellEach(Lie::fails, [](const std::string &) { return "expected the truth, got a lie"; });
}

TEST_P(DeviceFaultsTest, AFailureWithoutAMessageNamesTheFunction) {
  tellEach(Lie::isSilent, [](const std::string &function) {
    return "device 'liar': " + function + ": expected a message, got none with status code 5";
  });
}

TEST_P(DeviceFaultsTest, AMessageWithoutAnEndIsCut) {
  tellEach(Lie::isEndless, [](const std::string &) { return std::string(1019, 'x'); });
}

TEST_P(DeviceFaultsTest, AnUnknownCodeIsAnError) {
  tellEach(Lie::isUnknown, [](const std::string &function) {
    return "device 'liar': " + function + ": expected a status code, got 99";
  });
}

TEST_P(DeviceFaultsTest, ALostDeviceIsLeftAlone) {
  tellEach(Lie::losesDevice, [](const std::string &) { return "expected the truth, got a lie"; });
}

TEST_P(DeviceFaultsTest, AnObjectIsMissed) {
  tellEach(Lie::givesNothing, [](const std::string &function) {
    return "device 'liar': " + function + ": expected ";
  });
}

TEST_P(DeviceFaultsTest, AnAddressIsMissed) {
  tellEach(Lie::hasNoAddress, [](const std::string &function) {
    return "device 'liar': " + function + ": expected an address, got none";
  });
}

TEST_P(DeviceFaultsTest, AddressesAreAligned) {
  tellEach(Lie::isMisaligned, [](const std::string &function) {
    return "device 'liar': " + function + ": expected an address that is aligned to 64 B, got 0x";
  });
}

TEST_P(DeviceFaultsTest, AddressesDoNotEnd) {
  tellEach(Lie::endsNowhere, [](const std::string &) {
    return std::string(" B that end below 2^64, got an address of 0xffffffffffffffc0");
  });
}

// What is told of a launch while one is traced, by a device that counts and dates as it likes.
const char *counted;
uint64_t (*dated)(uint64_t time);

std::string trace(const std::string &model) {
  hadal_device_table_t table = runtime::cpuDeviceTable();
  table.name = "liar";
  table.queue_counters = [](hadal_device_queue_t *) { return counted; };
  table.event_time = [](hadal_device_event_t *event, uint64_t *out, hadal_device_error_t *error) {
    hadal_device_code_t code = runtime::cpuDeviceTable().event_time(event, out, error);
    *out = dated(*out);
    return code;
  };
  hadal_device_options_t options = {sizeof options, 0, 1, 0};
  auto impl = std::make_shared<runtime::Context>();
  EXPECT_TRUE(runtime::Device::open(table, options, impl->device).ok());
  ContextHandle context(new hadal_context{impl});
  ModuleHandle module = loadModule(context.get(), model);
  SessionHandle session = makeSession(module.get(), 1, 32);
  hadal_session_set_launch_callback(session.get(), [](void *, const hadal_launch_t *) {}, nullptr);
  std::vector<float> logits;
  return runStep(session.get(), StepSpec().add(0, 0, {1}), &logits);
}

TEST(TracedDeviceTest, CountersAreAnObject) {
  TemporaryFolder folder;
  std::string model = writeModel(folder, makeModel());
  dated = [](uint64_t time) { return time; };
  for (const char *right :
       {"{}", " { } ",
        "{\"a\": [1, -2.5e+3, 0, true, null, \"\\u00e9\\\"\"], \"\": {\"b\": false}}\n"}) {
    counted = right;
    EXPECT_EQ(trace(model), "ok") << right;
  }
  counted = nullptr;
  EXPECT_EQ(trace(model), "ok");
  for (const char *wrong :
       {"not json", "", "{\"a\": }", "[]", "{", "{}}", "{\"a\": 1,}", "{\"a\" 1}", "{\"a\": 01}",
        "{\"a\": 1.}", "{\"a\": \"\n\"}", "{\"a\": \"\\x\"}", "{'a': 1}", "{\"a\": NaN}"}) {
    counted = wrong;
    EXPECT_NE(trace(model).find("device 'liar': queue_counters: expected a JSON object, got '"),
              std::string::npos)
        << wrong << ": " << trace(model);
  }
  std::string deep = "{\"a\": " + std::string(100000, '[');
  counted = deep.c_str();
  EXPECT_NE(trace(model).find("expected a JSON object"), std::string::npos);
}

TEST(TracedDeviceTest, TimesAreOver) {
  TemporaryFolder folder;
  std::string model = writeModel(folder, makeModel());
  counted = nullptr;
  dated = [](uint64_t) { return UINT64_MAX; };
  EXPECT_NE(trace(model).find(
                "device 'liar': event_time: expected a time of CLOCK_MONOTONIC up to now, "),
            std::string::npos)
      << trace(model);
  dated = [](uint64_t time) { return time - 1000; };
  EXPECT_EQ(trace(model), "ok");
}

} // namespace
} // namespace hadal::test
