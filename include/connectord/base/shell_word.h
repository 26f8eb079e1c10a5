#pragma once

#include <string>
#include <string_view>

// Text in commands that people are shown to paste (POSIX.1-2017, Shell Command Language, 2.2.2). Thread-safe.
namespace connectord::base {

// In single quotes, whatever it is, so that a shell takes it as one word and nothing in it as its own.
std::string shell_quoted(std::string_view text);

// The same, but as it is where nothing in it means anything to a shell.
std::string shell_word(std::string_view text);

}  // namespace connectord::base
