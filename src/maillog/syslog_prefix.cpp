#include "syslog_prefix.h"

#include <array>
#include <ctime>

#include "connectord/maillog/text_cursor.h"

namespace connectord::maillog {
namespace {

using namespace std::chrono;  // NOLINT: calendar types and literals

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// A host's clock may be a bit ahead of ours, and a time zone is not more than that.
constexpr hours furthest_ahead{24};

// `digits` decimal digits, no more and no less.
std::optional<unsigned> take_digits(TextCursor& cursor, std::size_t digits) {
  const auto text = cursor.rest().substr(0, digits);
  unsigned value = 0;
  for (const char c : text) {
    if (!base::is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (text.size() != digits || !cursor.take(text)) return std::nullopt;
  return value;
}

std::optional<seconds> take_time_of_day(TextCursor& cursor) {
  const auto hour = take_digits(cursor, 2);
  if (!hour || !cursor.take(":")) return std::nullopt;
  const auto minute = take_digits(cursor, 2);
  if (!minute || !cursor.take(":")) return std::nullopt;
  const auto second = take_digits(cursor, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second
  return hours(*hour) + minutes(*minute) + seconds(*second);
}

// The latest year in which the date exists and lies not ahead of the clock.
std::optional<sys_seconds> in_latest_year(month_day date, seconds time_of_day, const LogClock& clock) {
  const year_month_day today{floor<days>(clock.now)};
  for (int back = -1; back <= 8; ++back) {
    const year_month_day candidate{today.year() - years(back), date.month(), date.day()};
    if (!candidate.ok()) continue;
    const auto local = sys_days(candidate).time_since_epoch() + time_of_day;
    const auto utc = clock.to_utc(duration_cast<seconds>(local).count());
    if (utc <= clock.now + furthest_ahead) return utc;
  }
  return std::nullopt;
}

// "Nov  1 23:52:18" (RFC 3164, 4.1.2)
std::optional<Time> take_traditional_time(TextCursor& cursor, const LogClock& clock) {
  unsigned number = 0;
  while (number < months.size() && !cursor.take(months[number])) ++number;
  if (number == months.size() || !cursor.take(" ")) return std::nullopt;
  cursor.take(" ");
  const auto day_of_month = cursor.number<unsigned>();
  if (!day_of_month || !cursor.take(" ")) return std::nullopt;
  const auto time_of_day = take_time_of_day(cursor);
  const month_day date{month(number + 1), day(*day_of_month)};
  if (!time_of_day || !date.ok()) return std::nullopt;
  return in_latest_year(date, *time_of_day, clock);
}

std::optional<minutes> take_zone(TextCursor& cursor) {
  if (cursor.take("Z")) return minutes(0);
  const bool west = cursor.take("-");
  if (!west && !cursor.take("+")) return std::nullopt;
  const auto hour = take_digits(cursor, 2);
  if (!hour || !cursor.take(":")) return std::nullopt;
  const auto minute = take_digits(cursor, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  const minutes offset = hours(*hour) + minutes(*minute);
  return west ? -offset : offset;
}

// "2026-11-21T23:52:18.123456+01:00" (RFC 3339)
std::optional<Time> take_rfc3339_time(TextCursor& cursor) {
  const auto a_year = take_digits(cursor, 4);
  if (!a_year || !cursor.take("-")) return std::nullopt;
  const auto a_month = take_digits(cursor, 2);
  if (!a_month || !cursor.take("-")) return std::nullopt;
  const auto a_day = take_digits(cursor, 2);
  if (!a_day || !cursor.take("T")) return std::nullopt;
  const auto time_of_day = take_time_of_day(cursor);
  const year_month_day date{year(static_cast<int>(*a_year)), month(*a_month), day(*a_day)};
  if (!time_of_day || !date.ok()) return std::nullopt;
  Time time = sys_days(date) + *time_of_day;
  if (cursor.take(".")) {
    const auto digits = cursor.while_true(base::is_digit);
    if (digits.empty()) return std::nullopt;
    std::int64_t unit = 100'000;
    for (std::size_t i = 0; i < digits.size() && unit > 0; ++i, unit /= 10) {
      time += microseconds((digits[i] - '0') * unit);
    }
  }
  const auto zone = take_zone(cursor);
  if (!zone) return std::nullopt;
  return time - *zone;
}

bool is_in_program_name(char c) {
  return base::is_alpha(c) || base::is_digit(c) || std::string_view("/-_.+@").find(c) != std::string_view::npos;
}

// "mail.info": facility and level, which BusyBox's syslogd writes before the program.
void skip_priority(TextCursor& cursor) {
  TextCursor attempt = cursor;
  const auto is_in_word = [](char c) { return base::is_alpha(c) || base::is_digit(c); };
  if (attempt.while_true(is_in_word).empty() || !attempt.take(".")) return;
  if (!attempt.while_true(base::is_alpha).empty() && attempt.take(" ")) cursor = attempt;
}

sys_seconds local_to_utc(std::int64_t local) {
  const std::time_t as_if_utc = local;
  std::tm parts{};
  if (::gmtime_r(&as_if_utc, &parts) == nullptr) return sys_seconds(seconds(local));
  parts.tm_isdst = -1;
  return sys_seconds(seconds(::mktime(&parts)));
}

}  // namespace

std::optional<SyslogPrefix> read_syslog_prefix(std::string_view line, const LogClock& clock) {
  TextCursor cursor(line);
  const bool dated = !line.empty() && base::is_digit(line.front());
  const auto time = dated ? take_rfc3339_time(cursor) : take_traditional_time(cursor, clock);
  if (!time || !cursor.take(" ")) return std::nullopt;
  const auto host = cursor.while_true([](char c) { return c != ' '; });
  if (host.empty() || !cursor.take(" ")) return std::nullopt;
  skip_priority(cursor);
  SyslogPrefix prefix{*time, cursor.while_true(is_in_program_name), 0, {}};
  if (prefix.program.empty()) return std::nullopt;
  if (cursor.take("[")) {
    const auto pid = cursor.number<std::uint32_t>();
    if (!pid || !cursor.take("]")) return std::nullopt;
    prefix.pid = *pid;
  }
  if (!cursor.take(": ")) return std::nullopt;
  prefix.message = cursor.rest();
  return prefix;
}

LogClock LogClock::of_this_machine(sys_seconds now) {
  // Many lines share a second, and mktime(3) looks at the zone's file each time.
  return {now, [last = std::optional<std::pair<std::int64_t, sys_seconds>>()](std::int64_t local) mutable {
            if (!last || last->first != local) last.emplace(local, local_to_utc(local));
            return last->second;
          }};
}

}  // namespace connectord::maillog
