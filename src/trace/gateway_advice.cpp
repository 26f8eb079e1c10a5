#include "connectord/trace/gateway_advice.h"

#include <cstddef>
#include <set>

#include "terms.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t reach = std::int64_t{7} * 86'400'000;
constexpr std::size_t max_examined = 200;
constexpr std::size_t fewest_messages = 3;
constexpr std::size_t fewest_domains = 2;  // one sender's own server may just be missing in its record

bool fails(const Message& message) {
  const auto& spf = message.authentication.spf;
  return spf && (spf->result == model::SpfResult::fail || spf->result == model::SpfResult::softfail);
}

}  // namespace

std::string gateway_advice(Archive& archive, const MessageTraceDetail& story) {
  if (story.rows.empty()) return "";
  const Message& message = *story.rows.front().message;
  if (message.connector.empty() || !message.original_client.empty() || !fails(message)) return "";
  const auto client = net::AddressRange::parse(message.client_address);
  if (!client) return "";
  Query query;
  query.connector = message.connector;
  query.client = *client;
  query.since = message.time - reach;
  query.until = message.time + 1;
  query.limit = max_examined;
  const auto page = archive.search(query);
  if (!page) return "";
  std::set<std::int64_t> judged;
  std::set<std::string> domains;
  for (const Row& row : page->rows) {
    const Message& one = *row.message;
    if (!one.authentication.spf || one.direction == Direction::validation) continue;
    if (!one.original_client.empty() || !fails(one)) return "";
    judged.insert(one.id);
    domains.emplace(domain_part(canonical_address(one.mail_from)));
  }
  if (judged.size() < fewest_messages || domains.size() < fewest_domains) return "";
  const std::string number = std::to_string(judged.size());
  return "all " + number + " of " + number + " messages of " + message.connector + " from " + message.client_address +
         " fail SPF as " + message.client_address +
         " itself; if that is a gateway of yours, write [inbound.enhanced_filtering] skip_last = true in the connector";
}

}  // namespace connectord::trace
