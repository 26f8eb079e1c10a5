#pragma once

#include <cstdint>
#include <string>

#include "connectord/trace/moment.h"

// Times as people read them. All are milliseconds since 1970.
namespace connectord::ctl {

// In the zone of this machine, or in UTC.
class Clock {
 public:
  explicit Clock(trace::Zone zone) : zone_(zone) {}

  trace::Zone zone() const { return zone_; }
  std::string date(std::int64_t time) const;       // "2026-11-21"
  std::string to_second(std::int64_t time) const;  // "12:00:00"
  std::string to_minute(std::int64_t time) const;  // "12:00"
  std::string precise(std::int64_t time) const;    // "12:00:00.000"
  std::string date_and_time(std::int64_t time) const { return date(time) + " " + to_second(time); }
  std::string zone_name(std::int64_t time) const;  // "CET"

 private:
  std::string formatted(std::int64_t time, const char* format) const;

  trace::Zone zone_;
};

// How long something took: "250 ms", "12 s", "3 min 20 s", "2 d 13 h".
std::string duration_text(std::int64_t milliseconds);

}  // namespace connectord::ctl
