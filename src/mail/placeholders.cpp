#include "connectord/mail/placeholders.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "connectord/base/display_control.h"
#include "connectord/base/html_escape.h"
#include "connectord/base/text.h"

namespace connectord::mail {
namespace {

constexpr auto placeholder_names =
    std::to_array<std::string_view>({"sender", "recipients", "subject", "rule", "date", "message_id"});

std::string listed_recipients(const std::vector<std::string>& recipients) {
  std::string text;
  const std::size_t listed = std::min(recipients.size(), max_listed_recipients);
  for (std::size_t i = 0; i < listed; ++i) text += (i == 0 ? "" : ", ") + recipients[i];
  const std::size_t others = recipients.size() - listed;
  return others == 0 ? text : text + " and " + std::to_string(others) + " more";
}

std::string value_of(std::string_view name, const PlaceholderValues& values) {
  if (name == "sender") return values.sender.empty() ? "<>" : values.sender;
  if (name == "recipients") return listed_recipients(values.recipients);
  if (name == "subject") return values.subject;
  if (name == "rule") return values.rule;
  if (name == "message_id") return values.message_id;
  return date_text(values.unix_time);
}

bool is_placeholder(std::string_view name) {
  return std::find(placeholder_names.begin(), placeholder_names.end(), name) != placeholder_names.end();
}

// The word between the brace that `text` begins with and the next one; empty where there is no word.
std::string_view braced_word(std::string_view text) {
  const auto end = text.find('}');
  if (end == std::string_view::npos) return {};
  const std::string_view word = text.substr(1, end - 1);
  const bool is_word = std::all_of(word.begin(), word.end(), [](char c) { return base::is_alpha(c) || c == '_'; });
  return is_word ? word : std::string_view();
}

}  // namespace

std::string one_line(std::string_view text, std::size_t max_bytes) {
  std::string line;
  while (!text.empty() && line.size() < max_bytes) {
    const std::size_t control = base::is_control(text.front()) ? 1 : base::display_control_length(text);
    const std::size_t length = base::utf8_length(text);
    if (control > 0) {
      line += ' ';
    } else if (length == 0) {
      line += '?';
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(std::max({control, length, std::size_t{1}}));
  }
  return text.empty() ? line : line + "...";
}

std::string fill_placeholders(std::string_view text, const PlaceholderValues& values, PlaceholderForm form) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find('{'), text.size());
    filled += text.substr(0, brace);
    text.remove_prefix(brace);
    if (text.empty()) break;
    const std::string_view name = braced_word(text);
    if (is_placeholder(name)) {
      const std::string value = one_line(value_of(name, values), max_placeholder_value);
      filled += form == PlaceholderForm::html ? base::html_escaped(value) : value;
      text.remove_prefix(name.size() + 2);
    } else {
      filled += text.front();
      text.remove_prefix(1);
    }
  }
  return filled;
}

std::string date_text(std::int64_t unix_time) {
  const auto time = static_cast<std::time_t>(unix_time);
  std::tm broken_down{};
  std::array<char, 60> text{};
  ::gmtime_r(&time, &broken_down);
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &broken_down)};
}

std::string_view unknown_placeholder(std::string_view text) {
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::string_view name = braced_word(text.substr(at));
    if (!name.empty() && !is_placeholder(name)) return name;
  }
  return {};
}

}  // namespace connectord::mail
