#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Texts of administrators with words of messages in them. Pure and thread-safe.
namespace connectord::mail {

// What the placeholders stand for. All of it comes from strangers but the rule's name.
struct PlaceholderValues {
  std::string sender{};                   // envelope; empty for the null sender
  std::vector<std::string> recipients{};  // envelope
  std::string subject{};                  // decoded, UTF-8
  std::string rule{};
  std::string message_id{};    // as it stands, or empty
  std::int64_t unix_time = 0;  // now
};

enum class PlaceholderForm : std::uint8_t {
  text,  // as it is
  html,  // special characters as references
};

// More recipients than these are counted only, as "and 12 more".
inline constexpr std::size_t max_listed_recipients = 10;
// Bytes of one value; what goes beyond becomes "...".
inline constexpr std::size_t max_placeholder_value = 500;

// `text` with {sender}, {recipients}, {subject}, {rule}, {date} and {message_id} filled in; other braces stay. Values
// are cleaned as by one_line(), so what is filled into one line stays on it, and a value that looks like a placeholder
// stays as it is. {recipients} of a message reveals who else gets it, Bcc included: it is for mail to those who may
// know, never for a message's own header.
std::string fill_placeholders(std::string_view text, const PlaceholderValues& values, PlaceholderForm form);

// "Sat, 28 Nov 2026 22:00:00 +0000": a moment as a Date field has it (RFC 5322, 3.3), in UTC.
std::string date_text(std::int64_t unix_time);

// Text from outside for one line of ours: line ends, other controls, and the marks of bidirectional text become blanks,
// bytes that are no UTF-8 '?', and what goes beyond `max_bytes` "...".
std::string one_line(std::string_view text, std::size_t max_bytes);

// The first placeholder-like word in braces that is none, for errors of configuration; empty where there is none.
std::string_view unknown_placeholder(std::string_view text);

}  // namespace connectord::mail
