#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connectord/mta/postfix_plan.h"

namespace connectord::doctor {

// warning: to be mended when there is time. critical: mail is not handled as the configuration says, or soon will not
// be.
enum class Severity : std::uint8_t { warning, critical };

struct Issue {
  Severity severity = Severity::warning;
  std::string area;   // "postfix", "certificates": a stable word
  std::string what;   // is the case
  std::string write;  // the line or command that mends it; lines of a file stand between what to do with them
  std::string why{};  // what it comes from, or what comes of it; empty where `what` says it
};

// What was found so far, and what was looked at.
class Findings {
 public:
  void add(Issue issue) { issues_.push_back(std::move(issue)); }
  void add(Severity severity, std::string area, mta::Advice advice);
  void critical(std::string area, std::string what, std::string write);
  void warn(std::string area, std::string what, std::string write);
  // What could not be looked at, and why.
  void note(std::string area, std::string what);
  // What was looked at and is well, but for the issues of that area.
  void seen(std::string area, std::string what);

  const std::vector<Issue>& issues() const { return issues_; }
  // Areas and what is to be said of them.
  const std::vector<std::pair<std::string, std::string>>& notes() const { return notes_; }
  const std::vector<std::pair<std::string, std::string>>& seen() const { return seen_; }
  // The areas that were looked at and have no issue, in the order in which they were looked at.
  std::vector<std::string> good_areas() const;
  std::size_t count(Severity severity) const;
  // Nothing of what was looked at is wrong.
  bool all_well() const { return issues_.empty(); }
  // The critical ones first.
  void sort();

 private:
  std::vector<Issue> issues_;
  std::vector<std::pair<std::string, std::string>> notes_;
  std::vector<std::pair<std::string, std::string>> seen_;
};

}  // namespace connectord::doctor
