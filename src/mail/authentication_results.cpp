#include "connectord/mail/authentication_results.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

constexpr std::string_view field_name = "Authentication-Results: ";
constexpr std::size_t line_width = 78;         // RFC 5322, 2.1.1
constexpr std::size_t max_value_length = 255;  // keeps a line below the 998 of RFC 5322 whatever comes from outside
constexpr std::size_t max_signatures = 64;

// RFC 2045, 5.1.
bool is_token_character(char c) {
  constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
  return base::is_ascii(c) && !base::is_control(c) && c != ' ' && specials.find(c) == std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::string quoted_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// value (2.2)
std::string as_value(std::string_view text) {
  const std::string clean = base::printable(text, max_value_length);
  return is_token(clean) ? clean : quoted_string(clean);
}

bool is_plain_local_part(std::string_view text) {
  const auto is_plain = [](char c) {
    constexpr std::string_view others = "+-_.!#$&*~";
    return base::is_alpha(c) || base::is_digit(c) || others.find(c) != std::string_view::npos;
  };
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), is_plain) && !text.starts_with('.') &&
         !text.ends_with('.');
}

// [local-part "@"] domain-name (2.2), or std::nullopt where the text is not one of the plain kind.
std::optional<std::string> as_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || !is_plain_local_part(text.substr(0, at))) return std::nullopt;
  const auto domain = net::normalize_domain(text.substr(at + 1));
  if (!domain) return std::nullopt;
  return std::string(text.substr(0, at + 1)) + *domain;
}

std::string as_address_or_value(std::string_view text) {
  return as_address(text).value_or(as_value(text));
}

}  // namespace

AuthenticationResults::AuthenticationResults(std::string_view authserv_id) : text_(as_value(authserv_id)) {
  column_ = field_name.size() + text_.size();
}

void AuthenticationResults::append_word(std::string_view word) {
  if (column_ + 1 + word.size() > line_width) {
    text_ += "\n\t  ";
    column_ = 10;  // a tab counts for eight
  } else {
    text_ += ' ';
    ++column_;
  }
  text_ += word;
  column_ += word.size();
}

void AuthenticationResults::add(std::string_view method, std::string_view result, std::string_view reason,
                                const std::vector<Property>& properties) {
  empty_ = false;
  text_ += ";\n\t";
  column_ = 8 + method.size() + 1 + result.size();
  text_.append(method).append("=").append(result);
  if (!reason.empty()) append_word("reason=" + quoted_string(base::printable(reason, max_value_length)));
  for (const Property& property : properties) {
    if (property.value.empty()) continue;
    const bool is_address = property.name == "mailfrom" || property.name == "i";
    append_word(std::string(property.type) + "." + std::string(property.name) + "=" +
                (is_address ? as_address_or_value(property.value) : as_value(property.value)));
  }
}

void AuthenticationResults::add_spf(const model::SpfOutcome& outcome, std::string_view mail_from,
                                    std::string_view helo) {
  if (outcome.identity == model::SpfOutcome::Identity::helo || mail_from.empty()) {
    add("spf", to_string(outcome.result), outcome.problem, {{"smtp", "helo", std::string(helo)}});
    return;
  }
  // An address that is not of the plain kind is reported by its domain: that is what was checked.
  const std::string address = as_address(mail_from).value_or(outcome.domain);
  add("spf", to_string(outcome.result), outcome.problem,
      {{"smtp", "mailfrom", address}, {"smtp", "helo", std::string(helo)}});
}

void AuthenticationResults::add_dkim(const std::vector<model::DkimSignature>& signatures) {
  if (signatures.empty()) add("dkim", to_string(model::DkimResult::none), "", {});
  for (std::size_t i = 0; i < std::min(signatures.size(), max_signatures); ++i) {
    const model::DkimSignature& signature = signatures[i];
    const bool reports_length = signature.problem.empty() && signature.body_length_limited;
    add("dkim", to_string(signature.result),
        reports_length ? "l= leaves a part of the body unsigned" : std::string_view(signature.problem),
        {{"header", "d", signature.domain},
         {"header", "i", signature.identity},
         {"header", "s", signature.selector},
         {"header", "a", signature.algorithm},
         {"header", "b", signature.signature_start}});
  }
}

void AuthenticationResults::add_dmarc(const model::DmarcOutcome& outcome) {
  const std::string policy = outcome.record_domain.empty() ? "" : std::string(to_string(outcome.policy));
  add("dmarc", to_string(outcome.result), outcome.problem,
      {{"header", "from", outcome.from_domain}, {"policy", "dmarc", policy}});
}

void AuthenticationResults::add_tls(const std::optional<model::Tls>& tls) {
  if (!tls || tls->version == model::TlsVersion::none) {
    add("x-tls", "none", "", {});
    return;
  }
  const std::string bits = tls->cipher_bits > 0 ? std::to_string(tls->cipher_bits) : "";
  add("x-tls", "pass", "",
      {{"smtp", "version", std::string(to_string(tls->version))},
       {"smtp", "cipher", tls->cipher},
       {"smtp", "bits", bits}});
}

std::string AuthenticationResults::value() const {
  return empty_ ? text_ + "; none" : text_;
}

}  // namespace connectord::mail
