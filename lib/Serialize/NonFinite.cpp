// SPDX-License-Identifier: Apache-2.0
// Finds weights that are no finite numbers, and says where they are.
#include "NonFinite.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace hadal;

/// Values of a tensor that are told one by one.
static constexpr size_t kFirst = 3;

namespace {
/// How to see in the bits of an element that it is not finite: its magnitude
/// plus `lift` reaches `sign` from the smallest such magnitude on.
struct ElementBits {
  unsigned width;
  uint64_t sign, lift;
};
} // namespace

static ElementBits bitsOf(Type element) {
  if (element.isF32())
    return {32, 0x80000000, 0x00800000};
  if (element.isBF16())
    return {16, 0x8000, 0x0080};
  if (element.isF16())
    return {16, 0x8000, 0x0400};
  return {8, 0x80, 0x01}; // f8E4M3FN, which has no infinities
}

bool hadal::hasNonFinite(Type element, const void *data, size_t bytes) {
  ElementBits bits = bitsOf(element);
  uint64_t lanes = ~uint64_t(0) / ((uint64_t(1) << bits.width) - 1); // a 1 in each
  uint64_t sign = lanes * bits.sign, magnitude = ~sign, lift = lanes * bits.lift;
  const char *at = static_cast<const char *>(data), *end = at + bytes;
  // As a vector, since the compiler's own code is not built to be vectorised.
  using Words = uint64_t __attribute__((vector_size(32)));
  constexpr size_t block = 4096;
  while (at != end) {
    size_t size = std::min<size_t>(block, end - at);
    Words words = {}, reached = {};
    // A sum cannot carry into the next element, so all of them may be or-ed.
    for (; size >= sizeof words; size -= sizeof words, at += sizeof words) {
      std::memcpy(&words, at, sizeof words);
      reached |= (words & magnitude) + lift;
    }
    words = Words{};
    std::memcpy(&words, at, size);
    at += size;
    reached |= (words & magnitude) + lift;
    if ((reached[0] | reached[1] | reached[2] | reached[3]) & sign)
      return true;
  }
  return false;
}

static std::string describe(float value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value > 0 ? "inf" : "-inf";
  return llvm::formatv("{0:e3}", value).str();
}

/// "[3, 5]" for an element of a tensor in row-major order.
static std::string describeIndex(ArrayRef<int64_t> shape, int64_t element) {
  SmallVector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = element % shape[i];
    element /= shape[i];
  }
  return llvm::formatv("[{0:$[, ]}]", llvm::make_range(index.begin(), index.end())).str();
}

NonFiniteValues::Found &NonFiniteValues::foundIn(SourceAttr source, StringRef expected) {
  auto name = StringAttr::get(source.getContext(), source.getTensor());
  Found &found = tensors[{source.getFile(), name}];
  found.path = files.path(source);
  found.tensor = source.getTensor().str();
  found.expected = expected.str();
  return found;
}

void NonFiniteValues::count(Found &found, SourceAttr source, int64_t element, float value) {
  if (found.count++ >= kFirst)
    return;
  // A source may be a slice of a tensor.
  TensorExtent stored = files.tensor(source);
  int64_t elementBytes = source.getType().getElementTypeBitWidth() / 8;
  int64_t before = (source.getOffset() - stored.offset) / elementBytes;
  found.first.push_back(describe(value) + " at " + describeIndex(stored.shape, before + element));
}

bool NonFiniteValues::addStored(SourceAttr source, Type packed, Load load) {
  auto [entry, isNew] = sources.try_emplace({source.getFile(), source.getOffset()}, false);
  if (!isNew)
    return entry->second;
  Found *found = nullptr;
  int64_t elements = source.getType().getNumElements();
  for (int64_t i = 0; i < elements; ++i) {
    float value = load(i);
    if (std::isfinite(value))
      continue;
    if (!found) {
      found = &foundIn(source, "finite values");
      if (isa<Float8E4M3FNType>(packed))
        found->remark = "; kernels read a NaN of f8E4M3FN as 480";
    }
    count(*found, source, i, value);
  }
  return entry->second = found;
}

void NonFiniteValues::addOverflow(SourceAttr source, Type packed, Load load,
                                  llvm::function_ref<float(float)> convert) {
  Found *found = nullptr;
  int64_t elements = source.getType().getNumElements();
  for (int64_t i = 0; i < elements; ++i) {
    float value = load(i);
    if (std::isfinite(convert(value)))
      continue;
    if (!found)
      found = &foundIn(source, llvm::formatv("values that {0} can hold", packed).str());
    count(*found, source, i, value);
  }
  sources[{source.getFile(), source.getOffset()}] = found;
}

std::vector<Problem> NonFiniteValues::lines() const {
  ProblemList list;
  for (const auto &[key, found] : tensors) {
    std::string message = "expected " + found.expected + ", got " + llvm::join(found.first, ", ");
    if (size_t more = found.count - found.first.size())
      message += " and " + formatCount(more) + " more";
    list.add({found.path, found.tensor, message + found.remark});
  }
  return list.lines();
}

llvm::Error NonFiniteValues::error() const {
  return llvm::createStringError("expected finite weights, got " + formatCount(tensors.size()) +
                                 " tensor" + (tensors.size() == 1 ? "" : "s") +
                                 " with others; --allow-nonfinite packs them as they are");
}
