// SPDX-License-Identifier: Apache-2.0
// Reads the files that deal with text, through the library that reads them when
// the model runs: what it accepts here it accepts there.
#include "TextFiles.h"

#include "Families.h"
#include "FileBytes.h"

#include "hadal_text.h"

#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace hadal {

// Published tokenizers have up to 33 MB; an artifact ends at 2 GiB.
static constexpr uint64_t maxTextBytes = 256 << 20;

namespace {

/// Reads the text files of one folder, and tells what is wrong with them.
class TextReader {
public:
  TextReader(StringRef directory, ModelConfig &config, Problems &problems)
      : directory(directory), config(config), problems(problems) {}

  TextFiles read() {
    readTokenizer();
    readGeneration();
    return std::move(files);
  }

private:
  struct Content {
    TextFile file;
    std::string bytes;
  };
  std::optional<Content> load(StringRef name, Problem &fault);
  void readTokenizer();
  void readGeneration();
  void reportAbsentTokenizer();
  void refuseText(const Problem &fault);
  void refuseGeneration(const Problem &fault, StringRef what);

  StringRef directory;
  ModelConfig &config;
  Problems &problems;
  TextFiles files;
};

} // namespace

static constexpr StringRef tokenizerName = "tokenizer.json",
                           tokenizerConfigName = "tokenizer_config.json",
                           generationName = "generation_config.json";

/// "FILE: WHAT", the text library's verdict, or nothing for a status of
/// success, which is released.
static std::optional<Problem> takeVerdict(StringRef directory, hadal_text_status_t status) {
  if (!status)
    return std::nullopt;
  auto [name, what] = StringRef(hadal_text_status_message(status)).split(": ");
  Problem verdict{joinPath(directory, name), "", what.str()};
  hadal_text_status_release(status);
  return verdict;
}

/// What the artifact says of it: without the folder, which may be anywhere.
static std::string noteOf(const Problem &fault) {
  return (sys::path::filename(fault.file) + ": " + fault.detail()).str();
}

std::optional<TextReader::Content> TextReader::load(StringRef name, Problem &fault) {
  Problems faults;
  std::optional<std::string> bytes = readJsonText(joinPath(directory, name), maxTextBytes, faults);
  if (!bytes) {
    fault = faults.errors().front();
    return std::nullopt;
  }
  TextFile file{name.str(), bytes->size(), xxh3_64bits(arrayRefFromStringRef(*bytes))};
  return Content{std::move(file), std::move(*bytes)};
}

void TextReader::refuseText(const Problem &fault) {
  files.textNote = noteOf(fault);
  problems.warning(fault.file, fault.where,
                   fault.message + "; text is not available, token ids work");
}

void TextReader::reportAbsentTokenizer() {
  for (StringRef other : {"tiktoken.model", "tokenizer.model", "vocab.json"})
    if (hasEntry(joinPath(directory, other))) {
      files.textNote = ("expected tokenizer.json, got " + other +
                        ", a tokenizer of another kind; token ids work")
                           .str();
      return problems.warning(directory, "", files.textNote);
    }
  files.textNote = "expected tokenizer.json, got no tokenizer; token ids work";
}

void TextReader::readTokenizer() {
  if (!hasEntry(joinPath(directory, tokenizerName)))
    return reportAbsentTokenizer();
  Problem fault;
  std::optional<Content> tokenizer = load(tokenizerName, fault), more;
  if (!tokenizer)
    return refuseText(fault);
  if (hasEntry(joinPath(directory, tokenizerConfigName)) &&
      !(more = load(tokenizerConfigName, fault)))
    return refuseText(fault);
  hadal_tokenizer_options_t options{};
  options.struct_size = sizeof(options);
  options.tokenizer_json = tokenizer->bytes.data();
  options.tokenizer_json_size = tokenizer->bytes.size();
  if (more) {
    options.config_json = more->bytes.data();
    options.config_json_size = more->bytes.size();
  }
  hadal_tokenizer_t *made = nullptr;
  std::optional<Problem> verdict = takeVerdict(directory, hadal_tokenizer_create(&options, &made));
  if (verdict)
    return refuseText(*verdict);
  int64_t ids = hadal_tokenizer_id_limit(made);
  hadal_tokenizer_release(made);
  if (config.shapesKnown && ids > config.vocabSize)
    problems.note(joinPath(directory, tokenizerName), "",
                  "has ids up to " + Twine(ids - 1) + ", and those from " +
                      Twine(config.vocabSize) +
                      " on, the vocab_size, cannot be run: it may belong to "
                      "another model");
  files.tokenizer = std::move(tokenizer->file);
  if (more)
    files.tokenizerConfig = std::move(more->file);
}

void TextReader::refuseGeneration(const Problem &fault, StringRef what) {
  files.generationNote = noteOf(fault);
  problems.warning(fault.file, fault.where, fault.message + "; its " + what + " are not used");
}

void TextReader::readGeneration() {
  std::string path = joinPath(directory, generationName);
  if (!hasEntry(path))
    return;
  Problem fault;
  std::optional<Content> content = load(generationName, fault);
  Problems faults;
  std::optional<json::Object> object;
  if (content) {
    object = parseJsonObject(content->bytes, path, faults);
    if (faults.any())
      fault = faults.errors().front();
  }
  if (!object)
    return refuseGeneration(fault, "sampling defaults, bos and eos ids");
  size_t before = problems.raised();
  readTokens(ConfigReader(*object, path, "", problems), config);
  if (problems.raised() != before)
    return;
  if (faults.any())
    return refuseGeneration(fault, "sampling defaults");
  hadal_generation_defaults_t defaults{};
  defaults.struct_size = sizeof(defaults);
  if (std::optional<Problem> verdict =
          takeVerdict(directory, hadal_generation_defaults_read(content->bytes.data(),
                                                                content->bytes.size(), &defaults)))
    return refuseGeneration(*verdict, "sampling defaults");
  files.generation = std::move(content->file);
}

TextFiles readTextFiles(StringRef directory, ModelConfig &config, Problems &problems) {
  return TextReader(directory, config, problems).read();
}

} // namespace hadal
