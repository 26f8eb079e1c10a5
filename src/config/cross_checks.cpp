#include "cross_checks.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/config/nearest.h"
#include "connectord/net/domain_name.h"
#include "rule_cross_checks.h"
#include "signing_checks.h"

namespace connectord::config {
namespace {

// For connectors of one direction, `key` being their names' dotted key.
template <class Connector>
void check_names(const std::vector<Connector>& connectors, const std::string& key, Problems& problems) {
  std::unordered_map<std::string, const Connector*> seen;
  seen.reserve(connectors.size());
  for (const Connector& connector : connectors) {
    if (connector.name.empty()) continue;  // reported already
    const auto [other, is_new] = seen.emplace(base::to_lower(connector.name), &connector);
    if (is_new) continue;
    const Connector& first = *other->second;
    if (first.name == connector.name) {
      problems.error(connector.location, key,
                     "there is a connector \"" + first.name + "\" already, at " + to_string(first.location) +
                         "; give each a name of its own");
    } else {
      problems.warning(connector.location, key,
                       "\"" + connector.name + "\" differs from \"" + first.name + "\" at " +
                           to_string(first.location) + " in case only, and Postfix's tables take both for the same");
    }
  }
}

const model::CertificatePattern* with_fingerprints(const std::optional<model::CertificatePattern>& certificate) {
  return certificate && !certificate->fingerprints.empty() ? &*certificate : nullptr;
}

// One warning for all of them: the remedy is one line.
void check_fingerprints(const model::Configuration& configuration, Problems& problems) {
  if (configuration.server.policy) return;
  const model::CertificatePattern* first = nullptr;
  std::size_t count = 0;
  for (const model::InboundConnector& connector : configuration.inbound) {
    const auto* required = with_fingerprints(connector.require.certificate);
    const auto* used = required != nullptr ? required : with_fingerprints(connector.identify.certificate);
    if (used == nullptr) continue;
    if (first == nullptr) first = used;
    ++count;
  }
  if (first == nullptr) return;
  problems.warning(first->location, "server.policy",
                   "fingerprints are used (by " + std::to_string(count) + (count == 1 ? " connector" : " connectors") +
                       "), and Postfix tells them to a policy service only; write policy in [server]. With Sendmail "
                       "there is nothing to do: it tells the milter those that begin with sha256:");
}

// What is required must be looked at, or nothing of that connector could ever be accepted.
void check_requirements(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                        Problems& problems) {
  const model::AuthenticationSettings& settings = configuration.authentication;
  const auto check = [&](const model::InboundConnector& connector, model::Requirement requirement, bool looked_at,
                         const char* key, const char* remedy) {
    if (requirement == model::Requirement::none) return;
    if (configuration.server.policy && !configuration.server.milter) {
      problems.error(
          connector.location, key,
          "\"" + connector.name + "\" requires it, and only a milter sees the message; write milter in [server]");
    }
    if (looked_at) return;
    problems.error(connector.location, key,
                   "\"" + connector.name + "\" requires it, and [authentication] switches it off; write " + remedy);
  };
  const bool dmarc = settings.dmarc != model::DmarcMode::off;
  for (const model::InboundConnector& connector : configuration.inbound) {
    const model::Require& require = connector.require;
    check(connector, require.spf, settings.spf, "inbound.require.spf", "spf = true there");
    check(connector, require.dkim, settings.dkim, "inbound.require.dkim", "dkim = true there");
    if (require.dkim == model::Requirement::aligned) {
      check(connector, require.dkim, dmarc, "inbound.require.dkim", "dmarc = \"report\" there, which finds alignment");
    }
    check(connector, require.dmarc, dmarc, "inbound.require.dmarc", "dmarc = \"report\" or \"enforce\" there");
  }
  if (!settings.arc_trusted_sealers.empty() && !settings.arc) {
    problems.error({main_file, 1, 1}, "authentication.arc_trusted_sealers",
                   "trusted sealers count with arc = true only; write it too");
  }
}

std::string listed_networks(const std::vector<net::AddressRange>& ranges) {
  std::string text;
  for (const net::AddressRange& range : ranges) text += (text.empty() ? "" : ", ") + range.to_string();
  return text.empty() ? "nowhere" : text;
}

// What whoever connects to a listener of inet: is believed: an error where nobody is named, and in so many words what
// it means where somebody is.
void check_belief(const model::Server& server, const std::optional<net::Endpoint>& listener, const char* key,
                  const model::Location& place, const std::string& belief, Problems& problems) {
  if (!listener || listener->kind != net::Endpoint::Kind::inet) return;
  const std::string what = "whoever can connect to " + listener->to_string() + " " + belief;
  if (!server.inet_clients) {
    problems.error(place, "server.inet_clients",
                   what + ", every user of this machine too; write " + key +
                       " = \"unix:…\" in [server], or name there the machines that may connect, all of whose users you "
                       "trust with it: inet_clients = [\"192.0.2.25\"]");
  } else {
    problems.warning(place, "server.inet_clients",
                     what + ": every user and program there, which is what you say you trust (" +
                         listed_networks(*server.inet_clients) + "); a unix socket lets in the mail server alone");
  }
}

bool is_for_other_machines(const net::Endpoint& endpoint) {
  const auto address = net::IpAddress::parse(endpoint.host);
  return endpoint.host != "localhost" && !(address && address->is_loopback());
}

// A listener that other machines can reach, and that lets none of them in, is hardly meant; nor is a list for nobody.
void check_use_of_inet_clients(const model::Server& server, const std::shared_ptr<const std::string>& main_file,
                               Problems& problems) {
  bool has_inet = false;
  for (const auto* listener : {&server.milter, &server.policy, &server.socketmap}) {
    if (!*listener || (*listener)->kind != net::Endpoint::Kind::inet) continue;
    has_inet = true;
    if (server.inet_clients || !is_for_other_machines(**listener)) continue;
    problems.warning({main_file, 1, 1}, "server.inet_clients",
                     "is not written, so nobody but this machine's loopback interface may connect to " +
                         (*listener)->to_string() + "; name the machines that may: inet_clients = [\"192.0.2.25\"]");
  }
  if (!server.inet_clients || has_inet) return;
  problems.warning({main_file, 1, 1}, "server.inet_clients",
                   "has no effect, since neither milter nor policy nor socketmap listens on inet:");
}

void check_inet_clients(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                        Problems& problems) {
  const model::Server& server = configuration.server;
  check_use_of_inet_clients(server, main_file, problems);
  for (const model::InboundConnector& connector : configuration.inbound) {
    const auto* required = with_fingerprints(connector.require.certificate);
    const auto* used = required != nullptr ? required : with_fingerprints(connector.identify.certificate);
    if (!connector.enabled || used == nullptr) continue;
    check_belief(server, server.policy, "policy", used->location, "may say that a client showed any certificate",
                 problems);
    break;
  }
  if (configuration.signing.empty()) return;
  check_belief(server, server.milter, "milter", configuration.signing.front().location,
               "may have any message signed as ours", problems);
}

// Tags that no inbound connector puts on mail.
void check_scopes(const model::Configuration& configuration, Problems& problems) {
  std::unordered_map<std::string_view, const model::InboundConnector*> inbound;
  std::vector<std::string_view> names;
  for (const model::InboundConnector& connector : configuration.inbound) {
    inbound.emplace(connector.name, &connector);
    names.push_back(connector.name);
  }
  for (const model::OutboundConnector& connector : configuration.outbound) {
    for (const std::string& name : connector.inbound_connectors) {
      if (inbound.contains(name)) continue;
      const auto meant = nearest(name, names);
      problems.error(connector.location, "outbound.inbound_connectors",
                     "there is no inbound connector \"" + name + "\"" +
                         (meant ? "; did you mean \"" + std::string(*meant) + "\"?"
                                : "; write the name of an [[inbound]] connector"));
    }
  }
}

const model::OutboundConnector* first_of(const model::Configuration& configuration,
                                         bool (*test)(const model::OutboundConnector&)) {
  const auto& all = configuration.outbound;
  const auto found = std::find_if(all.begin(), all.end(), test);
  return found == all.end() ? nullptr : &*found;
}

// What outbound connectors need of the rest; one message for all of them.
void check_outbound_needs(const model::Configuration& configuration, Problems& problems) {
  const auto& all = configuration.outbound;
  const model::Server& server = configuration.server;
  if (!all.empty() && !server.socketmap) {
    problems.warning(all.front().location, "server.socketmap",
                     "no mail server can ask for routes and TLS policies of outbound connectors; write socketmap = "
                     "\"unix:/var/spool/postfix/connectord/socketmap.sock\" in [server], or use connectorctl maps");
  }
  const auto* secret = first_of(configuration, [](const auto& c) { return !c.route.credentials.empty(); });
  if (secret != nullptr && server.socketmap && server.socketmap->kind == net::Endpoint::Kind::inet) {
    problems.error(secret->location, "outbound.route.credentials",
                   "passwords are handed out over a unix socket only, since anybody on this host can ask an inet "
                   "listener; write socketmap = \"unix:…\" in [server]");
  }
  const auto* tagged = first_of(configuration, [](const auto& c) { return !c.inbound_connectors.empty(); });
  if (tagged != nullptr && !server.milter) {
    problems.warning(tagged->location, "server.milter",
                     "only the milter knows over which inbound connector mail came in, so nothing leaves by \"" +
                         tagged->name + "\"; write milter in [server]");
  }
  const auto* from_and_to =
      first_of(configuration, [](const auto& c) { return c.is_by_sender() && !c.is_by_sender_alone(); });
  if (from_and_to != nullptr && !server.milter) {
    problems.warning(from_and_to->location, "server.milter",
                     "only the milter knows both sender and recipient, so nothing leaves by \"" + from_and_to->name +
                         "\"; write milter in [server], or leave out its senders or its recipient_domains");
  }
  const auto* wide = first_of(configuration, [](const auto& c) {
    const auto& domains = c.recipient_domains;
    return std::any_of(domains.begin(), domains.end(),
                       [](const auto& pattern) { return pattern.kind() == net::DomainPattern::Kind::any; });
  });
  if (wide != nullptr && configuration.organization.accepted_domains.empty()) {
    problems.warning(wide->location, "organization.accepted_domains",
                     "without it \"" + wide->name + "\" takes mail for our own domains too; name them there");
  }
}

bool is_on_this_machine(const net::Endpoint& server) {
  const auto address = net::IpAddress::parse(server.host);
  return address && address->is_loopback();
}

// TLSA records count where DNSSEC vouches for them, and nothing protects the word of a resolver elsewhere on its way.
void check_resolver_of_dane(const model::Configuration& configuration, const model::Location& place,
                            Problems& problems) {
  const auto& servers = configuration.dns.servers;
  const auto elsewhere = std::find_if_not(servers.begin(), servers.end(), is_on_this_machine);
  if (elsewhere == servers.end()) return;
  problems.error(place, "dns.servers",
                 "DANE needs a resolver on this machine that validates DNSSEC, and " + elsewhere->host +
                     " is none; run one here and write servers = [\"127.0.0.1\"] in [dns], or leave dane out");
}

const model::OutboundConnector* asking_for_dane(const model::Configuration& configuration) {
  return first_of(configuration,
                  [](const auto& c) { return c.enabled && c.tls && c.tls->dane == model::DaneUse::opportunistic; });
}

void check_delivery(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                    Problems& problems) {
  const model::Delivery& delivery = configuration.delivery;
  const model::Location place{main_file, 1, 1};
  if (delivery.dane) {
    check_resolver_of_dane(configuration, place, problems);
  } else if (const auto* connector = asking_for_dane(configuration)) {
    check_resolver_of_dane(configuration, connector->location, problems);
  }
  if (delivery.asks() && !configuration.server.socketmap) {
    problems.warning(place, "server.socketmap",
                     "no mail server can ask how mail must be protected; write socketmap = "
                     "\"unix:/var/spool/postfix/connectord/socketmap.sock\" in [server]");
  }
  if (delivery.tlsrpt && !delivery.asks()) {
    problems.warning(place, "delivery.tlsrpt",
                     "has nothing to tell Postfix; write mta_sts = true in [delivery], or leave it out");
  }
}

// Reports are made from the trace of what DMARC said.
void check_reports(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                   Problems& problems) {
  const model::Reports& reports = configuration.reports;
  if (!reports.dmarc) return;
  const model::Location place{main_file, 1, 1};
  if (reports.sender.empty()) {
    problems.error(place, "reports.sender", "is missing; write sender = \"dmarc-reports@…\" in [reports]");
  }
  if (!configuration.trace) {
    problems.error(place, "reports.dmarc",
                   "reports are made from the trace, and none is kept; write store = "
                   "\"sqlite:/var/lib/connectord/trace.db\" in [trace]");
  }
  if (configuration.authentication.dmarc == model::DmarcMode::off) {
    problems.error(
        place, "reports.dmarc",
        "there is nothing to report while DMARC is not looked at; write dmarc = \"report\" or \"enforce\" in "
        "[authentication]");
  }
  const auto domain =
      net::normalize_domain(std::string_view(reports.sender).substr(reports.sender.rfind('@') + 1)).value_or("");
  const auto signs = [&domain](const model::Signing& signing) { return signing.domain.matches(domain); };
  if (!domain.empty() && std::none_of(configuration.signing.begin(), configuration.signing.end(), signs)) {
    problems.warning(place, "reports.sender",
                     "no [[signing]] is for " + domain +
                         ", so reports are not signed, and who gets them may refuse them; make a key with: "
                         "connectorctl dkim new " +
                         domain);
  }
}

}  // namespace

void check_across(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                  Problems& problems) {
  check_names(configuration.inbound, "inbound.name", problems);
  check_names(configuration.outbound, "outbound.name", problems);
  // What could not be read is not to be called missing.
  if (problems.errors() > 0) return;
  check_fingerprints(configuration, problems);
  check_requirements(configuration, main_file, problems);
  check_scopes(configuration, problems);
  check_outbound_needs(configuration, problems);
  check_inet_clients(configuration, main_file, problems);
  check_signing(configuration, problems);
  check_rules(configuration, problems);
  check_delivery(configuration, main_file, problems);
  check_reports(configuration, main_file, problems);
  if (!configuration.server.milter && !configuration.server.policy) {
    problems.warning({main_file, 1, 1}, "server",
                     "there is no listener, so no mail server can ask; write milter = "
                     "\"unix:/var/spool/postfix/connectord/milter.sock\" in [server]");
  }
}

}  // namespace connectord::config
