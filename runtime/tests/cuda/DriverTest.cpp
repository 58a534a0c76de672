// SPDX-License-Identifier: Apache-2.0
// No driver, an old one, one that lacks functions: other processes, since a driver is loaded once.
#include "cuda/Abi.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct Outcome {
  int status;
  std::string text;
};

// Runs hadal-cuda-probe with a folder to look for the driver in, and settings.
Outcome probe(const std::string &folder, const std::string &settings = "") {
  std::string command = "env LD_LIBRARY_PATH='" + folder + "' " + settings +
                        " '" HADAL_TEST_PROBE "' '" + std::string(HADAL_TEST_DEVICE) + "' 2>&1";
  std::FILE *pipe = popen(command.c_str(), "r");
  Outcome outcome = {-1, ""};
  for (int c; (c = std::fgetc(pipe)) != EOF;)
    outcome.text += char(c);
  int status = pclose(pipe);
  if (WIFEXITED(status))
    outcome.status = WEXITSTATUS(status);
  return outcome;
}

class DriverTest : public testing::Test {
protected:
  void SetUp() override {
    folder = testing::TempDir() + "hadal-driver-" + std::to_string(getpid());
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // The test driver without some functions: their names in it become others.
  void lackFunctions(const std::vector<std::string> &names) {
    std::ifstream in(HADAL_TEST_DRIVER_FOLDER "/libcuda.so.1", std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (const std::string &name : names) {
      const std::string wanted = std::string(1, '\0') + name + std::string(1, '\0');
      size_t found = 0;
      for (size_t at = bytes.find(wanted); at != std::string::npos;
           at = bytes.find(wanted, at + 1), ++found)
        bytes[at + 1] = 'x';
      ASSERT_GT(found, 0u) << name;
    }
    std::ofstream(folder + "/libcuda.so.1", std::ios::binary) << bytes;
  }

  std::string folder;
};

TEST_F(DriverTest, IsFound) {
  Outcome outcome = probe(HADAL_TEST_DRIVER_FOLDER);
  EXPECT_EQ(
      outcome.text,
      "Test device 0, sm_80, driver of CUDA 12.4\ncooperative: ok\ncluster: cluster: expected none on sm_80, got 2x1x1\n"
      "tensor map: parameters[0]: expected sm_90 or later for a tensor map, got sm_80\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(DriverTest, IsMissing) {
  Outcome outcome = probe(folder);
  if (outcome.text.find("cuda: expected the NVIDIA driver's libcuda.so.1") != 0)
    GTEST_SKIP() << "this machine has a driver";
  EXPECT_EQ(
      outcome.text,
      "cuda: expected the NVIDIA driver's libcuda.so.1, got: cannot open shared object file: No "
      "such file or directory\n");
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(DriverTest, IsNoLibrary) {
  std::ofstream(folder + "/libcuda.so.1") << "rubbish";
  Outcome outcome = probe(folder);
  EXPECT_EQ(outcome.text.find("cuda: expected the NVIDIA driver's libcuda.so.1, got: "), 0u)
      << outcome.text;
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(DriverTest, IsTooOld) {
  Outcome outcome = probe(HADAL_TEST_DRIVER_FOLDER, "HADAL_TEST_CUDA_VERSION=11020");
  EXPECT_EQ(outcome.text,
            "cuda: expected an NVIDIA driver of CUDA 11.4 or later, got one of CUDA 11.2\n");
  EXPECT_EQ(outcome.status, 1);
}

TEST_F(DriverTest, KnowsNoClustersYet) {
  Outcome outcome = probe(HADAL_TEST_DRIVER_FOLDER,
                          "HADAL_TEST_CUDA_VERSION=11060 HADAL_TEST_CUDA_CAPABILITY=9.0");
  EXPECT_NE(outcome.text.find("cluster: cluster: expected none on sm_90"), std::string::npos)
      << outcome.text;
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(DriverTest, LacksAFunction) {
#define HADAL_NAME(name, parameters) #name,
  for (std::string name : {HADAL_CUDA_FUNCTIONS(HADAL_NAME)}) {
    lackFunctions({name});
    Outcome outcome = probe(folder);
    std::string of = name == "cuDriverGetVersion" ? "" : ", of CUDA 12.4";
    EXPECT_EQ(outcome.text, "cuda: expected a driver with the function " + name +
                                ", got a libcuda.so.1 without it" + of + "\n");
    EXPECT_EQ(outcome.status, 1);
  }
}

TEST_F(DriverTest, LacksLaterFunctions) {
  lackFunctions({HADAL_CUDA_LATER_FUNCTIONS(HADAL_NAME)});
  Outcome outcome = probe(folder, "HADAL_TEST_CUDA_VERSION=11040 HADAL_TEST_CUDA_CAPABILITY=9.0");
  EXPECT_EQ(
      outcome.text,
      "Test device 0, sm_90, driver of CUDA 11.4\n"
      "cooperative: cooperative: expected a driver with cuLaunchKernelEx, got one of CUDA 11.4\n"
      "cluster: cluster: expected a driver with cuLaunchKernelEx, got one of CUDA 11.4\n"
      "tensor map: parameters[0]: expected a driver with cuTensorMapEncodeTiled for a tensor map, got one of CUDA 11.4\n");
  EXPECT_EQ(outcome.status, 0);
}

} // namespace
