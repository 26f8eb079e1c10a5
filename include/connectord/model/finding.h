#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::model {

// temperror: cannot be known now.
enum class Outcome : std::uint8_t { pass, fail, temperror, not_applicable };

// One check and its outcome: the one explanation that log, trace, explain, validate and web page share.
struct Finding {
  std::string_view check{};  // a stable word, a literal of the program: "require.tls"
  std::string connector{};   // whose check it is; empty for one of the server as a whole
  Outcome outcome = Outcome::pass;
  std::string expected{};
  std::string seen{};
  std::string hint{};  // for a person; empty where there is nothing to do
};

std::string_view to_string(Outcome outcome);

}  // namespace connectord::model
