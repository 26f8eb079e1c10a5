#include "connectord/auth/spf_survey.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/net/domain_name.h"
#include "spf_record.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

using dns::Type;
using Kind = SpfMechanism::Kind;

constexpr std::size_t max_records = 30;
constexpr unsigned broadest_ip4 = 16;
constexpr unsigned broadest_ip6 = 32;

bool asks_dns(Kind kind) {
  return kind != Kind::all && kind != Kind::ip4 && kind != Kind::ip6;
}

class Survey {
 public:
  explicit Survey(dns::DnsAnswers& dns_answers) : answers_(dns_answers) {}

  std::optional<SpfSurvey> run(const std::string& domain) {
    visit(domain, true);
    if (missing_) return std::nullopt;
    return std::move(made_);
  }

 private:
  // nullptr: missing, or not known now, which is noted.
  const dns::Answer* ask(const std::string& name, Type type) {
    const dns::Answer* answer = answers_.ask({name, type});
    missing_ = missing_ || answer == nullptr;
    if (answer == nullptr || !answer->is_temporary()) return answer;
    made_.unknown.push_back(std::string(to_string(type)) + " of " + printable(name));
    return nullptr;
  }

  // For terms, whose empty answers count.
  const dns::Answer* ask_for_term(const std::string& name, Type type) {
    const dns::Answer* answer = ask(name, type);
    if (answer != nullptr && answer->status != dns::Status::found) {
      std::string text = std::string(to_string(type)) + " of " + printable(name);
      auto& known = made_.void_lookups;
      if (std::find(known.begin(), known.end(), text) == known.end()) known.push_back(std::move(text));
    }
    return answer;
  }

  void error(const std::string& domain, const std::string& what) {
    made_.errors.push_back(printable(domain) + ": " + what);
  }

  // A domain's own record. `decides`: its "all" is the answer for everybody else.
  void visit(const std::string& domain, bool decides) {
    if (std::find(path_.begin(), path_.end(), domain) != path_.end()) {
      return error(domain, "includes itself");
    }
    if (++visited_ > max_records) return;
    const dns::Answer* answer = ask(domain, Type::txt);
    if (answer == nullptr) return;
    std::vector<std::string> records;
    std::copy_if(answer->texts.begin(), answer->texts.end(), std::back_inserter(records), is_spf_record);
    if (path_.empty()) made_.records = records;
    if (records.size() > 1) return error(domain, "several SPF records, so that none counts");
    if (records.empty()) {
      if (!path_.empty()) error(domain, "no SPF record, although another one includes it");
      return;
    }
    const auto record = parse_spf_record(records.front());
    if (!record) return error(domain, record.error());
    path_.push_back(domain);
    walk(*record, domain, decides);
    path_.pop_back();
  }

  void walk(const SpfRecord& record, const std::string& domain, bool decides) {
    for (const SpfMechanism& mechanism : record.mechanisms) {
      if (mechanism.kind == Kind::all) {
        if (decides) made_.all = mechanism.qualifier;
        return;  // what follows is never come to, a redirect neither (5.1)
      }
      look_at(mechanism, domain);
    }
    if (!record.redirect) return;
    ++made_.lookups;
    if (const auto target = target_of(*record.redirect, domain)) visit(*target, decides);
  }

  // std::nullopt for a name that depends on the message.
  std::optional<std::string> target_of(std::string_view spec, const std::string& domain) {
    if (spec.empty()) return domain;
    if (spec.find('%') != std::string_view::npos) {
      made_.uses_macros = true;
      return std::nullopt;
    }
    return net::normalize_domain(spec);
  }

  void look_at(const SpfMechanism& mechanism, const std::string& domain) {
    if (asks_dns(mechanism.kind)) ++made_.lookups;
    if (mechanism.kind == Kind::ptr) made_.uses_ptr = true;
    const bool broad = (mechanism.kind == Kind::ip4 && mechanism.ip4_length < broadest_ip4) ||
                       (mechanism.kind == Kind::ip6 && mechanism.ip6_length < broadest_ip6);
    if (broad) made_.broad_networks.push_back(printable(mechanism.text));
    if (!asks_dns(mechanism.kind) || mechanism.kind == Kind::ptr) return;
    const auto target = target_of(mechanism.domain_spec, domain);
    if (!target) return;
    if (mechanism.kind == Kind::include) return visit(*target, false);
    if (mechanism.kind == Kind::exists) ask_for_term(*target, Type::a);
    if (mechanism.kind == Kind::a) addresses(*target);
    if (mechanism.kind == Kind::mx) exchangers(*target, domain);
  }

  // A client has one family; a name without addresses of one of them is no mistake.
  void addresses(const std::string& name) {
    const dns::Answer* v6 = ask(name, Type::aaaa);
    const dns::Answer* v4 = ask(name, Type::a);
    if (v4 == nullptr || v6 == nullptr) return;
    if (v4->addresses.empty() && v6->addresses.empty()) ask_for_term(name, Type::a);
  }

  void exchangers(const std::string& name, const std::string& domain) {
    const dns::Answer* answer = ask_for_term(name, Type::mx);
    if (answer == nullptr) return;
    if (answer->exchangers.size() > max_spf_exchangers) {
      return error(domain, "mx of " + printable(name) + ": more than ten MX records");
    }
    for (const auto& exchanger : answer->exchangers) {
      if (!exchanger.name.empty()) addresses(exchanger.name);
    }
  }

  dns::DnsAnswers& answers_;
  SpfSurvey made_;
  bool missing_ = false;
  std::vector<std::string> path_;
  std::size_t visited_ = 0;
};

}  // namespace

std::optional<SpfSurvey> survey_spf(std::string_view domain, dns::DnsAnswers& dns_answers) {
  return Survey(dns_answers).run(std::string(domain));
}

}  // namespace connectord::auth
