#include "completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace connectord::ctl {
namespace {

constexpr std::string_view connector_name_help = "The connector's name";

// Where the words before the last one have led to.
struct Place {
  const CLI::App* command;
  std::size_t arguments = 0;                 // of the command, by their place
  const CLI::Option* wants_value = nullptr;  // the option before, whose value comes now
  std::string configuration;
};

const CLI::Option* option_named(const CLI::App& command, const std::string& word) {
  try {
    return command.get_option(word);
  } catch (const CLI::OptionNotFound&) {
    return nullptr;
  }
}

const CLI::App* command_named(const CLI::App& command, const std::string& word) {
  for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (one->get_name() == word) return one;
  }
  return nullptr;
}

void go_on(Place& place, const std::string& word) {
  if (place.wants_value != nullptr) {
    if (place.wants_value->check_lname("config")) place.configuration = word;
    place.wants_value = nullptr;
  } else if (word.starts_with("-")) {
    const CLI::Option* option = option_named(*place.command, word);
    if (option != nullptr && option->get_items_expected_max() > 0) place.wants_value = option;
  } else if (const CLI::App* below = command_named(*place.command, word); below != nullptr) {
    place.command = below;
    place.arguments = 0;
  } else {
    ++place.arguments;
  }
}

// The words that an option takes, as its help lists them; see Option::one_of.
std::vector<Candidate> words_of(const CLI::Option& option) {
  std::string list = option.get_type_name();
  std::string_view separator = "|";
  if (list == "WORD") {
    const std::string& help = option.get_description();
    list = help.substr(std::min(help.size(), help.rfind(": ") + 2));
    separator = ", ";
  } else if (list.find('|') == std::string::npos) {
    return {};
  }
  std::vector<Candidate> words;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(separator, begin), list.size());
    words.push_back({list.substr(begin, end - begin), ""});
    begin = end + separator.size();
  }
  return words;
}

std::vector<Candidate> options_of(const CLI::App& command) {
  std::vector<Candidate> options;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) options.push_back({"--" + name, option->get_description()});
  }
  return options;
}

const CLI::Option* argument_at(const CLI::App& command, std::size_t place) {
  for (const CLI::Option* option : command.get_options([](const CLI::Option* one) { return one->get_positional(); })) {
    if (place-- == 0) return option;
  }
  return nullptr;
}

std::vector<Candidate> at(const Place& place, std::string_view begun, const ConnectorNames& connector_names) {
  if (place.wants_value != nullptr) return words_of(*place.wants_value);
  if (begun.starts_with("-")) return options_of(*place.command);
  std::vector<Candidate> candidates;
  if (place.arguments == 0) {
    for (const CLI::App* below : place.command->get_subcommands([](const CLI::App*) { return true; })) {
      candidates.push_back({below->get_name(), below->get_description()});
    }
  }
  const CLI::Option* argument = argument_at(*place.command, place.arguments);
  if (argument == nullptr) return candidates;
  if (argument->get_description() == connector_name_help) {
    for (std::string& name : connector_names(place.configuration)) candidates.push_back({std::move(name), ""});
  } else if (candidates.empty()) {
    return words_of(*argument);
  }
  return candidates;
}

}  // namespace

std::vector<Candidate> candidates_for(const CLI::App& app, const std::vector<std::string>& words,
                                      const std::string& default_configuration, const ConnectorNames& connector_names) {
  if (words.empty()) return {};
  Place place{.command = &app, .configuration = default_configuration};
  for (auto word = words.begin(); word + 1 != words.end(); ++word) go_on(place, *word);
  std::vector<Candidate> candidates = at(place, words.back(), connector_names);
  std::erase_if(candidates, [&](const Candidate& candidate) { return !candidate.word.starts_with(words.back()); });
  return candidates;
}

}  // namespace connectord::ctl
