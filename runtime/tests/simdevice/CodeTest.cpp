// SPDX-License-Identifier: Apache-2.0
// What the device says of itself, images, and entries that fit an interface or do not.
#include "Device.h"

#include <cstring>

namespace hadal::simdevicetest {
namespace {

using Code = SimDevice;

#define HEAD ".version 8.0\n.target sm_80\n.address_size 64\n"

TEST_F(Code, SaysWhatItIs) {
  hadal_device_info_t info = {};
  info.struct_size = sizeof(info);
  table()->info(device, &info);
  EXPECT_STREQ(table()->name, "sim");
  EXPECT_EQ(table()->version, uint32_t(HADAL_DEVICE_VERSION));
  EXPECT_EQ(table()->struct_size, sizeof(hadal_device_table_t));
  EXPECT_STREQ(info.family, "cuda");
  EXPECT_EQ(info.kernel_abi, uint32_t(HADAL_CUDA_KERNEL_ABI_VERSION));
  ASSERT_EQ(info.level_count, 4u);
  EXPECT_STREQ(info.levels[0], "sm_90");
  EXPECT_STREQ(info.levels[3], "sm_80");
  EXPECT_STREQ(info.level_note, "");
  EXPECT_EQ(info.threads, 2u);
  EXPECT_EQ(info.max_workgroup_threads, 1024u);
  EXPECT_EQ(info.max_shared_bytes, 232448u);
  EXPECT_EQ(info.shares_host_memory, 0);
  EXPECT_GT(info.memory_bytes, 0u);
  EXPECT_EQ(info.alignment & (info.alignment - 1), 0u);
}

TEST_F(Code, StructsOfOtherVersions) {
  // A caller that knows less gets no more than it has room for.
  struct {
    hadal_device_info_t info;
  } short_info;
  memset(&short_info, 0x5a, sizeof(short_info));
  short_info.info.struct_size = offsetof(hadal_device_info_t, level_note);
  table()->info(device, &short_info.info);
  EXPECT_STREQ(short_info.info.family, "cuda");
  EXPECT_EQ(short_info.info.threads, 0x5a5a5a5au);
  // What it does not say is zero, what it says wrongly is refused.
  hadal_device_options_t options = {offsetof(hadal_device_options_t, threads), 0, 5000};
  hadal_device_t *other = nullptr;
  good(table()->open(&options, &other, &error));
  hadal_device_info_t info = {};
  info.struct_size = sizeof(info);
  table()->info(other, &info);
  EXPECT_GE(info.threads, 1u);
  table()->close(other);
  options.struct_size = sizeof(options);
  bad(table()->open(&options, &other, &error), HADAL_STATUS_INVALID_ARGUMENT, {"1024", "5000"});
  options = {sizeof(options), 3, 1};
  bad(table()->open(&options, &other, &error), HADAL_STATUS_NOT_FOUND, {"index 0", "got 3"});
}

TEST_F(Code, Images) {
  auto check = [&](const hadal_device_code_section_t &section) {
    return table()->image_check(device, &section, &error);
  };
  auto load = [&](const hadal_device_code_section_t &section) {
    hadal_device_image_t *image = nullptr;
    return table()->image_load(device, &section, &image, &error);
  };
  good(check(section(kScale, "sm_80", {"scale", "add"})));
  good(check(section(kScale, "sm_90", {"scale"})));
  for (bool loads : {false, true}) {
    auto call = [&](const hadal_device_code_section_t &section) {
      return loads ? load(section) : check(section);
    };
    bad(call(section(HEAD ".visible .entry k() { frob; }")), HADAL_STATUS_INVALID_ARTIFACT,
        {"code:4:", "frob"});
    bad(call(section("int main() {}")), HADAL_STATUS_INVALID_ARTIFACT, {"code:1:", ".version"});
    bad(call(section(kScale, "sm_80", {"scale", "missing"})), HADAL_STATUS_INVALID_ARTIFACT,
        {"no entry 'missing'", "scale, add"});
    bad(call(
            section(".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry k() { ret; }")),
        HADAL_STATUS_INVALID_ARTIFACT, {"up to sm_80", "got sm_90"});
  }
  // Machine code is for another device, and no fault of the artifact.
  good(check(section("\177ELF...")));
  bad(load(section("\177ELF...")), HADAL_STATUS_UNSUPPORTED, {"code", "PTX text", "cubin"});
  // Of a level that the device has not, only that there is something.
  good(check(section("\177ELF...", "sm_100", {"k"})));
  bad(check(section("", "sm_100")), HADAL_STATUS_INVALID_ARTIFACT, {"0 bytes"});
  bad(load(section(kScale, "sm_100")), HADAL_STATUS_UNSUPPORTED, {"sm_80 to sm_90", "got sm_100"});
}

TEST_F(Code, Interfaces) {
  auto check = [&](const Interface &interface) {
    return table()->interface_check(device, &interface, &error);
  };
  good(check(Interface({kAddress, kI32, kI64}, 64)));
  Interface maps({kAddress, HADAL_DEVICE_PARAMETER_TENSOR_MAP}, 64);
  bad(check(maps), HADAL_STATUS_UNSUPPORTED, {"parameter 1", "tensor map"});
  bad(check(Interface({}, 0)), HADAL_STATUS_UNSUPPORTED, {"workgroup extent 0", "got 0"});
  bad(check(Interface({}, 2048)), HADAL_STATUS_UNSUPPORTED, {"1024", "2048"});
  Interface interface({}, 512);
  interface.workgroup_size[1] = 4;
  bad(check(interface), HADAL_STATUS_UNSUPPORTED, {"at most 1024", "2048"});
  interface = Interface({}, 32);
  interface.cluster[0] = 2;
  bad(check(interface), HADAL_STATUS_UNSUPPORTED, {"cluster"});
  interface.cluster[0] = 1;
  good(check(interface));
  interface.scratch_bytes = 64;
  bad(check(interface), HADAL_STATUS_UNSUPPORTED, {"scratch"});
  interface.scratch_bytes = 0;
  interface.static_shared_bytes = 300000;
  bad(check(interface), HADAL_STATUS_UNSUPPORTED, {"shared memory", "232448", "300000"});
}

TEST_F(Code, EntriesThatDoNotFit) {
  hadal_device_image_t *image = load(kScale);
  ASSERT_TRUE(image);
  auto find = [&](const char *symbol, const Interface &interface) {
    hadal_device_kernel_t *found = nullptr;
    return table()->kernel_find(device, image, symbol, &interface, &found, &error);
  };
  good(find("scale", Interface({kAddress, kAddress, kAddress}, 64)));
  bad(find("other", Interface({}, 64)), HADAL_STATUS_INVALID_ARTIFACT, {"no entry 'other'"});
  bad(find("scale", Interface({kAddress, kAddress}, 64)), HADAL_STATUS_INVALID_ARTIFACT,
      {"'scale'", "expected the 2 parameters", "got 3"});
  bad(find("scale", Interface({kAddress, kI32, kAddress}, 64)), HADAL_STATUS_INVALID_ARTIFACT,
      {"parameter 1", "'from'", "integer of 4 bytes", "u64 of 8 bytes"});
  bad(find("add", Interface({kAddress, kI64, kI64}, 1)), HADAL_STATUS_INVALID_ARTIFACT,
      {"parameter 1", "integer of 8 bytes", "u32 of 4 bytes"});
  bad(find("scale", Interface({kAddress, kAddress, kAddress}, 32)), HADAL_STATUS_INVALID_ARTIFACT,
      {"64 x 1 x 1", ".reqntid", "32 x 1 x 1"});

  image = load(HEAD ".visible .entry f(.param .f32 x) { ret; }\n"
                    ".visible .entry array(.param .align 8 .b8 x[8]) { ret; }\n"
                    ".visible .entry most() .maxntid 64, 2, 1 { ret; }\n"
                    ".visible .entry beyond() { wgmma.fence.sync.aligned; ret; }\n");
  bad(find("f", Interface({kI32}, 32)), HADAL_STATUS_INVALID_ARTIFACT,
      {"parameter 0", "f32 of 4 bytes"});
  bad(find("array", Interface({kI64}, 32)), HADAL_STATUS_INVALID_ARTIFACT,
      {"parameter 0", "b8[] of 8 bytes"});
  good(find("most", Interface({}, 128)));
  bad(find("most", Interface({}, 256)), HADAL_STATUS_INVALID_ARTIFACT,
      {"at most 128", ".maxntid", "256"});
  bad(find("beyond", Interface({}, 128)), HADAL_STATUS_UNSUPPORTED,
      {"'beyond'", "wgmma.fence", "7:"});
}

TEST_F(Code, SharedMemoryOfALevel) {
  const char *text =
      HEAD ".visible .entry k() { .shared .b8 s[120000]; .reg .b32 %a; mov.u32 %a, s; ret; }";
  Interface interface({}, 32);
  hadal_device_kernel_t *found = nullptr;
  good(table()->kernel_find(device, load(text, "sm_80"), "k", &interface, &found, &error));
  bad(table()->kernel_find(device, load(text, "sm_86"), "k", &interface, &found, &error),
      HADAL_STATUS_INVALID_ARTIFACT, {"shared memory", "101376", "120000"});
  // The rest is for launches that may ask.
  hadal_device_kernel_t *fixed = kernel(load(text, "sm_80"), "k", interface);
  bad(launch(queue, fixed, 1, {}, 16), HADAL_STATUS_INVALID_ARGUMENT, {"dynamic", "16"});
  interface.dynamic_shared = 1;
  hadal_device_kernel_t *open = kernel(load(text, "sm_80"), "k", interface);
  good(launch(queue, open, 1, {}, 46912));
  bad(launch(queue, open, 1, {}, 46913), HADAL_STATUS_INVALID_ARGUMENT,
      {"166912", "120000", "46913"});
}

} // namespace
} // namespace hadal::simdevicetest
