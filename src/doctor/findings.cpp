#include "connectord/doctor/findings.h"

#include <algorithm>

namespace connectord::doctor {

void Findings::add(Severity severity, std::string area, mta::Advice advice) {
  issues_.push_back(
      {severity, std::move(area), std::move(advice.what), std::move(advice.write), std::move(advice.why)});
}

void Findings::critical(std::string area, std::string what, std::string write) {
  issues_.push_back({Severity::critical, std::move(area), std::move(what), std::move(write)});
}

void Findings::warn(std::string area, std::string what, std::string write) {
  issues_.push_back({Severity::warning, std::move(area), std::move(what), std::move(write)});
}

void Findings::note(std::string area, std::string what) {
  notes_.emplace_back(std::move(area), std::move(what));
}

void Findings::seen(std::string area, std::string what) {
  seen_.emplace_back(std::move(area), std::move(what));
}

std::vector<std::string> Findings::good_areas() const {
  std::vector<std::string> areas;
  for (const auto& [area, what] : seen_) {
    const auto is_of_it = [&area = area](const Issue& issue) { return issue.area == area; };
    const bool is_listed = std::find(areas.begin(), areas.end(), area) != areas.end();
    if (!is_listed && std::none_of(issues_.begin(), issues_.end(), is_of_it)) areas.push_back(area);
  }
  return areas;
}

std::size_t Findings::count(Severity severity) const {
  return static_cast<std::size_t>(std::count_if(issues_.begin(), issues_.end(),
                                                [severity](const Issue& issue) { return issue.severity == severity; }));
}

void Findings::sort() {
  std::stable_sort(issues_.begin(), issues_.end(),
                   [](const Issue& a, const Issue& b) { return a.severity > b.severity; });
}

}  // namespace connectord::doctor
