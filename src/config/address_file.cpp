#include "address_file.h"

#include <utility>

#include "list_file.h"
#include "rule_formats.h"
#include "text_formats.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_addresses = 1'000'000;

// "@example.com" is a domain too, as many lists have it.
std::string_view domain_in(std::string_view content) {
  return content.starts_with('@') ? content.substr(1) : content;
}

}  // namespace

model::AddressList read_addresses(std::string_view text, const std::shared_ptr<const std::string>& file,
                                  const std::string& key, Problems& problems) {
  model::AddressList list;
  std::size_t named = 0;
  for_each_line(text, [&](std::string_view content, std::uint32_t number, std::uint32_t column) {
    const model::Location place{file, number, column};
    if (++named > max_addresses) {
      problems.error(
          place, key,
          "these are more than " + std::to_string(max_addresses) + " lines; " + std::string(addresses_file.too_large));
      return false;
    }
    if (content.find('@', 1) == std::string_view::npos) {
      auto domain = Domain::parse(domain_in(content));
      if (domain) list.domains.push_back(std::move(*domain));
      if (!domain) problems.error(place, key, std::move(domain.error()));
      return true;
    }
    auto address = ComparedAddress::parse(content);
    if (address) list.addresses.push_back(std::move(*address));
    if (!address) problems.error(place, key, std::move(address.error()));
    return true;
  });
  if (named == 0) {
    problems.error({file, 1, 1}, key,
                   "the file names nobody; write an address or a domain a line, or take the key out of the rule");
  }
  return list;
}

}  // namespace connectord::config
