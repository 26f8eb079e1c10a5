#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectord/trace/report.h"
#include "message_reader.h"
#include "sqlite.h"

// How much mail each rule matched: the table `rule_volume`. All of this throws sqlite::Error.
namespace connectord::trace {

struct RuleVolumeKey {
  std::int64_t hour = 0;  // since 1970
  std::int64_t rule = 0;  // the number of its pattern
  friend auto operator<=>(const RuleVolumeKey&, const RuleVolumeKey&) = default;
};

// What some messages add to the table.
class RuleVolumes {
 public:
  struct Sums {
    std::int64_t messages = 0;
    std::int64_t recipients = 0;
    std::int64_t bytes = 0;
  };

  void add(const RuleVolumeKey& key, const Sums& more);
  void write(sqlite::Database& database) const;

 private:
  std::map<RuleVolumeKey, Sums> sums_;
};

// The numbers of the rules that a message matched.
std::vector<std::int64_t> rules_of_message(sqlite::Database& database, std::int64_t message);

// Of the hours from `first` to before `end`: what the table has, and the newest messages, which are not in it yet.
std::vector<Volume> read_rule_volumes(sqlite::Database& database, MessageReader& reader, const ReportQuery& query,
                                      std::int64_t first, std::int64_t end);

// Of all rules that are there, each once.
std::vector<std::string> read_rule_names(sqlite::Database& database, MessageReader& reader);

}  // namespace connectord::trace
