#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace connectord::ctl {

// What is wrong with a command line that CLI11 does not take, in a person's words: what was probably meant, or what to
// write. The last line names the help. `root` is as the attempt to read the command line has left it.
std::string usage_problem(CLI::App& root, const CLI::ParseError& error);

// "trace show"; empty for the program itself.
std::string path_of(const CLI::App& command);

}  // namespace connectord::ctl
