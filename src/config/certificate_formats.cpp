#include "connectord/base/ascii_case.h"
#include "quote.h"
#include "text_formats.h"

namespace connectord::config {
namespace {

constexpr std::size_t sha256_digits = 64;
constexpr std::size_t sha1_digits = 40;
constexpr std::size_t md5_digits = 32;

tl::unexpected<std::string> bad(std::string_view text, const std::string& why) {
  return tl::unexpected(in_quotes(text) + " " + why);
}

// In lower case; '\0' for other characters.
char hexadecimal_digit(char c) {
  const char lower = base::to_lower(c);
  return (lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f') ? lower : '\0';
}

// The digits of bytes that may stand between colons, as openssl prints them; "" if there is anything else.
std::string hexadecimal(std::string_view text) {
  std::string digits;
  const bool colons = text.find(':') != std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (colons && i % 3 == 2) {
      if (text[i] != ':' || i + 1 == text.size()) return {};
      continue;
    }
    const char digit = hexadecimal_digit(text[i]);
    if (digit == '\0') return {};
    digits += digit;
  }
  return digits;
}

std::string fingerprint_advice(const std::string& digits, bool has_prefix) {
  constexpr std::string_view make =
      " with 64 hexadecimal digits; openssl x509 -noout -fingerprint -sha256 prints a certificate's";
  if (!has_prefix) {
    return "does not say what it is a fingerprint of; write sha256:… for the certificate or spki-sha256:… for "
           "its public key," +
           std::string(make);
  }
  std::string found = "has other characters than hexadecimal digits and colons between bytes";
  if (!digits.empty()) found = "has " + std::to_string(digits.size()) + " hexadecimal digits";
  if (digits.size() == sha1_digits) found += ", as SHA-1 has";
  if (digits.size() == md5_digits) found += ", as MD5 has";
  return found + "; write sha256:… or spki-sha256:…" + std::string(make);
}

// Distinguished names are compared in the form that Sendmail hands over; openssl's form would never match.
bool is_foreign_distinguished_name(std::string_view text) {
  const auto mark = text.find("CN");
  if (text.starts_with('/') || mark == std::string_view::npos) return false;
  const auto next = text.find_first_not_of(' ', mark + 2);
  const bool begins_part = mark == 0 || text[mark - 1] == ' ' || text[mark - 1] == ',';
  return begins_part && next != std::string_view::npos && text[next] == '=';
}

std::string name_advice(std::string_view example) {
  return "is a distinguished name in a form that is never seen; write the common name alone, such as \"" +
         std::string(example) + "\", or for Sendmail all of it as \"/C=DE/O=Contoso/CN=" + std::string(example) + "\"";
}

}  // namespace

Words CertificateFingerprint::words() {
  return {"a fingerprint", "fingerprints", R"("sha256:5f0a…", "spki-sha256:9a11…")"};
}

Parsed<CertificateFingerprint::Value> CertificateFingerprint::parse(std::string_view text) {
  using Of = model::Fingerprint::Of;
  constexpr std::string_view certificate = "sha256:";
  constexpr std::string_view public_key = "spki-sha256:";
  const bool of_key = base::starts_with_ignoring_case(text, public_key);
  const bool has_prefix = of_key || base::starts_with_ignoring_case(text, certificate);
  if (!has_prefix) return bad(text, fingerprint_advice({}, false));
  std::string digits = hexadecimal(text.substr(of_key ? public_key.size() : certificate.size()));
  if (digits.size() != sha256_digits) return bad(text, fingerprint_advice(digits, true));
  return model::Fingerprint{of_key ? Of::public_key : Of::certificate, std::move(digits)};
}

Words CertificateSubject::words() {
  return {"a certificate's name", "certificates' names", R"("mail.contoso.com")"};
}

Parsed<CertificateSubject::Value> CertificateSubject::parse(std::string_view text) {
  if (text.empty() || text == "*") {
    return bad(text,
               "says nothing of the certificate; write its common name, such as \"mail.contoso.com\" or "
               "\"*.contoso.com\", or leave subject out");
  }
  if (is_foreign_distinguished_name(text)) return bad(text, name_advice("mail.contoso.com"));
  model::SubjectPattern pattern;
  pattern.text = text;
  if (auto name = net::DomainPattern::parse(text)) pattern.common_name = std::move(*name);
  return pattern;
}

Words CertificateIssuer::words() {
  return {"an issuer's name", "issuers' names", R"("Contoso Issuing CA")"};
}

Parsed<CertificateIssuer::Value> CertificateIssuer::parse(std::string_view text) {
  if (text.empty()) return bad(text, "names no issuer; write its common name, or leave issuer out");
  if (is_foreign_distinguished_name(text)) return bad(text, name_advice("Contoso Issuing CA"));
  return std::string(text);
}

}  // namespace connectord::config
