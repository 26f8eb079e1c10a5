#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectord/model/words.h"

// What a person should look at. Plain values.
namespace connectord::insights {

// info: worth knowing. warning: to be mended when there is time. critical: mail is not handled as it should be, or soon
// will not be. In rising order; the words are those of the API.
enum class Severity : std::uint8_t { info, warning, critical };
consteval auto words_of(Severity) {
  return std::to_array<model::Named<Severity>>(
      {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::critical, "critical"}});
}

// A count or a sum by which an insight was come to. Ratios are for whoever shows it.
struct Evidence {
  std::string what;                    // "messages without TLS": one of few, by which another language can word it
  std::uint64_t count = 0;             // of them
  std::optional<std::uint64_t> all{};  // among so many
};

// What stands in an insight's sentence: a number, a name, or a moment as base::utc_text() has it, which is named
// "time".
using Value = std::variant<std::uint64_t, std::string>;

struct Insight {
  Severity severity = Severity::info;
  std::string name;         // "partner_silent": a stable word, of `kinds`
  std::string about;        // which of that name it is: a connector, a domain, a status code; may be empty
  std::string connector{};  // whose mail it is; empty where it is nobody's
  bool outbound = false;    // of the connector
  std::string what{};       // is the case, in English
  std::string why{};        // what comes of it, or what it may come from; may be empty
  // By these, and the name, `what` and `why` can be said in another language: which of the name's few cases it is,
  // empty where there is one; and what the sentences say. "n" is a number that may be one. `why` may be somebody else's
  // words, which are none of the values.
  std::string variant{};
  std::vector<std::pair<std::string, Value>> values{};
  std::string write{};  // the command or line that mends it, or shows more
  std::vector<Evidence> evidence{};
  // Which search of the trace shows the mail: its parameters and their values. Empty: none does.
  std::vector<std::pair<std::string, std::string>> search{};
  std::vector<std::string> examples{};  // rows of the trace, the newest first; three at most

  // "partner_silent:contoso", by which it is muted.
  std::string id() const { return about.empty() ? name : name + ":" + about; }
};

}  // namespace connectord::insights
