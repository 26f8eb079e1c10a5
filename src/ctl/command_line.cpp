#include "command_line.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace connectord::ctl {

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
  option_->check(CLI::IsMember(words));
  return *this;
}

const Option& Option::between(std::int64_t least, std::int64_t most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

const Option& Option::check(const std::function<std::string(const std::string&)>& problem_with) const {
  option_->check(problem_with);
  return *this;
}

bool Option::is_given() const {
  return option_->count() > 0;
}

Subcommand Subcommand::add_subcommand(const std::string& name, const std::string& help) const {
  return Subcommand(*app_->add_subcommand(name, help));
}

template <class T>
Option Subcommand::add_option(const std::string& name, T& variable, const std::string& help) const {
  return Option(app_->add_option(name, variable, help));
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

bool Subcommand::has_subcommand() const {
  return !app_->get_subcommands().empty();
}

Subcommand CommandLine::command(const std::string& name, const std::string& help) const {
  const Subcommand command = app.add_subcommand(name, help);
  command.add_option("--config", common.configuration, "The configuration file").capture_default_str();
  command.add_flag("--json", common.json, "Print JSON");
  return command;
}

CommandLine CommandLine::group(const std::string& name, const std::string& help) const {
  const Subcommand group = app.add_subcommand(name, help);
  group.require_subcommand(1, 1);
  return below(group);
}

}  // namespace connectord::ctl
