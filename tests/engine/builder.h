#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connectord/engine/decide.h"
#include "connectord/mail/path.h"

// Short forms of connectors and facts, so that a test's table shows what matters in it.
namespace connectord::engine::test {

inline std::vector<net::DomainPattern> domains(const std::vector<std::string>& texts) {
  std::vector<net::DomainPattern> patterns;
  for (const auto& text : texts) patterns.push_back(net::DomainPattern::parse(text).value());
  return patterns;
}

inline std::vector<net::AddressRange> networks(const std::vector<std::string>& texts) {
  std::vector<net::AddressRange> ranges;
  for (const auto& text : texts) ranges.push_back(net::AddressRange::parse(text).value());
  return ranges;
}

inline model::CertificatePattern certificate(const std::string& subject, const std::string& issuer = "",
                                             const std::vector<std::string>& fingerprints = {}) {
  model::CertificatePattern pattern;
  if (!subject.empty()) {
    pattern.subject = model::SubjectPattern{std::nullopt, subject};
    if (auto name = net::DomainPattern::parse(subject)) pattern.subject->common_name = *name;
  }
  if (!issuer.empty()) pattern.issuer = issuer;
  for (const auto& text : fingerprints) {
    const bool of_key = text.starts_with("spki-");
    pattern.fingerprints.push_back({of_key ? model::Fingerprint::Of::public_key : model::Fingerprint::Of::certificate,
                                    text.substr(text.find(':') + 1)});
  }
  return pattern;
}

class ConnectorBuilder {
 public:
  explicit ConnectorBuilder(const std::string& name, model::Scenario scenario = model::Scenario::partner) {
    connector_.name = name;
    connector_.scenario = scenario;
  }
  ConnectorBuilder& from_domains(const std::vector<std::string>& texts) {
    connector_.identify.sender_domains = domains(texts);
    return *this;
  }
  ConnectorBuilder& from_networks(const std::vector<std::string>& texts) {
    connector_.identify.client_networks = networks(texts);
    return *this;
  }
  ConnectorBuilder& from_certificate(const model::CertificatePattern& pattern) {
    connector_.identify.certificate = pattern;
    return *this;
  }
  ConnectorBuilder& tls(model::TlsVersion lowest = model::TlsVersion::none) {
    connector_.require.tls = true;
    connector_.require.tls_version = lowest;
    return *this;
  }
  ConnectorBuilder& require_networks(const std::vector<std::string>& texts) {
    connector_.require.client_networks = networks(texts);
    return *this;
  }
  ConnectorBuilder& require_certificate(const model::CertificatePattern& pattern) {
    connector_.require.tls = true;
    connector_.require.certificate = pattern;
    return *this;
  }
  ConnectorBuilder& trusted_path() {
    connector_.trusted_path = true;
    return *this;
  }
  ConnectorBuilder& audit() {
    connector_.mode = model::Mode::audit;
    return *this;
  }
  ConnectorBuilder& disabled() {
    connector_.enabled = false;
    return *this;
  }
  ConnectorBuilder& priority(int value) {
    connector_.priority = value;
    return *this;
  }
  operator model::InboundConnector() const { return connector_; }  // NOLINT: reads well in a list of connectors

 private:
  model::InboundConnector connector_;
};

inline ConnectorBuilder partner(const std::string& name) {
  return ConnectorBuilder(name);
}
inline ConnectorBuilder on_premises(const std::string& name) {
  return ConnectorBuilder(name, model::Scenario::on_premises);
}
inline ConnectorBuilder internet(const std::string& name) {
  return ConnectorBuilder(name, model::Scenario::internet);
}

inline model::Configuration configuration(std::vector<model::InboundConnector> connectors) {
  model::Configuration made;
  made.authentication.spf = false;
  made.authentication.dkim = false;
  made.authentication.dmarc = model::DmarcMode::off;
  made.inbound = std::move(connectors);
  return made;
}

inline std::shared_ptr<const Policy> compile(model::Configuration made) {
  auto compiled = Policy::compile(std::move(made));
  for (const auto& problem : compiled.problems) {
    EXPECT_NE(problem.severity, model::Problem::Severity::error) << to_string(problem);
  }
  return compiled.policy;
}

class FactsBuilder {
 public:
  FactsBuilder(const std::string& client, const std::string& mail_from) {
    facts_.client_address = net::IpAddress::parse(client);
    facts_.client_port = 25000;
    facts_.mail_from = mail::parse_reverse_path("<" + mail_from + ">");
    facts_.recipients = {"user@example.net"};
    facts_.certificate.sha256 = "";
    facts_.certificate.public_key_sha256 = "";
  }
  FactsBuilder& tls(model::TlsVersion version = model::TlsVersion::tls1_3) {
    facts_.tls = model::Tls{version, std::string(to_string(version)), "", 256};
    return *this;
  }
  FactsBuilder& names(const std::string& subject, const std::string& issuer) {
    tls();
    facts_.certificate.subject_common_name = subject;
    facts_.certificate.issuer_common_name = issuer;
    return *this;
  }
  FactsBuilder& sendmail_names(const std::string& subject, const std::string& issuer) {
    tls();
    facts_.certificate.subject_name = subject;
    facts_.certificate.issuer_name = issuer;
    return *this;
  }
  FactsBuilder& fingerprints(const std::string& certificate, const std::string& key) {
    tls();
    facts_.certificate.sha256 = certificate;
    facts_.certificate.public_key_sha256 = key;
    return *this;
  }
  FactsBuilder& fingerprints_unknown() {
    tls();
    facts_.certificate.sha256.reset();
    facts_.certificate.public_key_sha256.reset();
    facts_.certificate.unknown_because = "no policy request came";
    return *this;
  }
  FactsBuilder& user(const std::string& name) {
    facts_.sasl_username = name;
    return *this;
  }
  FactsBuilder& local() {
    facts_.local_submission = true;
    return *this;
  }
  operator model::Facts() const { return facts_; }  // NOLINT: reads well as an argument

 private:
  model::Facts facts_;
};

inline FactsBuilder from(const std::string& client, const std::string& mail_from) {
  return {client, mail_from};
}

// "accept contoso", "550 5.7.10 contoso": what a table compares.
inline std::string summary(const model::Decision& decision) {
  std::string text = decision.reply ? std::to_string(decision.reply->code) + " " + decision.reply->enhanced
                                    : std::string(to_string(decision.action));
  return text + " " + (decision.connector.empty() ? "-" : decision.connector);
}

inline const model::Finding* find(const model::Decision& decision, std::string_view check,
                                  const std::string& connector = "") {
  for (const auto& finding : decision.findings) {
    if (finding.check == check && (connector.empty() || finding.connector == connector)) return &finding;
  }
  return nullptr;
}

}  // namespace connectord::engine::test
