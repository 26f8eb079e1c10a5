#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/authentication_results.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"
#include "connectord/net/domain_name.h"

// Which Authentication-Results fields claim to be ours (RFC 8601, 5).
namespace connectord::mail {
namespace {

// RFC 2045, 5.1, with the UTF-8 of RFC 8601, 2.5. A '/' begins the version in readers of RFC 5451 (2.2).
bool is_id_character(char c) {
  constexpr std::string_view specials = "()<>@,;:\\\"/[]?= \t";
  return specials.find(c) == std::string_view::npos;
}

std::string take_id(Scanner& scanner) {
  std::string id;
  while (!scanner.at_end() && is_id_character(scanner.peek())) id += scanner.next();
  return id;
}

void skip_digits(Scanner& scanner) {
  while (base::is_digit(scanner.peek())) scanner.next();
}

std::string comparable(std::string_view id) {
  return net::normalize_domain(id).value_or(base::to_lower(id));
}

// What is left of a text when comments, quoting and whitespace are taken for nothing: what a careless reader may see.
// Nothing for a text of many parentheses that are not closed: each of them would be looked for to the end.
std::optional<std::string> without_decoration(std::string_view text) {
  constexpr int max_unclosed = 4;
  int unclosed = 0;
  std::string bare;
  Scanner scanner(text);
  while (!scanner.at_end()) {
    if (scanner.peek() == '(') {
      Scanner ahead = scanner;
      if (ahead.comment()) {
        scanner = ahead;
        continue;
      }
      if (++unclosed > max_unclosed) return std::nullopt;
    }
    const char c = scanner.next();
    if (base::is_control(c) || c == ' ' || c == '"' || c == '\\') continue;
    bare += c;
  }
  return bare;
}

bool might_hold(std::string_view text, std::string_view authserv_id) {
  // What is not ASCII or is encoded (RFC 2047) may spell any name.
  for (const char c : text) {
    if (!base::is_ascii(c) || c == '\0') return true;
  }
  if (text.find("=?") != std::string_view::npos || base::contains_ignoring_case(text, authserv_id)) return true;
  const auto bare = without_decoration(text);
  return !bare || base::contains_ignoring_case(*bare, authserv_id);
}

}  // namespace

// authserv-id [ CFWS authres-version ] ( ";" / end ), with comments between them (2.2)
std::optional<std::string> read_authserv_id(std::string_view raw_value) {
  const auto line = unfold(raw_value);
  if (!line) return std::nullopt;
  Scanner scanner(*line);
  if (!scanner.skip_cfws()) return std::nullopt;
  auto id = scanner.peek() == '"' ? scanner.quoted_string() : std::optional(take_id(scanner));
  if (!id || id->empty() || !scanner.skip_cfws()) return std::nullopt;
  skip_digits(scanner);
  if (!scanner.skip_cfws()) return std::nullopt;
  if (!scanner.at_end() && scanner.peek() != ';') return std::nullopt;
  return id;
}

bool claims_authserv_id(std::string_view raw_value, std::string_view authserv_id) {
  if (raw_value.size() > max_read_value_length) return true;
  const auto id = read_authserv_id(raw_value);
  if (!id) return might_hold(raw_value, authserv_id);
  // "mx.example.net1" is another name, but "mx.example.net 1" is ours in its first version.
  return comparable(*id) == comparable(authserv_id) || (!base::is_utf8(*id) && might_hold(*id, authserv_id));
}

}  // namespace connectord::mail
