#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

namespace connectord::api {

// What a person should look at, which is not the API's to judge: whoever puts the process together gives the functions,
// which must be thread-safe; empty ones: this process judges nothing.
struct Insights {
  struct Mute {
    std::string id;
    std::string reason;
    std::int64_t until = 0;  // seconds since 1970
    std::string who;
  };

  // As it was when it was last judged, which the answer says; from then on it is judged anew, if that was some seconds
  // ago. Takes some seconds where it has not been judged yet.
  std::function<nlohmann::ordered_json()> look{};
  // How it is muted now; null where it is not. False: there can be no such insight.
  std::function<bool(const std::string& id, nlohmann::ordered_json& mute)> find{};
  // On failure says why, and nothing has changed.
  std::function<tl::expected<void, std::string>(const Mute&)> mute{};
  std::function<tl::expected<void, std::string>(const std::string& id)> unmute{};
  // Has their metrics set anew a moment later, where that was last done some minutes ago.
  std::function<void()> measure{};
};

}  // namespace connectord::api
