#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "connectord/reports/judgement.h"

namespace connectord::reports {

// Complaints of the same words are one.
class Complaints {
 public:
  void add(const Complaint& complaint) { counts_[{complaint.what, complaint.hint}] += complaint.count; }

  std::vector<Complaint> most_frequent_first() const {
    std::vector<Complaint> complaints;
    for (const auto& [words, count] : counts_) {
      complaints.push_back({.count = count, .what = words.first, .hint = words.second});
    }
    std::stable_sort(complaints.begin(), complaints.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    return complaints;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;
};

}  // namespace connectord::reports
