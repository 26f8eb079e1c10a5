#include "wrapped_output.h"

#include <algorithm>

#include "text_layout.h"

namespace connectord::ctl {

WrappedOutput::int_type WrappedOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  if (traits_type::to_char_type(character) == '\n') {
    write_line();
  } else {
    line_ += traits_type::to_char_type(character);
  }
  return out_.good() ? character : traits_type::eof();
}

// What has no end yet, such as a question, is written as it is.
int WrappedOutput::sync() {
  out_ << line_ << std::flush;
  line_.clear();
  return out_.good() ? 0 : -1;
}

void WrappedOutput::write_line() {
  if (keeps_lines_ || text_width(line_) <= width_) {
    out_ << line_ << '\n';
  } else {
    const std::size_t indent = std::min(hanging_indent(line_), width_ / 2);
    const auto lines = wrapped(line_, width_, indent);
    for (std::size_t i = 0; i < lines.size(); ++i) out_ << std::string(i == 0 ? 0 : indent, ' ') << lines[i] << '\n';
  }
  line_.clear();
}

}  // namespace connectord::ctl
