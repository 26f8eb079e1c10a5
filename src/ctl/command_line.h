#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "connectorctl.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

// How commands say what they take. The one place that knows CLI11 is command_line.cpp, since its headers take seconds
// to compile; the names are CLI11's.
namespace connectord::ctl {

class WrappedOutput;

// What every command takes.
struct Common {
  std::string configuration = "/etc/connectord/connectord.toml";
  bool json = false;
};

// An option, or an argument by its place. A handle, which may be copied.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  const Option& required() const;
  // The help shows the value that the variable has now.
  const Option& capture_default_str() const;
  const Option& excludes(const Option& other) const;
  // What else is given ends the program with an error that says what may be.
  const Option& one_of(const std::vector<std::string>& words) const;
  const Option& between(std::int64_t least, std::int64_t most) const;
  const Option& check(const std::function<std::string(const std::string&)>& problem_with) const;
  // After the command line was read.
  bool is_given() const;

 private:
  CLI::Option* option_;
};

// A command, or a group of commands. A handle, which may be copied.
class Subcommand {
 public:
  explicit Subcommand(CLI::App& app) : app_(&app) {}

  Subcommand add_subcommand(const std::string& name, const std::string& help) const;
  // T: std::string, std::vector<std::string>, or an integer. The variable must live until the command line was run.
  template <class T>
  Option add_option(const std::string& name, T& variable, const std::string& help) const;
  Option add_flag(const std::string& name, bool& variable, const std::string& help) const;
  void require_subcommand(std::size_t least, std::size_t most) const;
  // What the command does.
  void callback(std::function<void()> action) const;
  // In its help.
  void show_examples() const;
  // After the command line was read: a command below this one was named.
  bool has_subcommand() const;

 private:
  CLI::App* app_;
};

// What a group of commands registers itself with. What it refers to lives until the command line was run, so a callback
// may keep a copy; the arguments of a command belong to its callback.
struct CommandLine {
  Subcommand app;  // the commands go below this one; for `connectorctl token create`, it is `token`
  Common& common;
  const Terminal& terminal;
  Status& status;                           // where a command puts how it ended
  WrappedOutput* wrapped_output = nullptr;  // what the terminal's output goes through, if it is so narrow

  // A new command with the options that all have.
  Subcommand command(const std::string& name, const std::string& help) const;
  // Commands below this one.
  CommandLine below(const Subcommand& command) const { return {command, common, terminal, status, wrapped_output}; }
  // For a command whose output goes into a file, or to another program: its lines are not broken on any terminal.
  void keep_lines() const;
  // A new group, which does nothing without one of its commands.
  CommandLine group(const std::string& name, const std::string& help) const;
};

}  // namespace connectord::ctl
