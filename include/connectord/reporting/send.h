#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <tl/expected.hpp>

#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"
#include "connectord/outbox/hand_over.h"
#include "connectord/outbox/key.h"
#include "connectord/reporting/collection.h"
#include "connectord/reporting/ledger.h"
#include "connectord/trace/search.h"

namespace connectord::reporting {

// As whom [reports] has reports written.
Reporter reporter_of(const model::Configuration& configuration);

// Why no reports are made at all, with what to write; empty where they are.
std::string why_none(const model::Configuration& configuration);

// Why there are no reports about this policy domain, in words; empty where there may be. Mail of ours to ourselves
// needs none.
std::string why_not_about(const engine::Policy& policy, const std::string& domain);

// For how long our mail server may take over one report.
inline constexpr std::chrono::seconds hand_over_timeout{60};

// What reports are made and sent with. All of it must outlive the call.
struct Tools {
  const engine::Policy& policy;
  trace::Archive& archive;
  dns::Resolver& resolver;
  const outbox::Key& key;
  std::function<outbox::HandedOver(const outbox::Mail&)> hand_over;
  std::function<std::int64_t()> unix_time;
  std::stop_token stop{};
  std::function<void(const Entry&)> progress = [](const Entry&) {};
  std::size_t max_bytes = std::size_t{64} << 20U;  // of collected messages; more are read several times
};

struct Round {
  std::size_t domains = 0;  // with messages of that day
  std::size_t beyond = 0;   // domains with fewer messages than those of reports.max_domains, which get none
  std::size_t sent = 0;
  std::size_t waiting = 0;  // tried again later
  std::size_t failed = 0;
  std::size_t left = 0;  // addresses that do not want it, and domains that name none
  bool is_cut = false;   // our mail server takes nothing now, or somebody wants it to stop: the rest is for later
};

// Sends what is to be sent of that day and was not, and notes each step. Of what failed, what is to be tried again by
// now; with `at_once` all that waits. On failure nothing more is known than the ledger has.
tl::expected<Round, std::string> send_reports(const Tools& tools, Day day, Ledger& ledger, bool at_once);

// The report of that day about one domain as it is, or was, sent. std::nullopt where no message is to be reported.
tl::expected<std::optional<reports::AggregateReport>, std::string> report_about(const engine::Policy& policy,
                                                                                trace::Archive& archive,
                                                                                const std::string& domain, Day day);

}  // namespace connectord::reporting
