#include "signing_checks.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "connectord/base/ascii_case.h"

namespace connectord::config {

bool is_own_field(const std::string& name, const std::string& tag) {
  const std::string lower = base::to_lower(name);
  const std::string own = base::to_lower(tag);
  return lower == own || lower.starts_with(own + "-");
}

namespace {

void check_signed_fields(const model::Signing& signing, const std::string& tag, Problems& problems) {
  for (const std::string& name : signing.headers) {
    if (!is_own_field(name, tag)) continue;
    problems.error(signing.location, "signing.headers",
                   "\"" + name + "\" is deleted and written by connectord (tag.header); leave it out");
  }
}

// A gateway's mail is signed by where it set out from, which is not what people expect of an on-premises connector.
void check_gateways(const model::Configuration& configuration, Problems& problems) {
  for (const model::InboundConnector& connector : configuration.inbound) {
    if (!connector.enabled || connector.scenario != model::Scenario::on_premises || !connector.enhanced_filtering) {
      continue;
    }
    problems.warning(connector.location, "inbound.scenario",
                     "\"" + connector.name +
                         "\" looks through gateways, which hand over strangers' mail too, so its mail is signed only "
                         "where the original client is in client_networks of an on-premises connector; write scenario "
                         "= \"internet\" for a gateway that takes mail in from outside");
  }
}

// What was seen of the message must have been looked at.
void check_sealing(const model::Configuration& configuration, Problems& problems) {
  if (!configuration.sealing) return;
  const model::Sealing& sealing = *configuration.sealing;
  if (!configuration.authentication.arc) {
    problems.error(sealing.location, "sealing",
                   "a seal says whether the chain before it was good, and [authentication] does not look; write arc = "
                   "true there");
  }
  for (const model::Signing& signing : configuration.signing) {
    const bool same_name = signing.domain.name() == sealing.domain.name() && signing.selector == sealing.selector;
    if (!same_name || signing.key_file == sealing.key_file) continue;
    problems.error(sealing.location, "sealing.key_file",
                   "selector \"" + sealing.selector + "\" of " + sealing.domain.name() + " has another key at " +
                       to_string(signing.location) +
                       ", and its record in DNS holds one; write the same key_file, or another selector");
  }
}

}  // namespace

// One name in DNS has one key, and two signatures by one key prove no more than one.
void check_signing(const model::Configuration& configuration, Problems& problems) {
  check_sealing(configuration, problems);
  if (configuration.signing.empty()) return;
  if (!configuration.server.milter) {
    problems.error(configuration.signing.front().location, "signing",
                   "only a milter sees the message that is to be signed; write milter in [server]");
  }
  check_gateways(configuration, problems);
  std::map<std::pair<std::string, std::string>, const model::Signing*> seen;
  for (const model::Signing& signing : configuration.signing) {
    check_signed_fields(signing, configuration.tag.header, problems);
    const auto [other, is_new] = seen.emplace(std::pair(signing.domain.name(), signing.selector), &signing);
    if (is_new) continue;
    const model::Signing& first = *other->second;
    if (first.domain == signing.domain) {
      problems.error(signing.location, "signing.selector",
                     "there is a [[signing]] for " + signing.domain.to_string() + " with selector \"" +
                         signing.selector + "\" already, at " + to_string(first.location) +
                         "; give each key a selector of its own");
    } else if (first.key_file != signing.key_file) {
      problems.error(signing.location, "signing.key_file",
                     "selector \"" + signing.selector + "\" of " + signing.domain.name() + " has another key at " +
                         to_string(first.location) +
                         ", and its record in DNS holds one; write the same key_file, or another selector");
    }
  }
}

void check_sealing_table(Reader& reader, const toml::table& table, const model::Sealing& sealing) {
  const auto text = table["domain"].value<std::string_view>();
  if (!text || !text->starts_with('*')) return;
  const Reader::Scope scope(reader, "domain");
  reader.error(
      table.get("domain")->source(),
      "a seal is of one domain; write " +
          (sealing.domain.name().empty() ? std::string("\"example.net\"") : "\"" + sealing.domain.name() + "\""));
}

void check_signing_table(Reader& reader, const toml::table& table, const model::Signing& signing) {
  if (table.contains("domain") && signing.domain.name().empty() && table["domain"].value<std::string_view>() == "*") {
    const Reader::Scope scope(reader, "domain");
    reader.error(table.get("domain")->source(),
                 "\"*\" is everybody's domain, and a signature is of one; write a [[signing]] for each domain of ours");
  }
  const auto is_from = [](const std::string& name) { return base::equals_ignoring_case(name, "From"); };
  if (signing.headers.empty() || std::any_of(signing.headers.begin(), signing.headers.end(), is_from)) return;
  const Reader::Scope scope(reader, "headers");
  reader.error(table.get("headers")->source(),
               "a signature that leaves From out is void (RFC 6376, 5.4); write \"From\" too, or leave the list out");
}

}  // namespace connectord::config
