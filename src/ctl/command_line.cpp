#include "command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/config/nearest.h"
#include "examples.h"
#include "usage_problem.h"
#include "wrapped_output.h"

namespace connectord::ctl {
namespace {

std::string problem_with_word(const std::string& word, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return "";
  const auto near = config::nearest(word, {words.begin(), words.end()});
  const std::string remedy = near ? "did you mean \"" + std::string(*near) + "\"?" : "write " + base::joined(words);
  return "\"" + word + "\" cannot be; " + remedy;
}

}  // namespace

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::capture_default_str() const {
  option_->capture_default_str();
  return *this;
}

const Option& Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

const Option& Option::one_of(const std::vector<std::string>& words) const {
  constexpr std::size_t max_type_width = 30;
  const std::string list = base::joined(words, "|");
  if (list.size() <= max_type_width) {
    option_->type_name(list);
  } else {
    option_->type_name("WORD");
    option_->description(option_->get_description() + ": " + base::joined(words));
  }
  return check([words](const std::string& word) { return problem_with_word(word, words); });
}

const Option& Option::between(std::int64_t least, std::int64_t most) const {
  const bool is_open = most == std::numeric_limits<std::int64_t>::max();
  const std::string range = std::to_string(least) + (is_open ? " on" : " to " + std::to_string(most));
  return check([least, most, range](const std::string& text) {
    const auto number = base::whole_number<std::int64_t>(text);
    const bool is_good = number && *number >= least && *number <= most;
    return is_good ? std::string() : "\"" + text + "\" cannot be; write a number from " + range;
  });
}

const Option& Option::check(const std::function<std::string(const std::string&)>& problem_with) const {
  option_->check(problem_with);
  return *this;
}

bool Option::is_given() const {
  return option_->count() > 0;
}

Subcommand Subcommand::add_subcommand(const std::string& name, const std::string& help) const {
  CLI::App* command = app_->add_subcommand(name, help);
  command->group("Commands");
  return Subcommand(*command);
}

template <class T>
Option Subcommand::add_option(const std::string& name, T& variable, const std::string& help) const {
  CLI::Option* option = app_->add_option(name, variable, help);
  if constexpr (std::is_integral_v<T>) option->type_name("NUMBER");
  return Option(option);
}

template Option Subcommand::add_option(const std::string&, std::string&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, std::vector<std::string>&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, std::uint16_t&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, int&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, unsigned&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, std::int64_t&, const std::string&) const;
template Option Subcommand::add_option(const std::string&, std::size_t&, const std::string&) const;

Option Subcommand::add_flag(const std::string& name, bool& variable, const std::string& help) const {
  return Option(app_->add_flag(name, variable, help));
}

void Subcommand::require_subcommand(std::size_t least, std::size_t most) const {
  app_->require_subcommand(least, most);
}

void Subcommand::callback(std::function<void()> action) const {
  app_->callback(std::move(action));
}

void Subcommand::show_examples() const {
  const auto examples = examples_of(path_of(*app_));
  if (!examples.empty()) app_->footer("Example:\n" + std::string(examples) + "\n");
}

bool Subcommand::has_subcommand() const {
  return !app_->get_subcommands().empty();
}

Subcommand CommandLine::command(const std::string& name, const std::string& help) const {
  const Subcommand command = app.add_subcommand(name, help);
  command.show_examples();
  command.add_option("--config", common.configuration, "The configuration file").capture_default_str();
  command.add_flag("--json", common.json, "Print JSON");
  return command;
}

void CommandLine::keep_lines() const {
  if (wrapped_output != nullptr) wrapped_output->keep_lines();
}

CommandLine CommandLine::group(const std::string& name, const std::string& help) const {
  const Subcommand group = app.add_subcommand(name, help);
  group.show_examples();
  group.require_subcommand(1, 1);
  return below(group);
}

}  // namespace connectord::ctl
