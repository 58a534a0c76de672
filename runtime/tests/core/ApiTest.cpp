// SPDX-License-Identifier: Apache-2.0
// Queries of the C interface, options, and the life of its objects.
#include "Host.h"
#include "Run.h"

#include <cstring>

namespace hadal::test {
namespace {

TEST(ApiTest, ModelInfo) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  ModuleHandle module = loadModule(context.get(), writeModel(folder, makeModel()));
  hadal_model_info_t info = {};
  info.struct_size = sizeof info;
  hadal_module_model_info(module.get(), &info);
  EXPECT_STREQ(info.family, "test");
  EXPECT_STREQ(info.precision, "reference");
  EXPECT_STREQ(info.attention, "auto");
  EXPECT_STREQ(info.producer, "hadal-test 1");
  EXPECT_STREQ(info.build_id, "00112233aabbccdd");
  EXPECT_STREQ(info.text_note, "no text: a test model");
  EXPECT_EQ(info.vocab_size, 11u);
  EXPECT_STREQ(info.generation_note, "no defaults: a test model");
  EXPECT_EQ(info.max_positions, 64u);
  EXPECT_EQ(info.model_positions, 128u);
  EXPECT_EQ(info.page_size, 4u);
  EXPECT_EQ(info.decode_weight_bytes, 44u);
  EXPECT_EQ(info.weight_bytes, 44u);
  EXPECT_EQ(info.bos_token, 0);
  ASSERT_EQ(info.eos_count, 2u);
  EXPECT_EQ(info.eos_tokens[1], 5);
  EXPECT_EQ(info.shapes_only, 0);
}

TEST(ApiTest, AnOlderStructGetsTheFieldsThatItHas) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  ModuleHandle module = loadModule(context.get(), writeModel(folder, makeModel()));
  hadal_model_info_t info;
  std::memset(&info, 0x55, sizeof info);
  info.struct_size = offsetof(hadal_model_info_t, precision);
  hadal_module_model_info(module.get(), &info);
  EXPECT_EQ(info.struct_size, offsetof(hadal_model_info_t, precision));
  EXPECT_STREQ(info.family, "test");
  EXPECT_EQ(info.vocab_size, 0x55555555u);
  hadal_context_options_t options = {};
  hadal_context_t *other = nullptr;
  EXPECT_EQ(take(hadal_context_create(&options, &other)),
            "options.struct_size: expected the size of the struct, got 0");
  options.struct_size = offsetof(hadal_context_options_t, threads);
  options.threads = 5000; // not part of the older struct
  EXPECT_EQ(take(hadal_context_create(&options, &other)), "ok");
  hadal_context_release(other);
}

TEST(ApiTest, Parameters) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  std::string path = writeModel(folder, makeModel());
  ModuleHandle module = loadModule(context.get(), path);
  ASSERT_EQ(hadal_module_parameter_count(module.get()), 1u);
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 0, &info)), "ok");
  EXPECT_STREQ(info.name, "weight");
  EXPECT_STREQ(info.encoding, "");
  EXPECT_STREQ(info.file, "model.weights.safetensors");
  EXPECT_EQ(info.file_path, folder.path("model.weights.safetensors"));
  EXPECT_EQ(info.type, HADAL_TYPE_F32);
  ASSERT_EQ(info.rank, 1u);
  EXPECT_EQ(info.shape[0], 11u);
  EXPECT_EQ(info.size, 44u);
  ASSERT_NE(info.data, nullptr);
  EXPECT_EQ(static_cast<const float *>(info.data)[4], 2.0f);
  EXPECT_EQ(take(hadal_module_verify_parameter(module.get(), 0)), "ok");
  EXPECT_EQ(take(hadal_module_parameter(module.get(), 1, &info)),
            "index: expected a parameter below 1, got 1");
  EXPECT_EQ(take(hadal_module_verify_parameter(module.get(), 1)),
            "index: expected a parameter below 1, got 1");
}

TEST(ApiTest, ADamagedWeightIsFoundByItsChecksum) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  ModelSpec model = makeModel();
  std::string path = writeModel(folder, model);
  Bytes weights = makeWeights(model);
  weights.back() ^= 1;
  writeFile(folder.path("model.weights.safetensors"), weights.data(), weights.size());
  ModuleHandle module = loadModule(context.get(), path);
  std::string message = take(hadal_module_verify_parameter(module.get(), 0));
  EXPECT_EQ(message.find(folder.path("model.weights.safetensors") +
                         ": parameter 'weight': expected checksum "),
            0u)
      << message;
}

TEST(ApiTest, Sections) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  ModelSpec model = makeModel();
  model.sections.push_back({SectionKind::tokenizer, "tokenizer.json", {'{', '}'}, 0});
  ModuleHandle module = loadModule(context.get(), writeModel(folder, model));
  size_t size = 7;
  const void *data = hadal_module_section(module.get(), HADAL_SECTION_TOKENIZER, &size);
  ASSERT_EQ(size, 2u);
  EXPECT_EQ(std::memcmp(data, "{}", 2), 0);
  EXPECT_EQ(hadal_module_section(module.get(), HADAL_SECTION_GENERATION, &size), nullptr);
  EXPECT_EQ(size, 0u);
}

TEST(ApiTest, Context) {
  ContextHandle context = makeContext(3);
  EXPECT_STREQ(hadal_context_device(context.get()), "cpu");
  EXPECT_EQ(hadal_context_threads(context.get()), 3u);
  hadal_context_options_t options = {};
  options.struct_size = sizeof options;
  options.device = "abacus";
  hadal_context_t *other = nullptr;
  EXPECT_EQ(
      take(hadal_context_create(&options, &other))
          .find(
              "options.device: expected 'cpu' or the name of a device library, got 'abacus', and there is no "),
      0u);
  options.device = nullptr;
  options.threads = 1025;
  EXPECT_EQ(take(hadal_context_create(&options, &other)),
            "options.threads: expected at most 1024, got 1025");
  EXPECT_EQ(other, nullptr);
  EXPECT_EQ(take(hadal_context_create(nullptr, nullptr)),
            "out_context: expected an address, got NULL");
}

std::string contextMessage() {
  hadal_context_t *context = nullptr;
  std::string message = take(hadal_context_create(nullptr, &context));
  hadal_context_release(context);
  return message;
}

TEST(ApiTest, TheEnvironmentForcesALevel) {
  {
    Variable level("HADAL_CPU_LEVEL", "x86-64-v9");
    EXPECT_EQ(contextMessage(),
              "HADAL_CPU_LEVEL: expected x86-64-v3 or x86-64-v4-bf16, got 'x86-64-v9'");
  }
  {
    // The tests' machine has x86-64-v3 at most.
    Variable level("HADAL_CPU_LEVEL", "x86-64-v4-bf16");
    EXPECT_EQ(contextMessage(),
              "HADAL_CPU_LEVEL: expected a level that this CPU has (best: x86-64-v3), got "
              "'x86-64-v4-bf16'");
  }
  Variable level("HADAL_CPU_LEVEL", "x86-64-v3");
  ContextHandle context = makeContext();
  EXPECT_STREQ(hadal_context_level(context.get()), "x86-64-v3");
  uint32_t count = 0;
  const char *const *levels = hadal_context_levels(context.get(), &count);
  ASSERT_EQ(count, 1u);
  EXPECT_STREQ(levels[0], "x86-64-v3");
}

TEST(ApiTest, TheEnvironmentLimitsTheMachine) {
  {
    Variable most("HADAL_CPU_AT_MOST", "avx2");
    EXPECT_EQ(contextMessage(),
              "HADAL_CPU_AT_MOST: expected one of x86-64-v2, x86-64-v3, x86-64-v4, x86-64-v4-bf16, "
              "got 'avx2'");
  }
  Variable most("HADAL_CPU_AT_MOST", "x86-64-v2");
  ContextHandle lesser = makeContext();
  EXPECT_STREQ(hadal_context_level(lesser.get()), "");
  uint32_t count = 1;
  hadal_context_levels(lesser.get(), &count);
  EXPECT_EQ(count, 0u);
  TemporaryFolder folder;
  std::string path = writeModel(folder, makeModel()), error;
  loadModule(lesser.get(), path, &error);
  EXPECT_EQ(error,
            path + ": programs[0].executables: expected kernels of a level that device 'cpu' has, "
                   "got none: the CPU is below x86-64-v3");
}

TEST(ApiTest, NullsAreHarmless) {
  hadal_context_release(nullptr);
  hadal_module_release(nullptr);
  hadal_session_release(nullptr);
  hadal_status_release(nullptr);
  EXPECT_STREQ(hadal_status_message(nullptr), "ok");
  EXPECT_EQ(hadal_status_code(nullptr), HADAL_STATUS_OK);
  hadal_module_t *module = nullptr;
  hadal_session_t *session = nullptr;
  EXPECT_EQ(take(hadal_module_load(nullptr, "x", nullptr, &module)),
            "context: expected an address, got NULL");
  ContextHandle context = makeContext(1);
  EXPECT_EQ(take(hadal_module_load_memory(context.get(), nullptr, 0, nullptr, nullptr, &module)),
            "data: expected an address, got NULL");
  EXPECT_EQ(
      take(hadal_module_load_memory(context.get(), "", size_t(3) << 30, "x", nullptr, &module)),
      "x: expected at most 2147483679 B, got 3221225472 B");
  EXPECT_EQ(module, nullptr);
  EXPECT_EQ(take(hadal_session_create(nullptr, nullptr, &session)),
            "module: expected an address, got NULL");
  EXPECT_EQ(take(hadal_session_step(nullptr, nullptr, nullptr)),
            "session: expected an address, got NULL");
}

TEST(ApiTest, ElementTypes) {
  EXPECT_STREQ(hadal_element_type_name(HADAL_TYPE_F8E4M3FN), "f8E4M3FN");
  EXPECT_EQ(hadal_element_type_size(HADAL_TYPE_BF16), 2u);
  EXPECT_STREQ(hadal_element_type_name(static_cast<hadal_element_type_t>(99)), "unknown");
  EXPECT_EQ(hadal_element_type_size(static_cast<hadal_element_type_t>(99)), 0u);
}

TEST(ApiTest, AMessageIsOnePrintableLineOfBoundedLength) {
  ContextHandle context = makeContext(1);
  std::string error, path(100000, 'x');
  path[3] = '\n';
  loadModule(context.get(), path, &error);
  EXPECT_LT(error.size(), 4200u);
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

} // namespace
} // namespace hadal::test
