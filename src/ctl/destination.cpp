#include "destination.h"

#include "connectord/base/files.h"
#include "connectord/base/time.h"
#include "connectord/delivery/advisor.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/smtp/network.h"

namespace connectord::ctl {
namespace {

// As connectord has them, where this account may read that.
sts::PolicyBook kept_policies(const model::Configuration& configuration, std::int64_t now) {
  sts::PolicyBook book;
  if (const auto text = base::read_file(delivery::policies_file(configuration.delivery.state))) {
    book.read_text(*text, now);
  }
  return book;
}

}  // namespace

Expected<Looks> look_at(const std::vector<delivery::Hop*>& hops, const model::Configuration& configuration) {
  if (hops.empty()) return Looks{};
  const auto resolver = runtime::make_resolver(configuration.dns);
  if (!resolver) return tl::unexpected(resolver.error());
  const auto trusted = tls::TrustStore::of_system();
  if (!trusted) return tl::unexpected(trusted.error());
  const auto network = smtp::make_network();
  const auto now = base::unix_time();
  sts::PolicyBook kept = kept_policies(configuration, now);
  const sts::HttpsClient client{.network = *network, .trusted = *trusted, .unix_time = now};
  Looks looks;
  for (delivery::Hop* hop : hops) {
    std::optional<delivery::Look>& look = looks.emplace_back();
    const auto question = delivery::question_about(hop->name, hop->wish);
    if (!question) continue;
    look = delivery::look(*question, {.resolver = **resolver,
                                      .client = client,
                                      .private_networks = configuration.validation.private_networks,
                                      .kept = kept,
                                      .now = now});
    hop->advice = look->advice;
  }
  return looks;
}

}  // namespace connectord::ctl
