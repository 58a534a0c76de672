// SPDX-License-Identifier: Apache-2.0
// A tokenizer, as tokenizer.json describes it.
#include "Tokenizer.h"

#include <algorithm>

namespace hadal::text {

Error Tokenizer::read(std::string_view tokenizerJson, std::string_view configJson) {
  {
    Json document;
    if (Error error = parseJson(tokenizerJson, "tokenizer.json", document))
      return error;
    Field root(document, "tokenizer.json");
    if (Error error = root.expectObject())
      return error;
    if (Error error = normalizer.read(root.member("normalizer")))
      return error;
    if (Error error = preTokenizer.read(root.member("pre_tokenizer")))
      return error;
    if (Error error = model.read(root.member("model")))
      return error;
    if (Error error = postProcessor.read(root.member("post_processor")))
      return error;
    if (Error error = decoder.read(root.member("decoder")))
      return error;
    if (Error error = readAddedTokens(root))
      return error;
  }
  if (configJson.empty())
    return {};
  Json document;
  if (Error error = parseJson(configJson, "tokenizer_config.json", document))
    return error;
  return readConfig(Field(document, "tokenizer_config.json"));
}

Error Tokenizer::readAddedTokens(const Field &root) {
  Field field = root.member("added_tokens");
  if (Error error = added.read(field))
    return error;
  std::vector<std::string> normalized;
  limit = model.idLimit();
  for (size_t i = 0; i < added.all().size(); ++i) {
    const AddedToken &token = added.all()[i];
    int32_t known = model.find(token.content);
    const std::string *owner = model.token(token.id);
    if ((known >= 0 && known != token.id) || (owner && *owner != token.content))
      return field.element(i).member("id").expected(
          known >= 0 ? std::to_string(known) + ", its id in model.vocab"
                     : "an id that model.vocab does not use");
    if (token.id == INT32_MAX)
      return field.element(i).member("id").expected("an id from 0 to 2147483646");
    limit = std::max(limit, token.id + 1);
    normalized.push_back(token.content);
    if (Error error = normalizer.apply(normalized.back()))
      return field.element(i).member("content").error(error.text());
    addedById.emplace(token.id,
                      Shown{token.normalized ? normalized.back() : token.content, token.special});
  }
  added.build(normalized);
  return {};
}

/// `add_bos_token` and `add_eos_token` count where no template does.
Error Tokenizer::readConfig(const Field &config) {
  if (Error error = config.expectObject())
    return error;
  if (postProcessor.hasTemplate())
    return {};
  std::vector<int32_t> affixes[2];
  const char *flags[] = {"add_bos_token", "add_eos_token"};
  const char *names[] = {"bos_token", "eos_token"};
  for (int i = 0; i < 2; ++i) {
    bool add = false;
    if (Error error = config.member(flags[i]).readOptional(add))
      return error;
    if (!add)
      continue;
    // Either the content or an object that holds it.
    Field field = config.member(names[i]);
    if (field.member("content").present())
      field = field.member("content");
    std::string content;
    if (Error error = field.read(content))
      return error;
    int32_t id = find(content);
    if (id < 0)
      return field.expected("a token of tokenizer.json");
    affixes[i].push_back(id);
  }
  postProcessor.setAffixes(std::move(affixes[0]), std::move(affixes[1]));
  return {};
}

Error Tokenizer::encode(std::string_view bytes, bool addSpecial, std::vector<int32_t> &out) const {
  // Positions in a word are 32-bit, and a byte can take several characters.
  if (bytes.size() > (size_t{1} << 28))
    return Error("expected a text of at most 268435456 bytes, got " + std::to_string(bytes.size()));
  std::string text = repairUtf8(bytes);
  std::vector<Span> spans;
  added.split(text, /*normalized=*/false, spans);
  for (const Span &span : spans) {
    if (span.id >= 0)
      out.push_back(span.id);
    else if (Error error =
                 encodePlain(std::string_view(text).substr(span.start, span.end - span.start),
                             span.start == 0, out))
      return error;
  }
  if (addSpecial)
    postProcessor.apply(out);
  return {};
}

Error Tokenizer::encodePlain(std::string_view text, bool atStart, std::vector<int32_t> &out) const {
  std::string normalized(text);
  if (Error error = normalizer.apply(normalized))
    return error;
  std::vector<Span> spans;
  added.split(normalized, /*normalized=*/true, spans);
  for (const Span &span : spans) {
    if (span.id >= 0)
      out.push_back(span.id);
    else if (Error error =
                 encodeWords(std::string_view(normalized).substr(span.start, span.end - span.start),
                             atStart && span.start == 0, out))
      return error;
  }
  return {};
}

Error Tokenizer::encodeWords(std::string_view text, bool atStart, std::vector<int32_t> &out) const {
  Words words;
  words.text = text;
  words.ranges.push_back({0, text.size()});
  if (Error error = preTokenizer.apply(words, atStart))
    return error;
  for (size_t i = 0; i < words.ranges.size(); ++i)
    model.encode(words.word(i), out);
  return {};
}

const std::string *Tokenizer::visibleToken(int32_t id, bool skipSpecial) const {
  auto it = addedById.find(id);
  if (it == addedById.end())
    return model.token(id);
  return it->second.special && skipSpecial ? nullptr : &it->second.text;
}

int32_t Tokenizer::find(std::string_view token) const {
  for (const AddedToken &entry : added.all())
    if (entry.content == token)
      return entry.id;
  return model.find(token);
}

Error Tokenizer::decode(const int32_t *ids, size_t count, bool skipSpecial,
                        std::string &out) const {
  DecodeStream stream(decoder, /*whole=*/true);
  for (size_t i = 0; i < count; ++i)
    if (const std::string *token = visibleToken(ids[i], skipSpecial))
      if (Error error = stream.push(*token, out))
        return error;
  stream.finish(out);
  return {};
}

} // namespace hadal::text
