#include "rule_formats.h"

#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/match/text_set.h"
#include "quote.h"

namespace connectord::config {
namespace {

constexpr std::size_t max_rule_name = 64;
constexpr std::size_t max_field_name = 76;
constexpr std::size_t max_field_text = 500;  // longer than any people read; encoded, it stays below 998 bytes a line

tl::unexpected<std::string> refused(std::string_view text, std::string_view why) {
  return tl::unexpected(in_quotes(text) + " " + std::string(why));
}

// What a rule must not change, and why.
struct ProtectedField {
  std::string_view name;  // a "-" at its end: all that begin with it
  std::string_view why;
};
constexpr std::string_view of_the_system = "is the mail system's own record; write another field";
constexpr std::array<ProtectedField, 15> protected_fields = {{
    {"received", of_the_system},
    {"received-spf", of_the_system},
    {"return-path", of_the_system},
    {"delivered-to", of_the_system},
    {"dkim-signature", of_the_system},
    {"arc-", of_the_system},
    {"authentication-results", of_the_system},
    {"auto-submitted", of_the_system},
    {"x-connector", "is connectord's own; write another field"},
    {"x-connector-", "is connectord's own; write another field"},
    {"content-", "says how the body is to be read, which the action must not break; write another field"},
    {"mime-version", "says how the body is to be read, which the action must not break; write another field"},
    {"from", "says whose mail it is, by which it was judged and is signed; write another field, such as Reply-To"},
    {"bcc", "would show recipients; write the action bcc, which shows none"},
    {"resent-bcc", "would show recipients; write the action bcc, which shows none"},
}};

bool is_field_name(std::string_view text) {
  return !text.empty() && text.size() <= max_field_name &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
}

Parsed<std::string> field_name(std::string_view text) {
  if (is_field_name(text)) return std::string(text);
  return refused(text, "is not a header field's name; write letters, digits and '-', such as \"X-Reviewed\"");
}

std::vector<std::string_view> action_words() {
  std::vector<std::string_view> words;
  for (const auto& [kind, word] : model::words<model::RuleActionKind>) {
    words.push_back(word);
  }
  return words;
}

struct SizeUnit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<SizeUnit, 4> size_units = {{{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};

std::optional<toml::date_time> date_time_in(const toml::node& node) {
  if (const auto* value = node.as_date_time()) return value->get();
  const auto* text = node.as_string();
  if (text == nullptr || text->get().find_first_not_of("0123456789-+:.TZ") != std::string::npos) return std::nullopt;
  try {
    const toml::table one = toml::parse("value = " + text->get());
    return one["value"].value<toml::date_time>();
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

}  // namespace

Words RuleName::words() {
  return {"a rule's name", "rules' names", R"("no programs")"};
}
Parsed<RuleName::Value> RuleName::parse(std::string_view text) {
  const bool good = !text.empty() && text.size() <= max_rule_name && base::trimmed(text) == text && base::is_utf8(text);
  if (good) return std::string(text);
  return refused(text, "is not a rule's name; write at most 64 bytes, without spaces around them");
}

Words ComparedAddress::words() {
  return {"a mail address", "mail addresses", R"("carol@example.net")"};
}
Parsed<ComparedAddress::Value> ComparedAddress::parse(std::string_view text) {
  return MailAddress::parse(text).map([](const std::string& address) { return model::comparable_address(address); });
}

Words SoughtWord::words() {
  return {"a word", "words", R"("confidential")"};
}
Parsed<SoughtWord::Value> SoughtWord::parse(std::string_view text) {
  constexpr std::size_t max_word_length = 128;
  if (!base::trimmed(text).empty() && text.size() <= max_word_length && base::is_utf8(text)) return std::string(text);
  return refused(text, "is not a word to look for; write one or several words of at most 128 bytes");
}

Words Pattern::words() {
  return {"a regular expression (RE2)", "regular expressions (RE2)", R"('\b\d{4}-\d{4}\b')"};
}
Parsed<Pattern::Value> Pattern::parse(std::string_view text) {
  const std::string why = match::why_no_pattern(text);
  if (why.empty()) return std::string(text);
  return refused(text, "is not a regular expression of RE2: " + why +
                           "; see https://github.com/google/re2/wiki/Syntax, or write ..._words for words as they are");
}

Words SoughtField::words() {
  return {"a header field's name", "header fields' names", R"("List-Id")"};
}
Parsed<SoughtField::Value> SoughtField::parse(std::string_view text) {
  return field_name(text);
}

Words WrittenField::words() {
  return {"a header field's name", "header fields' names", R"("X-Reviewed")"};
}
Parsed<WrittenField::Value> WrittenField::parse(std::string_view text) {
  auto name = field_name(text);
  if (!name) return name;
  const std::string lower = base::to_lower(text);
  for (const ProtectedField& field : protected_fields) {
    const bool is_meant = field.name.ends_with('-') ? lower.starts_with(field.name) : lower == field.name;
    if (is_meant) return refused(text, field.why);
  }
  return name;
}

Words FieldText::words() {
  return {"a text", "texts", R"("[EXTERNAL] ")"};
}
Parsed<FieldText::Value> FieldText::parse(std::string_view text) {
  if (!text.empty() && text.size() <= max_field_text && base::is_utf8(text)) return std::string(text);
  return refused(text, "cannot stand in a header field; write at most 500 bytes of UTF-8");
}

Words LongText::words() {
  return {"a text, of several lines where it needs them", "texts", R"("Example Net, Main Street 1")"};
}
std::optional<LongText::Value> LongText::read(Reader& reader, const toml::node& node) {
  constexpr std::size_t max_text = 16'384;
  const auto* string = node.as_string();
  if (string == nullptr) {
    report_wrong_type(reader, node, words());
    return std::nullopt;
  }
  const std::string& text = string->get();
  const bool good = !text.empty() && text.size() <= max_text && base::is_utf8(text) &&
                    std::none_of(text.begin(), text.end(),
                                 [](char c) { return base::is_control(c) && c != '\n' && c != '\r' && c != '\t'; });
  if (good) return text;
  reader.error(node.source(), "found " + describe(node) +
                                  "; write at most 16,384 bytes of UTF-8 without control "
                                  "characters other than line ends and tabs");
  return std::nullopt;
}

Words NamePattern::words() {
  return {"a file's name, with * and ?", "files' names, with * and ?", R"("invoice*.html")"};
}
Parsed<NamePattern::Value> NamePattern::parse(std::string_view text) {
  constexpr std::size_t max_name = 255;
  if (!text.empty() && text.size() <= max_name && base::is_utf8(text)) return std::string(text);
  return refused(text, "is not a file's name; write one such as \"invoice*.html\"");
}

Words Extension::words() {
  return {"the extension of a file's name", "extensions of files' names", R"("exe")"};
}
Parsed<Extension::Value> Extension::parse(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  const bool good = !text.empty() && text.size() <= 32 && text.find_first_of(".*?/\\ ") == std::string_view::npos;
  if (good) return base::to_lower(text);
  return refused(text, "is not an extension; write what stands behind the last dot, such as \"exe\"");
}

Words EnhancedStatus::words() {
  return {"an enhanced status code (RFC 3463)", "enhanced status codes", R"("5.7.1")"};
}
Parsed<EnhancedStatus::Value> EnhancedStatus::parse(std::string_view text) {
  std::string_view rest = text;
  int parts = 0;
  bool good = rest.starts_with("4.") || rest.starts_with("5.");
  while (good && !rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    good = !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), base::is_digit) && ++parts <= 3;
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  if (good && parts == 3 && !text.ends_with('.')) return std::string(text);
  return refused(text, "is not an enhanced status code; write one such as \"5.7.1\", or \"4.7.1\" for a deferral");
}

Words ActionWord::words() {
  const std::string any = alternatives(action_words());
  return {any, any, R"("reject")"};
}
Parsed<ActionWord::Value> ActionWord::parse(std::string_view text) {
  if (text == "severity") return refused(text, "is no action; write severity = \"high\" in the [[rule]]");
  if (const auto kind = model::value_of<model::RuleActionKind>(text)) return *kind;
  return tl::unexpected(not_one_of(text, action_words()));
}

Words SplitWord::words() {
  const std::string any = alternatives({"whole", "split", "copy"});
  return {any, any, R"("whole")"};
}
Parsed<SplitWord::Value> SplitWord::parse(std::string_view text) {
  if (text == "whole" || text == "split" || text == "copy") return std::string(text);
  return tl::unexpected(not_one_of(text, {"whole", "split", "copy"}));
}

nlohmann::ordered_json Respite::write(Value value) {
  return duration_text(value);
}

Words ByteSize::words() {
  return {"a size", "sizes", R"("25MiB")"};
}
Parsed<ByteSize::Value> ByteSize::parse(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const SizeUnit& known : size_units) {
    const bool fits = number <= (std::uint64_t{1} << 40U) >> known.shift;
    if (error == std::errc() && unit == known.name && number > 0 && fits) return number << known.shift;
  }
  return refused(text, "is not a size; write a number with B, KiB, MiB or GiB, such as \"25MiB\"");
}

nlohmann::ordered_json ByteSize::write(Value value) {
  const SizeUnit* unit = size_units.data();
  for (const SizeUnit& one : size_units) {
    if (value % (std::uint64_t{1} << one.shift) == 0) unit = &one;
  }
  return std::to_string(value >> unit->shift) + std::string(unit->name);
}

Words Moment::words() {
  return {"a date and time with its offset from UTC", "dates and times", "2026-12-01T00:00:00+01:00"};
}
std::optional<Moment::Value> Moment::read(Reader& reader, const toml::node& node) {
  const auto found = date_time_in(node);
  if (!found || !found->offset) {
    reader.error(node.source(), "found " + describe(node) + "; write " + words().one + ", such as " + words().example);
    return std::nullopt;
  }
  const toml::date_time& written = *found;
  const std::chrono::year_month_day day{std::chrono::year(written.date.year), std::chrono::month(written.date.month),
                                        std::chrono::day(written.date.day)};
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  const std::int64_t seconds = written.time.hour * 3600 + written.time.minute * 60 + written.time.second;
  return days * 86'400 + seconds - std::int64_t{written.offset->minutes} * 60;
}
nlohmann::ordered_json Moment::write(Value value) {
  return base::utc_text(value);
}

}  // namespace connectord::config
