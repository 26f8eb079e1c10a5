#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/mail/author.h"
#include "connectord/mail/header_field.h"
#include "connectord/net/domain_name.h"

// Any value of a From field: the domains that are found are normalized and bounded, and what is wrong is explained in
// printable text. Where more than one domain may be meant, those that simple readers find are among them.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

bool names(const mail::Author& author, const std::string& domain) {
  return std::find(author.domains.begin(), author.domains.end(), domain) != author.domains.end();
}

void require_author(const mail::Author& author) {
  require(author.domains.size() <= mail::max_author_domains);
  for (const std::string& domain : author.domains) {
    require(net::normalize_domain(domain) == domain);
    require(std::count(author.domains.begin(), author.domains.end(), domain) == 1);
  }
  for (const auto& mailbox : author.mailboxes) require(author.is_certain() && mailbox.domain == author.domains.front());
  require(author.remark == base::printable(author.remark, 1000));
  require(author.is_certain() || !author.remark.empty());
  require(!author.lacks_domain || author.domains.empty());
}

// What a reader finds that takes letters, digits, dots, hyphens and underscores behind an "@", and nothing of one label
// alone.
std::optional<std::string> simple_domain(std::string_view text, std::size_t at) {
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t end = at + 1;
  while (end < text.size() && (base::is_alpha(text[end]) || base::is_digit(text[end]) || text[end] == '-' ||
                               text[end] == '_' || text[end] == '.')) {
    ++end;
  }
  std::string_view name = text.substr(at + 1, end - at - 1);
  while (name.ends_with('.')) name.remove_suffix(1);
  const bool goes_on = end < text.size() && !base::is_ascii(text[end]);
  if (goes_on || name.find('.') == std::string_view::npos) return std::nullopt;
  return net::normalize_domain(name);
}

// Only where the grammar does not settle the matter; what it finds in quotes and comments is no address.
void require_readings(const mail::Author& author, std::string_view value) {
  if (author.remark.empty()) return;
  for (const std::size_t at :
       {value.find('@'), value.rfind('@'), value.find('@', std::min(value.rfind('<'), value.size()))}) {
    if (const auto domain = simple_domain(value, at)) require(names(author, *domain));
  }
}

void require_completion(mail::Author author) {
  const auto before = author.domains;
  mail::complete_author(author, "sender.example", "mx.example.net");
  require(before.empty() ? author.domains.size() == 1 : author.domains == before);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto author = mail::parse_author({value});
  if (author) {
    require_author(*author);
    require_readings(*author, value);
    require_completion(*author);
  } else {
    require(!author.error().empty() && author.error() == base::printable(author.error(), 1000));
  }
  const auto twice = mail::parse_author({value, value});
  require(twice.has_value() == author.has_value());
  if (twice) require(!twice->is_certain() && twice->domains == author->domains);
  return 0;
}
