#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/dmarc_record.h"
#include "connectord/dns/dns_answers.h"

namespace connectord::auth {

// The names below which the DNS Tree Walk of a domain asks for "_dmarc" (RFC 9989, 4.10): at most 8, the domain first.
// `domain` must be normalized.
std::vector<std::string> tree_walk_names(std::string_view domain);

// What a DNS Tree Walk found.
struct TreeWalk {
  enum class State : std::uint8_t {
    complete,
    waiting,  // answers are missing, and noted as such
    failed,   // an answer that counts cannot be had now
  };
  struct Entry {
    std::string name;
    DmarcRecord record;
  };

  State state = State::complete;
  std::string domain;                 // where it began
  std::vector<Entry> records;         // the longest name first; with `failed`, those found before the failure
  std::string organizational_domain;  // 4.10.2; empty unless complete
  std::string problem;                // of a failure: which name; of several records at a name: that they do not count

  // The record at `name`, or nullptr.
  const DmarcRecord* record_at(std::string_view name) const;
  // The record of the public suffix domain above, or nullptr: one with psd=y at another name than the walk's first.
  const Entry* public_suffix() const;
};

// Records that were read, by the name where they stand, so that several walks, or one that is made again when further
// answers are there, read each once.
class DmarcRecords {
 public:
  struct AtName {
    std::optional<DmarcRecord> record;
    std::string problem;  // several records there, so that none counts
  };

  // The answer must be the same each time for the same name.
  const AtName& read(const std::string& name, const dns::Answer& answer);
  // How many names were read.
  std::size_t size() const { return by_name_.size(); }

 private:
  std::map<std::string, AtName> by_name_;
};

// Notes the questions of a walk, whose names are known beforehand, and reads nothing.
void ask_for_walk(std::string_view domain, dns::DnsAnswers& dns_answers);

// Asks for all names of the walk at once, and reads the answers in their order.
TreeWalk walk_tree(std::string_view domain, dns::DnsAnswers& dns_answers, DmarcRecords& records);
TreeWalk walk_tree(std::string_view domain, dns::DnsAnswers& dns_answers);

}  // namespace connectord::auth
