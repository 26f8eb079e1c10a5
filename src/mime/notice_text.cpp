#include "notice_text.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/html.h"

namespace connectord::mime {
namespace {

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && text.substr(i).starts_with("\r\n")) continue;
    plain += text[i] == '\r' ? '\n' : text[i];
  }
  while (plain.ends_with('\n') || plain.ends_with(' ')) plain.pop_back();
  return plain;
}

// As much of a line as fits, up to a blank.
std::string_view take_line(std::string_view& rest) {
  constexpr std::size_t longest = 900;
  std::size_t end = std::min(rest.find('\n'), rest.size());
  if (end > longest) {
    const std::size_t blank = rest.substr(0, longest).rfind(' ');
    end = blank != std::string_view::npos && blank > 0 ? blank : std::min(rest.find_first_of(" \n"), rest.size());
  }
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  while (!line.empty() && base::is_space(line.back())) line.remove_suffix(1);
  return line;
}

bool needs_stuffing(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('>') || line.starts_with("From ");
}

}  // namespace

Notice notice_of(const Disclaimer& disclaimer) {
  Notice notice{.html = with_plain_line_ends(disclaimer.html), .text = with_plain_line_ends(disclaimer.text)};
  if (notice.text.empty()) notice.text = with_plain_line_ends(text_of_html(notice.html));
  if (notice.html.empty() && !notice.text.empty()) notice.html = "<div>" + html_of_text(notice.text) + "</div>";
  return notice;
}

std::string format_lines(std::string_view text, LineFormat format) {
  std::string lines;
  while (!text.empty()) {
    if (!lines.empty()) lines += "\r\n";
    const std::string_view line = take_line(text);
    if (format == LineFormat::flowed && needs_stuffing(line)) lines += ' ';
    lines += line;
  }
  return lines;
}

bool has_mail_lines(std::string_view text) {
  constexpr std::size_t longest = 998;
  while (text.size() > longest) {
    const std::size_t end = text.find("\r\n");
    if (end > longest) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

}  // namespace connectord::mime
