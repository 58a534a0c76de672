// SPDX-License-Identifier: Apache-2.0
// Device libraries by name and by path, and libraries that are none.
#include "Host.h"
#include "Run.h"

#include <filesystem>

namespace hadal::test {
namespace {

const std::string kFolder = HADAL_TEST_DEVICES;
const std::string kRelay = kFolder + "/libhadal_device_relay.so";

// Opens a device: its name, or the message.
std::string open(const std::string &device, ContextHandle *context = nullptr) {
  hadal_context_options_t options = {sizeof options, device.c_str(), 1, 0};
  hadal_context_t *made = nullptr;
  std::string message = take(hadal_context_create(&options, &made));
  EXPECT_EQ(message == "ok", made != nullptr);
  ContextHandle handle(made);
  if (!made)
    return message;
  std::string name = hadal_context_device(made);
  if (context)
    *context = std::move(handle);
  return name;
}

TEST(DeviceLibraryTest, ByNameInAFolder) {
  EXPECT_EQ(open("relay").find(
                "options.device: expected 'cpu' or the name of a device library, got 'relay', and "
                "there is no "),
            0u);
  Variable path("HADAL_DEVICE_PATH", (":/nowhere::" + kFolder + ":").c_str());
  EXPECT_EQ(open("relay"), "relay");
  EXPECT_EQ(open("relay:0"), "relay");
  EXPECT_EQ(open("relay:1"), "relay");
  EXPECT_EQ(open("relay:2"), "options.device: expected 'relay:0' or 'relay:1', got 'relay:2'");
  // The first folder that has one.
  TemporaryFolder first;
  writeFile(first.path("libhadal_device_relay.so"), "nothing", 7);
  Variable both("HADAL_DEVICE_PATH", (first.path("") + ":" + kFolder).c_str());
  EXPECT_NE(open("relay").find(first.path("") + "/libhadal_device_relay.so: "), std::string::npos)
      << open("relay");
}

// A folder of the name is none.
TEST(DeviceLibraryTest, FoldersHideNothing) {
  TemporaryFolder first;
  std::filesystem::create_directory(first.path("libhadal_device_relay.so"));
  Variable both("HADAL_DEVICE_PATH", (first.path("") + ":" + kFolder).c_str());
  EXPECT_EQ(open("relay"), "relay");
}

TEST(DeviceLibraryTest, ByPath) {
  EXPECT_EQ(open(kRelay), "relay");
  EXPECT_EQ(open(kRelay + ":1"), "relay");
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(kFolder);
  EXPECT_EQ(open("./libhadal_device_relay.so"), "relay");
  std::filesystem::current_path(before);
  // A colon of a folder is none of a number.
  TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("a:b"));
  std::filesystem::copy_file(kRelay, folder.path("a:b/relay.so"));
  EXPECT_EQ(open(folder.path("a:b/relay.so")), "relay");
}

TEST(DeviceLibraryTest, TheCpuIsBuiltIn) {
  EXPECT_EQ(open("cpu"), "cpu");
  EXPECT_EQ(open("cpu:0"), "cpu");
  EXPECT_EQ(open("cpu:1"), "options.device: expected 'cpu', the only one of its name, got 'cpu:1'");
}

TEST(DeviceLibraryTest, NamesThatAreNone) {
  for (const char *name : {"relay:", "relay:x", "relay:-1", "relay:1x", "relay:12345", "cpu:", ":"})
    EXPECT_EQ(
        open(name),
        std::string("options.device: expected a name, or one with a number of up to 4 digits as in "
                    "'cuda:1', got '") +
            name + "'");
  for (const char *name : {"", ":1"})
    EXPECT_EQ(open(name),
              std::string("options.device: expected 'cpu' or the name of a device library, got '") +
                  name + "'");
  Variable path("HADAL_DEVICE_PATH", "/nowhere:/nothing");
  EXPECT_EQ(
      open("Cpu").find(
          "options.device: expected 'cpu' or the name of a device library, got 'Cpu', and there "
          "is no /nowhere/libhadal_device_Cpu.so, /nothing/libhadal_device_Cpu.so"),
      0u);
}

TEST(DeviceLibraryTest, LibrariesThatAreNone) {
  auto library = [](const char *name) { return kFolder + "/libhadal_device_" + name + ".so"; };
  EXPECT_EQ(open(library("no-query")),
            library("no-query") +
                ": expected a device library, got one without hadal_device_query");
  EXPECT_EQ(open(library("no-table")),
            library("no-table") + ": expected a device of version 1, got none");
  EXPECT_EQ(open(library("other-version")),
            library("other-version") + ": version: expected 1, got 2");
  EXPECT_EQ(open(library("no-launch")),
            library("no-launch") + ": queue_launch: expected a function, got NULL");
  const std::string none = "options.device: expected a device library, got: ";
  EXPECT_EQ(open("/nowhere/relay.so").find(none + "/nowhere/relay.so: "), 0u);
  // What it needs is missing, and it is told of which library.
  EXPECT_EQ(open(library("lacks")).find(none + library("lacks") + ": libhadal_nowhere.so: "), 0u)
      << open(library("lacks"));
  TemporaryFolder folder;
  writeFile(folder.path("text.so"), "no ELF at all, but a text", 25);
  EXPECT_EQ(open(folder.path("text.so")).find(none + folder.path("text.so") + ": "), 0u);
  Bytes cut = readFile(kRelay);
  writeFile(folder.path("cut.so"), cut.data(), 200);
  EXPECT_EQ(open(folder.path("cut.so")).find(none + folder.path("cut.so") + ": "), 0u);
  EXPECT_EQ(open(folder.path("")).find(none + folder.path("") + ": "), 0u);
}

TEST(DeviceLibraryTest, ContextsOfOneLibrary) {
  ContextHandle contexts[3];
  EXPECT_EQ(open(kRelay, &contexts[0]), "relay");
  EXPECT_EQ(open(kRelay + ":1", &contexts[1]), "relay");
  EXPECT_EQ(open("cpu", &contexts[2]), "cpu");
  TemporaryFolder folder;
  std::string path = writeModel(folder, makeModel());
  ModuleHandle modules[3];
  SessionHandle sessions[3];
  for (int i = 0; i < 3; ++i) {
    modules[i] = loadModule(contexts[i].get(), path);
    EXPECT_STREQ(hadal_module_level(modules[i].get()), "x86-64-v3");
    sessions[i] = makeSession(modules[i].get(), 1, 32);
    contexts[i].reset(); // which the module keeps
  }
  for (int32_t p = 0; p < 5; ++p)
    for (int32_t i = 0; i < 3; ++i) {
      std::vector<float> logits;
      ASSERT_EQ(runStep(sessions[i].get(), StepSpec().add(0, p, {i + 1}), &logits), "ok");
      EXPECT_EQ(logits, expectedLogits(float((i + 1) * (p + 1))));
    }
  for (int i : {1, 0})
    sessions[i].reset(), modules[i].reset();
  EXPECT_EQ(open(kRelay), "relay");
}

} // namespace
} // namespace hadal::test
