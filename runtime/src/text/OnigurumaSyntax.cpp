// SPDX-License-Identifier: Apache-2.0
// Rewrites patterns from Oniguruma's syntax to PCRE2's.
//
// The differences that matter, with what is written instead:
//   \s \S        White_Space, without U+180E        \p{White_Space}
//   \w \W        Alphabetic, marks, digits, Pc      a class of these
//   \h \H        a hexadecimal digit                a class of these
//   \p{Han}      the script, without extensions     \p{sc:Han}
//   \uHHHH       a code point                       \x{HHHH}
//   X{n,m}+      repeats of repeats, not possessive (?:X{n,m})+
//   X{n}?        once or not at all, not lazy       (?:X{n})?
//   X{,m}        from zero to m                     X{0,m}
//   [a&&[b]]     an intersection                    (?:(?=[b])[a])
//   [a[bc]]      a union                            [abc]
#include "Regex.h"

#include <string>
#include <vector>

namespace hadal::text {

namespace {

constexpr const char *wordSet = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
constexpr const char *hexSet = "0-9a-fA-F";

class Translator {
public:
  explicit Translator(std::string_view pattern) : in(pattern) {}

  Error run(std::string &out) {
    while (at < in.size())
      if (Error error = element())
        return error;
    if (!groups.empty())
      return fail("a group that is not closed");
    out = std::move(text);
    return {};
  }

private:
  Error fail(const std::string &what) const {
    return Error("expected a regular expression, got " + quote(in) + ": " + what + " at byte " +
                 std::to_string(at));
  }
  bool isNext(std::string_view word) const { return in.substr(at, word.size()) == word; }

  /// Everything appended since `atom` is what a quantifier repeats.
  void beginAtom() { atom = text.size(); }

  Error element() {
    char c = in[at];
    switch (c) {
    case '\\': return escape();
    case '[': {
      beginAtom();
      std::string set;
      if (Error error = bracket(set, 0))
        return error;
      text += set;
      return {};
    }
    case '(': return openGroup();
    case ')':
      if (groups.empty())
        return fail("a ')' without '('");
      text += c;
      atom = groups.back();
      groups.pop_back();
      ++at;
      return {};
    case '*':
    case '+':
    case '?':
      text += c;
      ++at;
      // Lazy and possessive forms mean the same in both.
      if (isNext("?") || isNext("+"))
        text += in[at++];
      return {};
    case '{': return interval();
    default:
      beginAtom();
      copyCodePoint(text);
      return {};
    }
  }

  void copyCodePoint(std::string &to) {
    do
      to += in[at++];
    while (at < in.size() && (static_cast<unsigned char>(in[at]) & 0xC0) == 0x80);
  }

  Error openGroup() {
    groups.push_back(text.size());
    if (!isNext("(?")) {
      text += in[at++];
      return {};
    }
    for (std::string_view plain : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:"})
      if (isNext(plain)) {
        text += plain;
        at += plain.size();
        return {};
      }
    // Later on it would bind differently: Oniguruma's spans alternatives.
    if (isNext("(?i)") && text.empty()) {
      text += "(?i)";
      at += 4;
      groups.pop_back();
      return {};
    }
    return fail("a group of an unsupported kind");
  }

  /// {n}, {n,}, {n,m} or {,m}; any other brace stands for itself.
  Error interval() {
    size_t end = at + 1;
    auto digits = [&] {
      size_t start = end;
      while (end < in.size() && in[end] >= '0' && in[end] <= '9')
        ++end;
      return std::string(in.substr(start, end - start));
    };
    std::string low = digits();
    bool comma = end < in.size() && in[end] == ',';
    std::string high;
    if (comma) {
      ++end;
      high = digits();
    }
    if (end >= in.size() || in[end] != '}' || (low.empty() && high.empty())) {
      beginAtom();
      text += "\\{";
      ++at;
      return {};
    }
    at = end + 1;
    text += "{" + (low.empty() ? "0" : low) + (comma ? "," + high : "") + "}";
    if (isNext("?") && comma) {
      text += "?";
      ++at;
    } else if (isNext("?") || isNext("+") || isNext("*")) {
      text.insert(atom, "(?:");
      text += ")";
      text += in[at++];
      if (isNext("?") || isNext("+"))
        text += in[at++];
    }
    return {};
  }

  Error escape() {
    beginAtom();
    if (at + 1 >= in.size())
      return fail("a '\\' at the end");
    char c = in[at + 1];
    std::string set;
    switch (c) {
    case 'A':
    case 'z':
    case 'b':
    case 'B':
    case 'K':
      text += in.substr(at, 2);
      at += 2;
      return {};
    case 'W':
      text += std::string("[^") + wordSet + "]";
      at += 2;
      return {};
    case 'H':
      text += std::string("[^") + hexSet + "]";
      at += 2;
      return {};
    default: break;
    }
    bool isSet = false;
    if (Error error = member(set, isSet))
      return error;
    text += isSet ? "[" + set + "]" : set;
    return {};
  }

  /// One escape that can also stand in a class. `isSet`: several items.
  Error member(std::string &out, bool &isSet) {
    if (at + 1 >= in.size())
      return fail("a '\\' at the end");
    char c = in[at + 1];
    isSet = false;
    switch (c) {
    case 's': out += "\\p{White_Space}"; break;
    case 'S': out += "\\P{White_Space}"; break;
    case 'd': out += "\\p{Nd}"; break;
    case 'D': out += "\\P{Nd}"; break;
    case 'w':
      out += wordSet;
      isSet = true;
      break;
    case 'h':
      out += hexSet;
      isSet = true;
      break;
    case 'p':
    case 'P': return property(out);
    case 'x':
    case 'u': return codePoint(out);
    case 'a':
    case 'e':
    case 'f':
    case 'n':
    case 'r':
    case 't': out += {'\\', c}; break;
    case 'v': out += "\\x{0b}"; break;
    default:
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return fail(std::string("the unsupported escape '\\") + c + "'");
      ++at;
      // A literal; multi-byte ones need no escape.
      if (static_cast<unsigned char>(c) < 0x80)
        out += '\\';
      copyCodePoint(out);
      return {};
    }
    at += 2;
    return {};
  }

  /// \p{Name}, \P{Name}, \p{^Name}.
  Error property(std::string &out) {
    size_t close = in.find('}', at);
    if (at + 2 >= in.size() || in[at + 2] != '{' || close == std::string_view::npos)
      return fail("a property without braces");
    std::string_view name = in.substr(at + 3, close - at - 3);
    bool negated = in[at + 1] == 'P';
    if (!name.empty() && name[0] == '^') {
      negated = !negated;
      name.remove_prefix(1);
    }
    if (name.empty())
      return fail("a property without a name");
    for (char c : name)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '_' || c == ' ' || c == '-'))
        return fail("an unsupported property");
    // Long names of general categories, and the rest of one or two letters;
    // what is longer is a binary property or a script.
    struct Alias {
      std::string_view from, to;
    };
    static constexpr Alias aliases[] = {{"Letter", "L"},
                                        {"Mark", "M"},
                                        {"Number", "N"},
                                        {"Punctuation", "P"},
                                        {"Symbol", "S"},
                                        {"Separator", "Z"},
                                        {"Other", "C"},
                                        {"Alphabetic", "Alphabetic"},
                                        {"Uppercase", "Uppercase"},
                                        {"Lowercase", "Lowercase"},
                                        {"White_Space", "White_Space"},
                                        {"Emoji", "Emoji"},
                                        {"Extended_Pictographic", "Extended_Pictographic"},
                                        {"Ideographic", "Ideographic"},
                                        {"Any", "Any"}};
    std::string spelled(name);
    if (name.size() > 2) {
      spelled = "sc:" + spelled;
      for (const Alias &alias : aliases)
        if (name == alias.from)
          spelled = alias.to;
    }
    out += std::string(negated ? "\\P{" : "\\p{") + spelled + "}";
    at = close + 1;
    return {};
  }

  /// \xHH below 0x80, \x{H...} and \uHHHH.
  Error codePoint(std::string &out) {
    size_t start = at + 2;
    size_t end;
    bool braced = in[at + 1] == 'x' && start < in.size() && in[start] == '{';
    if (braced) {
      ++start;
      end = in.find('}', start);
    } else {
      end = start + (in[at + 1] == 'u' ? 4 : 2);
    }
    if (end == std::string_view::npos || end > in.size() || end == start || end - start > 8)
      return fail("an incomplete code point");
    unsigned long value = 0;
    for (size_t i = start; i < end; ++i) {
      char c = in[i];
      int digit = c >= '0' && c <= '9'   ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
      if (digit < 0)
        return fail("an incomplete code point");
      value = value * 16 + static_cast<unsigned>(digit);
    }
    if (!braced && in[at + 1] == 'x' && value >= 0x80)
      return fail("a byte that is no character");
    out += "\\x{" + std::string(in.substr(start, end - start)) + "}";
    at = end + (braced ? 1 : 0);
    return {};
  }

  /// A class, from its '[' to past its ']'. At depth 0 the result is complete;
  /// within another class too, and the caller takes it apart.
  Error bracket(std::string &out, unsigned depth) {
    if (depth > 8)
      return fail("a class nested too deeply");
    ++at;
    bool negated = isNext("^");
    if (negated)
      ++at;
    std::vector<std::string> parts(1); // operands of &&
    std::vector<std::string> whole(1); // an operand that is one nested class
    bool first = true;
    for (;; first = false) {
      if (at >= in.size())
        return fail("a class that is not closed");
      std::string &part = parts.back();
      if (in[at] == ']' && !first) {
        ++at;
        break;
      }
      if (isNext("&&")) {
        at += 2;
        parts.emplace_back();
        whole.emplace_back();
        continue;
      }
      if (isNext("[:"))
        return fail("an unsupported POSIX class");
      if (in[at] == '[') {
        std::string nested;
        if (Error error = bracket(nested, depth + 1))
          return error;
        bool simple = nested[0] == '[' && nested[1] != '^';
        if (simple)
          part += nested.substr(1, nested.size() - 2);
        else if (part.empty() && (at < in.size() && (in[at] == ']' || isNext("&&"))))
          whole.back() = nested;
        else
          return fail("an unsupported union of classes");
        continue;
      }
      if (in[at] == '\\') {
        bool isSet = false;
        if (in[at + 1 < in.size() ? at + 1 : at] == 'b') {
          part += "\\x{08}";
          at += 2;
        } else if (Error error = member(part, isSet)) {
          return error;
        }
        continue;
      }
      // These mean more to PCRE2 than to the file's author.
      if (in[at] == ']' || in[at] == '^')
        part += '\\';
      copyCodePoint(part);
    }
    auto wrap = [](const std::string &part, const std::string &nested, bool invert) {
      if (!nested.empty())
        return nested;
      return (invert ? "[^" : "[") + part + "]";
    };
    for (size_t i = 0; i < parts.size(); ++i)
      if (parts[i].empty() && whole[i].empty())
        return fail("an empty class");
    if (parts.size() == 1 && whole[0].empty()) {
      out = wrap(parts[0], "", negated);
      return {};
    }
    // An intersection is every operand but the last as a look-ahead; its
    // complement is one character that does not start such a thing.
    std::string all = "(?:";
    for (size_t i = 0; i + 1 < parts.size(); ++i)
      all += "(?=" + wrap(parts[i], whole[i], false) + ")";
    all += wrap(parts.back(), whole.back(), false) + ")";
    out = negated ? "(?:(?!" + all + ")[\\x{0}-\\x{10ffff}])" : all;
    return {};
  }

  std::string_view in;
  std::string text;
  size_t at = 0;
  size_t atom = 0;
  std::vector<size_t> groups;
};

} // namespace

Error translateOniguruma(std::string_view pattern, std::string &out) {
  return Translator(pattern).run(out);
}

} // namespace hadal::text
