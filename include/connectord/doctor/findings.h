#pragma once

#include <string>
#include <utility>
#include <vector>

namespace connectord::doctor {

// warning: to be mended when there is time. critical: mail is not handled as the configuration says, or soon will not
// be.
enum class Severity { warning, critical };

struct Trouble {
  Severity severity = Severity::warning;
  std::string area;  // "postfix", "certificates": a stable word
  std::string what;
  std::string write;  // the line or command that mends it; lines of a file stand between what to do with them
};

// What was found so far, and what was looked at.
class Findings {
 public:
  void add(Trouble trouble) { troubles_.push_back(std::move(trouble)); }
  void critical(std::string area, std::string what, std::string write);
  void warn(std::string area, std::string what, std::string write);
  // What is well, or could not be looked at, and why.
  void note(std::string area, std::string what);

  const std::vector<Trouble>& troubles() const { return troubles_; }
  const std::vector<std::pair<std::string, std::string>>& notes() const { return notes_; }
  // The critical ones first.
  void sort();

 private:
  std::vector<Trouble> troubles_;
  std::vector<std::pair<std::string, std::string>> notes_;
};

}  // namespace connectord::doctor
