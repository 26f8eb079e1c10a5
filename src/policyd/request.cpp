#include "request.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/mail/path.h"

namespace connectord::policyd {
namespace {

constexpr std::string_view no_sha256 =
    "Postfix does not hand over SHA-256 fingerprints: set smtpd_tls_fingerprint_digest = sha256";

// Postfix writes "unknown" where it has no name, and the HELO of a client that gave none is empty.
std::string name_of(std::string_view value) {
  return value == "unknown" ? "" : std::string(value);
}

// An empty fingerprint says that there is no certificate; one of another length is of another digest.
void read_fingerprint(std::string_view value, std::optional<std::string>& fingerprint,
                      model::ClientCertificate& owner) {
  if (value.empty()) {
    fingerprint = "";
    return;
  }
  fingerprint = mail::parse_sha256(value);
  if (!fingerprint) owner.unknown_because = no_sha256;
}

model::Tls& tls_of(model::Facts& facts) {
  return facts.tls ? *facts.tls : facts.tls.emplace();
}

using Reader = void (*)(Request& request, std::string_view value);

// Postfix's names; the oldest Postfix that has one is said in its document.
constexpr std::array<std::pair<std::string_view, Reader>, 18> readers = {{
    {"protocol_state", [](Request& r, std::string_view v) { r.protocol_state = v; }},
    {"queue_id", [](Request& r, std::string_view v) { r.request.queue_id = v; }},
    {"instance", [](Request& r, std::string_view v) { r.request.instance = v; }},
    {"helo_name", [](Request& r, std::string_view v) { r.request.facts.helo = v; }},
    {"sender", [](Request& r, std::string_view v) { r.request.facts.mail_from = mail::parse_internal_sender(v); }},
    {"recipient",
     [](Request& r, std::string_view v) {
       if (!v.empty()) r.request.facts.recipients.emplace_back(v);
     }},
    {"client_address",
     [](Request& r, std::string_view v) { r.request.facts.client_address = net::IpAddress::parse(v); }},
    {"client_name", [](Request& r, std::string_view v) { r.request.facts.client_name = name_of(v); }},
    {"client_port", [](Request& r, std::string_view v) { r.request.facts.client_port = base::number_of(v); }},
    {"server_port", [](Request& r, std::string_view v) { r.request.server_port = base::number_of(v); }},
    {"sasl_username", [](Request& r, std::string_view v) { r.request.facts.sasl_username = v; }},
    {"ccert_subject",
     [](Request& r, std::string_view v) {
       r.request.facts.certificate.subject_common_name = mail::decode_xtext(v);
     }},
    {"ccert_issuer",
     [](Request& r, std::string_view v) { r.request.facts.certificate.issuer_common_name = mail::decode_xtext(v); }},
    {"ccert_fingerprint",
     [](Request& r, std::string_view v) {
       read_fingerprint(v, r.request.facts.certificate.sha256, r.request.facts.certificate);
     }},
    {"ccert_pubkey_fingerprint",
     [](Request& r, std::string_view v) {
       read_fingerprint(v, r.request.facts.certificate.public_key_sha256, r.request.facts.certificate);
     }},
    {"encryption_protocol",
     [](Request& r, std::string_view v) {
       if (v.empty()) return;
       model::Tls& tls = tls_of(r.request.facts);
       tls.protocol = v;
       tls.version = model::parse_tls_version(v).value_or(model::TlsVersion::none);
     }},
    {"encryption_cipher",
     [](Request& r, std::string_view v) {
       if (!v.empty()) tls_of(r.request.facts).cipher = v;
     }},
    {"encryption_keysize",
     [](Request& r, std::string_view v) {
       if (v != "0" && !v.empty()) tls_of(r.request.facts).cipher_bits = base::number_of(v);
     }},
}};

// False if the attribute came before: which of the two counts would be anybody's guess.
bool read_attribute(Request& request, std::string_view name, std::string_view value,
                    std::bitset<readers.size()>& seen) {
  const auto* reader = std::find_if(readers.begin(), readers.end(), [name](const auto& r) { return r.first == name; });
  if (reader == readers.end()) return true;
  const auto number = static_cast<std::size_t>(reader - readers.begin());
  if (seen.test(number)) return false;
  seen.set(number);
  reader->second(request, value);
  return true;
}

}  // namespace

tl::expected<Request, std::string> parse_request(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return tl::unexpected(std::string("a NUL byte in a request"));
  Request request;
  request.request.facts.certificate.unknown_because =
      "this Postfix tells no certificate fingerprints to a policy service; it must be 2.9 or later";
  bool is_access_request = false;
  std::bitset<readers.size()> seen;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return tl::unexpected(std::string("a line without \"=\""));
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (name == "request") is_access_request = value == "smtpd_access_policy";
    if (!read_attribute(request, name, value, seen)) {
      return tl::unexpected("the attribute \"" + std::string(name) + "\" twice");
    }
  }
  if (!is_access_request) return tl::unexpected(std::string("no \"request=smtpd_access_policy\""));
  return request;
}

std::string format_answer(const session::Answer& answer) {
  const bool refused = answer.action == model::Action::reject || answer.action == model::Action::defer;
  if (!refused || !answer.reply) return "DUNNO";
  std::string line = model::to_string(*answer.reply);
  for (char& c : line) {
    if (!base::is_ascii(c) || base::is_control(c)) c = '?';
  }
  return line;
}

}  // namespace connectord::policyd
