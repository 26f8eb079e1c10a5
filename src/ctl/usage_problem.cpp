#include "usage_problem.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "connectord/base/text.h"
#include "connectord/config/nearest.h"
#include "examples.h"

namespace connectord::ctl {
namespace {

using Words = std::vector<std::string>;

CLI::App& last_command(CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : last_command(*commands.back());
}

std::string called(const CLI::App& command) {
  const std::string path = path_of(command);
  return path.empty() ? "connectorctl" : "connectorctl " + path;
}

std::string meant(const std::string& word, const Words& known) {
  const auto near = config::nearest(word, {known.begin(), known.end()});
  return near ? "; did you mean \"" + std::string(*near) + "\"?" : "";
}

Words commands_of(CLI::App& app) {
  Words names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

Words options_of(CLI::App& app) {
  Words names;
  for (const CLI::Option* option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string what_is_extra(CLI::App& app, const std::string& word) {
  const std::string path = path_of(app);
  const std::string there_is = path.empty() ? "there is no " : path + " has no ";
  if (word.starts_with("-")) return there_is + "option \"" + word + "\"" + meant(word, options_of(app));
  const Words commands = commands_of(app);
  if (commands.empty()) return "\"" + word + "\" is one word too many for " + called(app);
  const std::string guess = meant(word, commands);
  return there_is + "command \"" + word + "\"" + (guess.empty() ? "; there are " + base::joined(commands) : guess);
}

// "--limit: …" of CLI11's "--limit = abc" and the like.
std::string name_before(std::string_view text, std::string_view end) {
  return std::string(text.substr(0, std::min(text.find(end), text.size())));
}

std::string what_is_missing(CLI::App& app, const std::string& message) {
  constexpr std::string_view behind_the_name = " is required";
  if (!commands_of(app).empty() && app.get_subcommands().empty() && message.find("subcommand") != std::string::npos) {
    return "say which command; there are " + base::joined(commands_of(app));
  }
  return name_before(message, behind_the_name) + " is missing";
}

std::string what_does_not_convert(std::string_view message) {
  constexpr std::string_view begin = "Could not convert: ";
  constexpr std::string_view equals = " = ";
  if (message.starts_with(begin)) message.remove_prefix(begin.size());
  const auto end = message.find(equals);
  if (end == std::string_view::npos) return std::string(message);
  return std::string(message.substr(0, end)) + ": \"" + std::string(message.substr(end + equals.size())) +
         "\" is no number that it takes";
}

std::string in_words(CLI::App& root, CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> extras = root.remaining(true);
  const bool is_needed = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if ((is_needed || is_extra) && !extras.empty()) return what_is_extra(app, extras.front());
  if (is_needed) return what_is_missing(app, error.what());
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return what_does_not_convert(error.what());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return name_before(error.what(), ":") + ": write one value behind it";
  }
  return error.what();
}

}  // namespace

std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string path = path_of(*parent);
  return (path.empty() ? "" : path + " ") + command.get_name();
}

std::string usage_problem(CLI::App& root, const CLI::ParseError& error) {
  CLI::App& app = last_command(root);
  std::string text = "connectorctl: " + in_words(root, app, error) + '\n';
  if (const auto examples = examples_of(path_of(app)); !examples.empty()) {
    text += "for example:\n" + std::string(examples) + '\n';
  }
  return text + "see: " + called(app) + " --help\n";
}

}  // namespace connectord::ctl
