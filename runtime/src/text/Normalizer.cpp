// SPDX-License-Identifier: Apache-2.0
// The field `normalizer`: rewrites text before it is cut.
#include "Normalizer.h"
#include "Components.h"

namespace hadal::text {

Error readPattern(const Field &field, Regex &out) {
  if (Error error = field.expectObject())
    return error;
  bool literal = field.member("String").present();
  Field source = field.member(literal ? "String" : "Regex");
  std::string text;
  if (Error error = source.read(text))
    return error;
  if (Error error = literal ? Regex::compileLiteral(text, out) : Regex::compile(text, out))
    return source.error(error.text());
  return {};
}

Error replaceAll(const Regex &regex, std::string_view content, std::string &text) {
  std::string out;
  size_t done = 0;
  RegexMatcher matcher(regex, text);
  size_t start = 0, end = 0;
  for (;;) {
    RegexMatcher::Result result = matcher.next(start, end);
    if (result == RegexMatcher::failed)
      return Error("a pattern cannot be matched: " + matcher.message());
    if (result == RegexMatcher::finished)
      break;
    out.append(text, done, start - done);
    out += content;
    done = end;
  }
  out.append(text, done, std::string::npos);
  text = std::move(out);
  return {};
}

Error Normalizer::read(const Field &field) {
  steps.clear();
  if (!field.present())
    return {};
  return readComponents(field, "normalizers", [this](const Field &part, const std::string &type) {
    return readStep(part, type);
  });
}

Error Normalizer::readStep(const Field &field, const std::string &type) {
  Step step{};
  struct Form {
    const char *name;
    NormalizationForm form;
  };
  for (Form form : {Form{"NFC", NormalizationForm::nfc}, Form{"NFD", NormalizationForm::nfd},
                    Form{"NFKC", NormalizationForm::nfkc}, Form{"NFKD", NormalizationForm::nfkd}})
    if (type == form.name) {
      step.kind = Step::form;
      step.normalizationForm = form.form;
      steps.push_back(std::move(step));
      return {};
    }
  if (type == "Prepend") {
    step.kind = Step::prepend;
    if (Error error = field.member("prepend").read(step.content))
      return error;
  } else if (type == "Replace") {
    step.kind = Step::replace;
    if (Error error = field.member("content").read(step.content))
      return error;
    if (Error error = readPattern(field.member("pattern"), step.pattern))
      return error;
  } else {
    return field.member("type").expected("one of Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace");
  }
  steps.push_back(std::move(step));
  return {};
}

Error Normalizer::apply(std::string &text) const {
  for (const Step &step : steps) {
    switch (step.kind) {
    case Step::form: {
      std::string out;
      if (!normalizeUnicode(text, step.normalizationForm, out))
        return Error("out of memory");
      text = std::move(out);
      break;
    }
    case Step::prepend:
      if (!text.empty())
        text.insert(0, step.content);
      break;
    case Step::replace:
      if (Error error = replaceAll(step.pattern, step.content, text))
        return error;
      break;
    }
  }
  return {};
}

} // namespace hadal::text
