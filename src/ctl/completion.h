#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

// What a shell offers behind the words that were typed. The shells' files (etc/completion) ask for it by a command that
// no help names, so what is offered is what this program takes.
namespace connectord::ctl {

inline constexpr std::string_view completion_command = "__complete";

struct Candidate {
  std::string word;
  std::string help;  // may be empty
};

// The names of the connectors of a configuration file.
using ConnectorNames = std::function<std::vector<std::string>(const std::string& configuration)>;

// What may stand in the place of the last of `words`, of which a part, or nothing, has been typed: commands, options,
// an option's words, or the names of connectors. Empty where anything may stand there, such as the name of a file.
std::vector<Candidate> candidates_for(const CLI::App& app, const std::vector<std::string>& words,
                                      const std::string& default_configuration, const ConnectorNames& connector_names);

}  // namespace connectord::ctl
