// SPDX-License-Identifier: Apache-2.0
// The hadal-sim tool: arguments of every kind, outputs, exit codes, and refusals of malformed input.
#include "Values.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hadal::simtest;

namespace {

struct Ran {
  int code = -1;
  std::string out, err;
};

class Tool : public testing::Test {
protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("hadal-sim-tool-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string &name) const { return (folder_ / name).string(); }
  static std::string foreign(const std::string &name) {
    return std::string(HADAL_SIM_FOREIGN) + "/" + name;
  }
  static std::string twin(const std::string &name) {
    return std::string(HADAL_SIM_TWINS) + "/" + name;
  }

  template <typename T> void write(const std::string &name, const std::vector<T> &values) {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char *>(values.data()), long(values.size() * sizeof(T)));
  }
  void writeText(const std::string &name, const std::string &text) {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  std::string readText(const std::string &name) const {
    std::ifstream file(path(name), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  template <typename T> std::vector<T> read(const std::string &name) const {
    std::string text = readText(name);
    std::vector<T> values(text.size() / sizeof(T));
    std::memcpy(values.data(), text.data(), values.size() * sizeof(T));
    return values;
  }
  bool exists(const std::string &name) const { return std::filesystem::exists(folder_ / name); }

  Ran run(const std::string &arguments, const std::string &environment = "") const {
    std::string command = environment + " '" + HADAL_SIM_TOOL + "' " + arguments + " > '" +
                          path("stdout") + "' 2> '" + path("stderr") + "'";
    Ran ran;
    int status = std::system(command.c_str());
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ran.out = readText("stdout");
    ran.err = readText("stderr");
    return ran;
  }
  /// Expects exit code 1 and a message that contains every word.
  void refuses(const std::string &arguments, const std::vector<std::string> &words) const {
    Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 1) << arguments << "\n" << ran.err;
    EXPECT_EQ(ran.out, "") << arguments;
    for (const std::string &word : words)
      EXPECT_NE(ran.err.find(word), std::string::npos)
          << arguments << "\nexpected '" << word << "' in: " << ran.err;
    EXPECT_FALSE(exists("o.bin")) << arguments;
  }

  std::filesystem::path folder_;
};

TEST_F(Tool, RunsAndWritesOutputs) {
  auto data = integers<int32_t>(200, 1, -100, 100);
  write("in.bin", data);
  Ran ran =
      run(foreign("scan.ptx") +
          " --entry=scan_hillis_steele --grid=1 --block=256 --dynamic-shared=2048 --counters=" +
          path("c.json") + " in:" + path("in.bin") + " out:" + path("o.bin") + ":800 i32:200");
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::vector<int32_t> expected(200);
  for (size_t i = 0, sum = 0; i < 200; ++i)
    expected[i] = int32_t(sum += size_t(data[i]));
  expectEqual(read<int32_t>("o.bin"), expected);
  std::string counters = readText("c.json");
  EXPECT_EQ(counters.substr(0, 1), "{");
  for (const char *key : {"instructions", "sectors", "barriers", "bank_conflicts", "divergent"})
    EXPECT_NE(counters.find(key), std::string::npos) << key << " in " << counters.substr(0, 2000);
}

TEST_F(Tool, InOutAndSeeds) {
  auto data = bits<int64_t>(1024, 2);
  write("in.bin", data);
  std::sort(data.begin(), data.end());
  for (const char *seed : {"1", "2", "18446744073709551615"}) {
    Ran ran =
        run(foreign("sort.ptx") + " --entry=sort_bitonic_i64 --grid=1 --block=512 --seed=" + seed +
            " inout:" + path("in.bin") + ":" + path("o.bin"));
    ASSERT_EQ(ran.code, 0) << ran.err;
    expectEqual(read<int64_t>("o.bin"), data);
  }
}

TEST_F(Tool, StructWithPointers) {
  const size_t m = 5, n = 6, k = 7;
  auto a = integers<float>(m * k, 3, -4, 4), b = integers<float>(k * n, 4, -4, 4);
  write("a.bin", a);
  write("b.bin", b);
  std::vector<uint8_t> p(112);
  auto put = [&](size_t at, auto value) { std::memcpy(&p[at], &value, sizeof(value)); };
  put(0, int32_t(m)), put(4, int32_t(n)), put(8, int32_t(k));
  put(24, int64_t(k)), put(32, int64_t(1)), put(48, int64_t(n)), put(56, int64_t(1));
  put(72, int64_t(n)), put(80, int64_t(1)), put(88, 1.0f), put(92, 0.0f);
  write("p.bin", p);
  write("c.bin", std::vector<float>(m * n, 3.0f));
  Ran ran = run(foreign("structs.ptx") + " --entry=struct_gemm --grid=1 --block=8,8 struct:" +
                path("p.bin") + ",16=in:" + path("a.bin") + ",40=in:" + path("b.bin") +
                ",64=inout:" + path("c.bin") + ":" + path("o.bin"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::vector<float> expected(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] += a[i * k + l] * b[l * n + j];
  auto got = read<float>("o.bin");
  for (float &v : got)
    v += 0.0f;
  expectEqual(got, expected);
}

TEST_F(Tool, ScalarsOfEveryType) {
  std::vector<int32_t> vector = {1, 2, 3, 4};
  write("v.bin", vector);
  Ran ran = run(
      foreign("structs.ptx") +
      " --entry=struct_scalars --grid=1 --block=1 i8:-3 f64:2.5 u16:60000 f32:0.25 u8:1 i64:-7 i16:-2 struct:" +
      path("v.bin") + " out:" + path("o.bin") + ":8");
  ASSERT_EQ(ran.code, 0) << ran.err;
  expectEqual(read<double>("o.bin"), {-3 + 25 + 6e6 + 250 + 1e4 - 7e5 - 2e6 + 30e7});
}

TEST_F(Tool, Cooperative) {
  write("flags.bin", std::vector<int32_t>(5, 0));
  std::string arguments =
      foreign("coop.ptx") +
      " --entry=coop_flag_chain --cooperative --grid=5 --block=32 out:" + path("o.bin") +
      ":640 inout:" + path("flags.bin") + ":" + path("f.bin");
  Ran ran = run(arguments);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(read<int32_t>("o.bin").size(), 160u);
}

TEST_F(Tool, ListsEntries) {
  Ran ran = run(foreign("structs.ptx") + " --list");
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const char *word : {"struct_gemm", "112", "struct_table", "struct_scalars", "f32", "u64"})
    EXPECT_NE(ran.out.find(word), std::string::npos) << word << " in " << ran.out;
}

TEST_F(Tool, Annotates) {
  write("in.bin", std::vector<int32_t>(64, 1));
  Ran ran = run(twin("bounds_global.ptx") + " --entry=passes --grid=1 --block=64 --annotate in:" +
                path("in.bin") + " out:" + path("o.bin") + ":256");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("ld.global.u32"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("60"), std::string::npos) << ran.out; // lanes that passed the bound check
}

TEST_F(Tool, ChecksFireWithExitThree) {
  write("in.bin", std::vector<int32_t>(60, 1));
  std::string rest =
      " --entry=trips --grid=1 --block=64 in:" + path("in.bin") + " out:" + path("o.bin") + ":256";
  Ran ran = run(twin("bounds_global.ptx") + rest);
  EXPECT_EQ(ran.code, 3) << ran.err;
  EXPECT_NE(ran.err.find("trips"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("line 2"), std::string::npos) << ran.err;
  write("full.bin", std::vector<int32_t>(64, 1));
  std::string race = " --entry=trips --grid=1 --block=64 in:" + path("full.bin") +
                     " out:" + path("o.bin") + ":256";
  EXPECT_EQ(run(twin("race_write_read.ptx") + race).code, 3);
  Ran off = run(twin("race_write_read.ptx") + " --no-check=race --no-check=init" + race);
  EXPECT_EQ(off.code, 0) << off.err;
}

TEST_F(Tool, WarpsInStep) {
  std::string rest = " --grid=1 --block=64 out:" + path("o.bin") + ":256";
  EXPECT_EQ(run(twin("race_in_step.ptx") + " --entry=passes" + rest).code, 3);
  EXPECT_EQ(run(twin("race_in_step.ptx") + " --no-check=warp-race --entry=passes" + rest).code, 0);
  EXPECT_EQ(run(twin("race_in_step.ptx") + " --no-check=warp-race --entry=trips" + rest).code, 3);
}

TEST_F(Tool, ScratchThatStaysPartlyUnwritten) {
  writeText(
      "part.ptx",
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p) { .reg .b64 %a; ld.param.u64 %a, [p];\n"
      "st.global.u32 [%a+4], 7; ret; }\n");
  std::string rest = " --entry=k --grid=1 --block=1 --counters=" + path("c.json");
  EXPECT_EQ(run(path("part.ptx") + rest + " out:" + path("o.bin") + ":12").code, 3);
  Ran ran = run(path("part.ptx") + rest + " scratch:" + path("s.bin") + ":12");
  ASSERT_EQ(ran.code, 0) << ran.err;
  expectEqual(read<uint32_t>("s.bin"), std::vector<uint32_t>{0xffffffff, 7, 0xffffffff});
  EXPECT_NE(readText("c.json").find("\"distinct\": {\"read_sectors\": 0, \"write_sectors\": 1}"),
            std::string::npos)
      << readText("c.json");
  ran = run(path("part.ptx") + rest + " scratch:" + path("s.bin"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("scratch:FILE:BYTES"), std::string::npos) << ran.err;
}

TEST_F(Tool, StopsRunawayKernels) {
  write("in.bin", std::vector<int32_t>(32, 1));
  Ran ran = run(twin("runaway.ptx") +
                " --entry=trips --grid=1 --block=32 --max-instructions=10000 in:" + path("in.bin") +
                " out:" + path("o.bin") + ":128");
  EXPECT_EQ(ran.code, 3) << ran.err;
  EXPECT_FALSE(exists("o.bin"));
}

TEST_F(Tool, RefusesMalformedLaunches) {
  write("in.bin", std::vector<int32_t>(64, 1));
  std::string file = twin("bounds_global.ptx"), in = " in:" + path("in.bin"),
              out = " out:" + path("o.bin") + ":256";
  std::string shape = " --grid=1 --block=64", entry = " --entry=passes";
  refuses(file + " --entry=absent" + shape + in + out, {"absent", "passes"});
  refuses(file + entry + shape + in, {"2", "1"});
  refuses(file + entry + shape + in + out + " i32:4", {"2", "3"});
  refuses(file + entry + shape + in + " f32:1.5", {"8", "4"});
  refuses(file + entry + shape + in + " i32:7", {"8", "4"});
  refuses(file + entry + " --grid=1 --block=1025" + in + out, {"1025", "1024"});
  refuses(file + entry + " --grid=1 --block=1,1,65" + in + out, {"65", "64"});
  refuses(file + entry + " --grid=1,65536 --block=1" + in + out, {"65536", "65535"});
  refuses(file + entry + " --grid=0 --block=64" + in + out, {"0"});
  refuses(file + entry + " --grid=1 --block=0" + in + out, {"0"});
  refuses(file + entry + shape + " --dynamic-shared=300000" + in + out, {"300000"});
  refuses(foreign("triton_softmax.ptx") +
              " --entry=triton_softmax --grid=1 --block=64 --dynamic-shared=16" + in + out +
              " i32:1 i32:1 u64:0 u64:0",
          {"128", "64"});
  refuses(foreign("cub_device.ptx") +
              " --entry=DeviceRadixSortExclusiveSumKernel_4 --grid=1 --block=64 in:" +
              path("absent.bin"),
          {"absent.bin"});
  refuses(foreign("structs.ptx") + " --entry=struct_gemm --grid=1 --block=8 struct:" +
              path("in.bin") + ",300=in:" + path("in.bin"),
          {"300"});
  refuses(foreign("structs.ptx") +
              " --entry=struct_gemm --grid=1 --block=8 struct:" + path("in.bin"),
          {"112", "256"});
}

TEST_F(Tool, RefusesBadFiles) {
  write("in.bin", std::vector<int32_t>(64, 1));
  std::string rest = " --entry=k --grid=1 --block=1";
  refuses(path("absent.ptx") + rest, {"absent.ptx"});
  refuses(path("") + rest, {});
  refuses(twin("bounds_global.ptx") + " --entry=passes --grid=1 --block=64 in:" + path("gone.bin") +
              " out:" + path("o.bin") + ":256",
          {"gone.bin"});
  refuses(twin("bounds_global.ptx") + " --entry=passes --grid=1 --block=60 in:" + path("in.bin") +
              " out:" + path("no/such/folder/x") + ":256",
          {"no/such/folder/x"});
  const std::string header = ".version 8.0\n.target sm_80\n.address_size 64\n";
  const std::vector<std::pair<std::string, std::vector<std::string>>> bad = {
      {"", {"bad.ptx"}},
      {"hello", {"1:1"}},
      {header + ".entry k() { .reg .b32 %r<2>; frobnicate.u32 %r1, 2; ret; }",
       {"4:", "frobnicate"}},
      {header + ".entry k() { .reg .b32 %r<2>; add.u32 %r1, %r9, 2; ret; }", {"4:", "%r9"}},
      {header + ".entry k() {\n bra NOWHERE;\n ret; }", {"5:", "NOWHERE"}},
      {header + ".entry k() { ret;", {"4:"}},
      {header + ".entry k() { .reg .b32 %r<2>; add.u32 %r1; ret; }", {"4:", "add"}},
      {header + ".entry k() { .reg .b64 %d<2>; add.u32 %d1, %d0, 1; ret; }", {"4:"}},
      {".version 99.0\n.target sm_80\n.entry k() { ret; }", {"1:", "99.0"}},
      {".version 8.0\n.target sm_100\n.address_size 64\n.entry k() { ret; }", {"2:", "sm_100"}},
      {std::string("\x7f"
                   "ELF\x02\x01\x01\0\0\0",
                   10),
       {"1:"}},
      {header +
           ".entry k() { .reg .b64 %d<2>; .reg .pred %p; mbarrier.expect_tx.shared.b64 [%d1], 8; ret; }",
       {"4:", "mbarrier"}},
  };
  for (const auto &[text, words] : bad) {
    writeText("bad.ptx", text);
    refuses(path("bad.ptx") + rest, words);
  }
}

TEST_F(Tool, WrongUsage) {
  for (const char *arguments : {"", "--grid=1", "--frobnicate x.ptx", "--list"})
    EXPECT_EQ(run(arguments).code, 2) << arguments;
  std::string file = twin("bounds_global.ptx");
  for (const char *arguments :
       {" --entry=passes --grid=abc --block=1", " --entry=passes --grid=1,2,3,4 --block=1",
        " --entry=passes --grid=1 --block=1 q32:7", " --entry=passes --grid=1 --block=1 i32:x",
        " --entry=passes --grid=1 --block=1 u8:256", " --entry=passes --grid=1 --block=1 out:x",
        " --entry=passes --grid=1 --block=1 --no-check=everything",
        " --entry=passes --grid=1 --block=1 --seed=-1"}) {
    Ran ran = run(file + arguments);
    EXPECT_TRUE(ran.code == 1 || ran.code == 2) << arguments << "\n" << ran.code << ran.err;
    EXPECT_FALSE(ran.err.empty()) << arguments;
  }
}

/// Whether a folder holds files that an interrupted or failed write left.
bool hasTemporaries(const std::filesystem::path &folder) {
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().find(".tmp-") != std::string::npos)
      return true;
  return false;
}

TEST_F(Tool, OutputsThatAreNotFiles) {
  write("in.bin", std::vector<int32_t>(64, 1));
  std::string rest = twin("bounds_global.ptx") +
                     " --entry=passes --grid=1 --block=60 in:" + path("in.bin") + " out:";
  // A device is written to, never replaced; by way of links, so that a fault would replace those alone.
  std::filesystem::create_symlink("/dev/full", path("full"));
  std::filesystem::create_symlink("/dev/null", path("null"));
  Ran full = run(rest + path("full") + ":240");
  EXPECT_EQ(full.code, 1) << full.err;
  EXPECT_NE(full.err.find("full: cannot be written: No space left"), std::string::npos) << full.err;
  EXPECT_TRUE(std::filesystem::is_symlink(path("full")) &&
              std::filesystem::is_character_file(path("full")));
  Ran null = run(rest + path("null") + ":240");
  EXPECT_EQ(null.code, 0) << null.err;
  EXPECT_TRUE(std::filesystem::is_symlink(path("null")) &&
              std::filesystem::is_character_file(path("null")));
  // So is a pipe.
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(std::system(("cat '" + path("pipe") + "' > '" + path("read.bin") + "' & echo $! > '" +
                         path("pid") + "'")
                            .c_str()),
            0);
  Ran pipe = run(rest + path("pipe") + ":240");
  EXPECT_EQ(pipe.code, 0) << pipe.err;
  EXPECT_TRUE(std::filesystem::is_fifo(path("pipe")));
  for (int i = 0; i < 100 && readText("read.bin").size() != 240; ++i)
    usleep(20000);
  EXPECT_EQ(readText("read.bin").size(), 240u);
  if (readText("read.bin").size() != 240) // the reader would wait for ever
    std::system(("kill $(cat '" + path("pid") + "')").c_str());
  Ran counters = run(rest + path("o.bin") + ":240 --counters=" + path("full"));
  EXPECT_EQ(counters.code, 1) << counters.err;
  EXPECT_FALSE(exists("o.bin"));
  // A folder, and a file system that takes no files.
  refuses(rest + path("") + ":240", {"expected a file to write, got a directory"});
  refuses(rest + "/proc/hadal:240", {"/proc/hadal"});
  // A link stays one, and what it points to is replaced.
  writeText("target.bin", "old");
  std::filesystem::create_symlink(path("target.bin"), path("link.bin"));
  Ran link = run(rest + path("link.bin") + ":240");
  EXPECT_EQ(link.code, 0) << link.err;
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.bin")));
  EXPECT_EQ(readText("target.bin").size(), 240u);
  EXPECT_FALSE(hasTemporaries(folder_));
}

TEST_F(Tool, OldOutputsOutliveFailures) {
  write("in.bin", std::vector<int32_t>(64, 1));
  writeText("o.bin", "what was there before");
  Ran ran =
      run(twin("bounds_global.ptx") + " --entry=trips --grid=1 --block=256 in:" + path("in.bin") +
          " out:" + path("o.bin") + ":256");
  EXPECT_EQ(ran.code, 3) << ran.err;
  EXPECT_EQ(readText("o.bin"), "what was there before");
}

TEST_F(Tool, EmptyBuffers) {
  writeText(
      "nothing.ptx",
      ".version 8.0\n.target sm_80\n.address_size 64\n.entry k(.param .u64 a, .param .u64 b) { ret; }\n");
  writeText("empty.bin", "");
  Ran ran = run(path("nothing.ptx") + " --entry=k --grid=1 --block=1 in:" + path("empty.bin") +
                " out:" + path("o.bin") + ":0");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(exists("o.bin"));
  EXPECT_EQ(readText("o.bin"), "");
  ran = run(path("nothing.ptx") + " --entry=k --grid=1 --block=1 in:" + path("empty.bin") +
            " out:" + path("p.bin") + ":9223372036854775807");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_FALSE(exists("p.bin"));
}

TEST_F(Tool, StandardOutputThatFails) {
  std::string tool = std::string("'") + HADAL_SIM_TOOL + "' ",
              list = tool + foreign("cub_device.ptx") + " --list";
  write("in.bin", std::vector<int32_t>(64, 1));
  std::string annotate = tool + twin("bounds_global.ptx") +
                         " --entry=passes --grid=1 --block=60 --annotate in:" + path("in.bin") +
                         " out:" + path("o.bin") + ":240";
  for (const std::string &command : {list, annotate, tool + "--help"}) {
    int status = std::system((command + " > /dev/full 2> '" + path("stderr") + "'").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1) << command;
    EXPECT_NE(readText("stderr").find("standard output: cannot be written: No space left"),
              std::string::npos)
        << command << ": " << readText("stderr");
  }
  EXPECT_EQ(read<int32_t>("o.bin").size(), 60u); // the outputs are written first
  // A reader that has gone.
  std::system(("{ " + list + " 2> '" + path("stderr") + "'; echo $? > '" + path("code") +
               "'; } | sleep 0; sleep 0.2")
                  .c_str());
  std::string code = readText("code");
  EXPECT_TRUE(code == "0\n" || code == "1\n") << code;
}

TEST_F(Tool, TextsFromOtherSystems) {
  write("in.bin", std::vector<int32_t>(64, 1));
  std::ifstream file(twin("bounds_global.ptx"));
  std::string text, lines;
  for (std::string line; std::getline(file, line);)
    text += line + "\r\n", lines += line + "\n";
  writeText("crlf.ptx", text);
  std::string rest = " --grid=1 --block=64 in:" + path("in.bin") + " out:" + path("o.bin") + ":256";
  EXPECT_EQ(run(path("crlf.ptx") + " --entry=passes" + rest).code, 0);
  Ran plain =
      run(twin("bounds_global.ptx") + " --entry=trips --grid=1 --block=128 in:" + path("in.bin") +
          " out:" + path("p.bin") + ":256");
  Ran crlf = run(path("crlf.ptx") + " --entry=trips --grid=1 --block=128 in:" + path("in.bin") +
                 " out:" + path("p.bin") + ":256");
  EXPECT_EQ(crlf.code, 3);
  EXPECT_EQ(crlf.err.substr(crlf.err.find("kernel")),
            plain.err.substr(plain.err.find("kernel"))); // the same line
  writeText("bom.ptx", "\xef\xbb\xbf" + lines);
  std::filesystem::remove(path("o.bin"));
  refuses(path("bom.ptx") + " --entry=passes" + rest, {"bom.ptx:1:1", "byte order mark"});
  std::string wide("\xff\xfe", 2);
  for (char c : lines)
    wide += c, wide += '\0';
  writeText("wide.ptx", wide);
  refuses(path("wide.ptx") + " --entry=passes" + rest, {"wide.ptx:1:1", "byte order mark"});
  std::string binary;
  for (int i = 0; i < 4000; ++i)
    binary += char(i * 73 + i / 7 + 128);
  writeText("binary.ptx", binary);
  Ran ran = run(path("binary.ptx") + " --list");
  EXPECT_EQ(ran.code, 1);
  for (char c : ran.err)
    EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n') << int(c);
  writeText("noend.ptx", lines.substr(0, lines.rfind('}') + 1)); // no newline at the end
  EXPECT_EQ(run(path("noend.ptx") + " --entry=passes" + rest).code, 0);
}

TEST_F(Tool, LargeFiles) {
  {
    std::ofstream file(path("large.ptx"), std::ios::binary);
    file << ".version 8.0\n.target sm_80\n.address_size 64\n.entry k() {\n.reg .b32 %r<4>;\n";
    std::string comment = "// " + std::string(20000, 'x') + "\n";
    for (int i = 0; i < 10000; ++i)
      file << "add.u32 %r1, %r2, %r3;\n" << comment;
    file << "frobnicate;\n}\n";
  }
  EXPECT_GT(std::filesystem::file_size(path("large.ptx")), 200000000u);
  refuses(path("large.ptx") + " --list", {"large.ptx:20006:1", "frobnicate"});
}

/// Starts the tool and gives it a second before the signal; its exit status as waitpid has it.
int interrupted(const std::vector<std::string> &arguments, int number) {
  pid_t child = fork();
  if (child == 0) {
    signal(number, SIG_DFL); // whoever runs the tests may ignore it
    std::vector<char *> list = {const_cast<char *>(HADAL_SIM_TOOL)};
    for (const std::string &argument : arguments)
      list.push_back(const_cast<char *>(argument.c_str()));
    list.push_back(nullptr);
    execv(HADAL_SIM_TOOL, list.data());
    _exit(127);
  }
  usleep(300000);
  kill(child, number);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(Tool, SignalsLeaveNothingBehind) {
  write("in.bin", std::vector<int32_t>(64, 1));
  writeText("o.bin", "before");
  for (int number : {SIGINT, SIGTERM}) {
    // More blocks than a lifetime has time for.
    int status =
        interrupted({twin("bounds_global.ptx"), "--entry=passes", "--grid=2147483647,65535,65535",
                     "--block=1", "in:" + path("in.bin"), "out:" + path("o.bin") + ":256"},
                    number);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << status;
    EXPECT_EQ(readText("o.bin"), "before");
    EXPECT_FALSE(hasTemporaries(folder_));
  }
}

TEST_F(Tool, RefusesLevelsThatTheMachineLacks) {
  std::string list = foreign("structs.ptx") + " --list";
  auto expectRefusal = [&](const std::string &environment, const std::string &message) {
    Ran ran = run(list, environment);
    EXPECT_EQ(ran.code, 1) << environment;
    EXPECT_NE(ran.err.find(message), std::string::npos) << environment << ": " << ran.err;
  };
  for (std::string level : {"v5", "avx2", "V3", "v4"})
    expectRefusal("HADAL_CPU_AT_MOST=x86-64-v3 HADAL_SIM_LEVEL=" + level,
                  "HADAL_SIM_LEVEL: expected one of v3, got '" + level + "'");
  expectRefusal("HADAL_CPU_AT_MOST=x86-64-v2",
                "expected a processor with one of the x86-64 levels v3, v4, got one with none");
  expectRefusal(
      "HADAL_CPU_AT_MOST=v3",
      "HADAL_CPU_AT_MOST: expected one of x86-64-v2, x86-64-v3, x86-64-v4, x86-64-v4-bf16, got 'v3'");
  EXPECT_EQ(run(list, "HADAL_SIM_LEVEL=v3").code, 0);
}

TEST_F(Tool, TwoAtOnce) {
  write("in.bin", std::vector<int32_t>(64, 1));
  std::string command = std::string("'") + HADAL_SIM_TOOL + "' " + twin("bounds_global.ptx") +
                        " --entry=passes --grid=1 --block=60 in:" + path("in.bin") +
                        " out:" + path("o.bin") + ":240";
  std::string both;
  for (int i = 0; i < 8; ++i)
    both += command + " & p" + std::to_string(i) + "=$!; ";
  for (int i = 0; i < 8; ++i)
    both += "wait $p" + std::to_string(i) + " || exit 1; ";
  EXPECT_EQ(std::system(both.c_str()), 0);
  EXPECT_EQ(read<int32_t>("o.bin"), std::vector<int32_t>(60, read<int32_t>("o.bin").at(0)));
  EXPECT_FALSE(hasTemporaries(folder_));
}

} // namespace
