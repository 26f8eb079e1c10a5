#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectord/base/number.h"
#include "connectord/trace/moment.h"
#include "problem.h"
#include "target.h"

namespace connectord::api {

// Parameters that are read one after the other; what is wrong with any of them is reported together.
class Parameters {
 public:
  explicit Parameters(const Target& target) : target_(target) {}

  std::string text(const std::string& name) const { return target_.parameter(name).value_or(""); }

  template <class Parse>
  auto parsed(const std::string& name, const Parse& parse, const char* remedy) -> decltype(parse(std::string())) {
    const auto value = target_.parameter(name);
    if (!value) return std::nullopt;
    auto result = parse(*value);
    if (!result) errors_.push_back({name, remedy});
    return result;
  }

  // Milliseconds since 1970.
  std::optional<std::int64_t> time(const std::string& name, std::int64_t now) {
    return parsed(
        name, [now](const std::string& text) { return trace::parse_moment(text, now); },
        "write a time in UTC, as 2026-11-21T12:00:00Z, how long ago, as 2h, today or yesterday");
  }

  // How many there are to be on a page.
  std::optional<std::size_t> limit() {
    constexpr std::size_t largest_page = 1000;
    const auto number = [](const std::string& text) -> std::optional<std::size_t> {
      const auto read = base::whole_number<std::size_t>(text);
      return read && *read > 0 && *read <= largest_page ? read : std::nullopt;
    };
    return parsed("limit", number, "write a number from 1 to 1000");
  }

  // A range of time in which something can be.
  void check_range(const std::optional<std::int64_t>& since, const std::optional<std::int64_t>& until) {
    if (since && until && *since >= *until) refuse("until", "write a time after that of since");
  }

  void refuse(const std::string& name, std::string message) { errors_.push_back({name, std::move(message)}); }

  std::optional<Response> refusal() const {
    if (errors_.empty()) return std::nullopt;
    return problem(400, "a parameter has a value that it cannot have", errors_);
  }

 private:
  const Target& target_;
  std::vector<FieldError> errors_;
};

}  // namespace connectord::api
