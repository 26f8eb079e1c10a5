#include "connectord/net/address_domain.h"

#include "connectord/net/domain_name.h"

namespace connectord::net {

std::optional<std::string> domain_of_address(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::nullopt : normalize_domain(address.substr(at + 1));
}

}  // namespace connectord::net
