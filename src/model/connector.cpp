#include "connectord/model/connector.h"

namespace connectord::model {

InboundConnector::InboundConnector() = default;
InboundConnector::InboundConnector(const InboundConnector&) = default;
InboundConnector::InboundConnector(InboundConnector&&) noexcept = default;
InboundConnector& InboundConnector::operator=(const InboundConnector&) = default;
InboundConnector& InboundConnector::operator=(InboundConnector&&) noexcept = default;
InboundConnector::~InboundConnector() = default;

std::string_view to_string(Scenario scenario) {
  return word_of(scenario);
}

std::string_view to_string(Mode mode) {
  return word_of(mode);
}

std::string_view to_string(TlsVersion version) {
  return word_of(version);
}

std::optional<TlsVersion> parse_tls_version(std::string_view text) {
  if (text == "TLSv1.0") return TlsVersion::tls1_0;
  const auto version = value_of<TlsVersion>(text);
  return version == TlsVersion::none ? std::nullopt : version;
}

std::string to_string(const Fingerprint& fingerprint) {
  return (fingerprint.of == Fingerprint::Of::public_key ? "spki-sha256:" : "sha256:") + fingerprint.hex;
}

std::string to_string(const CertificatePattern& pattern) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    if (!text.empty()) text += ", ";
    text.append(name).append(" ").append(value);
  };
  if (pattern.subject) add("subject", pattern.subject->text);
  if (pattern.issuer) add("issuer", *pattern.issuer);
  if (!pattern.fingerprints.empty()) {
    std::string any = to_string(pattern.fingerprints.front());
    for (std::size_t i = 1; i < pattern.fingerprints.size(); ++i) any += " or " + to_string(pattern.fingerprints[i]);
    add("fingerprint", any);
  }
  return text;
}

std::string to_string(const Location& location) {
  std::string text = location.file ? *location.file : "configuration";
  if (location.line > 0) text += ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
  return text;
}

}  // namespace connectord::model
