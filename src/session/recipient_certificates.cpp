#include "recipient_certificates.h"

#include <algorithm>

#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/model/rule.h"

namespace connectord::session {
namespace {

constexpr std::size_t max_certificate_file = std::size_t{64} << 10;

// What can stand in the name of a file and nowhere else.
bool fits_file_name(std::string_view address) {
  constexpr std::size_t longest = 200;
  static constexpr std::string_view others = ".@_+=-";
  return !address.empty() && address.size() <= longest && address.front() != '.' &&
         std::all_of(address.begin(), address.end(), [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || others.find(c) != std::string_view::npos;
         });
}

using Found = tl::expected<mime::Certificate, std::string>;

Found certificate_for(const std::string& folder, const std::string& address, std::int64_t unix_time) {
  const std::string domain(model::domain_of_address(address));
  for (const std::string& name : {address, domain}) {
    if (!fits_file_name(name)) continue;
    const auto pem = base::read_file(folder + "/" + name + ".pem", max_certificate_file);
    if (pem) return mime::read_certificate(*pem, unix_time);
    if (pem.error() != std::errc::no_such_file_or_directory) return tl::unexpected(pem.error().message());
  }
  return tl::unexpected("there is no " + address + ".pem and no " + domain + ".pem");
}

}  // namespace

RecipientCertificates find_certificates(const std::string& folder, const std::vector<std::string>& addresses,
                                        std::int64_t unix_time) {
  constexpr std::size_t max_named = 5;
  RecipientCertificates all;
  std::vector<std::string> missing;
  for (const std::string& address : addresses) {
    Found found = certificate_for(folder, model::comparable_address(address), unix_time);
    if (found) {
      all.certificates.push_back(std::move(*found));
    } else if (missing.size() < max_named) {
      missing.push_back(address + " (" + found.error() + ")");
    }
  }
  all.missing = base::joined(missing);
  return all;
}

}  // namespace connectord::session
