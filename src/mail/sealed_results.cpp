#include "connectord/mail/sealed_results.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"
#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

bool is_keyword_character(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
}

// What a value may hold outside of quotes. Wider than a token (RFC 2045, 5.1), since base64 and addresses are often
// written bare, but nothing that some reader may take for structure.
bool is_bare_character(char c) {
  constexpr std::string_view structure = " \t;()\"\\";
  return !base::is_control(c) && structure.find(c) == std::string_view::npos;
}

struct Property {
  std::string name;  // "header.from", in lower case
  std::string value;
};

struct Result {
  std::string method;  // in lower case
  std::string version = "1";
  std::string result;
  std::vector<Property> properties;
};

// Reads the grammar of 2.2. Each function returns false where what stands there is not of it.
class Reader {
 public:
  explicit Reader(std::string_view line) : scanner_(line) {}

  // [CFWS] authserv-id [ CFWS authres-version ]
  bool read_authserv_id() {
    std::string id;
    if (!skip() || !read_value(id) || id.empty() || !skip()) return false;
    read_digits();
    return skip() && is_at_boundary();
  }

  bool at_end() const { return scanner_.at_end(); }

  // [CFWS] ";" [CFWS] and a result, "none", or nothing.
  bool read_result(Result& result) {
    if (!scanner_.take(';') || !skip()) return false;
    if (is_at_boundary()) return true;
    if (!read_method(result)) return false;
    if (is_at_boundary()) return result.method == "none";
    if (!scanner_.take('=') || !skip() || !read_keyword(result.result) || !is_separated()) return false;
    for (;;) {
      if (!skip()) return false;
      if (is_at_boundary()) return true;
      Property property;
      if (!read_property(property)) return false;
      result.properties.push_back(std::move(property));
    }
  }

 private:
  bool skip() { return scanner_.skip_cfws(); }

  bool is_at_boundary() const { return scanner_.at_end() || scanner_.peek() == ';'; }

  // What ends here ended as the grammar has it.
  bool is_separated() const { return is_at_boundary() || base::is_space(scanner_.peek()) || scanner_.peek() == '('; }

  std::string read_digits() {
    std::string digits;
    while (base::is_digit(scanner_.peek())) digits += scanner_.next();
    return digits;
  }

  bool read_keyword(std::string& keyword) {
    keyword.clear();
    while (!scanner_.at_end() && is_keyword_character(scanner_.peek())) keyword += base::to_lower(scanner_.next());
    return !keyword.empty();
  }

  // Keyword [ [CFWS] "/" [CFWS] method-version ] [CFWS]
  bool read_method(Result& result) {
    if (!read_keyword(result.method) || !skip()) return false;
    if (!scanner_.take('/')) return true;
    if (!skip()) return false;
    result.version = read_digits();
    return !result.version.empty() && skip();
  }

  // ptype [CFWS] "." [CFWS] property [CFWS] "=" [CFWS] pvalue; without the dot a reason, or what is no property.
  bool read_property(Property& property) {
    if (!read_keyword(property.name) || !skip()) return false;
    if (scanner_.take('.')) {
      std::string rest;
      if (!skip() || !read_keyword(rest) || !skip()) return false;
      property.name += "." + rest;
    }
    return scanner_.take('=') && skip() && read_value(property.value) && is_separated();
  }

  // value / [ [ local-part ] "@" ] domain-name
  bool read_value(std::string& value) {
    if (scanner_.peek() == '"') {
      auto quoted = scanner_.quoted_string();
      if (!quoted) return false;
      value = std::move(*quoted);
      if (scanner_.peek() != '@') return true;
    }
    const std::size_t before = value.size();
    while (!scanner_.at_end() && is_bare_character(scanner_.peek())) value += scanner_.next();
    return value.size() > before;
  }

  Scanner scanner_;
};

bool stands_twice(const std::vector<Property>& properties) {
  std::vector<std::string_view> names;
  names.reserve(properties.size());
  for (const Property& each : properties) names.push_back(each.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

bool names_author(const Property& property, std::string_view author_domain) {
  if (property.name != "header.from") return false;
  const auto at = property.value.rfind('@');
  const auto domain = std::string_view(property.value).substr(at == std::string::npos ? 0 : at + 1);
  return net::normalize_domain(domain) == author_domain;
}

bool is_pass_for(const Result& result, std::string_view author_domain) {
  if (result.version != "1" || result.result != "pass" || stands_twice(result.properties)) return false;
  return std::any_of(result.properties.begin(), result.properties.end(),
                     [&](const Property& each) { return names_author(each, author_domain); });
}

}  // namespace

bool say_dmarc_passed(std::string_view results, std::string_view author_domain) {
  if (author_domain.empty() || !base::is_utf8(results)) return false;
  const auto line = unfold(results);
  if (!line) return false;
  Reader reader(*line);
  if (!reader.read_authserv_id()) return false;
  std::size_t found = 0;
  bool passed = false;
  while (!reader.at_end()) {
    Result result;
    if (!reader.read_result(result)) return false;
    if (result.method != "dmarc") continue;
    ++found;
    passed = is_pass_for(result, author_domain);
  }
  return found == 1 && passed;
}

}  // namespace connectord::mail
