#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Where lines end on a terminal.
namespace connectord::ctl {

// How many columns a text takes: one for each character of UTF-8, none for what sets colours.
std::size_t text_width(std::string_view text);

// The width of the longest word, which is never broken.
std::size_t longest_word(std::string_view text);

// Lines of at most `width` columns, broken at spaces; a longer word has a line of its own. The lines after the first
// one take `indent` columns less, for whoever writes them further to the right.
std::vector<std::string> wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

// The column in which a line goes on below: that of the text behind a label ("label    text"), or a little further to
// the right than the line begins.
std::size_t hanging_indent(std::string_view line);

}  // namespace connectord::ctl
