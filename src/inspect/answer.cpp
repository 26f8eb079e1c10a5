#include "connectord/inspect/answer.h"

#include <algorithm>
#include <vector>

#include "connectord/base/hexadecimal.h"
#include "connectord/base/number.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileContents;
using model::FileKind;

class AnswerReader {
 public:
  std::optional<Answer> read(std::string_view lines) {
    while (!lines.empty()) {
      const auto end = lines.find('\n');
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(end + 1);
      if (line == "end") return lines.empty() ? std::optional(std::move(answer_)) : std::nullopt;
      const auto space = line.find(' ');
      if (space == std::string_view::npos || !take(line.substr(0, space), line.substr(space + 1))) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  bool take(std::string_view word, std::string_view value) {
    FileContents& contents = answer_.contents;
    if (word == "kind") return add_word(contents, value);
    if (word == "name") return add(contents.inner_names, value);
    if (word == "extension") return add(contents.extensions, value);
    if (word == "text") return add(contents.texts, value);
    if (word == "executable") return set(contents.executable, value);
    if (word == "uninspectable") return set(contents.uninspectable, value);
    if (word == "limit") return set(contents.limit_exceeded, value);
    if (word == "has") return flag(contents, value);
    if (word == "encrypted") return assign(contents.encrypted, model::value_of<Encryption>(value));
    if (word == "entries") return assign(answer_.entries, base::whole_number<std::size_t>(value));
    if (word == "unpacked") return assign(answer_.unpacked, base::whole_number<std::uint64_t>(value));
    return false;
  }

  static bool add_word(FileContents& contents, std::string_view value) {
    const auto kind = model::value_of<FileKind>(value);
    if (kind && !contents.has(*kind)) contents.kinds.push_back(*kind);
    return kind.has_value();
  }

  static bool flag(FileContents& contents, std::string_view value) {
    if (value == "unread_text") return contents.has_unread_text = true;
    if (value == "cut_text") return contents.text_is_cut = true;
    return false;
  }

  static bool add(std::vector<std::string>& values, std::string_view digits) {
    auto bytes = base::from_hex(digits);
    if (bytes) values.push_back(std::move(*bytes));
    return bytes.has_value();
  }

  static bool set(std::string& value, std::string_view digits) {
    auto bytes = base::from_hex(digits);
    if (bytes) value = std::move(*bytes);
    return bytes.has_value();
  }

  template <class Value>
  static bool assign(Value& value, const std::optional<Value>& read) {
    if (read) value = *read;
    return read.has_value();
  }

  Answer answer_;
};

void line(std::string& lines, std::string_view word, std::string_view value) {
  lines.append(word).append(" ").append(value).append("\n");
}

void text_lines(std::string& lines, std::string_view word, const std::vector<std::string>& values) {
  for (const std::string& value : values) line(lines, word, base::to_hex(value));
}

}  // namespace

bool Answer::operator==(const Answer& other) const {
  return to_lines(*this) == to_lines(other);
}

std::string to_lines(const Answer& answer) {
  const FileContents& contents = answer.contents;
  std::string lines;
  for (const auto kind : contents.kinds) line(lines, "kind", word_of(kind));
  text_lines(lines, "name", contents.inner_names);
  text_lines(lines, "extension", contents.extensions);
  text_lines(lines, "text", contents.texts);
  if (!contents.executable.empty()) line(lines, "executable", base::to_hex(contents.executable));
  if (!contents.uninspectable.empty()) line(lines, "uninspectable", base::to_hex(contents.uninspectable));
  if (!contents.limit_exceeded.empty()) line(lines, "limit", base::to_hex(contents.limit_exceeded));
  line(lines, "encrypted", word_of(contents.encrypted));
  if (contents.has_unread_text) line(lines, "has", "unread_text");
  if (contents.text_is_cut) line(lines, "has", "cut_text");
  line(lines, "entries", std::to_string(answer.entries));
  line(lines, "unpacked", std::to_string(answer.unpacked));
  return lines + "end\n";
}

std::size_t max_answer_size(const Limits& limits) {
  constexpr std::size_t digits = 2;
  constexpr std::size_t max_line_overhead = 32;
  constexpr std::size_t everything_else = std::size_t{256} * 1024;
  return digits * (limits.max_text + limits.max_names) + 2 * max_line_overhead * limits.max_entries + everything_else;
}

std::optional<Answer> read_answer(std::string_view lines) {
  return AnswerReader().read(lines);
}

std::string to_argument(const Limits& limits) {
  std::string text;
  for (const std::uint64_t value :
       {std::uint64_t{limits.max_depth}, std::uint64_t{limits.max_entries}, limits.max_ratio, limits.max_unpacked,
        std::uint64_t{limits.max_text}, std::uint64_t{limits.max_names},
        static_cast<std::uint64_t>(limits.max_time.count())}) {
    text += (text.empty() ? "" : ",") + std::to_string(value);
  }
  return text;
}

std::optional<Limits> read_limits(std::string_view argument) {
  std::vector<std::uint64_t> values;
  while (!argument.empty()) {
    const std::size_t end = std::min(argument.find(','), argument.size());
    const auto value = base::whole_number<std::uint64_t>(argument.substr(0, end));
    if (!value) return std::nullopt;
    values.push_back(*value);
    argument.remove_prefix(std::min(end + 1, argument.size()));
  }
  constexpr std::size_t count = 7;
  constexpr std::uint64_t max_milliseconds = 3'600'000;
  if (values.size() != count || values[2] == 0 || values[6] > max_milliseconds) return std::nullopt;
  Limits limits;
  limits.max_depth = values[0];
  limits.max_entries = values[1];
  limits.max_ratio = values[2];
  limits.max_unpacked = values[3];
  limits.max_text = values[4];
  limits.max_names = values[5];
  limits.max_time = std::chrono::milliseconds(static_cast<std::int64_t>(values[6]));
  return limits;
}

}  // namespace connectord::inspect
