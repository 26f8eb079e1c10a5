#include "connectord/insights/observe.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "connectord/base/time.h"
#include "connectord/config/named_files.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::insights {
namespace {

using base::day_ms;
using base::hour_ms;

constexpr std::int64_t four_weeks_ms = 28 * day_ms;
constexpr std::size_t max_newest = 5'000;
constexpr std::size_t max_bounces = 100;
constexpr std::size_t max_connectors = 50;  // whose certificates are searched for
constexpr std::size_t max_clients = 100;    // rows of each

std::vector<trace::Row> rows_of(trace::Archive& archive, const trace::Query& query) {
  auto page = archive.search(query);
  return page ? std::move(page->rows) : std::vector<trace::Row>();
}

void observe_bounces(trace::Archive& archive, std::int64_t now, Observations& seen) {
  trace::Query query;
  query.status = trace::Status::failed;
  query.was_taken = true;
  query.since = now - day_ms;
  query.limit = max_bounces;
  std::set<std::int64_t> messages;
  for (const trace::Row& row : rows_of(archive, query)) {
    if (!messages.insert(row.message->id).second) continue;
    const auto detail = archive.detail(row.id);
    if (!detail || !*detail) continue;
    for (const trace::Attempt& attempt : (*detail)->attempts) {
      if (attempt.delivery.status != trace::Status::failed || attempt.delivery.enhanced.empty()) continue;
      seen.bounces.push_back({row.id, attempt.delivery.enhanced, attempt.delivery.text});
      break;
    }
  }
}

Clients clients_of(trace::Archive& archive, trace::Query query) {
  Clients clients;
  query.limit = max_clients;
  for (const trace::Row& row : rows_of(archive, query)) {
    const trace::Certificate& certificate = row.message->certificate;
    const std::string& digest =
        certificate.public_key_sha256.empty() ? certificate.sha256 : certificate.public_key_sha256;
    if (!digest.empty() && row.message->connector == query.connector) clients.emplace(digest, certificate);
  }
  return clients;
}

void observe_clients(trace::Archive& archive, std::int64_t now, Observations& seen) {
  std::size_t searched = 0;
  for (const model::InboundConnector& connector : seen.configuration.inbound) {
    const bool asks = connector.identify.certificate || connector.require.certificate;
    if (!connector.enabled || !asks || ++searched > max_connectors) continue;
    trace::Query query;
    query.connector = connector.name;
    query.since = now - day_ms;
    Clients clients = clients_of(archive, query);
    if (clients.empty()) continue;
    query.since = now - four_weeks_ms;
    query.until = now - day_ms;
    Clients former = clients_of(archive, query);
    seen.clients.emplace(connector.name, std::move(clients));
    if (!former.empty()) seen.former_clients.emplace(connector.name, std::move(former));
  }
}

void observe_validations(Observations& seen) {
  const auto find = probe::Results(seen.configuration.validation.state).finder();
  for (const model::OutboundConnector& connector : seen.configuration.outbound) {
    if (auto last = find(probe::Direction::outbound, connector.name))
      seen.validations.emplace(connector.name, std::move(*last));
  }
}

void observe_keys(Observations& seen) {
  for (const model::Signing& signing : seen.configuration.signing) {
    const config::NamedFileRights rights(seen.configuration, signing.location);
    struct stat status {};
    if (!rights.obstacle(signing.key_file).empty() || ::stat(signing.key_file.c_str(), &status) != 0) continue;
    seen.keys.emplace(signing.selector + "._domainkey." + signing.domain.name(), status.st_mtim.tv_sec);
  }
}

void observe_health(const nlohmann::ordered_json& health, Observations& seen) {
  const auto trace = mta::trace_health(health);
  if (!trace) return;
  seen.waiting = trace->waiting;
  if (!trace->is_written) seen.outage = trace->reason.empty() ? "the log says why" : trace->reason;
}

}  // namespace

void observe_trace(trace::Archive& archive, Observations& seen) {
  const std::int64_t now = seen.now * base::second_ms;
  if (auto flows = archive.flows(now - four_weeks_ms, now + hour_ms)) seen.flows = std::move(*flows);
  if (!seen.flows.empty()) seen.began = seen.flows.front().time;
  trace::Query query;
  query.since = now - day_ms;
  query.limit = max_newest;
  seen.newest = rows_of(archive, query);
  std::erase_if(seen.newest,
                [](const trace::Row& row) { return row.message->direction == trace::Direction::validation; });
  observe_bounces(archive, now, seen);
  observe_clients(archive, now, seen);
}

Found look(const Sources& sources) {
  const model::Configuration& configuration = sources.policy.configuration();
  Observations seen{.configuration = configuration, .now = sources.now};
  Found found;
  std::unique_ptr<trace::Archive> archive;
  if (configuration.trace) {
    auto opened = trace::open_sqlite_archive(configuration.trace->file());
    if (opened) archive = std::move(*opened);
    if (!opened) found.not_looked_at.emplace_back("trace", opened.error());
  } else {
    found.not_looked_at.emplace_back("trace", "there is no [trace], so nothing is known of past mail");
  }
  if (archive) observe_trace(*archive, seen);
  auto queue = mta::look_at_queue(sources.places, sources.health, sources.policy, archive.get());
  if (queue) seen.queue = std::move(*queue);
  if (!queue) found.not_looked_at.emplace_back("queue", queue.error());
  observe_validations(seen);
  seen.overlaps = engine::find_overlaps(configuration.inbound);
  seen.exchangers = probe::read_exchangers(configuration.validation.state).exchangers;
  observe_keys(seen);
  observe_health(sources.health, seen);
  found.insights = judge(seen);
  return found;
}

}  // namespace connectord::insights
