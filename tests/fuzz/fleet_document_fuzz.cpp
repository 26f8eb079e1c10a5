#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectord/config/connector_edit.h"
#include "connectord/config/load.h"

// What the hosts of a fleet have in common, as a database gives it. Whatever it says, the host's own keys stay as the
// host has them, and what an edit takes out of it is gone.

namespace {

using namespace connectord;

constexpr const char* main_file = "/etc/connectord/connectord.toml";
constexpr const char* main_text =
    "[server]\nmilter = \"unix:/run/m.sock\"\nuser = \"connectord\"\n[dns]\ntimeout = \"7s\"\n[organization]\nname = "
    "\"a\"\n"
    "[delivery]\nstate = \"/s\"\n[fleet]\ndatabase = \"postgresql:///connectord\"\nstate = \"/f\"\n";

config::Loaded load_beside(std::string_view document) {
  const auto files = std::make_shared<const config::SourceTexts>(
      config::SourceTexts{{main_file, main_text}, {"/f/generation-1.toml", std::string(document)}});
  return config::load(main_file, {.host_name = "mx1.example.net", .files = files});
}

void check_hosts_own(const model::Configuration& own) {
  const bool is_kept = own.server.user == "connectord" && own.server.milter && own.server.include.empty() &&
                       own.dns.timeout.count() == 7000 && own.delivery.state == "/s" && own.fleet &&
                       own.fleet->state == "/f" && own.fleet->database == "postgresql:///connectord" && !own.trace;
  if (!is_kept) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  const config::Loaded loaded = load_beside(document);
  check_hosts_own(loaded.configuration);
  if (!loaded.ok()) return 0;
  if (loaded.configuration.organization.name != "a") __builtin_trap();
  for (const model::InboundConnector& connector : loaded.configuration.inbound) {
    const auto others = config::without_entry(document, "inbound", connector.name);
    if (!others) continue;
    for (const model::InboundConnector& left : load_beside(*others).configuration.inbound) {
      if (left.name == connector.name) __builtin_trap();
    }
  }
  return 0;
}
