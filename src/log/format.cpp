#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "connectord/base/display_control.h"
#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "connectord/log/logger.h"

namespace connectord::log {
namespace {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::fatal:
      return "fatal";
    case Severity::panic:
      return "panic";
  }
  return "";
}

void append_escaped(std::string& line, char c) {
  constexpr std::array<char, 16> digits = {'0', '1', '2', '3', '4', '5', '6', '7',
                                           '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  const auto byte = static_cast<unsigned char>(c);
  line += "\\x";
  line += digits[byte >> 4];
  line += digits[byte & 0xf];
}

void append_value(std::string& line, std::string_view value) {
  const bool quoted = value.empty() || value.find_first_of(" =,;\"") != std::string_view::npos;
  if (quoted) line += '"';
  while (!value.empty()) {
    const std::size_t length = base::display_control_length(value) > 0 ? 0 : base::utf8_length(value);
    const bool plain =
        length > 1 || (length == 1 && value[0] >= ' ' && value[0] != 0x7f && value[0] != '"' && value[0] != '\\');
    if (plain) {
      line.append(value.substr(0, length));
    } else if (value[0] == '"') {
      line += "\\\"";
    } else {
      append_escaped(line, value[0]);
    }
    value.remove_prefix(plain ? length : 1);
  }
  if (quoted) line += '"';
}

}  // namespace

std::string format_text(const Record& record) {
  std::string line;
  append_value(line, record.subject);
  line += ": ";
  if (record.severity != Severity::info) line.append(to_string(record.severity)).append(": ");
  line += record.message;
  bool first = record.message.empty();
  for (const auto& [key, value] : record.fields) {
    if (!first) line += ", ";
    first = false;
    line.append(key).append("=");
    append_value(line, value);
  }
  return line;
}

std::string format_json(const Record& record) {
  nlohmann::ordered_json object;
  object["severity"] = to_string(record.severity);
  object["subject"] = record.subject;
  if (!record.message.empty()) object["message"] = record.message;
  for (const auto& [key, value] : record.fields) {
    auto& place = object[std::string(key)];
    // A key that comes twice becomes an array.
    if (place.is_string()) place = nlohmann::ordered_json::array({place});
    if (place.is_array()) {
      place.push_back(value);
    } else {
      place = value;
    }
  }
  return base::escape_display_controls(base::json_text(object));
}

}  // namespace connectord::log
