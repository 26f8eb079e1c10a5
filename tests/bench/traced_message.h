#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "connectord/mail/path.h"
#include "connectord/trace/entry.h"

namespace connectord::bench {

inline constexpr std::size_t connectors = 50;
inline constexpr std::size_t users = 5'000;
inline constexpr std::size_t senders = 200'000;

// A partner's message: over TLS, authenticated, all requirements checked.
struct TracedMessage {
  model::Facts facts;
  model::Decision decision;
  std::vector<std::string> recipients;
  std::string queue_id;
  std::string message_id;
  std::string from;
  std::int64_t time = 0;

  explicit TracedMessage(std::size_t number) {
    std::mt19937_64 random(number);  // NOLINT: the same messages in every run
    const std::string connector = "partner-" + std::to_string(random() % connectors);
    const std::string domain = connector + ".example";
    const std::string sender = "sender" + std::to_string(random() % senders) + "@" + domain;
    facts.client_address = net::IpAddress::from_v4({203, 0, 113, static_cast<std::uint8_t>(random() % 256)});
    facts.client_port = static_cast<std::uint16_t>(1024 + random() % 60'000);
    facts.client_name = "mail." + domain;
    facts.helo = "mail." + domain;
    facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256};
    facts.certificate.subject_common_name = "mail." + domain;
    facts.certificate.issuer_common_name = "Example Issuing CA";
    facts.certificate.sha256 = std::string(64, 'a');
    facts.certificate.public_key_sha256 = std::string(64, 'b');
    facts.mail_from = mail::parse_reverse_path("<" + sender + ">");
    authenticate(domain);
    decide(connector, domain);
    recipients = {recipient(number)};
    queue_id = "4W" + std::to_string(random() % 1'000'000'000) + "z" + std::to_string(number);
    message_id = "<" + std::to_string(random()) + "." + std::to_string(number) + "@" + domain + ">";
    from = " A Sender <" + sender + ">";
  }

  static std::string recipient(std::size_t number) {
    std::mt19937_64 random(number + 1);  // NOLINT
    return "user" + std::to_string(random() % users) + "@example.net";
  }

  trace::Entry entry() const {
    return {.facts = facts,
            .decision = decision,
            .recipients = recipients,
            .time = time,
            .connected = time - 300,
            .began = time - 100,
            .queue_id = queue_id,
            .message_id = message_id,
            .from = from,
            .size = 5'000};
  }

 private:
  void authenticate(const std::string& domain) {
    auto& results = facts.authentication;
    results.spf =
        model::SpfOutcome{model::SpfResult::pass, model::SpfOutcome::Identity::mail_from, domain, "mx", "", ""};
    results.dkim.emplace().push_back(
        {model::DkimResult::pass, domain, "s2026", "", "rsa-sha256", 2048, false, false, "abcdefgh", ""});
    results.dmarc = model::DmarcOutcome{model::DmarcResult::pass,
                                        domain,
                                        domain,
                                        domain,
                                        model::DmarcPolicy::reject,
                                        model::DmarcPolicy::reject,
                                        false,
                                        true,
                                        true,
                                        "",
                                        ""};
  }
  void decide(const std::string& connector, const std::string& domain) {
    decision.connector = connector;
    decision.identified_by = model::IdentifiedBy::sender_domain;
    decision.tag = connector;
    const std::string address = facts.client_address->to_string();
    decision.findings = {{"attribution", connector, model::Outcome::pass, "identified by sender_domain", domain, ""},
                         {"require.tls", connector, model::Outcome::pass, "TLS", "TLSv1.3", ""},
                         {"require.tls_version", connector, model::Outcome::pass, "TLSv1.2 or later", "TLSv1.3", ""},
                         {"require.client_networks", connector, model::Outcome::pass, "203.0.113.0/24", address, ""},
                         {"spf", "", model::Outcome::not_applicable, "", "pass for " + domain + " by mx", ""},
                         {"dkim", "", model::Outcome::not_applicable, "", "pass for " + domain, ""},
                         {"dmarc", "", model::Outcome::pass, "the author domain's policy is fulfilled",
                          "pass for " + domain + ", policy reject", ""}};
  }
};

}  // namespace connectord::bench
