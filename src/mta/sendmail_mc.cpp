#include "sendmail_mc.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::mta {
namespace {

constexpr std::string_view begin_mark =
    "dnl # connectord: from here; connectorctl detach sendmail takes these lines out\n";
constexpr std::string_view end_mark = "dnl # connectord: to here";  // and the end of the line, or of the file

struct Span {
  std::size_t begin = std::string::npos;
  std::size_t end = 0;
};

Span find_our_lines(const std::string& mc) {
  Span lines;
  lines.begin = mc.find(begin_mark);
  if (lines.begin == std::string::npos) return lines;
  const std::size_t mark = mc.find(end_mark, lines.begin);
  if (mark == std::string::npos) return {};
  lines.end = mark + end_mark.size();
  if (lines.end < mc.size()) {
    ++lines.end;
  } else if (lines.begin > 0) {
    --lines.begin;  // the last line had no end before, so the one between is ours
  }
  return lines;
}

// Where the first line begins that has one of these words and that m4 reads: not one behind dnl, nor a comment of
// sendmail.cf.
std::size_t first_line_with(const std::string& mc, std::initializer_list<std::string_view> words) {
  for (std::size_t i = 0; i < mc.size();) {
    const std::size_t end = std::min(mc.find('\n', i), mc.size());
    const std::string_view text = base::trimmed(std::string_view(mc).substr(i, end - i));
    const auto is_there = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
    if (!text.starts_with("dnl") && !text.starts_with('#') && std::any_of(words.begin(), words.end(), is_there)) {
      return i;
    }
    i = end + 1;
  }
  return std::string::npos;
}

std::string block(const std::vector<SendmailChange>& changes, SendmailChange::Place place) {
  std::string text;
  for (const SendmailChange& change : changes) {
    if (change.place == place) text += change.lines;
  }
  if (text.empty()) return text;
  // Text behind goes where it went before, to whatever section of sendmail.cf.
  if (place == SendmailChange::Place::end) text = "PUSHDIVERT(-1)dnl\n" + text + "POPDIVERT`'dnl\n";
  return std::string(begin_mark) + text + std::string(end_mark) + "\n";
}

}  // namespace

std::string with_our_lines(const std::string& mc, const std::vector<SendmailChange>& changes) {
  const std::string head = block(changes, SendmailChange::Place::head);
  std::string tail = block(changes, SendmailChange::Place::end);
  std::string after = mc;
  // Before the other filters, which are asked in their order, and before the mailers, which come after all features.
  const std::size_t place = first_line_with(mc, {"MAIL_FILTER(", "MAILER_DEFINITIONS", "MAILER("});
  if (place == std::string::npos) {
    tail.insert(0, head);
  } else {
    after.insert(place, head);
  }
  if (tail.empty()) return after;
  const bool open_end = !after.empty() && after.back() != '\n';
  if (!open_end) return after + tail;
  tail.pop_back();
  return after + "\n" + tail;
}

std::string without_our_lines(const std::string& mc) {
  std::string text = mc;
  for (Span ours = find_our_lines(text); ours.begin != std::string::npos; ours = find_our_lines(text)) {
    text.erase(ours.begin, ours.end - ours.begin);
  }
  return text;
}

bool has_our_lines(const std::string& mc) {
  return find_our_lines(mc).begin != std::string::npos;
}

bool lists_filters(const std::string& mc) {
  return first_line_with(mc, {"confINPUT_MAIL_FILTERS"}) != std::string::npos;
}

}  // namespace connectord::mta
