#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectord/mta/postfix_plan.h"

// What the tests of a plan for Postfix share.
namespace connectord::mta::test {

using Values = std::map<std::string, std::string>;

// A Postfix 3.7 as Debian installs it, and main.cf's lines.
inline PostfixSetup postfix(const Values& lines = {}) {
  PostfixSetup setup;
  setup.folder = "/etc/postfix";
  setup.queue_directory = "/var/spool/postfix";
  setup.version = "3.7.11";
  setup.values = {{"milter_default_action", "tempfail"},
                  {"milter_protocol", "6"},
                  {"smtpd_tls_ask_ccert", "no"},
                  {"smtpd_tls_security_level", "may"},
                  {"smtp_sasl_tls_security_options", "noplaintext, noanonymous"},
                  {"smtpd_tls_fingerprint_digest", "md5"}};
  for (const auto& [name, value] : lines) setup.values[name] = value;
  setup.expanded = setup.values;
  setup.written = lines;
  setup.services = {{"smtp", "inet", "smtpd", true, {}}, {"cleanup", "unix", "cleanup", true, {}}};
  return setup;
}

inline MtaRequirements connectord() {
  MtaRequirements required;
  required.file = "/etc/connectord/connectord.toml";
  required.milter = net::Endpoint::parse("unix:/var/spool/postfix/connectord/milter.sock").value();
  required.policy = net::Endpoint::parse("unix:/var/spool/postfix/connectord/policy.sock").value();
  return required;
}

inline constexpr const char* our_milter = "unix:connectord/milter.sock";
inline constexpr const char* our_policy = "check_policy_service unix:connectord/policy.sock";

// All that attach writes into an empty main.cf.
inline Values whole_attachment() {
  return {{"smtpd_milters", our_milter},         {"non_smtpd_milters", our_milter},
          {"milter_default_action", "tempfail"}, {"smtpd_recipient_restrictions", our_policy},
          {"smtpd_tls_ask_ccert", "yes"},        {"smtpd_tls_fingerprint_digest", "sha256"}};
}

inline Values changes_of(const Plan& plan) {
  Values changes;
  for (const Change& change : plan.changes) changes[change.parameter] = change.after;
  return changes;
}

inline std::string text_of(const std::vector<Advice>& advice) {
  std::string text;
  for (const Advice& one : advice) text += one.what + " | " + one.write + "\n";
  return text;
}

}  // namespace connectord::mta::test
