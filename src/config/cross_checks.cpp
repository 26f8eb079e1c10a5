#include "cross_checks.h"

#include <string_view>
#include <unordered_map>

#include "connectord/net/ascii_case.h"

namespace connectord::config {
namespace {

// For connectors of one direction, `key` being their names' dotted key.
template <class Connector>
void check_names(const std::vector<Connector>& connectors, const std::string& key, Problems& problems) {
  std::unordered_map<std::string, const Connector*> seen;
  seen.reserve(connectors.size());
  for (const Connector& connector : connectors) {
    if (connector.name.empty()) continue;  // told already
    const auto [other, is_new] = seen.emplace(net::to_lower(connector.name), &connector);
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
                       "), and Postfix tells them to a policy service only; write policy in [server], unless Sendmail "
                       "hands them over");
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

}  // namespace

void check_across(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                  Problems& problems) {
  check_names(configuration.inbound, "inbound.name", problems);
  // What could not be read is not to be called missing.
  if (problems.errors() > 0) return;
  check_fingerprints(configuration, problems);
  check_requirements(configuration, main_file, problems);
  if (!configuration.server.milter && !configuration.server.policy) {
    problems.warning({main_file, 1, 1}, "server",
                     "there is no listener, so no mail server can ask; write milter = "
                     "\"unix:/var/spool/postfix/connectord/milter.sock\" in [server]");
  }
}

}  // namespace connectord::config
