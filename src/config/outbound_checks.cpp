// What must fit together within the tables of an outbound connector.
#include "quote.h"
#include "table_checks.h"

namespace connectord::config {

namespace {

// What a certificate or DNS would have to say of an address.
void check_tls_of_addresses(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  if (!connector.tls) return;
  const bool dane = connector.tls->level == model::TlsLevel::dane;
  if (!dane && connector.tls->level != model::TlsLevel::verify) return;
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    if (!net::IpAddress::parse(host.host)) continue;
    const Reader::Scope scope(reader, "tls");
    const Reader::Scope inner(reader, "level");
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

}  // namespace

void check_outbound(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
  check_tls_of_addresses(reader, table, connector);
  if (connector.rule_scoped) {
    const Reader::Scope scope(reader, "rule_scoped");
    reader.warning(table["rule_scoped"].node()->source(),
                   "there are no transport rules so far, so no mail leaves by \"" + connector.name +
                       "\"; leave rule_scoped out to choose by recipient_domains");
  }
  const bool limited = table.contains("inbound_connectors") || connector.rule_scoped;
  if (table.contains("recipient_domains") || limited) return;
  const Reader::Scope scope(reader, "recipient_domains");
  reader.error(table.source(),
               "is missing, so no mail would leave by this connector; write recipient_domains = [\"contoso.com\"], or "
               "[\"*\"] for all mail that leaves");
}

void check_route(Reader& reader, const toml::table& table, const model::Route& route) {
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

// Words that Postfix takes for something else than a name (postconf(5), smtp_tls_secure_cert_match).
bool is_strategy(std::string_view name) {
  return name == "nexthop" || name == "dot-nexthop" || name == "hostname";
}

void check_outbound_tls(Reader& reader, const toml::table& table, const model::OutboundTls& tls) {
  const auto tell = [&](std::string_view key, std::string message, bool is_error) {
    const Reader::Scope scope(reader, key);
    const toml::source_region& place = table.contains(key) ? table[key].node()->source() : table.source();
    is_error ? reader.error(place, std::move(message)) : reader.warning(place, std::move(message));
  };
  const bool match = tls.level == model::TlsLevel::match;
  if (match && !table.contains("match")) {
    tell("match", "is missing; write the names that the certificate may have, such as match = [\"mx.contoso.com\"]",
         true);
  }
  if (!match && table.contains("match")) {
    tell("match", "is compared with level = \"match\" only; write that, or leave match out", true);
  }
  if (table.contains("ca_file") && !match && tls.level != model::TlsLevel::verify) {
    tell("ca_file",
         "has no meaning where no chain is checked; write level = \"verify\" or \"match\", or leave ca_file out", true);
  }
  for (const std::string& name : tls.match) {
    if (is_strategy(name))
      tell("match", in_quotes(name) + " means something else to Postfix; write a whole name", true);
  }
  // Attributes of a TLS policy end at a space or a comma.
  if (tls.ca_file.find_first_of(" ,\t") != std::string::npos) {
    tell("ca_file", "has a space or a comma in its name, which no TLS policy of Postfix can have; rename the file",
         true);
  }
  if (table.contains("version") && tls.level == model::TlsLevel::opportunistic) {
    tell("version",
         "mail leaves in the clear if the server has no such version; write level = \"require\" to forbid it", false);
  }
}

}  // namespace connectord::config
