// check_host() of RFC 7208, section 4, over what DNS has answered so far. Records include and redirect to others, so
// there is a stack of those that are being judged; where an answer is missing the stack stays as it is, and the next
// run goes on with its top.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "connectord/auth/spf.h"
#include "connectord/auth/spf_survey.h"
#include "connectord/net/domain_name.h"
#include "spf_lookups.h"
#include "spf_macro.h"
#include "spf_query.h"
#include "spf_record.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

using dns::Answer;
using dns::Type;
using model::SpfResult;

// What a domain's record says.
struct Verdict {
  SpfResult result = SpfResult::none;
  std::string mechanism;
  std::string explanation_spec;    // of the record that decided; empty if it has none
  std::string explanation_domain;  // %{d} in it
};

bool share_prefix(const net::IpAddress::Bytes& a, const net::IpAddress::Bytes& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

// The one SPF record among a name's texts (4.5); an empty view if there is none.
SpfStep<std::string_view> select_record(const Answer& answer, const std::string& domain) {
  std::string_view record;
  for (const auto& text : answer.texts) {
    if (!is_spf_record(text)) continue;
    if (!record.empty()) return spf_fault(SpfStop::permerror, domain + " has several SPF records");
    record = text;
  }
  return record;
}

// A domain whose record is being judged.
struct Frame {
  enum class Entry : std::uint8_t { first, include, redirect };

  std::string domain;
  Entry entry = Entry::first;  // how the frame below came to it
  std::optional<SpfRecord> record;
  std::size_t next = 0;  // mechanism
  // Of the current term, which may wait for DNS several times:
  bool counted = false;
  std::optional<std::string> target;
};

// Puts the place in front of what is wrong.
SpfFault located(const std::string& domain, std::string_view term, SpfFault fault) {
  if (!fault.problem.empty()) {
    fault.problem = printable(domain) + ": " + (term.empty() ? "" : printable(term) + ": ") + fault.problem;
  }
  constexpr std::size_t longest = 1000;  // ten levels of includes would say little more
  if (fault.problem.size() > longest) fault.problem.resize(longest);
  return fault;
}

std::string current_term(const Frame& frame) {
  const auto& mechanisms = frame.record->mechanisms;
  if (frame.next < mechanisms.size()) return std::string(mechanisms[frame.next].text);
  return frame.record->redirect ? "redirect=" + std::string(*frame.record->redirect) : std::string();
}

}  // namespace

class SpfCheck::Evaluation {
 public:
  explicit Evaluation(SpfQuery query)
      : query_(std::move(query)), identity_(spf_identity(query_)), lookups_(query_.client) {
    if (identity_) stack_.push_back({identity_->domain, Frame::Entry::first, {}, 0, false, {}});
  }

  std::optional<model::SpfOutcome> run(dns::DnsAnswers& dns_answers);
  const Work& work() const { return work_; }

 private:
  SpfStep<Verdict> judge_all();
  SpfStep<std::optional<Verdict>> advance();
  SpfStep<std::optional<Verdict>> read_record(Frame& frame);
  SpfStep<std::optional<Verdict>> judge_mechanism(Frame& frame);
  SpfStep<std::optional<Verdict>> follow_redirect(Frame& frame);
  SpfStep<std::optional<Verdict>> return_to(Frame& frame, Frame::Entry entry, Verdict verdict);
  static std::optional<Verdict> conclude(Frame& frame, bool matched);
  SpfFault located_in_all(SpfFault fault) const;
  void enter(std::string domain, Frame::Entry entry);
  SpfStep<bool> find_target(Frame& frame, std::string_view domain_spec);
  SpfStep<bool> matches(const SpfMechanism& mechanism, const std::string& target);
  SpfStep<bool> matches_a(const SpfMechanism& mechanism, const std::string& target);
  SpfStep<bool> matches_mx(const SpfMechanism& mechanism, const std::string& target);
  SpfStep<bool> matches_ptr(const std::string& target);
  SpfStep<bool> matches_exists(const std::string& target);
  bool matches_network(const SpfMechanism& mechanism) const;
  bool has_client(const Answer& answer, const SpfMechanism& mechanism) const;
  SpfMacroValues macro_values(const std::string& domain);
  std::optional<std::string> validated_name(const std::string& domain);
  // 6.2: empty where there is none or anything is wrong with it; std::nullopt while answers are missing.
  std::optional<std::string> explanation(const Verdict& verdict);

  const SpfQuery query_;
  const std::optional<SpfIdentity> identity_;
  SpfLookups lookups_;
  std::deque<Frame> stack_;  // whose frames stay where they are while others come and go
  std::optional<Verdict> verdict_;
  Work work_;
};

// The verdict of the first record, or why there is none yet.
SpfStep<Verdict> SpfCheck::Evaluation::judge_all() {
  for (;;) {
    auto verdict = advance();
    // What a record says goes to the one that asked for it.
    while (verdict && *verdict) {
      const auto entry = stack_.back().entry;
      if (entry == Frame::Entry::first) return **std::move(verdict);
      stack_.pop_back();
      verdict = return_to(stack_.back(), entry, **std::move(verdict));
    }
    if (verdict) continue;
    if (verdict.error().stop == SpfStop::missing) return tl::unexpected(verdict.error());
    return tl::unexpected(located_in_all(std::move(verdict.error())));
  }
}

// One step of the record on top: its verdict, if it has one now.
SpfStep<std::optional<Verdict>> SpfCheck::Evaluation::advance() {
  Frame& frame = stack_.back();
  if (!frame.record) return read_record(frame);
  if (frame.next < frame.record->mechanisms.size()) return judge_mechanism(frame);
  if (frame.record->redirect) return follow_redirect(frame);
  return Verdict{SpfResult::neutral, "default", "", ""};  // 4.7
}

SpfStep<std::optional<Verdict>> SpfCheck::Evaluation::read_record(Frame& frame) {
  const auto answer = lookups_.ask(frame.domain, Type::txt);
  if (!answer) return tl::unexpected(answer.error());
  const auto text = select_record(**answer, frame.domain);
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) return Verdict{};
  ++work_.records;
  auto record = parse_spf_record(*text);
  if (!record) return tl::unexpected(located(frame.domain, "", {SpfStop::permerror, std::move(record.error())}));
  frame.record = std::move(*record);
  return std::nullopt;
}

SpfStep<std::optional<Verdict>> SpfCheck::Evaluation::judge_mechanism(Frame& frame) {
  using Kind = SpfMechanism::Kind;
  const SpfMechanism& mechanism = frame.record->mechanisms[frame.next];
  if (mechanism.kind == Kind::all) return conclude(frame, true);
  if (mechanism.kind == Kind::ip4 || mechanism.kind == Kind::ip6) return conclude(frame, matches_network(mechanism));
  const auto has_target = find_target(frame, mechanism.domain_spec);
  if (!has_target) return tl::unexpected(has_target.error());
  if (!*has_target) return conclude(frame, false);
  if (mechanism.kind == Kind::include) {
    enter(*frame.target, Frame::Entry::include);
    return std::nullopt;
  }
  const auto matched = matches(mechanism, *frame.target);
  if (!matched) return tl::unexpected(matched.error());
  return conclude(frame, *matched);
}

// The current mechanism is judged: the record's verdict, or on to the next one.
std::optional<Verdict> SpfCheck::Evaluation::conclude(Frame& frame, bool matched) {
  const SpfRecord& record = *frame.record;
  if (matched) {
    const SpfMechanism& mechanism = record.mechanisms[frame.next];
    return Verdict{mechanism.qualifier, printable(mechanism.text), std::string(record.explanation.value_or("")),
                   frame.domain};
  }
  ++frame.next;
  frame.counted = false;
  frame.target.reset();
  return std::nullopt;
}

// 6.1
SpfStep<std::optional<Verdict>> SpfCheck::Evaluation::follow_redirect(Frame& frame) {
  const auto has_target = find_target(frame, *frame.record->redirect);
  if (!has_target) return tl::unexpected(has_target.error());
  if (!*has_target) return return_to(frame, Frame::Entry::redirect, {});
  enter(*frame.target, Frame::Entry::redirect);
  return std::nullopt;
}

// 5.2, with its table of results, and 6.1: what an included record's verdict means to the one that includes it.
SpfStep<std::optional<Verdict>> SpfCheck::Evaluation::return_to(Frame& frame, Frame::Entry entry, Verdict verdict) {
  if (verdict.result == SpfResult::none) return spf_fault(SpfStop::permerror, "its target has no SPF record");
  if (entry == Frame::Entry::redirect) return verdict;
  return conclude(frame, verdict.result == SpfResult::pass);
}

SpfFault SpfCheck::Evaluation::located_in_all(SpfFault fault) const {
  for (auto frame = stack_.rbegin(); frame != stack_.rend(); ++frame) {
    if (frame->record) fault = located(frame->domain, current_term(*frame), std::move(fault));
  }
  return fault;
}

void SpfCheck::Evaluation::enter(std::string domain, Frame::Entry entry) {
  stack_.push_back({std::move(domain), entry, {}, 0, false, {}});
}

// Counts the current term, which asks DNS, and finds what it asks for. False for a term that matches nothing.
SpfStep<bool> SpfCheck::Evaluation::find_target(Frame& frame, std::string_view domain_spec) {
  if (!frame.counted) {
    ++work_.terms;
    if (const auto counted = lookups_.count_term(); !counted) return tl::unexpected(counted.error());
    frame.counted = true;
  }
  if (frame.target) return true;
  if (domain_spec.empty()) {
    frame.target = frame.domain;
    return true;
  }
  ++work_.expansions;
  auto expanded = expand_spf_domain(domain_spec, macro_values(frame.domain));
  if (expanded) frame.target = std::move(*expanded);
  if (!expanded && expanded.error() == SpfMacroStop::missing) return spf_fault(SpfStop::missing);
  return expanded.has_value();
}

SpfStep<bool> SpfCheck::Evaluation::matches(const SpfMechanism& mechanism, const std::string& target) {
  using Kind = SpfMechanism::Kind;
  switch (mechanism.kind) {
    case Kind::a:
      return matches_a(mechanism, target);
    case Kind::mx:
      return matches_mx(mechanism, target);
    case Kind::ptr:
      return matches_ptr(target);
    default:
      return matches_exists(target);
  }
}

// 5.3
SpfStep<bool> SpfCheck::Evaluation::matches_a(const SpfMechanism& mechanism, const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, lookups_.address_type());
  if (!answer) return tl::unexpected(answer.error());
  return has_client(**answer, mechanism);
}

// 5.4. All addresses are asked for at once, and judged in order, so that the result does not depend on which comes
// first.
SpfStep<bool> SpfCheck::Evaluation::matches_mx(const SpfMechanism& mechanism, const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, Type::mx);
  if (!answer) return tl::unexpected(answer.error());
  const auto& exchangers = (*answer)->exchangers;
  if (exchangers.size() > max_spf_exchangers) return spf_fault(SpfStop::permerror, "more than ten MX records");
  for (const auto& exchanger : exchangers) {
    if (!exchanger.name.empty()) lookups_.expect(exchanger.name, lookups_.address_type());
  }
  for (const auto& exchanger : exchangers) {
    if (exchanger.name.empty()) continue;  // the null MX (RFC 7505)
    const auto addresses = lookups_.ask_for_term(exchanger.name, lookups_.address_type());
    if (!addresses) return tl::unexpected(addresses.error());
    if (has_client(**addresses, mechanism)) return true;
  }
  return false;
}

// 5.5. Only names that would match are validated.
SpfStep<bool> SpfCheck::Evaluation::matches_ptr(const std::string& target) {
  auto names = lookups_.client_names();
  if (!names) return tl::unexpected(names.error());
  std::erase_if(*names, [&](const std::string& name) { return !net::is_same_or_below(name, target); });
  for (const auto& name : *names) lookups_.expect(name, lookups_.address_type());
  for (const auto& name : *names) {
    auto valid = lookups_.is_client_name(name);
    if (!valid || *valid) return valid;
  }
  return false;
}

// 5.7: A, for an IPv6 client too.
SpfStep<bool> SpfCheck::Evaluation::matches_exists(const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, Type::a);
  if (!answer) return tl::unexpected(answer.error());
  return (*answer)->status == dns::Status::found;
}

// 5.6. An IPv4 client, also one behind an IPv4-mapped address, is in no IPv6 network (5).
bool SpfCheck::Evaluation::matches_network(const SpfMechanism& mechanism) const {
  const bool v4 = mechanism.kind == SpfMechanism::Kind::ip4;
  if (query_.client.is_v4() != v4) return false;
  return share_prefix(query_.client.bytes(), mechanism.network, v4 ? 96 + mechanism.ip4_length : mechanism.ip6_length);
}

bool SpfCheck::Evaluation::has_client(const Answer& answer, const SpfMechanism& mechanism) const {
  const bool v4 = query_.client.is_v4();
  const unsigned bits = v4 ? 96 + mechanism.ip4_length : mechanism.ip6_length;
  return std::any_of(answer.addresses.begin(), answer.addresses.end(), [&](const net::IpAddress& address) {
    return address.is_v4() == v4 && share_prefix(address.bytes(), query_.client.bytes(), bits);
  });
}

SpfMacroValues SpfCheck::Evaluation::macro_values(const std::string& domain) {
  return {identity_->sender(), domain, query_.client, query_.helo, query_.receiver, query_.unix_time, [this, &domain] {
            return validated_name(domain);
          }};
}

// %{p} (7.3): the domain itself, else a name below it, else any; never an error.
std::optional<std::string> SpfCheck::Evaluation::validated_name(const std::string& domain) {
  auto names = lookups_.client_names();
  if (!names) return std::nullopt;
  const auto rank = [&](const std::string& name) {
    return name == domain ? 0 : (net::is_same_or_below(name, domain) ? 1 : 2);
  };
  std::stable_sort(names->begin(), names->end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  for (const auto& name : *names) lookups_.expect(name, lookups_.address_type());
  for (const auto& name : *names) {
    const auto valid = lookups_.is_client_name(name);
    if (!valid) return std::nullopt;
    if (*valid) return name;
  }
  return "unknown";
}

std::optional<std::string> SpfCheck::Evaluation::explanation(const Verdict& verdict) {
  if (verdict.result != SpfResult::fail || verdict.explanation_spec.empty()) return "";
  const auto values = macro_values(verdict.explanation_domain);
  ++work_.expansions;
  const auto target = expand_spf_domain(verdict.explanation_spec, values);
  if (!target) return target.error() == SpfMacroStop::missing ? std::nullopt : std::optional<std::string>("");
  const auto answer = lookups_.ask(*target, Type::txt);
  if (!answer) return answer.error().stop == SpfStop::missing ? std::nullopt : std::optional<std::string>("");
  const auto& texts = (*answer)->texts;
  if (texts.size() != 1 || texts.front().size() > max_spf_record_length) return "";
  if (spf_macro_string_error(texts.front(), SpfMacroUse::explanation)) return "";
  ++work_.expansions;
  const auto text = expand_spf_explanation(texts.front(), values);
  if (!text) return text.error() == SpfMacroStop::missing ? std::nullopt : std::optional<std::string>("");
  // What the macros brought need not be printable: a HELO name, a local part.
  const bool plain = std::all_of(text->begin(), text->end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain ? *text : "";
}

std::optional<model::SpfOutcome> SpfCheck::Evaluation::run(dns::DnsAnswers& dns_answers) {
  model::SpfOutcome outcome;
  outcome.identity = query_.identity;
  if (!identity_) return outcome;  // 4.3: none
  outcome.domain = identity_->domain;
  lookups_.use(dns_answers);
  if (!verdict_) {
    auto verdict = judge_all();
    if (!verdict) {
      if (verdict.error().stop == SpfStop::missing) return std::nullopt;
      outcome.result = verdict.error().stop == SpfStop::temperror ? SpfResult::temperror : SpfResult::permerror;
      outcome.problem = std::move(verdict.error().problem);
      return outcome;
    }
    verdict_ = std::move(*verdict);
  }
  auto explained = explanation(*verdict_);
  if (!explained) return std::nullopt;
  outcome.result = verdict_->result;
  outcome.mechanism = verdict_->mechanism;
  outcome.explanation = std::move(*explained);
  return outcome;
}

SpfCheck::SpfCheck(SpfQuery query) : evaluation_(std::make_unique<Evaluation>(std::move(query))) {}
SpfCheck::~SpfCheck() = default;
SpfCheck::SpfCheck(SpfCheck&&) noexcept = default;
SpfCheck& SpfCheck::operator=(SpfCheck&&) noexcept = default;

std::optional<model::SpfOutcome> SpfCheck::run(dns::DnsAnswers& dns_answers) {
  return evaluation_->run(dns_answers);
}

const SpfCheck::Work& SpfCheck::work() const {
  return evaluation_->work();
}

std::optional<model::SpfOutcome> check_spf(const SpfQuery& query, dns::DnsAnswers& dns_answers) {
  return SpfCheck(query).run(dns_answers);
}

}  // namespace connectord::auth
