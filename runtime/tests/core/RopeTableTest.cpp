// SPDX-License-Identifier: Apache-2.0
// Rotary tables: their values, and sessions that compute them.
#include "core/RopeTable.h"
#include "Run.h"
#include "core/Artifact.h"

#include <cmath>

namespace hadal::test {
namespace {

runtime::RopeTable makeTable(TableComponent component, uint32_t dim, double factor) {
  return {component, dim, 10000, factor, 128, 32, 1, 1, true};
}

// XXH3-64 of the first rows.
uint64_t hashTable(const runtime::RopeTable &table, int64_t rows) {
  std::vector<float> frequencies = runtime::ropeFrequencies(table);
  std::vector<float> values(static_cast<size_t>(rows) * frequencies.size());
  for (int64_t p = 0; p < rows; ++p)
    runtime::ropeTableRow(table, frequencies, p,
                          values.data() + static_cast<size_t>(p) * frequencies.size());
  return runtime::hashBytes(values.data(), values.size() * sizeof(float));
}

// Artifacts that held tables had these bytes of them, and logits depend on every bit.
TEST(RopeTableTest, YarnBitForBit) {
  EXPECT_EQ(hashTable(makeTable(TableComponent::cos, 16, 40), 5120), 0xa1b2978980e93cf9u);
  EXPECT_EQ(hashTable(makeTable(TableComponent::sin, 16, 40), 5120), 0xbebf6b5ae9a43a89u);
}

TEST(RopeTableTest, WithoutYarnFrequenciesArePowers) {
  runtime::RopeTable table = makeTable(TableComponent::sin, 4, 1);
  table.mscale = 2;
  std::vector<float> frequencies = runtime::ropeFrequencies(table);
  EXPECT_EQ(frequencies, (std::vector<float>{1, 1 / 100.0f}));
  float row[2];
  runtime::ropeTableRow(table, frequencies, 3, row);
  EXPECT_FLOAT_EQ(row[0], 2 * std::sin(3.0f));
  EXPECT_FLOAT_EQ(row[1], 2 * std::sin(0.03f));
}

// A blend of equals is not always their equal, in f32: transformers blends with a factor of 1 too.
TEST(RopeTableTest, YarnOfFactorOneBlends) {
  runtime::RopeTable table = makeTable(TableComponent::cos, 64, 1);
  std::vector<float> plain = runtime::ropeFrequencies(table);
  table.yarn = true;
  std::vector<float> yarn = runtime::ropeFrequencies(table);
  EXPECT_NE(yarn, plain);
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_GE(yarn[i], std::nextafter(plain[i], 0.0f));
    EXPECT_LE(yarn[i], std::nextafter(plain[i], 2.0f));
  }
}

// YaRN keeps what turns fast, and slows down what turns slowly.
TEST(RopeTableTest, YarnBlends) {
  std::vector<float> plain = runtime::ropeFrequencies(makeTable(TableComponent::cos, 64, 1));
  std::vector<float> yarn = runtime::ropeFrequencies(makeTable(TableComponent::cos, 64, 40));
  EXPECT_EQ(yarn.front(), plain.front());
  EXPECT_FLOAT_EQ(yarn.back(), plain.back() / 40);
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_LE(yarn[i], plain[i]);
    EXPECT_GE(yarn[i], plain[i] / 40 * 0.999f);
  }
}

// The test model with a table in the place of its weight.
class RopeSessionTest : public testing::Test {
protected:
  void load(uint64_t positions, uint32_t dim) {
    ModelSpec model = makeModel();
    model.maxPositions = model.modelPositions = static_cast<uint32_t>(positions);
    RopeTableSpec table;
    table.dim = dim;
    model.parameters.push_back(
        {"rope.cos", ElementType::f32, {positions, dim / 2}, "", 0, 0, 0, 0, table});
    model.programs[0].blockTables[0].pageSize = 1 << 20;
    for (EntrySpec &entry : model.programs[0].entries) {
      entry.ops[3].launch.bindings[1] = Binding(1, BindingKind::parameter);
      for (OpSpec *op : {&entry.ops[0], &entry.ops[1]})
        for (OpSpec *launch : {op, op->thenOps.data(), op->elseOps.data()})
          if (launch && launch->kind == OpBody::Launch)
            launch->launch.constants[0] = entry.constant(1 << 20);
    }
    size = serialize(model).size();
    module = loadModule(context.get(), writeModel(folder, model));
  }

  uint64_t computedBytes(hadal_session_t *session) {
    hadal_session_memory_t memory = {};
    memory.struct_size = sizeof memory;
    hadal_session_memory(session, &memory);
    return memory.computed_bytes;
  }

  TemporaryFolder folder;
  ContextHandle context = makeContext(2);
  ModuleHandle module;
  size_t size = 0;
};

TEST_F(RopeSessionTest, TablesAreAsLongAsTheSession) {
  load(64, 4);
  SessionHandle session = makeSession(module.get(), 1, 8);
  EXPECT_EQ(computedBytes(session.get()), 8u * 2 * sizeof(float));
  std::vector<float> logits, expected(12);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {3}), &logits), "ok");
  runtime::RopeTable table = makeTable(TableComponent::cos, 4, 1);
  for (int64_t p = 0; p < 6; ++p)
    runtime::ropeTableRow(table, runtime::ropeFrequencies(table), p, expected.data() + 2 * p);
  for (size_t v = 0; v < logits.size(); ++v)
    EXPECT_EQ(logits[v], 3 * expected[v]) << v;
}

TEST_F(RopeSessionTest, ManyPositionsCostNothingInTheArtifact) {
  load(64, 4);
  size_t few = size;
  load(1 << 22, 4);
  EXPECT_EQ(size, few);
  SessionHandle session = makeSession(module.get(), 1, 1 << 22);
  EXPECT_EQ(computedBytes(session.get()), uint64_t(1) << 25);
}

TEST_F(RopeSessionTest, ASessionSaysWhatItCannotHave) {
  load(INT32_MAX, 1 << 16);
  std::string error;
  makeSession(module.get(), 1, INT32_MAX, &error);
  EXPECT_EQ(
      error.find("options.capacity: rotary tables of 2147483647 positions take 281474976579584 B: "
                 "rope.cos: cannot allocate 281474976579584 B: "),
      0u)
      << error;
}

TEST_F(RopeSessionTest, AComputedParameterHasNoBytes) {
  load(64, 4);
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 1, &info)), "ok");
  EXPECT_STREQ(info.file, "");
  EXPECT_STREQ(info.file_path, "");
  EXPECT_EQ(info.size, 0u);
  EXPECT_EQ(info.data, nullptr);
  EXPECT_EQ(info.shape[0], 64u);
  EXPECT_EQ(take(hadal_module_verify_parameter(module.get(), 1)), "ok");
  hadal_model_info_t model = {};
  model.struct_size = sizeof model;
  hadal_module_model_info(module.get(), &model);
  EXPECT_EQ(model.weight_bytes, 44u);
}

} // namespace
} // namespace hadal::test
