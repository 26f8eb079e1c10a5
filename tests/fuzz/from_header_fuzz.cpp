#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/mail/author.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/text.h"
#include "connectord/net/domain_name.h"

// Any value of a From field: what is read has one normalized domain that stands in the field, and what is not is
// explained in printable text.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void require_author(const mail::Author& author, std::string_view value) {
  require(net::normalize_domain(author.domain) == author.domain);
  require(!author.mailboxes.empty() && author.mailboxes.size() <= mail::most_authors);
  for (const auto& mailbox : author.mailboxes) require(mailbox.domain == author.domain);
  require(value.find('\0') == std::string_view::npos && mail::is_utf8(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto author = mail::parse_author({value});
  if (author) {
    require_author(*author, value);
  } else {
    require(!author.error().empty() && author.error() == mail::printable(author.error(), 1000));
  }
  require(!mail::parse_author({value, value}));
  return 0;
}
