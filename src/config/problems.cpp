#include "problems.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace connectord::config {

using Severity = model::Problem::Severity;

void Problems::error(model::Location location, std::string key, std::string message) {
  ++errors_;
  add({std::move(location), std::move(key), std::move(message), Severity::error});
}

void Problems::warning(model::Location location, std::string key, std::string message) {
  add({std::move(location), std::move(key), std::move(message), Severity::warning});
}

void Problems::add(model::Problem problem) {
  if (problems_.size() < most) {
    problems_.push_back(std::move(problem));
    return;
  }
  ++left_out_;
  // Many warnings must not hide the first error.
  if (problem.severity == Severity::error && errors_ == 1) problems_.back() = std::move(problem);
}

void Problems::return_to(const Mark& mark) {
  problems_.resize(mark.listed);
  errors_ = mark.errors;
  left_out_ = mark.left_out;
}

std::vector<model::Problem> Problems::take(const std::vector<std::shared_ptr<const std::string>>& files) {
  std::unordered_map<const std::string*, std::size_t> order;
  for (const auto& file : files) order.emplace(file.get(), order.size());
  const auto position = [&order](const model::Problem& problem) {
    const auto found = order.find(problem.location.file.get());
    return std::tuple(found == order.end() ? order.size() : found->second, problem.location.line,
                      problem.location.column);
  };
  std::stable_sort(problems_.begin(), problems_.end(),
                   [&](const model::Problem& a, const model::Problem& b) { return position(a) < position(b); });
  if (left_out_ > 0) {
    model::Problem more{problems_.back().location, {}, {}, errors_ > 0 ? Severity::error : Severity::warning};
    more.message = "and " + std::to_string(left_out_) + " more problems, which are not listed";
    problems_.push_back(std::move(more));
  }
  return std::exchange(problems_, {});
}

}  // namespace connectord::config
