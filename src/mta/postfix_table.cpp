#include "postfix_table.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

constexpr std::string_view white = " \t\r\n\v\f";

std::string_view without_white(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

// postconf(5), "logical lines".
std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view content = without_white(line);
    if (content.empty() || content.front() == '#') continue;
    const bool goes_on = white.find(line.front()) != std::string_view::npos;
    if (!goes_on) {
      lines.emplace_back(content);
    } else if (!lines.empty()) {
      lines.back().append(" ").append(content);
    }
  }
  return lines;
}

// Where the first word ends; a quoted part of it may hold white space.
std::size_t end_of_key(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (!quoted && white.find(line[i]) != std::string_view::npos) return i;
  }
  return line.size();
}

std::vector<TableEntry> entries_of(std::string_view text) {
  std::vector<TableEntry> entries;
  for (const std::string& line : logical_lines(text)) {
    const std::size_t end = end_of_key(line);
    std::string key = base::to_lower(std::string_view(line).substr(0, end));
    std::erase(key, '"');
    const std::string_view value = without_white(std::string_view(line).substr(end));
    if (!key.empty() && !value.empty()) entries.push_back({std::move(key), std::string(value)});
  }
  return entries;
}

std::vector<TableEntry> first_of_each(std::vector<TableEntry> entries) {
  std::set<std::string> keys;
  std::erase_if(entries, [&keys](const TableEntry& entry) { return !keys.insert(entry.key).second; });
  return entries;
}

std::string_view without_outer_braces(std::string_view text) {
  text = without_white(text);
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return text;
  return without_white(text.substr(1, text.size() - 2));
}

}  // namespace

std::vector<TableEntry> read_table_source(std::string_view text) {
  return first_of_each(entries_of(text));
}

std::vector<TableEntry> read_cidr_source(std::string_view text) {
  return entries_of(text);
}

std::vector<TableEntry> read_inline_table(std::string_view text) {
  std::vector<TableEntry> entries;
  for (const ListWord& word : list_words(without_outer_braces(text))) {
    const std::string_view entry = without_outer_braces(word.text);
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = without_white(entry.substr(0, equals));
    const std::string_view value = without_white(entry.substr(equals + 1));
    if (!key.empty() && !value.empty()) entries.push_back({base::to_lower(key), std::string(value)});
  }
  return first_of_each(std::move(entries));
}

TableName read_table_name(std::string_view word) {
  constexpr std::string_view proxy = "proxy:";
  if (word.starts_with(proxy)) word.remove_prefix(proxy.size());
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  return {std::string(word.substr(0, colon)), std::string(word.substr(colon + 1))};
}

}  // namespace connectord::mta
