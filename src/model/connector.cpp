#include "connectord/model/connector.h"

#include <array>
#include <utility>

namespace connectord::model {
namespace {

constexpr std::array<std::pair<std::string_view, TlsVersion>, 7> tls_version_names = {{
    {"TLSv1.3", TlsVersion::tls1_3},
    {"TLSv1.2", TlsVersion::tls1_2},
    {"TLSv1.1", TlsVersion::tls1_1},
    {"TLSv1", TlsVersion::tls1_0},
    {"TLSv1.0", TlsVersion::tls1_0},
    {"SSLv3", TlsVersion::ssl3},
    {"none", TlsVersion::none},
}};

}  // namespace

std::string_view to_string(Scenario scenario) {
  switch (scenario) {
    case Scenario::partner:
      return "partner";
    case Scenario::on_premises:
      return "on-premises";
    case Scenario::internet:
      return "internet";
  }
  return "";
}

std::string_view to_string(Mode mode) {
  return mode == Mode::audit ? "audit" : "enforce";
}

std::string_view to_string(TlsVersion version) {
  for (const auto& [name, value] : tls_version_names) {
    if (value == version) return name;
  }
  return "";
}

std::optional<TlsVersion> parse_tls_version(std::string_view text) {
  for (const auto& [name, value] : tls_version_names) {
    if (name == text && value != TlsVersion::none) return value;
  }
  return std::nullopt;
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
