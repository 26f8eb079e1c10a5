#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::api {

// What a request asks for (RFC 9110, 7.1; RFC 3986).
struct Target {
  std::vector<std::string> segments;         // of the path, decoded: {"api", "exchange", "connectors"}
  std::map<std::string, std::string> query;  // decoded

  // The value of a parameter, or nothing.
  std::optional<std::string> parameter(const std::string& name) const;
};

// Reads a target in origin form, in one way or not at all: a percent sign that encodes nothing, an encoded slash or
// NUL, "." and ".." as segments, and a parameter that is there twice are errors, and the text says which.
tl::expected<Target, std::string> parse_target(std::string_view text);

}  // namespace connectord::api
