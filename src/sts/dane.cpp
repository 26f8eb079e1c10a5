#include "connectord/sts/dane.h"

#include <algorithm>
#include <vector>

#include "connectord/dns/lookups.h"
#include "connectord/net/domain_name.h"
#include "connectord/sts/tlsa.h"
#include "connectord/tls/chain.h"

namespace connectord::sts {
namespace {

using State = DaneFinding::State;

constexpr std::uint16_t default_port = 25;
constexpr std::size_t max_hosts = 20;
// What lies in DNS with a longer life may still be taken out in a hurry, when a key is lost.
constexpr std::chrono::seconds longest_life{3600};

class DaneSearch {
 public:
  DaneSearch(dns::Resolver& resolver, std::uint16_t port) : resolver_(resolver), port_(port) {}

  void look_at_domain(const std::string& domain) {
    const auto answer = dns::ask(resolver_, {domain, dns::Type::mx});
    note_life(*answer);
    if (answer->is_temporary()) return note_unknown("MX records of " + domain + ": " + text_of(*answer));
    // Without MX records the host of that name takes the mail (RFC 5321, 5.1).
    if (answer->status == dns::Status::nodata) return look_at_host(domain, domain, answer->authenticated);
    if (answer->status != dns::Status::found) return note_absent("MX records of " + domain + ": " + text_of(*answer));
    if (!answer->authenticated) return note_absent("DNS does not vouch for the MX records of " + domain);
    auto exchangers = answer->exchangers;
    std::stable_sort(exchangers.begin(), exchangers.end());
    if (exchangers.size() > max_hosts) exchangers.resize(max_hosts);
    for (const dns::MailExchanger& exchanger : exchangers) {
      if (const auto name = net::normalize_domain(exchanger.name)) look_at_host(*name, domain, true);
      if (found_.state == State::present) return;
    }
  }

  void look_at_host(const std::string& name, const std::string& domain, bool is_vouched_for) {
    const dns::Addresses addresses = dns::addresses_of(resolver_, name);
    if (!addresses.found.empty()) found_.ttl = std::min(found_.ttl, addresses.ttl);
    if (addresses.found.empty()) {
      const bool is_temporary = addresses.status == dns::Status::timeout || addresses.status == dns::Status::error;
      const std::string words = "addresses of " + name + ": " + std::string(to_string(addresses.status));
      return is_temporary && is_vouched_for ? note_unknown(words) : note_absent(words);
    }
    const TlsaRecords records = find_tlsa_of({.name = name,
                                              .port = port_,
                                              .domain = domain,
                                              .authenticated = is_vouched_for && addresses.authenticated,
                                              .name_is_authenticated = is_vouched_for});
    if (!records.answer) return note_absent("DNS does not vouch for " + name);
    judge(name, records);
  }

  DaneFinding take() {
    if (found_.words.empty()) found_.words = "there is no host to ask about";
    return std::move(found_);
  }

 private:
  // Without an answer where DNS vouches for nothing that leads there: neither for the addresses nor for a first alias.
  TlsaRecords find_tlsa_of(const MailHost& host) {
    if (!host.name_is_authenticated) return {};
    if (host.authenticated) return find_tlsa(resolver_, host);
    const auto alias = dns::ask(resolver_, {host.name, dns::Type::cname});
    if (alias->status != dns::Status::found || !alias->authenticated) return {};
    return find_tlsa(resolver_, host);
  }

  void judge(const std::string& name, const TlsaRecords& records) {
    const dns::Answer& answer = *records.answer;
    note_life(answer);
    const std::string asked = records.asked.empty() ? name : records.asked.back();
    if (answer.is_temporary()) return note_unknown("TLSA records of " + asked + ": " + text_of(answer));
    if (!records.authenticated) return note_absent("DNS does not vouch for " + asked);
    const auto usable = std::find_if(answer.associations.begin(), answer.associations.end(), tls::is_usable);
    if (usable != answer.associations.end()) {
      found_.state = State::present;
      found_.words = "TLSA record of " + asked + ": " + tls::to_string(*usable);
      return;
    }
    note_absent(answer.associations.empty() ? "no TLSA records of " + asked
                                            : "no TLSA record of " + asked + " counts for SMTP (RFC 7672, 3.1)");
  }

  static std::string text_of(const dns::Answer& answer) { return std::string(to_string(answer.status)); }

  void note_life(const dns::Answer& answer) { found_.ttl = std::min(found_.ttl, answer.ttl); }

  // The first one says why.
  void note_absent(std::string words) {
    if (found_.words.empty()) found_.words = std::move(words);
  }

  void note_unknown(std::string words) {
    if (found_.state == State::unknown) return;
    found_.state = State::unknown;
    found_.words = std::move(words);
  }

  dns::Resolver& resolver_;
  std::uint16_t port_;
  DaneFinding found_{State::absent, {}, longest_life};
};

}  // namespace

DaneFinding find_dane(dns::Resolver& resolver, const model::SmartHost& next_hop) {
  DaneSearch search(resolver, next_hop.port.value_or(default_port));
  if (next_hop.look_up_mx) {
    search.look_at_domain(next_hop.host);
  } else {
    search.look_at_host(next_hop.host, {}, true);
  }
  return search.take();
}

}  // namespace connectord::sts
