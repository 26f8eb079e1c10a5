#include "syntax_advice.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "quote.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_advised = 1000;  // that is looked at
constexpr std::string_view blank_characters = " \t\r";

std::string_view stripped(std::string_view text) {
  const auto begin = text.find_first_not_of(blank_characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank_characters) + 1 - begin);
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::uint32_t column_of(std::string_view line, std::string_view part) {
  return static_cast<std::uint32_t>(part.data() - line.data()) + 1;
}

bool is_value(std::string_view value) {
  try {
    return toml::parse("x = " + std::string(value)).size() == 1;
  } catch (const toml::parse_error&) {
    return false;
  }
}

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

// Goes over keys and values as far as to know which lists are open.
class ListScan {
 public:
  // Where the outermost list begins that is open at the beginning of `line`.
  static std::optional<SyntaxAdvice> open_list_before(std::string_view text, std::uint32_t line) {
    ListScan scan;
    for (std::uint32_t number = 1; number < line && !text.empty(); ++number) {
      const auto end = std::min(text.find('\n'), text.size());
      scan.read(text.substr(0, end), number);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (scan.depth_ == 0) return std::nullopt;
    return SyntaxAdvice{scan.begin_.first, scan.begin_.second, ""};
  }

 private:
  void read(std::string_view line, std::uint32_t number) {
    const bool is_statement = depth_ == 0 && multiline_.empty();
    if (is_statement && stripped(line).starts_with('[')) return;
    std::size_t at = is_statement ? std::min(line.find('='), line.size()) : 0;
    while (at < line.size()) at = read_at(line, at, number);
  }

  // Returns where to go on.
  std::size_t read_at(std::string_view line, std::size_t at, std::uint32_t number) {
    if (!multiline_.empty()) return end_of_multiline(line, at);
    for (const std::string_view quotes : {"\"\"\"", "'''"}) {
      if (!line.substr(at).starts_with(quotes)) continue;
      multiline_ = quotes;
      return at + quotes.size();
    }
    const char c = line[at];
    if (c == '#') return line.size();
    if (c == '"' || c == '\'') return end_of_string(line, at);
    if (c == '[' && depth_++ == 0) begin_ = {number, static_cast<std::uint32_t>(at) + 1};
    if (c == ']' && depth_ > 0) --depth_;
    return at + 1;
  }

  std::size_t end_of_multiline(std::string_view line, std::size_t at) {
    const auto end = line.find(multiline_, at);
    if (end == std::string_view::npos) return line.size();
    const std::size_t length = multiline_.size();
    multiline_ = {};
    return end + length;
  }

  static std::size_t end_of_string(std::string_view line, std::size_t at) {
    const char quote = line[at++];
    while (at < line.size() && line[at] != quote) at += quote == '"' && line[at] == '\\' ? 2 : 1;
    return std::min(at + 1, line.size());
  }

  std::size_t depth_ = 0;
  std::pair<std::uint32_t, std::uint32_t> begin_;
  std::string_view multiline_;  // the quotes that end it; empty outside of one
};

std::string quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

// What a value that is none was to be.
std::string meant_by(std::string_view value) {
  const std::string lower = base::to_lower(value);
  if (lower == "yes" || lower == "on" || lower == "true") return "true";
  if (lower == "no" || lower == "off" || lower == "false") return "false";
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"\xe2\x80\x9c", "\xe2\x80\x9d"},
                                    {"\xe2\x80\x9e", "\xe2\x80\x9c"},
                                    {"\xe2\x80\x98", "\xe2\x80\x99"}}) {
    if (value.size() < open.size() + close.size() || !value.starts_with(open) || !value.ends_with(close)) continue;
    return quoted(value.substr(open.size(), value.size() - open.size() - close.size()));
  }
  if (value.starts_with('"') || value.starts_with('\'')) {
    const std::string_view text = value.substr(1);
    const char quote = value.front();
    return text.find(quote) == std::string_view::npos ? quoted(text) : "";
  }
  const bool is_plain = value.find_first_of("\"'\\[]{}=") == std::string_view::npos;
  return is_plain ? quoted(value) : "";
}

// "[a, b]" with quotes around what lacks them.
std::string list_meant_by(std::string_view value) {
  value = stripped(value.substr(1, value.size() - 2));
  std::string list;
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const std::string_view item = stripped(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (item.empty()) continue;
    const std::string meant = is_value(item) ? std::string(item) : meant_by(item);
    if (meant.empty()) return "";
    list += (list.empty() ? "" : ", ") + meant;
  }
  return "[" + list + "]";
}

std::string_view without_comment(std::string_view value) {
  if (value.starts_with('"') || value.starts_with('\'') || value.starts_with('[')) return value;
  return stripped(value.substr(0, value.find(" #")));
}

std::optional<SyntaxAdvice> advise_on_value(std::string_view line, std::string_view key, std::string_view value,
                                            std::uint32_t number) {
  const std::string write = "; write " + std::string(key) + " = ";
  if (value.empty()) {
    const std::uint32_t behind = column_of(line, key) + static_cast<std::uint32_t>(key.size());
    return SyntaxAdvice{number, behind, "nothing stands behind " + in_quotes(key) + write + "and its value"};
  }
  if (is_value(value)) return std::nullopt;
  const bool is_list = value.size() > 1 && value.starts_with('[') && value.ends_with(']');
  const std::string meant = is_list ? list_meant_by(value) : meant_by(value);
  if (meant.empty()) return std::nullopt;
  const bool is_open = value.starts_with('"') || value.starts_with('\'');
  const std::string what = is_open                               ? "the text has no quote at its end"
                           : meant == "true" || meant == "false" ? in_quotes(value) + " is no value"
                                                                 : "a text stands in quotes";
  return SyntaxAdvice{number, column_of(line, value), what + write + meant};
}

// A header with too few or too many brackets.
std::optional<SyntaxAdvice> advise_on_header(std::string_view line, std::string_view header, std::uint32_t number) {
  const auto begin = header.find_first_not_of('[');
  const auto end = header.find_first_of("] \t#", std::min(begin, header.size()));
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view name = header.substr(begin, std::min(end, header.size()) - begin);
  if (!is_key(name)) return std::nullopt;
  const bool is_list = name == "inbound" || name == "outbound" || name == "signing";
  const std::string meant = is_list ? "[[" + std::string(name) + "]]" : "[" + std::string(name) + "]";
  if (header == meant) return std::nullopt;
  return SyntaxAdvice{number, column_of(line, header), "write " + meant + " with as many brackets behind as before"};
}

// "[inbound]" where another line has "[[inbound]]".
std::optional<SyntaxAdvice> advise_on_single_brackets(std::string_view text) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::string_view header = stripped(line.substr(0, line.find('#')));
    for (const std::string_view name : {"inbound", "outbound", "signing"}) {
      if (header != "[" + std::string(name) + "]") continue;
      return SyntaxAdvice{number, column_of(line, header),
                          "write [[" + std::string(name) + "]], with two brackets, at the beginning of each one"};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

std::optional<SyntaxAdvice> advise_on_line(std::string_view text, std::string_view line, std::uint32_t number) {
  const std::string_view statement = stripped(line);
  if (statement.starts_with('[')) {
    const auto brackets = advise_on_single_brackets(text);
    const auto header = advise_on_header(line, statement, number);
    return header && !brackets ? header : brackets;
  }
  const auto equals = statement.find('=');
  const std::string_view key = stripped(statement.substr(0, equals));
  if (equals != std::string_view::npos && is_key(key)) {
    return advise_on_value(line, key, without_comment(stripped(statement.substr(equals + 1))), number);
  }
  const auto colon = statement.find(':');
  const std::string_view name = stripped(statement.substr(0, std::min(colon, statement.size())));
  if (!is_key(name) || equals != std::string_view::npos) return std::nullopt;
  const std::string_view value =
      colon == std::string_view::npos ? std::string_view() : stripped(statement.substr(colon + 1));
  const std::string meant = is_value(value) ? std::string(value) : meant_by(value);
  return SyntaxAdvice{number, column_of(line, name) + static_cast<std::uint32_t>(name.size()),
                      "an equals sign stands between a key and its value; write " + std::string(name) + " = " +
                          (value.empty() || meant.empty() ? "and the value" : meant)};
}

}  // namespace

std::optional<SyntaxAdvice> advise_on_syntax(std::string_view text, std::uint32_t line) {
  constexpr const char* no_end = "this list has no end; write ] behind its last value";
  const std::string_view failed = line_of(text, line);
  if (failed.size() > max_advised) return std::nullopt;
  if (auto list = ListScan::open_list_before(text, line)) {
    const std::string_view statement = stripped(failed);
    const auto equals = statement.find('=');
    const bool is_next = statement.empty() || statement.starts_with('[') ||
                         (equals != std::string_view::npos && is_key(stripped(statement.substr(0, equals))));
    list->message = is_next ? no_end : "the values of this list need a comma between them";
    return list;
  }
  // The end of the text counts to its last line.
  const bool is_last =
      failed.data() != nullptr &&
      text.find_first_not_of(" \t\r\n", column_of(text, failed) - 1 + failed.size()) == std::string_view::npos;
  auto list = is_last ? ListScan::open_list_before(text, line + 1) : std::nullopt;
  if (!list) return advise_on_line(text, failed, line);
  list->message = no_end;
  return list;
}

}  // namespace connectord::config
