#include "macros.h"

#include <algorithm>
#include <array>
#include <string>

#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"
#include "connectord/mail/certificate_name.h"

namespace connectord::milter {
namespace {

std::string_view value_of(const MacroLookup& macro, const char* name) {
  const char* value = macro(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// Postfix passes the names of trusted certificates only, plain.
void read_postfix_names(const MacroLookup& macro, model::ClientCertificate& certificate) {
  certificate.subject_common_name = value_of(macro, "{cert_subject}");
  certificate.issuer_common_name = value_of(macro, "{cert_issuer}");
}

void read_sendmail_fingerprint(const MacroLookup& macro, model::ClientCertificate& certificate) {
  const std::string_view text = value_of(macro, "{cert_fp}");
  certificate.sha256 = mail::parse_sha256(text);
  if (!certificate.sha256) {
    certificate.unknown_because =
        "Sendmail tells no SHA-256 of the certificate: write define(`confCERT_FINGERPRINT_ALGORITHM', `sha256') in "
        "sendmail.mc";
  }
}

// Sendmail passes names of every certificate, and in {verify} whether it believes them.
void read_sendmail_names(const MacroLookup& macro, std::string_view verify, model::ClientCertificate& certificate) {
  certificate.unknown_because = "Sendmail tells no fingerprint of the public key: use sha256 of the certificate";
  if (verify != "OK") {
    certificate.distrusted = verify == "FAIL" || verify == "TEMP";
    certificate.sha256 = "";
    certificate.public_key_sha256 = "";
    return;
  }
  certificate.subject_name = mail::decode_xtext(value_of(macro, "{cert_subject}"));
  certificate.issuer_name = mail::decode_xtext(value_of(macro, "{cert_issuer}"));
  certificate.subject_common_name = mail::decode_xtext(value_of(macro, "{cn_subject}"));
  certificate.issuer_common_name = mail::decode_xtext(value_of(macro, "{cn_issuer}"));
  // Nearly every issuer has a common name. Where neither was passed, the MTA does not distinguish them from the whole
  // names; where only the issuer's was, the subject has none, and what looks like one stands within another part.
  if (certificate.subject_common_name.empty() && certificate.issuer_common_name.empty()) {
    certificate.subject_common_name = mail::common_name(certificate.subject_name);
    certificate.issuer_common_name = mail::common_name(certificate.issuer_name);
  }
  read_sendmail_fingerprint(macro, certificate);
}

}  // namespace

bool is_delivered_here(std::string_view mailer) {
  constexpr std::array<std::string_view, 14> agents = {"local",    "virtual",  "lmtp",    "dovecot",  "cyrus",
                                                       "maildrop", "procmail", "mailman", "error",    "retry",
                                                       "discard",  "prog",     "*file*",  "*include*"};
  return std::find(agents.begin(), agents.end(), mailer) != agents.end();
}

std::string mail_server_name(std::string_view v) {
  const bool is_version = !v.empty() && v.front() >= '0' && v.front() <= '9';
  return (is_version ? "Sendmail " : "") + std::string(v);
}

TlsReport read_tls_macros(const MacroLookup& macro) {
  TlsReport report;
  const std::string_view version = value_of(macro, "{tls_version}");
  if (version.empty()) return report;
  model::Tls& tls = report.tls.emplace();
  tls.protocol = version;
  tls.version = model::parse_tls_version(version).value_or(model::TlsVersion::none);
  tls.cipher = value_of(macro, "{cipher}");
  tls.cipher_bits = base::number_of(value_of(macro, "{cipher_bits}"));
  const std::string_view verify = value_of(macro, "{verify}");
  if (verify.empty()) {
    read_postfix_names(macro, report.certificate);
  } else {
    read_sendmail_names(macro, verify, report.certificate);
  }
  return report;
}

std::string_view read_sasl_username(const MacroLookup& macro) {
  if (base::equals_ignoring_case(value_of(macro, "{auth_type}"), "EXTERNAL")) return {};
  return value_of(macro, "{auth_authen}");
}

}  // namespace connectord::milter
