#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "connectord/model/words.h"
#include "connectord/reporting/day.h"

namespace connectord::reporting {

// What became of the report about one domain to one address.
struct Entry {
  // under_way: it was being handed over when the process ended, and may have been: it is not sent again.
  // left: nobody wants it there. The words are stored: do not change.
  enum class Status : std::uint8_t { under_way, sent, waiting, failed, left };

  std::string domain;
  std::string address;  // empty where nobody is named, or DNS does not tell
  Status status = Status::waiting;
  std::int64_t first = 0;  // when it was tried for the first time, in seconds since 1970
  std::int64_t time = 0;   // when it was tried last
  int attempts = 0;
  std::string words{};  // the server's answer, or why not

  // It is tried again from then on; 0: no more.
  std::int64_t next() const;
};
consteval auto words_of(Entry::Status) {
  return std::to_array<model::Named<Entry::Status>>({{Entry::Status::under_way, "under_way"},
                                                     {Entry::Status::sent, "sent"},
                                                     {Entry::Status::waiting, "waiting"},
                                                     {Entry::Status::failed, "failed"},
                                                     {Entry::Status::left, "left"}});
}

// For programs, with keys that stay.
nlohmann::ordered_json to_json(Day day, const Entry& entry);

// What is known of one day's reports.
struct DayRecord {
  std::map<std::pair<std::string, std::string>, Entry> entries;  // by domain and address
  bool is_done = false;                                          // all of its domains were gone through

  // The domains with something that is to be tried again at this time; with `at_once` whatever waits.
  std::vector<std::string> due(std::int64_t now, bool at_once) const;
  // When the first of those that wait is to be tried again; 0: none waits.
  std::int64_t next() const;
};

// Reads the file of a day in that folder. Empty where there is none. What cannot be read in it is passed over.
DayRecord read_day(const std::string& folder, Day day);
// The days that have a file there, the last one first.
std::vector<Day> days_in(const std::string& folder);
// Removes the files of days before this one.
void remove_days_before(const std::string& folder, Day day);

// The file of a day, to which each step is appended before the next is taken, so that nothing is sent twice whatever
// ends the process. One process at a time has it.
class Ledger {
 public:
  // Makes the folder where it is missing, but none above it. On failure says why; also where another process has it.
  static tl::expected<Ledger, std::string> open(const std::string& folder, Day day);

  const DayRecord& record() const { return record_; }
  // On failure nothing may be sent.
  tl::expected<void, std::string> note(const Entry& entry);
  tl::expected<void, std::string> note_done(std::int64_t now);
  // What was noted outlives a power cut from then on; the end of the process it outlives at once.
  void flush();

 private:
  Ledger(base::FileDescriptor file, DayRecord record) : file_(std::move(file)), record_(std::move(record)) {}
  tl::expected<void, std::string> append(const std::string& line);

  base::FileDescriptor file_;
  DayRecord record_;
};

}  // namespace connectord::reporting
