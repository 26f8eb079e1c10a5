#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::api {

// How connectors are validated, which is not the API's to know: whoever puts the process together says it. The
// functions must be thread-safe; empty ones: this process validates nothing.
struct Validations {
  struct Question {
    bool inbound = false;
    std::string connector;
    std::string recipient;  // in RCPT TO; empty for none
    std::string sender;     // in MAIL FROM; empty for the null sender
  };
  struct Refused {
    std::string reason;
    int seconds = 1;          // when to ask again
    std::string parameter{};  // that is no good, in which case asking again changes nothing
  };

  // What was found. May take a minute.
  std::function<tl::expected<nlohmann::ordered_json, Refused>(const Question&)> validate{};
  // What the last one of a connector found, in short; null where there was none.
  using Last = std::function<nlohmann::ordered_json(bool inbound, std::string_view connector)>;
  // For a list of connectors, as it is now.
  std::function<Last()> results{};
};

}  // namespace connectord::api
