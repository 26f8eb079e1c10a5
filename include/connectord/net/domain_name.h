#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::net {

// The one form in which two spellings of a domain name compare equal: lower case, A-labels (RFC 5890, mapped by UTS 46
// as browsers and mail programs do), no trailing dot. Labels may hold underscores, as names in DNS do.
// std::nullopt where the text is no domain name (empty, empty labels, too long, other characters, bad IDNA).
std::optional<std::string> normalize_domain(std::string_view text);

// The part behind the first dot; empty for a single label.
std::string_view parent_domain(std::string_view name);

// True for a normalized name of one label. A mail server may take it for a host of its own domain and go on with
// another name (Postfix: append_dot_mydomain), so it is nobody's name for certain.
inline bool is_single_label(std::string_view name) {
  return !name.empty() && name.find('.') == std::string_view::npos;
}

// True if `name` is `ancestor` or lies below it. Both must be normalized.
bool is_same_or_below(std::string_view name, std::string_view ancestor);

// A set of domains as the configuration writes it: "example.com" that name alone, "*.example.com" the name and all
// below it, "*" every name.
class DomainPattern {
 public:
  enum class Kind { any, subtree, exact };  // in rising order of how specific they are

  DomainPattern() = default;
  // On failure says what to write instead.
  static tl::expected<DomainPattern, std::string> parse(std::string_view text);

  Kind kind() const { return kind_; }
  // Normalized, without "*."; empty for "*".
  const std::string& name() const { return name_; }
  // `domain` must be normalized.
  bool matches(std::string_view domain) const;
  // True if every domain that `other` matches is matched by this one too.
  bool covers(const DomainPattern& other) const;
  std::string to_string() const;

  friend bool operator==(const DomainPattern&, const DomainPattern&) = default;

 private:
  Kind kind_ = Kind::any;
  std::string name_;
};

}  // namespace connectord::net
