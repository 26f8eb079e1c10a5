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
// trace does not have of that message, such as DKIM of one that was refused before its content came.
enum class Change : std::uint8_t { refused, let_in, quarantined, released, other_connector, not_known };
consteval auto words_of(Change) {
  return std::to_array<model::Named<Change>>({{Change::refused, "refused"},
                                              {Change::let_in, "let_in"},
                                              {Change::quarantined, "quarantined"},
                                              {Change::released, "released"},
                                              {Change::other_connector, "other_connector"},
                                              {Change::not_known, "not_known"}});
}
inline constexpr std::size_t kinds_of_change = model::words<Change>.size();

struct Example {
  std::int64_t row = 0;   // in the trace
  std::int64_t time = 0;  // milliseconds since 1970
  std::string mail_from;
  std::string rcpt_to;
  std::string connector_now;
  std::string connector_then;
  std::string why;  // the reply, or the check that decides it; of the draft, or for `let_in` of what runs now
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

// The configuration with the draft's connectors in the place of those with the same name and direction, and beside the
// others.
model::Configuration with_draft(model::Configuration configuration, const model::Configuration& draft);

// Decides by both policies about every message of the trace that `query` finds, whose limit and cursor do not count.
// What was found out at the time about SPF, DKIM, DMARC and the original client counts; nothing is asked anew. On
// failure says why the trace cannot be read.
tl::expected<Backtest, std::string> backtest(trace::Archive& archive, trace::Query query, const engine::Policy& running,
                                             const engine::Policy& draft);

// With keys that stay.
nlohmann::ordered_json to_json(const Backtest& backtest);

}  // namespace connectord::simulate
