#include "connectord/mail/path.h"

#include <optional>

#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

constexpr std::size_t max_path_length = 4096;

bool is_atom_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80) return true;  // RFC 6531, 3.3
  return byte > ' ' && byte != 0x7f && std::string_view("\"\\<>()[],;:@").find(c) == std::string_view::npos;
}

// The length of the quoted string that `text` begins with; 0 if it does not end.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < ' ' || byte == 0x7f) return 0;
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

// Words and quoted strings with dots between them. The dots' number is not looked at: "a..b" is often sent and can be
// misread by nobody. Gives the length of the local part, or nothing where it is none.
std::optional<std::size_t> local_part_length(std::string_view text) {
  std::size_t i = 0;
  bool word_may_begin = true;
  while (i < text.size() && text[i] != '@') {
    if (text[i] == '"') {
      const std::size_t length = word_may_begin ? quoted_length(text.substr(i)) : 0;
      if (length == 0) return std::nullopt;
      i += length;
      if (i < text.size() && text[i] != '@' && text[i] != '.') return std::nullopt;
      continue;
    }
    if (!is_atom_character(text[i])) return std::nullopt;
    word_may_begin = text[i] == '.';
    ++i;
  }
  return i == 0 ? std::nullopt : std::optional(i);
}

// Removes "@one,@two:". False if there is a route that does not end.
bool skip_source_route(std::string_view& text) {
  if (!text.starts_with('@')) return true;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  for (const char c : text.substr(0, colon)) {
    if (!is_atom_character(c) && c != '@' && c != ',') return false;
  }
  text.remove_prefix(colon + 1);
  return true;
}

// What follows the "@": a domain, or an address literal, which is none.
void read_domain(std::string_view domain, model::Sender& sender) {
  if (domain.starts_with('[')) {
    sender.valid = net::IpAddress::parse(domain).has_value();
    return;
  }
  auto name = net::normalize_domain(domain);
  sender.valid = name.has_value();
  if (name) sender.domain = std::move(*name);
}

void read_unqualified(std::string_view local_part, model::Sender& sender) {
  sender.qualified = false;
  sender.valid = local_part.find_first_of("!%@") == std::string_view::npos;
}

void read_path(std::string_view address, model::Sender& sender) {
  const bool readable = address.size() <= max_path_length && skip_source_route(address);
  const auto length = readable ? local_part_length(address) : std::nullopt;
  if (!length) {
    sender.valid = false;
  } else if (*length == address.size()) {
    read_unqualified(address, sender);
  } else {
    read_domain(address.substr(*length + 1), sender);
  }
}

}  // namespace

std::string_view without_brackets(std::string_view path) {
  if (path.size() >= 2 && path.front() == '<' && path.back() == '>') return path.substr(1, path.size() - 2);
  return path;
}

model::Sender parse_reverse_path(std::string_view path) {
  model::Sender sender;
  const std::string_view address = without_brackets(path);
  sender.address = address.substr(0, max_path_length);
  if (!address.empty()) read_path(address, sender);
  return sender;
}

model::Sender parse_internal_sender(std::string_view address) {
  model::Sender sender;
  sender.address = address.substr(0, max_path_length);
  if (address.empty()) return sender;
  const auto at = address.rfind('@');
  if (address.size() > max_path_length) {
    sender.valid = false;
  } else if (at == std::string_view::npos) {
    read_unqualified(address, sender);
  } else {
    read_domain(address.substr(at + 1), sender);
  }
  return sender;
}

std::string unquoted(std::string_view local_part) {
  std::string plain;
  plain.reserve(local_part.size());
  for (std::size_t i = 0; i < local_part.size(); ++i) {
    if (local_part[i] == '"') continue;
    if (local_part[i] == '\\' && i + 1 < local_part.size()) ++i;
    plain += local_part[i];
  }
  return plain;
}

}  // namespace connectord::mail
