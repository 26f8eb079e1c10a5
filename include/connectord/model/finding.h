#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/checks.h"
#include "connectord/model/words.h"

namespace connectord::model {

// temperror: cannot be known now. result: what was found out, where nothing was asked for that it could fail.
// Stored: do not change.
enum class Outcome : std::uint8_t { pass = 0, fail = 1, temperror = 2, not_applicable = 3, result = 4 };
consteval auto words_of(Outcome) {
  return std::to_array<Named<Outcome>>({{Outcome::pass, "pass"},
                                        {Outcome::fail, "fail"},
                                        {Outcome::temperror, "temperror"},
                                        {Outcome::not_applicable, "not applicable"},
                                        {Outcome::result, "result"}});
}

// One check and its outcome: the one explanation that log, trace, explain, validate and web page share.
struct Finding {
  std::string check{};      // a stable word, one of model/checks.h; another version's trace may have others
  std::string connector{};  // whose check it is; empty for one of the server as a whole
  Outcome outcome = Outcome::pass;
  std::string expected{};
  std::string seen{};
  std::string hint{};  // for a person; empty where there is nothing to do
};

std::string_view to_string(Outcome outcome);

}  // namespace connectord::model
