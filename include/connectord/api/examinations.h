#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace connectord::api {

// What is to be seen of the whole machine, which is not the API's to look at: whoever puts the process together gives
// the functions, which must be thread-safe; empty ones: this process does not look. They may take half a minute. On
// failure they say why.
struct Examinations {
  using Examination = std::function<tl::expected<nlohmann::ordered_json, std::string>()>;
  Examination doctor{};
  Examination certificates{};
};

}  // namespace connectord::api
