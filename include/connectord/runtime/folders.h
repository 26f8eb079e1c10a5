#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "connectord/net/handover.h"

namespace connectord::runtime {

// What connectord keeps in folders of its own.
enum class Kept : std::uint8_t { trace, audit_log, results, history, mail_key, reports, policies, fleet };

// Makes that folder, or gives it to the account, as net::hand_over() does.
tl::expected<void, std::string> hand_over(Kept what, const model::Configuration& configuration,
                                          const base::Account& account);

// The same for all that the daemon needs with this configuration. On failure it must not serve: what it may not keep,
// it would find out with the first message only.
tl::expected<void, std::string> hand_over_all(const model::Configuration& configuration, const base::Account& account);

}  // namespace connectord::runtime
