#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/words.h"
#include "connectord/trace/search.h"

// What a changed configuration would have done with the mail of the past.
namespace connectord::simulate {

// In which way a draft decides otherwise than the configuration that runs. `not_known`: it asks for something that the
// trace does not have of that message, such as DKIM of one that was refused before its content came. `matched`: a rule
// of the draft's would match, whatever it does.
enum class Change : std::uint8_t { refused, let_in, quarantined, released, other_connector, not_known, matched };
consteval auto words_of(Change) {
  return std::to_array<model::Named<Change>>({{Change::refused, "refused"},
                                              {Change::let_in, "let_in"},
                                              {Change::quarantined, "quarantined"},
                                              {Change::released, "released"},
                                              {Change::other_connector, "other_connector"},
                                              {Change::not_known, "not_known"},
                                              {Change::matched, "matched"}});
}
inline constexpr std::size_t kinds_of_change = model::words<Change>.size();

struct Example {
  std::int64_t row = 0;   // in the trace
  std::int64_t time = 0;  // milliseconds since 1970
  std::string mail_from;
  std::string rcpt_to;
  std::string connector_now;
  std::string connector_then;
  // The reply, or the check that decides it; of the draft, or for `let_in` of what runs now. For `matched` the rule and
  // what it would do.
  std::string why;
};

// Messages of one sender domain from one address that change in the same way.
struct ChangedGroup {
  Change change = Change::refused;
  std::string sender_domain;  // empty for the null sender
  std::string client_address;
  std::size_t messages = 0;
  std::vector<Example> examples;  // the newest three
};

struct Backtest {
  std::size_t messages = 0;     // that were replayed
  std::size_t unlike_then = 0;  // which the running configuration decides otherwise than was done at the time
  std::array<std::size_t, kinds_of_change> changes{};  // by Change
  std::vector<ChangedGroup> groups;                    // the largest first, 10,000 at most
  std::size_t messages_of_no_group = 0;                // that changed, and were too various to be kept
};

std::string_view to_string(Change change);

// What the trace has of a message, as the engine reads it. `recipient` may be empty.
model::Facts facts_of(const trace::Message& message, const std::string& recipient);

// The first key of the rule that asks for what no trace has, such as "when.subject_words"; empty if all is there.
std::string key_not_in_trace(const model::Rule& rule);

// The configuration without rules that ask for what no trace has: they would be unknown for every message.
model::Configuration without_unknown_rules(model::Configuration configuration);

// By which past mail is replayed: a policy of the configuration without such rules.
engine::Policy::Compiled policy_for_replay(model::Configuration configuration);

// The configuration with the draft's connectors and rules in the place of those with the same name and direction, and
// beside the others.
model::Configuration with_draft(model::Configuration configuration, const model::Configuration& draft);

// Decides by both policies, of policy_for_replay(), about every message of the trace that `query` finds, whose limit
// and cursor do not count. What was found out at the time about SPF, DKIM, DMARC and the original client counts;
// nothing is asked anew, so where the draft looks through other gateways than the running one it is not known what it
// would find. `rules` are those of the draft's by name. On failure says why the trace cannot be read.
tl::expected<Backtest, std::string> backtest(trace::Archive& archive, trace::Query query, const engine::Policy& running,
                                             const engine::Policy& draft, const std::vector<std::string>& rules = {});

// With keys that stay.
nlohmann::ordered_json to_json(const Backtest& backtest);

}  // namespace connectord::simulate
