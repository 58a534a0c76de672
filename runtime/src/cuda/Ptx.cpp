// SPDX-License-Identifier: Apache-2.0
// PTX text: its level and its entries, read from the directives alone.
#include "cuda/Image.h"

#include <cctype>

namespace hadal::cuda {
namespace {

// Words of PTX text: what is between spaces, comments and punctuation.
class Words {
public:
  explicit Words(std::string_view text) : text(text) {}

  /// The next word, or "" at the end.
  std::string_view next() {
    while (at < text.size()) {
      if (text.substr(at, 2) == "//")
        skipTo("\n");
      else if (text.substr(at, 2) == "/*")
        skipTo("*/");
      else if (text[at] == '"') {
        ++at;
        skipTo("\"");
      } else if (isWord(text[at]))
        break;
      else
        ++at;
    }
    size_t begin = at;
    while (at < text.size() && isWord(text[at]))
      ++at;
    return text.substr(begin, at - begin);
  }

private:
  static bool isWord(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' ||
           c == '.';
  }
  void skipTo(std::string_view end) {
    size_t found = text.find(end, at);
    at = found == std::string_view::npos ? text.size() : found + end.size();
  }

  std::string_view text;
  size_t at = 0;
};

} // namespace

bool readPtx(std::string_view image, ImageFacts &out, std::string &why) {
  while (!image.empty() && !image.back())
    image.remove_suffix(1);
  if (size_t zero = image.find('\0'); zero != std::string_view::npos) {
    why = "expected PTX text or an ELF file, got a zero byte at " + std::to_string(zero);
    return false;
  }
  Words words(image);
  bool version = false, wide = false, target = false;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (!version && word != ".version") {
      why = "expected PTX text that begins with .version, got '" + std::string(word.substr(0, 40)) +
            "'";
      return false;
    }
    if (word == ".version") {
      version = true;
    } else if (word == ".target") {
      std::string_view level = words.next();
      target = parseLevel(level, out.level);
      if (!target) {
        why = "expected a .target such as sm_80, got '" + std::string(level.substr(0, 40)) + "'";
        return false;
      }
    } else if (word == ".address_size") {
      wide = words.next() == "64";
    } else if (word == ".entry") {
      out.functions.emplace(words.next());
    }
  }
  if (!version || !target || !wide) {
    why = !version  ? "expected PTX text, got none"
          : !target ? "expected a .target, got none"
                    : "expected .address_size 64, got another or none";
    return false;
  }
  return true;
}

} // namespace hadal::cuda
