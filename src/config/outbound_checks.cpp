// What must fit together within the tables of an outbound connector.
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>

#include "quote.h"
#include "table_checks.h"

namespace connectord::config {

namespace {

// What a certificate or DNS would have to say of an address.
void check_tls_of_addresses(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  if (!connector.tls) return;
  const bool dane = connector.tls->lowest_level() == model::TlsLevel::dane;
  if (!dane && connector.tls->level != model::TlsLevel::verify) return;
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (!net::IpAddress::parse(host.host)) continue;
    const Reader::Scope scope(reader, "tls");
    const Reader::Scope inner(reader, connector.tls->level == connector.tls->lowest_level() ? "level" : "dane");
    const toml::source_region& place = table["tls"].node()->source();
    if (dane) {
      reader.error(place, "there are no TLSA records for an address; write the name of the smart host " +
                              to_string(host) + ", or another level");
    } else {
      reader.warning(place,
                     "the certificate of " + to_string(host) +
                         " must have that very address, as hardly any has; write its name, or level = \"match\"");
    }
  }
}

// A policy of MTA-STS is a domain's whose MX records are looked up (RFC 8461, 3).
void check_policies_of_hosts(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  if (!connector.tls || (connector.tls->level != model::TlsLevel::sts && !connector.tls->mta_sts)) return;
  const char* key = connector.tls->level == model::TlsLevel::sts ? "level" : "mta_sts";
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (host.look_up_mx && !host.implicit_tls) continue;
    const Reader::Scope scope(reader, "tls");
    const Reader::Scope inner(reader, key);
    const std::string message = "there is no MTA-STS policy for the single host " + configured_text(host) +
                                "; write a domain whose MX records are looked up, or leave this out";
    const toml::source_region& place = table["tls"].node()->source();
    connector.tls->level == model::TlsLevel::sts ? reader.error(place, message) : reader.warning(place, message);
    return;
  }
}

// Whose mail it is, in one way only.
void check_senders(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  if (!connector.is_by_sender()) return;
  const char* key = table.contains("senders") ? "senders" : "sender_domains";
  const Reader::Scope scope(reader, key);
  const toml::source_region& place = table[key].node()->source();
  if (connector.rule_scoped || table.contains("inbound_connectors")) {
    reader.error(place, std::string("is not asked together with ") +
                            (connector.rule_scoped ? "rule_scoped: a rule has the condition sender"
                                                   : "inbound_connectors: mail that came in over a connector is any "
                                                     "sender's") +
                            "; leave one of them out");
  }
  if (connector.is_by_sender_alone() && connector.route.smart_hosts.empty()) {
    reader.error(place,
                 "alone needs smart hosts, since without them the mail takes the mail server's own way; write "
                 "smart_hosts in [outbound.route], or recipient_domains too");
  }
}

}  // namespace

void check_outbound(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  check_tls_of_addresses(reader, table, connector);
  check_policies_of_hosts(reader, table, connector);
  check_senders(reader, table, connector);
  const bool limited = table.contains("inbound_connectors") || connector.rule_scoped || table.contains("senders") ||
                       table.contains("sender_domains");
  if (table.contains("recipient_domains") || limited) return;
  const Reader::Scope scope(reader, "recipient_domains");
  reader.error(table.source(),
               "is missing, so no mail would leave by this connector; write recipient_domains = [\"contoso.com\"], or "
               "[\"*\"] for all mail that leaves");
}

void check_route(Reader& reader, const toml::table& table, const model::Route& route) {
  const auto implicit = std::count_if(route.smart_hosts.begin(), route.smart_hosts.end(),
                                      [](const model::SmartHost& host) { return host.implicit_tls; });
  if (implicit > 0 && static_cast<std::size_t>(implicit) < route.smart_hosts.size()) {
    const Reader::Scope scope(reader, "smart_hosts");
    reader.error(
        table["smart_hosts"].node()->source(),
        "has hosts with \"smtps:\" and without, which no delivery service of a mail server can have both; write "
        "it before all of them, or make two connectors");
  }
  if (!table.contains("credentials")) return;
  const Reader::Scope scope(reader, "credentials");
  const toml::source_region& place = table["credentials"].node()->source();
  if (!table.contains("smart_hosts")) {
    reader.error(place, "would be shown to whatever host the recipient's MX records name; write smart_hosts too");
  }
  // Postfix asks for the password by next hop and by the name of any host it is connected to.
  for (const model::SmartHost& host : route.smart_hosts) {
    if (!host.look_up_mx || host.port) continue;
    reader.error(place, "could be shown to a host " + in_quotes(host.host) +
                            " on whatever way mail gets there; write the smart host as \"[" + host.host + "]\" or \"" +
                            host.host + ":25\"");
  }
}

// Of which a word in master.cf may consist.
constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+@=:~-";

// Words that Postfix takes for something else than a name (postconf(5), smtp_tls_secure_cert_match).
bool is_strategy(std::string_view name) {
  return name == "nexthop" || name == "dot-nexthop" || name == "hostname";
}

void check_outbound_tls(Reader& reader, const toml::table& table, const model::OutboundTls& tls) {
  const auto report = [&](std::string_view key, std::string message, bool is_error) {
    const Reader::Scope scope(reader, key);
    const toml::source_region& place = table.contains(key) ? table[key].node()->source() : table.source();
    is_error ? reader.error(place, std::move(message)) : reader.warning(place, std::move(message));
  };
  const bool match = tls.level == model::TlsLevel::match;
  if (match && !table.contains("match")) {
    report("match", "is missing; write the names that the certificate may have, such as match = [\"mx.contoso.com\"]",
           true);
  }
  if (!match && table.contains("match")) {
    report("match", "is compared with level = \"match\" only; write that, or leave match out", true);
  }
  if (table.contains("ca_file") && !match && tls.level != model::TlsLevel::verify) {
    report("ca_file",
           "has no meaning where no chain is checked; write level = \"verify\" or \"match\", or leave ca_file out",
           true);
  }
  for (const std::string& name : tls.match) {
    if (is_strategy(name))
      report("match", in_quotes(name) + " means something else to Postfix; write a whole name", true);
  }
  // Attributes of a TLS policy end at a space or a comma.
  if (tls.ca_file.find_first_of(" ,\t") != std::string::npos) {
    report("ca_file", "has a space or a comma in its name, which no TLS policy of Postfix can have; rename the file",
           true);
  }
  for (const auto& [key, file, other] :
       {std::tuple("certificate", &tls.certificate, "key"), std::tuple("key", &tls.key, "certificate")}) {
    if (table.contains(key) && !table.contains(other)) {
      report(key, "is of no use without " + std::string(other) + "; write both", true);
    }
    // What stands in master.cf must be one word there, and the end of a line would let in whatever follows it.
    if (file->find_first_not_of(plain) != std::string::npos) {
      report(key, "has a character in its name that Postfix takes for something else; rename the file", true);
    }
  }
  // A level that asks for a certificate counts before what the destination publishes.
  const bool is_raised = tls.level == model::TlsLevel::opportunistic || tls.level == model::TlsLevel::require;
  if (tls.dane == model::DaneUse::mandatory && !is_raised && tls.level != model::TlsLevel::dane) {
    report("dane", "does not go with level = " + in_quotes(to_string(tls.level)) + "; leave one of them out", true);
  }
  if (tls.dane == model::DaneUse::none && tls.level == model::TlsLevel::dane) {
    report("dane", "does not go with level = \"dane\"; leave one of them out", true);
  }
  if (tls.dane == model::DaneUse::opportunistic && !is_raised && tls.level != model::TlsLevel::sts) {
    report("dane", "has no effect beside level = " + in_quotes(to_string(tls.level)) + ", which counts before it",
           false);
  }
  if (tls.mta_sts == model::StsUse::none && tls.level == model::TlsLevel::sts) {
    report("mta_sts", "does not go with level = \"sts\"; leave one of them out", true);
  }
  if (tls.mta_sts == model::StsUse::opportunistic && (!is_raised || tls.dane == model::DaneUse::mandatory)) {
    report("mta_sts", "has no effect beside what is asked for whatever the destination publishes", false);
  }
  if (table.contains("version") && tls.level == model::TlsLevel::opportunistic) {
    report("version",
           "mail leaves in the clear if the server has no such version; write level = \"require\" to forbid it", false);
  }
}

}  // namespace connectord::config
