// SPDX-License-Identifier: Apache-2.0
// libFuzzer target over the parser and the decoder: any text is either refused with a message or decoded.
#include "Decoder.h"
#include "Parser.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace hadal::sim;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string error;
  std::unique_ptr<AstModule> ast = parseModule(std::string(reinterpret_cast<const char *>(data), size), error);
  std::unique_ptr<Program> program;
  if (ast)
    program = decodeModule(std::move(ast), bestLevel(), error);
  if (!program && error.empty())
    std::abort(); // refused without a reason
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

/// A half-open range of bytes.
struct Span {
  size_t begin, end;
};

/// Lines with their line ends, or words (runs of letters, digits and `_.%$`).
std::vector<Span> cut(const std::string &text, bool words) {
  std::vector<Span> spans;
  size_t at = 0;
  while (at < text.size()) {
    size_t begin = at;
    if (!words) {
      at = text.find('\n', at);
      at = at == std::string::npos ? text.size() : at + 1;
      spans.push_back({begin, at});
      continue;
    }
    auto inWord = [&] { return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || std::strchr("_.%$", text[at])); };
    while (inWord())
      ++at;
    if (at > begin)
      spans.push_back({begin, at});
    else
      ++at;
  }
  return spans;
}

} // namespace

// Mutates lines and words, so that mutants get past the lexer; bytes one time in four.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  if (size == 0 || random() % 4 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text(reinterpret_cast<const char *>(data), size);
  bool words = random() % 2;
  std::vector<Span> spans = cut(text, words);
  if (spans.empty())
    return LLVMFuzzerMutate(data, size, maxSize);
  Span from = spans[random() % spans.size()], to = spans[random() % spans.size()];
  std::string piece = text.substr(from.begin, from.end - from.begin);
  switch (random() % 3) {
  case 0: text.replace(to.begin, to.end - to.begin, piece); break;
  case 1: text.erase(to.begin, to.end - to.begin); break;
  default: text.insert(to.begin, words ? piece.substr(0, 1 + random() % piece.size()) : piece);
  }
  size = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), size);
  return size;
}
