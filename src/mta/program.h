#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::mta {

struct ProgramOutput {
  int status = 0;  // the exit status; 128 and the signal's number if one ended it
  std::string out;
  std::string error;

  bool was_killed() const { return status > 128; }
};

// Runs a program with these arguments and this input, no shell between, and waits for its end. Looked for in PATH and
// then in the folders for an administrator's programs, which a user's PATH may lack. Of its output the first 16 MiB are
// kept. One that takes longer than two minutes is ended. On failure says that it could not be started.
tl::expected<ProgramOutput, std::string> run_program(const std::vector<std::string>& command,
                                                     std::string_view input = {});

// As run_program, and what it printed; any other exit status than 0 is a failure, reported in the program's own words.
tl::expected<std::string, std::string> output_of(const std::vector<std::string>& command);

}  // namespace connectord::mta
