#include "examples.h"

#include <array>
#include <utility>

namespace connectord::ctl {
namespace {

constexpr auto all_examples = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"", "  connectorctl status\n  connectorctl trace bob@example.net\n  connectorctl doctor"},
    {"check", "  connectorctl check && connectorctl reload"},
    {"reload", "  connectorctl reload"},
    {"changes", "  connectorctl changes\n  connectorctl changes --json"},
    {"list", "  connectorctl list"},
    {"show", "  connectorctl show contoso\n  connectorctl show contoso --toml > draft.toml"},
    {"explain", "  connectorctl explain --client-ip 203.0.113.7 --mail-from alice@contoso.com --tls TLSv1.3"},
    {"create",
     "  connectorctl create contoso --direction inbound --scenario partner --set "
     "identify.sender_domains='[\"contoso.com\"]' --set "
     "require.tls=true\n  connectorctl create --file contoso.toml"},
    {"update",
     "  connectorctl update contoso --set require.tls_version=TLSv1.3 --unset require.dkim\n  connectorctl update "
     "contoso --add identify.sender_domains=contoso.example --yes"},
    {"enable", "  connectorctl enable contoso"},
    {"disable", "  connectorctl disable contoso"},
    {"delete", "  connectorctl delete contoso"},
    {"rule", "  connectorctl rule list\n  connectorctl rule show external-mark"},
    {"rule list", "  connectorctl rule list"},
    {"rule show", "  connectorctl rule show external-mark"},
    {"rule create", "  connectorctl rule create --file external-mark.toml"},
    {"rule update",
     "  connectorctl rule update external-mark --set mode=enforce\n  connectorctl rule update external-mark --add "
     "unless.sender_domains=contoso.com --yes"},
    {"rule enable", "  connectorctl rule enable external-mark"},
    {"rule disable", "  connectorctl rule disable external-mark"},
    {"rule delete", "  connectorctl rule delete external-mark"},
    {"rule test",
     "  connectorctl rule test --file draft.toml --message mail.eml --mail-from eve@example.org --rcpt-to "
     "bob@example.net"},
    {"token", "  connectorctl token add grafana --role read\n  connectorctl token list"},
    {"token add", "  connectorctl token add grafana --role read"},
    {"token list", "  connectorctl token list"},
    {"token remove", "  connectorctl token remove grafana"},
    {"console", "  connectorctl console\n  connectorctl console --url https://mx.example.net"},
    {"import", "  connectorctl import exchange connectors.json\n  connectorctl import postfix"},
    {"import exchange",
     "  connectorctl import exchange connectors.json --output /etc/connectord/connectors.d/exchange.toml"},
    {"import postfix", "  connectorctl import postfix --output /etc/connectord/connectors.d/postfix.toml"},
    {"maps", "  connectorctl maps transport > /etc/postfix/transport"},
    {"dkim", "  connectorctl dkim new example.net"},
    {"dkim new", "  connectorctl dkim new example.net --selector s1"},
    {"validate", "  connectorctl validate contoso-out --rcpt-to bob@contoso.com"},
    {"dns", "  connectorctl dns example.net"},
    {"trace",
     "  connectorctl trace bob@example.net --since \"yesterday 22:00\"\n  connectorctl trace --status bounced --since "
     "2h"},
    {"trace show", "  connectorctl trace show 4711\n  connectorctl trace show 4ZQJ2X1mZgz9"},
    {"trace report", "  connectorctl trace report --by tls --per day --since 7d"},
    {"backtest",
     "  connectorctl backtest --connector draft.toml --since 7d\n  connectorctl backtest --rule rule.toml --since 7d"},
    {"fleet", "  connectorctl fleet status\n  connectorctl fleet show > fleet.toml"},
    {"fleet migrate", "  connectorctl fleet migrate --database 'postgresql:///connectord?host=/run/postgresql'"},
    {"fleet join", "  connectorctl fleet join"},
    {"fleet leave", "  connectorctl fleet leave mx3.example.net"},
    {"fleet status", "  connectorctl fleet status\n  connectorctl fleet status --json"},
    {"fleet show", "  connectorctl fleet show > fleet.toml\n  connectorctl fleet show 7"},
    {"fleet diff", "  connectorctl fleet diff\n  connectorctl fleet diff fleet.toml"},
    {"fleet changes", "  connectorctl fleet changes --limit 3"},
    {"fleet apply",
     "  connectorctl fleet apply fleet.toml --comment 'contoso has a new address'\n  connectorctl fleet apply "
     "fleet.toml "
     "--canary mx1.example.net"},
    {"fleet release", "  connectorctl fleet release"},
    {"fleet rollback", "  connectorctl fleet rollback 7"},
    {"reports", "  connectorctl reports read report.xml.gz\n  connectorctl reports list"},
    {"reports list", "  connectorctl reports list --day 2026-11-28"},
    {"reports show", "  connectorctl reports show contoso.com\n  connectorctl reports show contoso.com --xml"},
    {"reports send", "  connectorctl reports send --day 2026-11-28"},
    {"reports read",
     "  connectorctl reports read google.com!example.net!*.zip\n  connectorctl reports read report.eml --json"},
    {"delivery", "  connectorctl delivery show contoso.com"},
    {"delivery show", "  connectorctl delivery show contoso.com\n  connectorctl delivery show contoso.com --json"},
    {"attach", "  connectorctl attach postfix\n  connectorctl attach postfix --yes"},
    {"attach postfix", "  connectorctl attach postfix --yes"},
    {"attach sendmail", "  connectorctl attach sendmail --yes"},
    {"detach", "  connectorctl detach postfix --yes"},
    {"detach postfix", "  connectorctl detach postfix --yes"},
    {"detach sendmail", "  connectorctl detach sendmail --yes"},
    {"status", "  connectorctl status\n  connectorctl status --since 2h"},
    {"doctor", "  connectorctl doctor"},
    {"queue", "  connectorctl queue"},
    {"certificates", "  connectorctl certificates"},
    {"insights", "  connectorctl insights\n  connectorctl insights --json"},
});

}  // namespace

std::string_view examples_of(std::string_view command) {
  for (const auto& [name, examples] : all_examples) {
    if (name == command) return examples;
  }
  return "";
}

}  // namespace connectord::ctl
