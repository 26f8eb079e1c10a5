#include <algorithm>

#include "connectord/base/time.h"
#include "connectord/mta/files.h"
#include "connectord/mta/postfix_setup.h"
#include "connectord/mta/queue_report.h"
#include "connectord/mta/sendmail_host.h"

namespace connectord::mta {
namespace {

constexpr std::size_t max_searches = 1'000;

tl::expected<Queue, std::string> queue_of_sendmail(const SendmailHost& host) {
  const auto text = read_file(host.cf());
  if (!text) return tl::unexpected(text.error());
  return read_queue(read_sendmail_cf(*text), base::unix_time());
}

// Only where mail can take another way than its recipient's domain says.
bool has_routes_by_origin(const engine::Policy& policy) {
  const auto& outbound = policy.configuration().outbound;
  return std::any_of(outbound.begin(), outbound.end(), [](const model::OutboundConnector& connector) {
    return connector.enabled && connector.is_scoped() && !connector.is_by_sender_alone();
  });
}

ConnectorOf known_in(trace::Archive& archive) {
  return [&archive, searches = std::size_t{0}](const QueuedMessage& message) mutable -> std::string {
    if (++searches > max_searches) return {};
    trace::Query query;
    query.queue_id = message.queue_id;
    query.limit = 1;
    const auto page = archive.search(query);
    return page && !page->rows.empty() ? page->rows.front().outbound_connector : std::string();
  };
}

}  // namespace

tl::expected<QueueReport, std::string> look_at_queue(const MailServerPlaces& places,
                                                     const nlohmann::ordered_json& health, const engine::Policy& policy,
                                                     trace::Archive* archive) {
  const MailServers servers = mail_servers_of(places, health);
  if (!servers.postfix && !servers.sendmail) {
    return tl::unexpected("there is no Postfix in " + places.folder + " and no Sendmail with its " +
                          places.sendmail_mc + "; name it with --postfix-config or --sendmail-mc");
  }
  const auto read = [&]() -> tl::expected<Queue, std::string> {
    if (!servers.postfix) return queue_of_sendmail(SendmailHost(places.sendmail_mc));
    return read_postfix(places.folder).and_then([](const PostfixSetup& setup) { return read_queue(setup); });
  };
  const bool searches = archive != nullptr && has_routes_by_origin(policy);
  return read().map(
      [&](const Queue& queue) { return report_queue(queue, policy, searches ? known_in(*archive) : ConnectorOf()); });
}

}  // namespace connectord::mta
