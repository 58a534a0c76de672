// SPDX-License-Identifier: Apache-2.0
// Generation defaults and the sampler.
#include "Fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

using namespace hadal::tests;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

SamplerPointer makeSampler(double temperature, int32_t topK, double topP, uint64_t seed,
                           std::string *error = nullptr) {
  hadal_sampler_options_t options{};
  options.struct_size = sizeof(options);
  options.temperature = temperature;
  options.top_k = topK;
  options.top_p = topP;
  options.seed = seed;
  hadal_sampler_t *sampler = nullptr;
  std::string message = take(hadal_sampler_create(&options, &sampler));
  if (error)
    *error = message;
  else if (!sampler)
    throw std::runtime_error(message);
  return SamplerPointer(sampler);
}

std::vector<int32_t> draw(double temperature, int32_t topK, double topP, uint64_t seed,
                          const std::vector<float> &logits, int count) {
  SamplerPointer sampler = makeSampler(temperature, topK, topP, seed);
  std::vector<int32_t> ids;
  for (int i = 0; i < count; ++i) {
    int32_t id = -1;
    EXPECT_EQ(take(hadal_sampler_sample(sampler.get(), logits.data(), logits.size(), &id)), "");
    ids.push_back(id);
  }
  return ids;
}

TEST(Sampler, greedyTakesTheLowerOfEqualLogits) {
  EXPECT_EQ(draw(0, 0, 0, 1, {1, 3, -2, 3}, 1), std::vector<int32_t>{1});
  EXPECT_EQ(draw(0, 0, 0, 1, {-inf, -inf, -5}, 1), std::vector<int32_t>{2});
}

TEST(Sampler, topKOfOneIsGreedyAndTiesTakeTheLowerId) {
  for (int32_t id : draw(5, 1, 0, 9, {1, 3, -2, 3}, 50))
    EXPECT_EQ(id, 1);
  for (int32_t id : draw(1, 2, 0, 9, {1, 1, 1, 1}, 100))
    EXPECT_LT(id, 2);
}

TEST(Sampler, frequenciesFollowTheSoftmax) {
  std::vector<float> logits = {0, 1, 2, -inf, 0.5};
  const int count = 40000;
  for (double temperature : {0.5, 1.0, 2.0}) {
    std::map<int32_t, int> seen;
    for (int32_t id : draw(temperature, 0, 1, 7, logits, count))
      ++seen[id];
    double total = 0;
    for (float logit : logits)
      total += std::exp(logit / temperature);
    for (size_t i = 0; i < logits.size(); ++i)
      EXPECT_NEAR(seen[static_cast<int32_t>(i)] / double(count),
                  std::exp(logits[i] / temperature) / total, 0.01);
  }
}

TEST(Sampler, topPKeepsTheFewestThatHoldTheMass) {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  std::vector<float> logits = {std::log(2.f), std::log(4.f), std::log(1.f), std::log(1.f)};
  for (int32_t id : draw(1, 0, 0.4, 3, logits, 200))
    EXPECT_EQ(id, 1);
  std::map<int32_t, int> seen;
  for (int32_t id : draw(1, 0, 0.7, 3, logits, 4000))
    ++seen[id];
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_NEAR(seen[1] / 4000.0, 2.0 / 3, 0.03);
}

TEST(Sampler, sameSeedSameTokens) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = std::sin(float(i) * 12.9898f) * 3;
  EXPECT_EQ(draw(0.8, 0, 0.9, 42, logits, 50), draw(0.8, 0, 0.9, 42, logits, 50));
  EXPECT_NE(draw(0.8, 0, 0.9, 42, logits, 50), draw(0.8, 0, 0.9, 43, logits, 50));
  // Equal weights make the draws of the generator visible: floor(8 u). Fixed, so
  // that another machine or version that differs is noticed.
  EXPECT_EQ(draw(1, 0, 0, 0, std::vector<float>(8, 0), 12),
            (std::vector<int32_t>{4, 5, 0, 3, 5, 7, 3, 4, 6, 7, 0, 0}));
}

TEST(Sampler, refusesWhatIsNoDistribution) {
  SamplerPointer sampler = makeSampler(1, 0, 1, 0);
  auto sample = [&](std::vector<float> logits) {
    int32_t id = 0;
    return take(hadal_sampler_sample(sampler.get(), logits.data(), logits.size(), &id));
  };
  EXPECT_EQ(sample({0, NAN}), "logits[1]: expected a finite number, got nan");
  EXPECT_EQ(sample({inf, 0}), "logits[0]: expected a finite number, got inf");
  EXPECT_EQ(sample({-inf, -inf}), "logits: expected a finite number among 2, got none");
  EXPECT_EQ(sample({}), "logits: expected a finite number among 0, got none");
  std::string error;
  makeSampler(-1, 0, 1, 0, &error);
  EXPECT_EQ(error, "temperature: expected a finite number that is not negative, got -1");
  makeSampler(NAN, 0, 1, 0, &error);
  EXPECT_NE(error, "");
  makeSampler(1, 0, 1.5, 0, &error);
  EXPECT_EQ(error, "top_p: expected a number above 0 and at most 1, got 1.5");
  makeSampler(1, -3, 1, 0, &error);
  EXPECT_EQ(error, "top_k: expected an integer that is not negative, got -3");
}

std::string readDefaults(const std::string &json, hadal_generation_defaults_t &out) {
  out = {};
  out.struct_size = sizeof(out);
  return take(hadal_generation_defaults_read(json.data(), json.size(), &out));
}

TEST(GenerationDefaults, readsWhatIsThere) {
  hadal_generation_defaults_t d;
  EXPECT_EQ(readDefaults(readFile(HADAL_DEMO_MODEL "/generation_config.json"), d), "");
  EXPECT_EQ(d.do_sample, 1);
  EXPECT_DOUBLE_EQ(d.temperature, 0.7);
  EXPECT_DOUBLE_EQ(d.top_p, 0.95);
  EXPECT_EQ(d.top_k, 0);
  EXPECT_EQ(d.bos_token, 0);
  ASSERT_EQ(d.eos_count, 1u);
  EXPECT_EQ(d.eos_tokens[0], 1);
  EXPECT_EQ(readDefaults(R"({"eos_token_id": [3, 4], "top_k": 20, "temperature": null})", d), "");
  EXPECT_EQ(d.eos_count, 2u);
  EXPECT_EQ(d.eos_tokens[1], 4);
  EXPECT_EQ(d.top_k, 20);
  EXPECT_EQ(d.do_sample, 0);
  EXPECT_DOUBLE_EQ(d.temperature, 1);
  d = {};
  d.struct_size = sizeof(d);
  EXPECT_EQ(take(hadal_generation_defaults_read(nullptr, 0, &d)), "");
  EXPECT_EQ(d.eos_count, 0u);
  EXPECT_EQ(d.bos_token, -1);
}

std::string manyIds(int count) {
  std::string list;
  for (int i = 0; i < count; ++i)
    list += (i ? "," : "") + std::to_string(i);
  return "{\"eos_token_id\": [" + list + "]}";
}

TEST(GenerationDefaults, leavesOutIdsThatNoTokenHas) {
  hadal_generation_defaults_t d;
  EXPECT_EQ(readDefaults(R"({"bos_token_id": -1, "eos_token_id": [-2, 7.0, 4294967296]})", d), "");
  EXPECT_EQ(d.bos_token, -1);
  ASSERT_EQ(d.eos_count, 1u);
  EXPECT_EQ(d.eos_tokens[0], 7);
  EXPECT_EQ(readDefaults(R"({"eos_token_id": -1})", d), "");
  EXPECT_EQ(d.eos_count, 0u);
}

TEST(GenerationDefaults, fillsAsManyIdsAsThereIsRoomFor) {
  hadal_generation_defaults_t d;
  EXPECT_EQ(readDefaults(manyIds(HADAL_MAX_EOS_TOKENS), d), "");
  ASSERT_EQ(d.eos_count, uint32_t(HADAL_MAX_EOS_TOKENS));
  EXPECT_EQ(d.eos_tokens[HADAL_MAX_EOS_TOKENS - 1], HADAL_MAX_EOS_TOKENS - 1);
  EXPECT_EQ(readDefaults(manyIds(HADAL_MAX_EOS_TOKENS + 1), d),
            "generation_config.json: eos_token_id: expected at most 128 ids, got 129");
  // A caller that was built when there was room for 16, and padding.
  const size_t old = offsetof(hadal_generation_defaults_t, eos_tokens) + 17 * sizeof(int32_t);
  std::string json = manyIds(16);
  d = {};
  d.struct_size = old;
  d.eos_tokens[17] = -5;
  EXPECT_EQ(take(hadal_generation_defaults_read(json.data(), json.size(), &d)), "");
  EXPECT_EQ(d.eos_count, 16u);
  EXPECT_EQ(d.eos_tokens[15], 15);
  EXPECT_EQ(d.eos_tokens[17], -5);
  json = manyIds(17);
  EXPECT_EQ(take(hadal_generation_defaults_read(json.data(), json.size(), &d)),
            "generation_config.json: eos_token_id: expected at most 16 ids, got 17");
}

TEST(GenerationDefaults, namesTheField) {
  hadal_generation_defaults_t d;
  EXPECT_EQ(readDefaults("{\"temperature\": \"hot\"}", d),
            "generation_config.json: temperature: expected a number, got \"hot\"");
  EXPECT_EQ(readDefaults("{\"top_p\": 2}", d),
            "generation_config.json: top_p: expected a number above 0 and at most 1, got 2");
  EXPECT_EQ(readDefaults("{\"eos_token_id\": [1, \"</s>\"]}", d),
            "generation_config.json: eos_token_id[1]: expected a token id, got \"</s>\"");
  EXPECT_EQ(readDefaults("{\"bos_token_id\": 1.5}", d),
            "generation_config.json: bos_token_id: expected a token id, got 1.5");
  EXPECT_EQ(readDefaults("{\"temperature\": NaN}", d),
            "generation_config.json: expected JSON, reading stopped at byte 17 of 20");
  EXPECT_EQ(readDefaults("[]", d), "generation_config.json: expected an object, got an array of 0");
}

} // namespace
