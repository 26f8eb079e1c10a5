#include "connectord/auth/arc.h"

#include <algorithm>
#include <array>
#include <utility>

#include "arc_fields.h"
#include "connectord/auth/dkim_tags.h"
#include "connectord/base/ascii_case.h"

namespace connectord::auth {
namespace {

constexpr auto relaxed = DkimCanonicalization::relaxed;

std::string text_behind_instance(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return {};
  return std::string(trim_dkim_space(value.substr(semicolon + 1)));
}

std::string of_instance(unsigned instance) {
  return " of instance " + std::to_string(instance);
}

}  // namespace

ArcVerifier::ArcVerifier(const DkimLimits& limits, std::int64_t unix_time)
    : limits_(limits), clock_{unix_time, limits.clock_leeway}, headers_(limits.max_header_bytes) {}

void ArcVerifier::end_of_headers() {
  auto sets = collect_arc_fields(headers_);
  std::optional<std::string> problem;
  if (!sets) {
    problem = std::move(sets.error());
  } else if (fields_ = std::move(*sets); !fields_.empty()) {
    problem = headers_.is_complete() ? read_chain() : "the message's headers are longer than is looked at";
  }
  if (problem) fail(std::move(*problem));
  headers_ = DkimHeaders(0);
}

void ArcVerifier::fail(std::string problem) {
  outcome_ = {ArcResult::fail, {}, std::move(problem)};
  signed_.clear();
  body_.reset();
}

std::optional<std::string> ArcVerifier::read_chain() {
  if (auto problem = read_message_signature()) return problem;
  Sha256 sealed;
  for (unsigned instance = 1; instance <= fields_.size(); ++instance) {
    if (auto problem = read_seal(instance, sealed)) return problem;
  }
  outcome_.result = ArcResult::pass;  // unless something is found
  return std::nullopt;
}

// 5.2, step 4: only the last message signature must verify; later changes break those before.
std::optional<std::string> ArcVerifier::read_message_signature() {
  const std::size_t own = *fields_.back().message_signature;
  const auto list = DkimTags::parse(headers_.field(own).value);
  if (!list) return "the last ARC-Message-Signature cannot be read: " + list.error();
  auto tags = read_dkim_tags(*list, DkimField::arc_message_signature, clock_);
  if (!tags) return "the last ARC-Message-Signature: " + tags.error().text;
  const auto& names = tags->header_names;
  if (std::find(names.begin(), names.end(), "arc-seal") != names.end()) {
    return "the last ARC-Message-Signature signs ARC-Seal, which it must not";
  }
  body_.emplace(tags->body_canonicalization);
  body_limit_ = body_->add_limit(tags->body_length);
  const Sha256Digest digest = message_digest(*tags, own);
  signed_.push_back({"the last ARC-Message-Signature", std::move(*tags), digest});
  return std::nullopt;
}

Sha256Digest ArcVerifier::message_digest(const DkimSignatureTags& tags, std::size_t own) const {
  std::string text;
  append_canonical_headers(text, headers_, tags, own);
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

// 5.1.1: a seal covers all sets up to its own, each in the order results, message signature, seal, in the relaxed form.
// `sealed` has what the sets before have added, so that a chain of fifty is not hashed fifty times.
std::optional<std::string> ArcVerifier::read_seal(unsigned instance, Sha256& sealed) {
  const ArcFieldsOfSet& set = fields_[instance - 1];
  std::string text;
  for (const std::size_t index : {*set.results, *set.message_signature}) {
    append_canonical_header(text, relaxed, headers_.field(index).name, headers_.field(index).value);
    text.append("\r\n");
  }
  sealed.update(text);
  const auto own = headers_.field(*set.seal);
  const std::string what = "the ARC-Seal" + of_instance(instance);
  const auto list = DkimTags::parse(own.value);
  if (!list) return what + " cannot be read: " + list.error();
  auto tags = read_dkim_tags(*list, DkimField::arc_seal, clock_);
  if (!tags) return what + ": " + tags.error().text;
  if (list->find("h") != nullptr) return what + " has h=, which it must not";  // 4.1.3
  const std::string_view expected = instance == 1 ? "none" : "pass";
  if (!base::equals_ignoring_case(*list->value("cv"), expected))
    return what + " does not say cv=" + std::string(expected);

  text.clear();
  append_canonical_signature(text, relaxed, own.name, own.value, tags->signature_begin, tags->signature_end);
  const Sha256Digest digest = sealed.digest_with(text);
  text.clear();
  append_canonical_header(text, relaxed, own.name, own.value);
  sealed.update(text.append("\r\n"));
  outcome_.sets.push_back(
      {instance, tags->domain, tags->selector, text_behind_instance(headers_.field(*set.results).value)});
  signed_.push_back({what, std::move(*tags), digest});
  return std::nullopt;
}

void ArcVerifier::body(std::string_view chunk) {
  if (body_) body_->update(chunk);
}

std::vector<dns::Question> ArcVerifier::key_questions() const {
  std::vector<dns::Question> questions;
  for (const Signed& item : signed_) {
    auto question = dkim_key_question(item.tags);
    if (std::find(questions.begin(), questions.end(), question) == questions.end()) {
      questions.push_back(std::move(question));
    }
  }
  return questions;
}

std::optional<ArcOutcome> ArcVerifier::finish(dns::DnsAnswers& dns_answers) {
  DkimEffort effort(limits_.max_chain_effort);
  if (body_ && !std::exchange(body_ended_, true)) body_->finish();
  std::vector<const dns::Answer*> answers;
  for (const Signed& item : signed_) answers.push_back(dns_answers.ask(dkim_key_question(item.tags)));
  if (std::find(answers.begin(), answers.end(), nullptr) != answers.end()) return std::nullopt;

  if (body_) {
    const DkimSignatureTags& tags = signed_.front().tags;
    // A part of the body that nobody signed would pass under the names of all.
    const bool is_partial = tags.body_length && *tags.body_length != body_->length();
    if (is_partial || tags.body_hash != bytes_of(body_->digest(body_limit_))) {
      return ArcOutcome{ArcResult::fail, {}, "the body is not what the last host signed (the body hash differs)"};
    }
  }
  for (std::size_t i = 0; i < signed_.size(); ++i) {
    if (auto failure = check(signed_[i], *answers[i], effort)) return failure;
  }
  return outcome_;
}

std::optional<ArcOutcome> ArcVerifier::check(const Signed& item, const dns::Answer& answer, DkimEffort& effort) const {
  const auto keys = dkim_keys(answer, item.tags.algorithm, limits_.key_sizes, effort);
  if (!keys) {
    const bool is_temporary = keys.error().result == model::DkimResult::temperror;
    return ArcOutcome{is_temporary ? ArcResult::temperror : ArcResult::fail, {}, item.what + ": " + keys.error().text};
  }
  for (const DkimKey& key : *keys) {
    if (!effort.spend(key.effort())) {
      return ArcOutcome{ArcResult::fail, {}, item.what + ": " + std::string(too_much_dkim_effort)};
    }
    if (key.verify(item.digest, item.tags.signature)) return std::nullopt;
  }
  return ArcOutcome{ArcResult::fail, {}, item.what + " does not verify"};
}

}  // namespace connectord::auth
