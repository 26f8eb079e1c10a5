// check_host() of RFC 7208, section 4, as a function of what DNS has told so far. It runs from its beginning each time,
// so nothing is kept between runs and limits count the same way in each.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "connectord/auth/spf.h"
#include "connectord/auth/spf_macro.h"
#include "connectord/auth/spf_record.h"
#include "connectord/net/domain_name.h"
#include "spf_lookups.h"
#include "spf_query.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

using dns::Answer;
using dns::Type;
using model::SpfResult;

constexpr std::size_t most_exchangers = 10;

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

class Evaluation {
 public:
  Evaluation(const SpfQuery& query, const SpfIdentity& identity, dns::Knowledge& knowledge)
      : query_(query), identity_(identity), lookups_(query.client, knowledge) {}

  SpfStep<Verdict> check_host(const std::string& domain);
  // 6.2: empty where there is none or anything is wrong with it; std::nullopt while answers are missing.
  std::optional<std::string> explanation(const Verdict& verdict);

 private:
  SpfStep<bool> matches(const SpfMechanism& mechanism, const std::string& domain);
  SpfStep<bool> matches_include(const std::string& target);
  SpfStep<bool> matches_a(const SpfMechanism& mechanism, const std::string& target);
  SpfStep<bool> matches_mx(const SpfMechanism& mechanism, const std::string& target);
  SpfStep<bool> matches_ptr(const std::string& target);
  SpfStep<bool> matches_exists(const std::string& target);
  bool matches_network(const SpfMechanism& mechanism) const;
  bool has_client(const Answer& answer, const SpfMechanism& mechanism) const;
  SpfStep<Verdict> follow_redirect(const SpfRecord& record, const std::string& domain);
  SpfMacroValues macro_values(const std::string& domain);
  std::optional<std::string> validated_name(const std::string& domain);

  const SpfQuery& query_;
  const SpfIdentity& identity_;
  SpfLookups lookups_;
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

SpfStep<Verdict> Evaluation::check_host(const std::string& domain) {
  const auto answer = lookups_.ask(domain, Type::txt);
  if (!answer) return tl::unexpected(answer.error());
  const auto text = select_record(**answer, domain);
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) return Verdict{};
  const auto record = parse_spf_record(*text);
  if (!record) return tl::unexpected(located(domain, "", {SpfStop::permerror, record.error()}));

  for (const auto& mechanism : record->mechanisms) {
    const auto matched = matches(mechanism, domain);
    if (!matched) return tl::unexpected(located(domain, mechanism.text, matched.error()));
    if (!*matched) continue;
    return Verdict{mechanism.qualifier, printable(mechanism.text), std::string(record->explanation.value_or("")),
                   domain};
  }
  if (record->redirect) return follow_redirect(*record, domain);
  return Verdict{SpfResult::neutral, "default", "", ""};  // 4.7
}

// 6.1
SpfStep<Verdict> Evaluation::follow_redirect(const SpfRecord& record, const std::string& domain) {
  const std::string term = "redirect=" + std::string(*record.redirect);
  if (const auto counted = lookups_.count_term(); !counted) {
    return tl::unexpected(located(domain, term, counted.error()));
  }
  const auto target = expand_spf_domain(*record.redirect, macro_values(domain));
  if (!target && target.error() == SpfMacroStop::missing) return spf_fault(SpfStop::missing);
  auto verdict = target ? check_host(*target) : SpfStep<Verdict>(Verdict{});
  if (!verdict) return tl::unexpected(located(domain, term, verdict.error()));
  if (verdict->result == SpfResult::none) {
    return tl::unexpected(located(domain, term, {SpfStop::permerror, "its target has no SPF record"}));
  }
  return verdict;
}

SpfStep<bool> Evaluation::matches(const SpfMechanism& mechanism, const std::string& domain) {
  using Kind = SpfMechanism::Kind;
  if (mechanism.kind == Kind::all) return true;
  if (mechanism.kind == Kind::ip4 || mechanism.kind == Kind::ip6) return matches_network(mechanism);
  if (const auto counted = lookups_.count_term(); !counted) return tl::unexpected(counted.error());
  std::string target = domain;
  if (!mechanism.domain_spec.empty()) {
    auto expanded = expand_spf_domain(mechanism.domain_spec, macro_values(domain));
    if (!expanded && expanded.error() == SpfMacroStop::missing) return spf_fault(SpfStop::missing);
    if (!expanded) return false;
    target = std::move(*expanded);
  }
  switch (mechanism.kind) {
    case Kind::include:
      return matches_include(target);
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

// 5.2, with its table of results.
SpfStep<bool> Evaluation::matches_include(const std::string& target) {
  const auto verdict = check_host(target);
  if (!verdict) return tl::unexpected(verdict.error());
  if (verdict->result == SpfResult::none) return spf_fault(SpfStop::permerror, "its target has no SPF record");
  return verdict->result == SpfResult::pass;
}

// 5.3
SpfStep<bool> Evaluation::matches_a(const SpfMechanism& mechanism, const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, lookups_.address_type());
  if (!answer) return tl::unexpected(answer.error());
  return has_client(**answer, mechanism);
}

// 5.4. All addresses are asked for at once, and judged in order, so that the result does not depend on which comes
// first.
SpfStep<bool> Evaluation::matches_mx(const SpfMechanism& mechanism, const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, Type::mx);
  if (!answer) return tl::unexpected(answer.error());
  const auto& exchangers = (*answer)->exchangers;
  if (exchangers.size() > most_exchangers) return spf_fault(SpfStop::permerror, "more than ten MX records");
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
SpfStep<bool> Evaluation::matches_ptr(const std::string& target) {
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
SpfStep<bool> Evaluation::matches_exists(const std::string& target) {
  const auto answer = lookups_.ask_for_term(target, Type::a);
  if (!answer) return tl::unexpected(answer.error());
  return (*answer)->status == dns::Status::found;
}

// 5.6. An IPv4 client, also one behind an IPv4-mapped address, is in no IPv6 network (5).
bool Evaluation::matches_network(const SpfMechanism& mechanism) const {
  const bool v4 = mechanism.kind == SpfMechanism::Kind::ip4;
  if (query_.client.is_v4() != v4) return false;
  return share_prefix(query_.client.bytes(), mechanism.network, v4 ? 96 + mechanism.ip4_length : mechanism.ip6_length);
}

bool Evaluation::has_client(const Answer& answer, const SpfMechanism& mechanism) const {
  const bool v4 = query_.client.is_v4();
  const unsigned bits = v4 ? 96 + mechanism.ip4_length : mechanism.ip6_length;
  return std::any_of(answer.addresses.begin(), answer.addresses.end(), [&](const net::IpAddress& address) {
    return address.is_v4() == v4 && share_prefix(address.bytes(), query_.client.bytes(), bits);
  });
}

SpfMacroValues Evaluation::macro_values(const std::string& domain) {
  return {identity_.sender(), domain, query_.client, query_.helo, query_.receiver, query_.unix_time, [this, &domain] {
            return validated_name(domain);
          }};
}

// %{p} (7.3): the domain itself, else a name below it, else any; never an error.
std::optional<std::string> Evaluation::validated_name(const std::string& domain) {
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

std::optional<std::string> Evaluation::explanation(const Verdict& verdict) {
  if (verdict.result != SpfResult::fail || verdict.explanation_spec.empty()) return "";
  const auto values = macro_values(verdict.explanation_domain);
  const auto target = expand_spf_domain(verdict.explanation_spec, values);
  if (!target) return target.error() == SpfMacroStop::missing ? std::nullopt : std::optional<std::string>("");
  const auto answer = lookups_.ask(*target, Type::txt);
  if (!answer) return answer.error().stop == SpfStop::missing ? std::nullopt : std::optional<std::string>("");
  const auto& texts = (*answer)->texts;
  if (texts.size() != 1) return "";
  if (spf_macro_string_error(texts.front(), SpfMacroUse::explanation)) return "";
  const auto text = expand_spf_macros(texts.front(), SpfMacroUse::explanation, values);
  if (!text) return text.error() == SpfMacroStop::missing ? std::nullopt : std::optional<std::string>("");
  // What the macros brought need not be printable: a HELO name, a local part.
  const bool plain = std::all_of(text->begin(), text->end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain ? *text : "";
}

}  // namespace

std::optional<model::SpfOutcome> check_spf(const SpfQuery& query, dns::Knowledge& knowledge) {
  model::SpfOutcome outcome;
  outcome.identity = query.identity;
  const auto identity = spf_identity(query);
  if (!identity) return outcome;  // 4.3: none
  outcome.domain = identity->domain;
  Evaluation evaluation(query, *identity, knowledge);
  auto verdict = evaluation.check_host(identity->domain);
  if (!verdict) {
    if (verdict.error().stop == SpfStop::missing) return std::nullopt;
    outcome.result = verdict.error().stop == SpfStop::temperror ? SpfResult::temperror : SpfResult::permerror;
    outcome.problem = std::move(verdict.error().problem);
    return outcome;
  }
  auto explanation = evaluation.explanation(*verdict);
  if (!explanation) return std::nullopt;
  outcome.result = verdict->result;
  outcome.mechanism = std::move(verdict->mechanism);
  outcome.explanation = std::move(*explanation);
  return outcome;
}

}  // namespace connectord::auth
