// What must fit together within the tables of an outbound connector.
#include "table_checks.h"

namespace connectord::config {

void check_outbound(Reader& reader, const toml::table& table, const model::OutboundConnector& connector) {
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

void check_route(Reader& reader, const toml::table& table, const model::Route&) {
  if (!table.contains("credentials") || table.contains("smart_hosts")) return;
  const Reader::Scope scope(reader, "credentials");
  reader.error(table["credentials"].node()->source(),
               "would be shown to whatever host the recipient's MX records name; write smart_hosts too");
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
  if (table.contains("version") && tls.level == model::TlsLevel::opportunistic) {
    tell("version",
         "mail leaves in the clear if the server has no such version; write level = \"require\" to forbid it", false);
  }
}

}  // namespace connectord::config
