#include "connectord/mta/master_cf.h"

#include <algorithm>

namespace connectord::mta {
namespace {

std::vector<std::string_view> lines_of(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    lines.push_back(content.substr(0, end));
    content.remove_prefix(end);
  }
  return lines;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view next_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, std::min(text.find_first_of(" \t\r\n"), text.size()));
  text.remove_prefix(word.size());
  return word;
}

bool begins_service(std::string_view line, std::string_view name) {
  if (line.empty() || is_blank(line.front())) return false;
  return next_word(line) == name && next_word(line) == "unix";
}

std::string without(std::string_view content, std::string_view name) {
  std::string rest;
  std::string_view before;  // the last line that was kept
  bool within = false;
  for (const std::string_view line : lines_of(content)) {
    within = begins_service(line, name) || (within && is_blank(line.front()));
    if (begins_service(line, name) && before.starts_with(service_comment)) rest.resize(rest.size() - before.size());
    if (within) continue;
    rest += line;
    before = line;
  }
  return rest;
}

}  // namespace

std::string edited_master_cf(std::string_view content, const std::vector<ServiceChange>& changes) {
  std::string edited(content);
  for (const ServiceChange& change : changes) {
    edited = without(edited, change.service);
    if (change.lines.empty()) continue;
    if (!edited.empty() && edited.back() != '\n') edited += '\n';
    edited += change.lines;
  }
  return edited;
}

}  // namespace connectord::mta
