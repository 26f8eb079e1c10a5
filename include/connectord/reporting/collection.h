#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>

#include "connectord/reporting/day.h"
#include "connectord/reports/aggregate_report.h"
#include "connectord/trace/dmarc_rows.h"

namespace connectord::reporting {

// A day's messages by policy domain, those that are alike counted together. It takes the domains up to some point of
// their order and as many as there is room for; the others are for the next pass over the same messages. Pure but for
// memory; not thread-safe.
class Collection {
 public:
  // Messages that are alike, and how many; the newest time of any of them.
  struct Domain {
    std::unordered_map<std::string, std::uint64_t> counts;  // by trace::DmarcRow::key
    std::int64_t newest = 0;
    std::string newest_key;  // whose record is the last one
  };

  // Domains behind `after` alone, which is what end_of_pass() of the pass before gave. `wanted` says which at all.
  Collection(std::string after, std::function<bool(const std::string&)> wanted, std::size_t max_bytes);

  void add(const trace::DmarcRow& row);

  // In the order of their names.
  const std::map<std::string, Domain, std::less<>>& domains() const { return domains_; }
  // The messages of a domain are not looked at again, so that their memory is free for others.
  void forget(const std::string& domain) { domains_.erase(domain); }
  // The last domain that was taken whole; empty: there are none behind it.
  std::string end_of_pass() const { return is_cut_ ? last_ : std::string(); }
  std::size_t bytes() const { return bytes_; }

 private:
  bool takes(std::string_view domain);
  void make_room();

  std::string after_;
  std::function<bool(const std::string&)> wanted_;
  std::size_t max_bytes_;
  std::map<std::string, Domain, std::less<>> domains_;
  std::unordered_map<std::string, bool> known_;  // what `wanted` said
  std::size_t bytes_ = 0;
  bool is_cut_ = false;
  std::string last_;  // where is_cut_: the last domain that is taken
};

// Who reports.
struct Reporter {
  std::string organization;
  std::string domain;     // of the sender's address
  std::string address;    // the sender
  std::string host_name;  // of this server
};

// The parts of a report that say which one it is (RFC 9990, 3.5.1, 3.5.2): the same whenever it is made anew.
struct ReportName {
  std::string id;         // "20261128.…@mx.example.net"
  std::string file_name;  // "example.net!example.com!1795651200!1795737600!….xml.gz"
  std::string subject;
};
ReportName name_of(const std::string& domain, Day day, const Reporter& reporter);

// The most that one report has; the rarest of what goes beyond is left out, and said.
inline constexpr std::size_t max_report_rows = 50'000;

// The report about one domain. `problem` is what is wrong with the domain's record. Without rows where no key can be
// read.
reports::AggregateReport make_report(const std::string& domain, const Collection::Domain& messages, Day day,
                                     const Reporter& reporter, const std::string& problem,
                                     std::size_t max_rows = max_report_rows);

}  // namespace connectord::reporting
