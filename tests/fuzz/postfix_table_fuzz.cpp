#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "connectord/mta/postfix_import.h"
#include "mta/postfix_table.h"

namespace {

// The source of a table that is the same when it is read again.
std::string written(const std::vector<connectord::mta::TableEntry>& entries) {
  std::string text;
  for (const auto& entry : entries) text += "\"" + entry.key + "\" " + entry.value + "\n";
  return text;
}

}  // namespace

// The source of one of Postfix's tables, as every table that an import reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;  // NOLINT: one function
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto entries = mta::read_table_source(text);
  for (const auto& entry : entries) {
    if (entry.key.empty() || entry.value.empty()) __builtin_trap();
  }
  if (mta::read_table_source(written(entries)) != entries) __builtin_trap();
  mta::read_inline_table(text);

  mta::PostfixSetup setup;
  for (const char* name : {"transport_maps", "smtp_tls_policy_maps", "smtp_sasl_password_maps",
                           "sender_dependent_relayhost_maps", "relay_clientcerts"}) {
    setup.expanded[name] = "hash:/table";
  }
  setup.expanded["smtpd_recipient_restrictions"] = "check_client_access cidr:/table, check_ccert_access hash:/table";
  setup.expanded["smtp_sasl_auth_enable"] = "yes";
  setup.expanded["smtp_sender_dependent_authentication"] = "yes";
  setup.expanded["smtpd_tls_fingerprint_digest"] = "sha256";
  const auto imported =
      mta::import_postfix(setup, [&text](const std::string&) -> tl::expected<std::string, std::string> { return text; },
                          {.accepted_domains = {"example.net"}, .secrets = "/secrets"});
  for (const auto& each : imported.connectors) {
    for (const auto& property : each.properties) {
      if (property.words.empty()) __builtin_trap();
    }
    if (each.connector.is_null()) continue;
    if (each.properties.empty()) __builtin_trap();
    const auto toml = config::entry_toml(each.connector, each.table);
    if (!toml) __builtin_trap();
    const auto loaded = config::parse(*toml, "fuzz", {"mx.example.net"});
    for (const auto& problem : loaded.problems) {
      if (problem.key.empty() && problem.message.find("TOML") != std::string::npos) __builtin_trap();
    }
  }
  return 0;
}
