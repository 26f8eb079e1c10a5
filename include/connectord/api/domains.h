#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace connectord::api {

// What our own domains publish, which is not the API's to look at: whoever puts the process together gives the
// functions, which must be thread-safe; empty ones: this process looks at none.
struct Domains {
  // Those of the running configuration, with what was found last.
  std::function<nlohmann::ordered_json()> list{};
  // Whether it is one of them.
  std::function<bool(const std::string& domain)> is_ours{};
  // Looks at one. May take a minute. On failure says why.
  std::function<tl::expected<nlohmann::ordered_json, std::string>(const std::string& domain)> check{};
};

}  // namespace connectord::api
