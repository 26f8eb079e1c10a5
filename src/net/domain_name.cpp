#include "connectord/net/domain_name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "connectord/base/ascii_case.h"

namespace connectord::net {
namespace {

constexpr std::size_t max_name_length = 253;  // RFC 1035, 2.3.4, without the root's dot
constexpr std::size_t max_label_length = 63;

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_valid_labels(std::string_view name) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i != name.size() && name[i] != '.') {
      if (!is_label_character(name[i])) return false;
      continue;
    }
    if (i == begin || i - begin > max_label_length) return false;
    begin = i + 1;
  }
  return true;
}

std::optional<std::string> to_a_labels(const std::string& text) {
  char* converted = nullptr;
  if (::idn2_to_ascii_8z(text.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
    return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owner(converted, &::idn2_free);
  return std::string(converted);
}

}  // namespace

std::optional<std::string> normalize_domain(std::string_view text) {
  // Four bytes of UTF-8 a character at the most, so nothing longer can become a name; libidn2 is spared the rest.
  if (text.empty() || text.size() > 4 * max_name_length || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::string name(text);
  if (!is_ascii(name)) {
    auto ascii = to_a_labels(name);
    if (!ascii) return std::nullopt;
    name = std::move(*ascii);
  }
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  name = base::to_lower(name);
  if (name.size() > max_name_length || !has_valid_labels(name)) return std::nullopt;
  return name;
}

std::string_view parent_domain(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

bool is_same_or_below(std::string_view name, std::string_view ancestor) {
  if (!name.ends_with(ancestor)) return false;
  return name.size() == ancestor.size() || name[name.size() - ancestor.size() - 1] == '.';
}

tl::expected<DomainPattern, std::string> DomainPattern::parse(std::string_view text) {
  DomainPattern pattern;
  if (text == "*") return pattern;
  pattern.kind_ = text.starts_with("*.") ? Kind::subtree : Kind::exact;
  const std::string_view name = pattern.kind_ == Kind::subtree ? text.substr(2) : text;
  auto normalized = normalize_domain(name);
  if (!normalized) {
    return tl::unexpected("\"" + std::string(text) +
                          "\" is not a domain; write example.com for that domain alone, *.example.com for it and all "
                          "below it, or * for every domain");
  }
  pattern.name_ = std::move(*normalized);
  return pattern;
}

bool DomainPattern::matches(std::string_view domain) const {
  switch (kind_) {
    case Kind::any:
      return true;
    case Kind::subtree:
      return is_same_or_below(domain, name_);
    case Kind::exact:
      return domain == name_;
  }
  return false;
}

bool DomainPattern::covers(const DomainPattern& other) const {
  if (kind_ == Kind::any) return true;
  if (other.kind_ == Kind::any) return false;
  if (kind_ == Kind::subtree) return is_same_or_below(other.name_, name_);
  return other.kind_ == Kind::exact && other.name_ == name_;
}

std::string DomainPattern::to_string() const {
  switch (kind_) {
    case Kind::any:
      return "*";
    case Kind::subtree:
      return "*." + name_;
    case Kind::exact:
      return name_;
  }
  return {};
}

}  // namespace connectord::net
