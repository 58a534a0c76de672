// SPDX-License-Identifier: Apache-2.0
// Times prefill and decode beside the machine's roofs.
#include "Measure.h"
#include "support/Diagnostics.h"
#include "support/Step.h"

#include <algorithm>
#include <chrono>
#include <map>

#include <unistd.h>

namespace hadal::tools {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// A step that gives each of `batch` slots `count` tokens.
Step drawStep(uint32_t batch, uint32_t count, uint32_t position, uint32_t vocabulary,
              uint64_t &seed) {
  Step step;
  std::vector<int32_t> ids(count);
  for (uint32_t s = 0; s < batch; ++s) {
    for (int32_t &id : ids) {
      // Knuth's generator (MMIX); its upper bits spread the tokens over experts.
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      id = static_cast<int32_t>((seed >> 33) % vocabulary);
    }
    step.add(s, position, ids.data(), count, Rows::last);
  }
  return step;
}

/// Sums launches by executable.
class Profile {
public:
  explicit Profile(hadal_session_t *session) : session(session) {
    hadal_session_set_launch_callback(session, onLaunch, this);
  }
  ~Profile() { hadal_session_set_launch_callback(session, nullptr, nullptr); }

  /// Figures of one of `steps` steps, what weighs most first.
  std::vector<KernelFigure> kernels(double steps) const {
    std::vector<KernelFigure> result;
    for (const auto &entry : sums) {
      result.push_back(entry.second);
      KernelFigure &kernel = result.back();
      kernel.launches = static_cast<uint64_t>(static_cast<double>(kernel.launches) / steps);
      kernel.seconds /= steps;
      kernel.bytes /= steps;
      kernel.flops /= steps;
    }
    // Of what was counted those that move most, so that the order is the same each time.
    auto weight = [this](const KernelFigure &kernel) {
      const Counters &c = kernel.counters;
      return counted ? static_cast<double>(c.readDistinct + c.writeDistinct) : kernel.seconds;
    };
    std::sort(result.begin(), result.end(), [&](const KernelFigure &a, const KernelFigure &b) {
      return weight(a) != weight(b) ? weight(a) > weight(b) : a.name < b.name;
    });
    return result;
  }

  /// Whether the device counts.
  bool counts() const { return counted; }

private:
  static void onLaunch(void *user, const hadal_launch_t *launch) {
    auto &profile = *static_cast<Profile *>(user);
    KernelFigure &kernel = profile.sums[launch->executable];
    kernel.name = launch->executable;
    kernel.family = launch->family;
    ++kernel.launches;
    kernel.seconds += static_cast<double>(launch->duration_ns) * 1e-9;
    kernel.bytes += static_cast<double>(launch->bytes);
    kernel.flops += static_cast<double>(launch->flops);
    kernel.readBytes += launch->read_bytes;
    kernel.writeBytes += launch->write_bytes;
    if (launch->counters) {
      profile.counted = true;
      kernel.counters += readCounters(launch->counters);
    }
  }
  hadal_session_t *session;
  bool counted = false;
  std::map<std::string, KernelFigure> sums;
};

class Bench {
public:
  Bench(Model &model, uint32_t threads, const Plan &plan)
      : model(model), team(threads), ranges(decodeRanges(model)), plan(plan) {}

  Figure run(bool decode, uint32_t tokens, uint32_t batch) {
    if (isatty(STDERR_FILENO))
      std::fprintf(stderr, "\rmeasuring %s %u, batch %u, %u threads\033[K",
                   decode ? "decode at" : "prefill of", tokens, batch, team.size());
    Figure figure;
    figure.decode = decode;
    figure.tokens = tokens;
    figure.batch = batch;
    figure.threads = team.size();
    float *out = logits.resize(static_cast<uint64_t>(batch) * model.info().vocab_size);
    if (decode && tokens > 0)
      fill(tokens, batch, out);
    // The steps of one position can be repeated: each forgets the one before.
    Step step =
        drawStep(batch, decode ? 1 : tokens, decode ? tokens : 0, model.info().vocab_size, seed);
    {
      Profile profile(model.session());
      check(step.run(model.session(), out));
      // How long a simulator takes says nothing of what it simulates.
      if (profile.counts()) {
        figure.counted = true;
        figure.kernels = profile.kernels(1);
        return figure;
      }
    }
    uint32_t inner = stepsPerRepeat(step, out);

    std::vector<double> seconds, reads, dots, readShares, dotShares;
    {
      Profile profile(model.session());
      for (uint32_t i = 0; i < inner; ++i)
        check(step.run(model.session(), out));
      figure.kernels = profile.kernels(inner);
    }
    for (const KernelFigure &kernel : figure.kernels) {
      figure.bytes += kernel.bytes;
      figure.flops += kernel.flops;
    }
    if (plan.onHost)
      measureRead(team, ranges);
    for (uint32_t i = 0; i < plan.repeat; ++i) {
      double read = plan.onHost ? measureRead(team, ranges) : 0;
      double time = timeSteps(step, out, inner);
      double dot = plan.onHost ? measureDot(team, 0.02) : 0;
      seconds.push_back(time);
      reads.push_back(read);
      dots.push_back(dot);
      readShares.push_back(read > 0 ? figure.bytes / time / read : 0);
      dotShares.push_back(dot > 0 ? figure.flops / time / dot : 0);
    }
    figure.seconds = median(seconds);
    figure.readRate = median(reads);
    figure.dotRate = median(dots);
    figure.readShare = median(readShares);
    figure.dotShare = median(dotShares);
    return figure;
  }

private:
  double timeSteps(const Step &step, float *out, uint32_t count) {
    auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < count; ++i)
      check(step.run(model.session(), out));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / count;
  }

  /// Short steps are repeated for about 20 ms.
  uint32_t stepsPerRepeat(const Step &step, float *out) {
    double once = timeSteps(step, out, 1);
    return once <= 0 ? 32 : std::clamp<uint32_t>(static_cast<uint32_t>(0.02 / once), 1, 64);
  }

  /// Gives every slot so many tokens, in chunks that keep the arena small.
  void fill(uint32_t tokens, uint32_t batch, float *out) {
    constexpr uint32_t chunk = 512;
    for (uint32_t done = 0; done < tokens; done += chunk)
      check(drawStep(batch, std::min(chunk, tokens - done), done, model.info().vocab_size, seed)
                .run(model.session(), out));
  }

  Model &model;
  Team team;
  std::vector<ByteRange> ranges;
  const Plan &plan;
  LogitsBuffer logits;
  uint64_t seed = 1;
};

} // namespace

std::vector<Figure> measure(Model &model, const Plan &plan, uint32_t threads) {
  uint64_t capacity = 1, slots = 1;
  for (uint64_t tokens : plan.prefill)
    capacity = std::max(capacity, tokens);
  for (uint64_t context : plan.decode)
    capacity = std::max(capacity, context + 1);
  for (uint64_t batch : plan.batches)
    slots = std::max(slots, batch);
  if (capacity > model.info().max_positions)
    fail(model.path() + ": expected lengths of at most " + model.contextLimit() + ", got " +
         std::to_string(capacity));
  model.openSession(static_cast<uint32_t>(slots), static_cast<uint32_t>(capacity));
  Bench bench(model, threads, plan);
  std::vector<Figure> figures;
  for (uint64_t batch : plan.batches) {
    for (uint64_t tokens : plan.prefill)
      figures.push_back(
          bench.run(false, static_cast<uint32_t>(tokens), static_cast<uint32_t>(batch)));
    for (uint64_t context : plan.decode)
      figures.push_back(
          bench.run(true, static_cast<uint32_t>(context), static_cast<uint32_t>(batch)));
  }
  if (isatty(STDERR_FILENO))
    std::fprintf(stderr, "\r\033[K");
  return figures;
}

} // namespace hadal::tools
