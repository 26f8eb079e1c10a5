#include "connectord/auth/dkim.h"

#include <algorithm>

#include "connectord/auth/dkim_tags.h"
#include "connectord/base/ascii_case.h"

namespace connectord::auth {
namespace {

using model::DkimResult;

constexpr std::string_view signature_field = "DKIM-Signature";

void apply(DkimProblem problem, model::DkimSignature& report) {
  report.result = problem.result;
  report.problem = std::move(problem.text);
}

}  // namespace

DkimVerifier::DkimVerifier(const DkimLimits& limits, std::int64_t unix_time)
    : limits_(limits), clock_{unix_time, limits.clock_leeway}, headers_(limits.max_header_bytes) {}

void DkimVerifier::header(std::string_view name, std::string_view value) {
  headers_.add(name, value);
}

void DkimVerifier::end_of_headers() {
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    if (!base::equals_ignoring_case(trim_dkim_space(headers_.field(i).name), signature_field)) continue;
    if (signatures_.size() < limits_.max_signatures) {
      add_signature(i);
    } else {
      ++untried_;
    }
  }
  headers_ = DkimHeaders(0);  // a long body need not carry the headers along
}

void DkimVerifier::add_signature(std::size_t field) {
  Signature signature;
  signature.field = field;
  signature.parsed = parse_dkim_signature(headers_.field(field).value, clock_);
  // A field that was dropped may be one that was signed, so nothing can be said of any signature.
  if (signature.parsed.tags && !headers_.is_complete()) {
    signature.parsed.tags.reset();
    apply({DkimResult::policy, "the message's headers are longer than is looked at"}, signature.parsed.report);
  }
  if (signature.parsed.tags) {
    signature.header_digest = header_digest(signature);
    plan_body_hash(signature);
  }
  signatures_.push_back(std::move(signature));
}

void DkimVerifier::plan_body_hash(Signature& signature) {
  const auto canonicalization = signature.parsed.tags->body_canonicalization;
  const auto found = std::find_if(bodies_.begin(), bodies_.end(), [canonicalization](const DkimBodyHash& body) {
    return body.canonicalization() == canonicalization;
  });
  signature.body = static_cast<std::size_t>(found - bodies_.begin());
  if (found == bodies_.end()) bodies_.emplace_back(canonicalization);
  signature.limit = bodies_[signature.body].add_limit(signature.parsed.tags->body_length);
}

void DkimVerifier::body(std::string_view chunk) {
  for (DkimBodyHash& body : bodies_) body.update(chunk);
}

void DkimVerifier::end_body() {
  if (body_ended_) return;
  for (DkimBodyHash& body : bodies_) body.finish();
  body_ended_ = true;
}

std::vector<dns::Question> DkimVerifier::key_questions() const {
  std::vector<dns::Question> questions;
  for (const Signature& signature : signatures_) {
    if (!signature.parsed.tags) continue;
    auto question = dkim_key_question(*signature.parsed.tags);
    if (std::find(questions.begin(), questions.end(), question) == questions.end()) {
      questions.push_back(std::move(question));
    }
  }
  return questions;
}

std::optional<std::vector<model::DkimSignature>> DkimVerifier::finish(dns::DnsAnswers& dns_answers) {
  end_body();
  std::vector<const dns::Answer*> answers;
  bool is_missing = false;
  for (const Signature& signature : signatures_) {
    const auto& tags = signature.parsed.tags;
    answers.push_back(tags ? dns_answers.ask(dkim_key_question(*tags)) : nullptr);
    is_missing = is_missing || (tags && answers.back() == nullptr);
  }
  if (is_missing) return std::nullopt;

  std::vector<model::DkimSignature> results;
  DkimEffort effort(limits_.max_effort);
  for (std::size_t i = 0; i < signatures_.size(); ++i) results.push_back(judge(signatures_[i], answers[i], effort));
  if (untried_ != 0) {
    model::DkimSignature rest;
    apply({DkimResult::policy, std::to_string(untried_) + " more signatures were not tried"}, rest);
    results.push_back(std::move(rest));
  }
  return results;
}

model::DkimSignature DkimVerifier::judge(const Signature& signature, const dns::Answer* answer,
                                         DkimEffort& effort) const {
  model::DkimSignature report = signature.parsed.report;
  if (!signature.parsed.tags || answer == nullptr) return report;
  const auto& length = signature.parsed.tags->body_length;
  report.body_length_limited = length && *length < bodies_[signature.body].length();
  report.result = DkimResult::pass;
  if (auto problem = check_key(signature, *answer, effort, report)) apply(std::move(*problem), report);
  return report;
}

std::optional<DkimProblem> DkimVerifier::check_body(const Signature& signature) const {
  const DkimSignatureTags& tags = *signature.parsed.tags;
  const DkimBodyHash& body = bodies_[signature.body];
  if (tags.body_length && *tags.body_length > body.length()) {
    return DkimProblem{DkimResult::fail, "l= is more than the length of the body"};
  }
  if (tags.body_hash != bytes_of(body.digest(signature.limit))) {
    return DkimProblem{DkimResult::fail, "the body is not what was signed (the body hash differs)"};
  }
  return std::nullopt;
}

std::optional<DkimProblem> DkimVerifier::check_key(const Signature& signature, const dns::Answer& answer,
                                                   DkimEffort& effort, model::DkimSignature& report) const {
  const DkimSignatureTags& tags = *signature.parsed.tags;
  const auto keys = dkim_keys(answer, tags.algorithm, limits_.key_sizes, effort);
  if (!keys) return keys.error();
  const auto describe = [&report](const DkimKey& key) {
    report.key_bits = key.bits();
    report.testing = key.testing();
  };
  describe(keys->front());
  if (auto problem = check_body(signature)) return problem;
  for (const DkimKey& key : *keys) {
    if (!effort.spend(key.effort())) return DkimProblem{DkimResult::policy, std::string(too_much_dkim_effort)};
    if (!key.verify(signature.header_digest, tags.signature)) continue;
    describe(key);
    // RFC 6376, 3.6.1, t=s.
    if (key.forbids_subdomains() && tags.identity_domain != tags.domain) {
      return DkimProblem{DkimResult::permerror, "the key is not for subdomains (t=s), and i= names one"};
    }
    return std::nullopt;
  }
  return DkimProblem{DkimResult::fail, "the signed headers are not what was signed, or the key is another"};
}

Sha256Digest DkimVerifier::header_digest(const Signature& signature) const {
  std::string text;
  append_canonical_headers(text, headers_, *signature.parsed.tags, signature.field);
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

}  // namespace connectord::auth
