#include "spf_query.h"

#include <string_view>

#include "connectord/net/domain_name.h"

namespace connectord::auth {

std::optional<SpfIdentity> spf_identity(const SpfQuery& query) {
  // Without a MAIL FROM, and for the HELO identity, the sender is postmaster at the HELO name (2.3, 2.4).
  const bool by_helo = query.identity == model::SpfOutcome::Identity::helo || query.mail_from.empty();
  const std::string_view address = query.mail_from;
  const auto at = by_helo ? std::string_view::npos : address.rfind('@');
  SpfIdentity identity;
  if (at != std::string_view::npos) identity.local_part = address.substr(0, at);
  if (identity.local_part.empty()) identity.local_part = "postmaster";  // 4.3
  const std::string_view name =
      by_helo ? std::string_view(query.helo) : (at == std::string_view::npos ? address : address.substr(at + 1));
  auto domain = net::normalize_domain(name);
  if (!domain || domain->find('.') == std::string::npos) return std::nullopt;
  identity.domain = std::move(*domain);
  return identity;
}

}  // namespace connectord::auth
