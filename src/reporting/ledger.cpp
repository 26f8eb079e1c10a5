#include "connectord/reporting/ledger.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "connectord/base/files.h"
#include "connectord/base/json.h"
#include "connectord/base/json_values.h"
#include "connectord/base/time.h"

namespace connectord::reporting {
namespace {

using Json = nlohmann::ordered_json;
using Status = Entry::Status;

constexpr std::string_view prefix = "dmarc-";
constexpr std::string_view suffix = ".jsonl";
constexpr std::size_t largest = std::size_t{64} << 20U;

std::string path_of(const std::string& folder, Day day) {
  return folder + "/" + std::string(prefix) + to_string(day) + std::string(suffix);
}

std::string line_of(const Json& object) {
  return base::json_text(object) + "\n";
}

void read_line(std::string_view line, DayRecord& record) {
  const Json object = base::parse_json(line);
  if (!object.is_object()) return;
  if (object.contains("done")) record.is_done = true;
  const auto status = model::value_of<Status>(base::text_at(object, "status"));
  Entry entry{.domain = base::text_at(object, "domain"),
              .address = base::text_at(object, "to"),
              .status = status.value_or(Status::under_way),
              .first = base::integer_at(object, "first"),
              .time = base::integer_at(object, "time"),
              .attempts = static_cast<int>(base::integer_at(object, "attempts")),
              .words = base::text_at(object, "words")};
  if (!entry.domain.empty()) record.entries[{entry.domain, entry.address}] = std::move(entry);
}

DayRecord read_lines(std::string_view text) {
  DayRecord record;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end), record);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return record;
}

}  // namespace

std::int64_t Entry::next() const {
  return status == Status::waiting ? time + wait_after(attempts) : 0;
}

nlohmann::ordered_json to_json(Day day, const Entry& entry) {
  return {{"day", to_string(day)},
          {"domain", entry.domain},
          {"to", entry.address},
          {"status", model::word_of(entry.status)},
          {"time", base::utc_text(entry.time)},
          {"attempts", entry.attempts},
          {"words", entry.words}};
}

std::vector<std::string> DayRecord::due(std::int64_t now, bool at_once) const {
  std::set<std::string> domains;
  for (const auto& [key, entry] : entries) {
    if (entry.status == Status::waiting && (at_once || entry.next() <= now)) domains.insert(entry.domain);
  }
  return {domains.begin(), domains.end()};
}

std::int64_t DayRecord::next() const {
  std::int64_t first = 0;
  for (const auto& [key, entry] : entries) {
    const std::int64_t time = entry.next();
    if (time != 0 && (first == 0 || time < first)) first = time;
  }
  return first;
}

DayRecord read_day(const std::string& folder, Day day) {
  return read_lines(base::read_file(path_of(folder, day), largest).value_or(""));
}

std::vector<Day> days_in(const std::string& folder) {
  std::vector<Day> days;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
    std::string name = each->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() < prefix.size() + suffix.size()) continue;
    const auto day = parse_day(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
    if (day) days.push_back(*day);
  }
  std::sort(days.begin(), days.end(), std::greater<>());
  return days;
}

void remove_days_before(const std::string& folder, Day day) {
  for (const Day one : days_in(folder)) {
    if (one < day) ::unlink(path_of(folder, one).c_str());
  }
}

tl::expected<Ledger, std::string> Ledger::open(const std::string& folder, Day day) {
  const std::string path = path_of(folder, day);
  // Where reports were switched on by a reload, nobody has made it.
  ::mkdir(folder.c_str(), S_IRWXU | S_IRGRP | S_IXGRP);
  const auto failed = [&path](const std::string& why) { return tl::unexpected(path + ": " + why); };
  base::FileDescriptor file(
      ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR | S_IRGRP));
  if (file.get() < 0) return failed(std::strerror(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return failed(errno == EWOULDBLOCK ? "another process sends these reports now" : std::strerror(errno));
  }
  const auto text = base::read_all(file.get(), largest);
  if (!text) return failed(text.error().message());
  Ledger ledger(std::move(file), read_lines(*text));
  // A line that a full disk has cut must not swallow the next one.
  if (!text->empty() && text->back() != '\n') {
    if (auto ended = ledger.append("\n"); !ended) return tl::unexpected(ended.error());
  }
  return ledger;
}

tl::expected<void, std::string> Ledger::append(const std::string& line) {
  if (base::write_all(file_.get(), line)) return {};
  return tl::unexpected(std::string("what was sent cannot be noted: ") + std::strerror(errno));
}

tl::expected<void, std::string> Ledger::note(const Entry& entry) {
  const Json object = {{"domain", entry.domain}, {"to", entry.address},  {"status", model::word_of(entry.status)},
                       {"time", entry.time},     {"first", entry.first}, {"attempts", entry.attempts},
                       {"words", entry.words}};
  auto appended = append(line_of(object));
  if (appended) record_.entries[{entry.domain, entry.address}] = entry;
  return appended;
}

void Ledger::flush() {
  ::fdatasync(file_.get());
}

tl::expected<void, std::string> Ledger::note_done(std::int64_t now) {
  auto appended = append(line_of({{"done", true}, {"time", now}}));
  if (appended) record_.is_done = true;
  return appended;
}

}  // namespace connectord::reporting
