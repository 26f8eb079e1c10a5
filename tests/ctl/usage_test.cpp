// What connectorctl says of itself, and of command lines that it does not take.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "ctl/run_connectorctl.h"
#include "ctl/text_layout.h"

namespace connectord::ctl {
namespace {

using Words = std::vector<std::string>;

Words with(Words command, const std::string& word) {
  command.push_back(word);
  return command;
}

// The commands that the help of one lists.
Words commands_in(const std::string& help) {
  Words names;
  std::istringstream lines(help.substr(std::min(help.find("Commands:"), help.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  ")) {
    if (line[2] != ' ') names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

// All commands, with those below others.
void collect(const Words& command, std::vector<Words>& all) {
  all.push_back(command);
  for (const std::string& name : commands_in(run_connectorctl(with(command, "--help")).out))
    collect(with(command, name), all);
}

std::vector<Words> all_commands() {
  std::vector<Words> all;
  collect({}, all);
  return all;
}

std::string joined(const Words& words) {
  std::string text = "connectorctl";
  for (const std::string& word : words) text += " " + word;
  return text;
}

TEST(Usage, EveryHelpHasAnExampleAndNoWordOfTheParser) {
  const auto commands = all_commands();
  EXPECT_GT(commands.size(), 25U);
  for (const Words& command : commands) {
    const Ran help = run_connectorctl(with(command, "--help"));
    EXPECT_EQ(help.status, 0);
    EXPECT_TRUE(help.out.ends_with('\n')) << joined(command);
    EXPECT_NE(help.out.find("Example:\n  connectorctl "), std::string::npos)
        << joined(command) << " has none; see src/ctl/examples.cpp\n"
        << help.out;
    for (const char* word : {"UINT", "INT", "SUBCOMMAND", "Subcommand", "REQUIRED", ":{", " in [", "PUT", "ETag"}) {
      EXPECT_EQ(help.out.find(word), std::string::npos) << joined(command) << ": " << word << '\n' << help.out;
    }
  }
}

TEST(Usage, EveryHelpFitsTheTerminal) {
  for (const Words& command : all_commands()) {
    for (const std::size_t width : {80U, 120U}) {
      std::istringstream lines(run_connectorctl(with(command, "--help"), width).out);
      for (std::string line; std::getline(lines, line);) {
        const bool is_one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
        EXPECT_TRUE(text_width(line) <= width || is_one_word) << joined(command) << '\n' << line;
      }
    }
  }
}

TEST(Usage, WhatIsNotTakenIsToldInWordsWithWhatWasMeant) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{}, "connectorctl: say which command; there are check, list"},
      {{"stauts"}, "connectorctl: there is no command \"stauts\"; did you mean \"status\"?\n"},
      {{"something"}, "there is no command \"something\"; there are check, list"},
      {{"token", "ad"}, "connectorctl: token has no command \"ad\"; did you mean \"add\"?"},
      {{"list", "now"}, "\"now\" is one word too many for connectorctl list"},
      {{"trace", "--sinse", "2h"}, "connectorctl: trace has no option \"--sinse\"; did you mean \"--since\"?"},
      {{"trace", "--limit", "x"}, "--limit: \"x\" cannot be; write a number from 1 on"},
      {{"trace", "--limit", "0"}, "--limit: \"0\" cannot be; write a number from 1 on"},
      {{"explain", "--client-port", "70000"}, "--client-port: \"70000\" cannot be; write a number from 1 to 65535"},
      {{"show"}, "connectorctl: name is missing\n"},
      {{"show", "x", "--direction", "inbond"}, "--direction: \"inbond\" cannot be; did you mean \"inbound\"?"},
      {{"show", "x", "--direction", "up"}, "--direction: \"up\" cannot be; write inbound, outbound"},
      {{"trace", "--status", "lost"}, "--status: \"lost\" cannot be; "},
      {{"trace", "--since"}, "--since: write one value behind it"},
  };
  for (const auto& [arguments, message] : cases) {
    const Ran result = run_connectorctl(arguments);
    EXPECT_EQ(result.status, 2) << joined(arguments);
    EXPECT_EQ(result.out, "") << joined(arguments);
    EXPECT_NE(result.error.find(message), std::string::npos) << joined(arguments) << "\n" << result.error;
    EXPECT_NE(result.error.find(" --help\n"), std::string::npos) << result.error;
  }
}

}  // namespace
}  // namespace connectord::ctl
