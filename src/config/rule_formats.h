#pragma once

#include <nlohmann/json_fwd.hpp>

#include "connectord/model/rule.h"
#include "format.h"
#include "text_formats.h"

// The forms of values that only [[rule]] has; see text_formats.h and format.h.
namespace connectord::config {

struct RuleName {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// An address in the form in which addresses are compared (model::comparable_address).
struct ComparedAddress {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A word or several, looked for as a whole.
struct SoughtWord {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A regular expression that match::TextSet takes.
struct Pattern {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A header field that is looked at: any name by RFC 5322, 2.2.
struct SoughtField {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// One that a rule may write or remove: none of the mail system's own, and none that says whose mail it is.
struct WrittenField {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A text of a field that a rule writes.
struct FieldText {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A text of several lines.
struct LongText {
  using Value = std::string;
  static Words words();
  static std::optional<Value> read(Reader& reader, const toml::node& node);
};

// A pattern for names of files, with "*" and "?".
struct NamePattern {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// Of a file's name, without its dot; in lower case.
struct Extension {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// RFC 3463, of a refusal or a deferral.
struct EnhancedStatus {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// One of the actions that this version carries out.
struct ActionWord {
  using Value = model::RuleActionKind;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct SplitWord {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// "500B", "64KiB", "25MiB", "2GiB".
struct ByteSize {
  using Value = std::uint64_t;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
  static nlohmann::ordered_json write(Value value);
};

// How long somebody has time.
struct Respite : Duration<3'600'000, 30 * std::int64_t{86'400'000}> {
  static nlohmann::ordered_json write(Value value);
};

// A date and a time with their offset from UTC, as seconds since 1970. A string of that form will do too, since JSON
// has no times.
struct Moment {
  using Value = std::int64_t;
  static Words words();
  static std::optional<Value> read(Reader& reader, const toml::node& node);
  static nlohmann::ordered_json write(Value value);
};

}  // namespace connectord::config
