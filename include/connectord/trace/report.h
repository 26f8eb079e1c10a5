#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/trace/entry.h"

namespace connectord::trace {

enum class Grouping : std::uint8_t {
  connector,
  outbound_connector,
  direction,
  tls,
  action,
  protection,
  rule,
  rule_action
};
enum class Interval : std::uint8_t { whole, hour, day };

// The words for them.
inline constexpr std::array<std::pair<std::string_view, Grouping>, 8> groupings = {
    {{"connector", Grouping::connector},
     {"outbound_connector", Grouping::outbound_connector},
     {"direction", Grouping::direction},
     {"tls", Grouping::tls},
     {"action", Grouping::action},
     {"protection", Grouping::protection},
     {"rule", Grouping::rule},
     {"rule_action", Grouping::rule_action}}};

// How much mail there was. Times are milliseconds since 1970; hours and days are those of UTC.
struct ReportQuery {
  Grouping by = Grouping::connector;
  Interval interval = Interval::whole;
  std::int64_t since = 0;  // rounded down to a whole hour
  std::int64_t until = 0;  // exclusive; rounded up to a whole hour
};

struct Volume {
  std::int64_t time = 0;  // the beginning of its interval
  // The name of the connector, "inbound", "TLSv1.3", "accept"; "none" for no connector or TLS; "several" for a message
  // whose recipients leave by different outbound connectors. By rule, a message counts for each that it matched:
  // "mark", and with the actions "mark: prepend_subject", "mark (audit): reject". By protection, each delivery to
  // another host is a message, in the words of Protection, and its size is not known.
  std::string group;
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
  std::uint64_t bytes = 0;  // of the messages whose size is known
};

struct Report {
  std::int64_t since = 0;  // as they were rounded
  std::int64_t until = 0;
  std::vector<Volume> volumes;  // in the order of time, then the most messages first
};

// What a report by rules calls a rule, of which `pattern` is what the trace has: by name, or with what it does.
std::string group_of_rule(const std::string& pattern, Grouping by);

// The messages of one hour that have all of these in common.
struct Flow {
  std::int64_t time = 0;  // the beginning of the hour
  Direction direction = Direction::inbound;
  std::string connector;           // empty for none
  std::string outbound_connector;  // empty for none; "several" as in a Volume
  std::string tls;                 // "TLSv1.3"; empty for none
  model::Action action = model::Action::accept;
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
};

}  // namespace connectord::trace
