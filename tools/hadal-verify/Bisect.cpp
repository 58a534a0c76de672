// SPDX-License-Identifier: Apache-2.0
// Finds the first op, and the first launch of it, that differs from its expansion.
#include "Bisect.h"
#include "support/Diagnostics.h"

#include "hadal_tap_names.h"

#include <set>

namespace hadal::tools {
namespace {

/// What sums may differ by that are made in f32 in another order, and in native precision, where
/// what kernels keep to themselves is rounded to bf16 at other places than in expansions.
constexpr double kOfF32 = 1e-5, kOfBF16 = 8e-3;

bool startsWith(const std::string &text, const std::string &prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}
bool isOp(const std::string &tap) { return startsWith(tap, kOpTapPrefix); }
/// The name of a tap, with the prefix of what kernels make for what expansions do.
std::string likeOfKernel(const std::string &tap) {
  return startsWith(tap, kExpansionTapPrefix)
             ? kOpTapPrefix + tap.substr(sizeof kExpansionTapPrefix - 1)
             : tap;
}
bool isPart(const std::string &tap) { return startsWith(tap, kPartTapPrefix); }
std::string nameOf(const std::string &tap) { return tap.substr(tap.find(':') + 1); }
/// Without the number of a result.
std::string opOf(const std::string &tap) { return nameOf(tap.substr(0, tap.rfind('#'))); }

void requireSame(const Model &model, const Model &plain) {
  auto require = [&](const char *what, const std::string &ours, const std::string &theirs) {
    if (ours != theirs)
      fail(plain.path() + ": expected " + what + " " + ours + ", that of " + model.path() +
           ", got " + theirs);
  };
  const hadal_model_info_t &a = model.info(), &b = plain.info();
  require("the family", a.family, b.family);
  require("the precision", a.precision, b.precision);
  require("layers", std::to_string(a.layers), std::to_string(b.layers));
  require("a hidden size of", std::to_string(a.hidden_size), std::to_string(b.hidden_size));
  require("a vocabulary of", std::to_string(a.vocab_size), std::to_string(b.vocab_size));
}

class Search {
public:
  Search(Model &model, Model &plain, const TestSteps &steps, std::optional<double> tolerance)
      : model(model), plain(plain), steps(steps), tolerance(tolerance) {}

  Bisection run() {
    requireSame(model, plain);
    model.openSession(steps.slots, steps.capacity);
    plain.openSession(steps.slots, steps.capacity);
    hadal_session_set_tap_callback(plain.session(), onPlainTap, this);
    hadal_session_set_tap_callback(model.session(), onTap, this);
    hadal_session_set_launch_callback(model.session(), onLaunch, this);
    for (step = 0; step < steps.steps.size() && !result.op; ++step) {
      wanted.clear();
      rightOps.clear();
      runStep(plain);
      if (step == 0)
        requireTaps(makesAny(kOpTapPrefix), plain, "--plain --taps");
      if (!kernelOfPlain.empty())
        fail(plain.path() + ": expected expansions alone, got a kernel for '" + kernelOfPlain +
             "': compile it with --plain --taps");
      runModel();
      if (step == 0)
        requireTaps(sawOp, model, "--taps");
      ++result.steps;
      if (!result.op)
        continue;
      // Again, with equal inputs of each part of what is not known to be right.
      looksInside = true;
      runModel();
      if (result.part)
        nameOpOf(*result.part);
    }
    result.uncompared.assign(uncompared.begin(), uncompared.end());
    hadal_session_set_tap_callback(model.session(), nullptr, nullptr);
    hadal_session_set_launch_callback(model.session(), nullptr, nullptr);
    hadal_session_set_tap_callback(plain.session(), nullptr, nullptr);
    return std::move(result);
  }

private:
  static void requireTaps(bool hasThem, const Model &of, const char *options) {
    if (!hasThem)
      fail(of.path() + ": expected taps of what ops make, got none: compile it with " + options);
  }

  void runModel() {
    rightLaunches.clear();
    last = {};
    runStep(model);
  }

  void runStep(Model &which) {
    const Step &each = steps.steps[step];
    logits.resize(each.rows.size() * which.info().vocab_size);
    hadal_status_t status = each.run(which.session(), logits.data());
    if (status && hadal_status_code(status) == HADAL_STATUS_CANCELLED) {
      hadal_status_release(status); // it is known what differs
      return;
    }
    check(status);
  }

  static void onPlainTap(void *user, const hadal_tap_t *tap) {
    auto &self = *static_cast<Search *>(user);
    if (isOp(tap->name))
      self.kernelOfPlain = nameOf(tap->name);
    self.wanted.emplace(likeOfKernel(tap->name), TapValue(*tap));
  }

  static void onLaunch(void *user, const hadal_launch_t *launch) {
    auto &self = *static_cast<Search *>(user);
    self.last = {launch->entry, launch->label, launch->executable, launch->level, launch->index};
    ++self.result.launches;
  }

  static void onTap(void *user, const hadal_tap_t *tap) {
    static_cast<Search *>(user)->compareTap(*tap);
  }

  void compareTap(const hadal_tap_t &tap) {
    std::string name = likeOfKernel(tap.name);
    bool ofOp = isOp(name),
         ofPart = looksInside && isPart(name) && !rightOps.count(opOfPart(nameOf(name)));
    if (!ofOp && !ofPart)
      return;
    sawOp |= ofOp;
    auto found = wanted.find(name);
    if (found == wanted.end() || !found->second.isLike(tap)) {
      if (ofOp)
        uncompared.insert(nameOf(name));
      return;
    }
    Deviation deviation;
    deviation.difference = difference(tap, found->second);
    deviation.limit = limitOf(found->second);
    if (deviation.difference.error > deviation.limit) {
      if (looksInside && ofOp) { // and no part of it does
        result.partsAgree = rightLaunches.count(last.index) != 0;
        hadal_session_cancel(model.session());
        return;
      }
      deviation.name = nameOf(name);
      deviation.step = step;
      deviation.launch = last;
      (ofPart ? result.part : result.op) = deviation;
      hadal_session_cancel(model.session());
      return;
    }
    result.values += !looksInside;
    if (ofOp)
      rightOps.insert(opOf(name));
    if (ofPart)
      rightLaunches.insert(last.index);
    hadal_status_release(hadal_session_replace_tap(model.session(), found->second.bytes.data(),
                                                   found->second.bytes.size()));
  }

  /// The name of the op that a part is of, or nothing.
  std::string opOfPart(std::string part) const {
    const char separators[] = {kPartSeparator, kStepSeparator, 0};
    part = part.substr(0, part.find('#'));
    while (!part.empty() && !wanted.count(kOpTapPrefix + part))
      if (size_t end = part.find_last_of(separators); end != std::string::npos)
        part.erase(end);
      else
        part.clear();
    return part;
  }

  /// Where kernels compute several ops at once, a part that differs may be of another one
  /// than that whose value was found to.
  void nameOpOf(const Deviation &part) {
    std::string name = opOfPart(part.name);
    if (name.empty() || name == result.op->name)
      return;
    result.op = part; // what is known of it
    result.op->name = name;
  }

  /// Whether the expansions have a tap whose name begins so.
  bool makesAny(const std::string &begin) const {
    auto found = wanted.lower_bound(begin);
    return found != wanted.end() && startsWith(found->first, begin);
  }

  double limitOf(const TapValue &value) const {
    if (!value.isFloat())
      return 0;
    if (tolerance)
      return *tolerance;
    return std::string(model.info().precision) == "reference" ? kOfF32 : kOfBF16;
  }

  Model &model, &plain;
  const TestSteps &steps;
  std::optional<double> tolerance;
  Bisection result;
  size_t step = 0;
  TapValues wanted;   // of this step, what the expansions make
  std::string kernelOfPlain; // an op that `plain` has a kernel for, or nothing
  bool sawOp = false; // a tap of the model, of what an op makes
  std::set<std::string> uncompared;
  bool looksInside = false;          // the second time, at the step of a finding
  std::set<std::string> rightOps; // of this step, the first time
  std::set<uint32_t> rightLaunches;  // of this step, of parts
  LaunchPlace last;
  std::vector<float> logits;
};

} // namespace

Bisection bisect(Model &model, Model &plain, const TestSteps &steps,
                 std::optional<double> tolerance) {
  return Search(model, plain, steps, tolerance).run();
}

} // namespace hadal::tools
