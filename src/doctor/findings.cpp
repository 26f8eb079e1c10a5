#include "connectord/doctor/findings.h"

#include <algorithm>

namespace connectord::doctor {

void Findings::critical(std::string area, std::string what, std::string write) {
  troubles_.push_back({Severity::critical, std::move(area), std::move(what), std::move(write)});
}

void Findings::warn(std::string area, std::string what, std::string write) {
  troubles_.push_back({Severity::warning, std::move(area), std::move(what), std::move(write)});
}

void Findings::note(std::string area, std::string what) {
  notes_.emplace_back(std::move(area), std::move(what));
}

void Findings::sort() {
  std::stable_sort(troubles_.begin(), troubles_.end(),
                   [](const Trouble& a, const Trouble& b) { return a.severity > b.severity; });
}

}  // namespace connectord::doctor
