#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace connectord::trace {

enum class Grouping : std::uint8_t { connector, outbound_connector, direction, tls, action };
enum class Interval : std::uint8_t { whole, hour, day };

// The words for them.
inline constexpr std::array<std::pair<std::string_view, Grouping>, 5> groupings = {
    {{"connector", Grouping::connector},
     {"outbound_connector", Grouping::outbound_connector},
     {"direction", Grouping::direction},
     {"tls", Grouping::tls},
     {"action", Grouping::action}}};

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
  // whose recipients leave by different outbound connectors.
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

}  // namespace connectord::trace
