// The Received-SPF header (RFC 7208, 9.1).

#include <algorithm>
#include <string_view>

#include "connectord/auth/spf.h"
#include "connectord/net/domain_name.h"

namespace connectord::auth {
namespace {

using model::SpfOutcome;
using model::SpfResult;

constexpr std::size_t max_value_length = 320;  // an address of RFC 5321 fits

// RFC 5322, 3.2.3, with the dots of a dot-atom.
bool is_dot_atom(std::string_view text) {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos;
}

// A dot-atom, or a quoted string in which nothing but printable ASCII stands.
std::string dot_atom_or_quoted_string(std::string_view text) {
  const bool cut = text.size() > max_value_length;
  text = text.substr(0, max_value_length);
  if (!cut && is_dot_atom(text)) return std::string(text);
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return result + '"';
}

std::string key(std::string_view name, std::string_view value) {
  return ";\n\t" + std::string(name) + "=" + dot_atom_or_quoted_string(value);
}

std::string_view verdict_text(SpfResult result) {
  switch (result) {
    case SpfResult::none:
      return "has no SPF record";
    case SpfResult::neutral:
      return "says nothing about this client";
    case SpfResult::pass:
      return "permits this client to send";
    case SpfResult::fail:
      return "does not permit this client to send";
    case SpfResult::softfail:
      return "probably does not permit this client to send";
    case SpfResult::temperror:
      return "cannot be checked now";
    case SpfResult::permerror:
      return "has an SPF record that is in error";
  }
  return "";
}

// A comment of our own words; a domain stands in it only if it is a plain name, which holds no parenthesis.
std::string comment(const SpfQuery& query, const SpfOutcome& outcome) {
  const auto receiver = net::normalize_domain(query.receiver);
  const auto domain = net::normalize_domain(outcome.domain);
  std::string text = "(";
  if (receiver) text.append(*receiver).append(": ");
  text.append(domain ? *domain : "the sender").append(" ").append(verdict_text(outcome.result)).append(")");
  return text;
}

}  // namespace

std::string received_spf(const SpfQuery& query, const SpfOutcome& outcome) {
  const bool by_helo = outcome.identity == SpfOutcome::Identity::helo;
  std::string value = std::string(model::to_string(outcome.result)) + " " + comment(query, outcome);
  value += "\n\tclient-ip=" + dot_atom_or_quoted_string(query.client.to_string());
  value += key("envelope-from", query.mail_from);
  value += key("helo", query.helo);
  value += key("identity", by_helo ? "helo" : "mailfrom");
  if (!query.receiver.empty()) value += key("receiver", query.receiver);
  if (!outcome.mechanism.empty()) value += key("mechanism", outcome.mechanism);
  if (!outcome.problem.empty()) value += key("problem", outcome.problem);
  return value;
}

}  // namespace connectord::auth
