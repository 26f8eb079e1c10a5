#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"
#include "connectord/net/ip_address.h"

// The forms that a string in the configuration can have. A format is a type with
//   Value              what is made of the string
//   words()            its name for error messages and for the reference
//   parse(text)        the value, or what was found and what to write instead
namespace connectord::config {

// How a format is called: "a domain", "domains", and a value to imitate, in TOML.
struct Words {
  std::string one;
  std::string many;
  std::string example;
};

template <class T>
using Parsed = tl::expected<T, std::string>;

// Any text of one line.
struct Text {
  using Value = std::string;
  static Words words() { return {"a string", "strings", R"("ticket 4711")"}; }
  static Parsed<Value> parse(std::string_view text) { return std::string(text); }
};

struct Domain {
  using Value = net::DomainPattern;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct Network {
  using Value = net::AddressRange;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct Listener {
  using Value = net::Endpoint;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// The address of a DNS server, with the port if it isn't 53.
struct DnsServer {
  using Value = net::Endpoint;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct CertificateFingerprint {
  using Value = model::Fingerprint;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct CertificateSubject {
  using Value = model::SubjectPattern;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct CertificateIssuer {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// is_connector_name().
struct ConnectorName {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// RFC 5322, 2.2; none of the fields that mail needs, since incoming ones are deleted.
struct HeaderField {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A field that a DKIM signature may cover (RFC 6376, 5.4.1): none that changes on the way, or that we write ourselves.
struct SignedField {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// RFC 6376, 3.1.
struct DkimSelector {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// RFC 8601, 2.5, as nearly everybody writes it: a domain name.
struct AuthservId {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A user's or a group's.
struct AccountName {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct FileMode {
  using Value = std::uint32_t;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct FilePath {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// The root of a web server, without a slash at the end.
struct WebAddress {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct IncludePattern {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct MailAddress {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// Postfix's notation for a next hop: "[host]:port", "[host]", "domain:port", "domain". Behind "smtps:" one with
// implicit TLS, whose port is 465 where none is written (RFC 8314, 3.3).
struct SmartHost {
  using Value = model::SmartHost;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A name that a server's certificate may have, normalized; ".example.com" for any below example.com.
struct ServerName {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// "00:00" to "23:59".
struct TimeOfDay {
  using Value = std::chrono::minutes;
  static Words words() { return {"a time of day", "times of day", R"("01:00")"}; }
  static Parsed<Value> parse(std::string_view text);
};

struct TraceStore {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// A URI of PostgreSQL (its manual, 34.1.1.2), without a password: what stands in a configuration is read by many.
struct PostgresAddress {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

struct MailLog {
  using Value = std::string;
  static Words words();
  static Parsed<Value> parse(std::string_view text);
};

// "500ms", "5s", "10m", "2h", "90d", "52w".
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string duration_text(std::chrono::milliseconds duration);
Words words_of_durations(std::chrono::milliseconds least, std::chrono::milliseconds most);
Parsed<std::chrono::milliseconds> parse_duration_within(std::string_view text, std::chrono::milliseconds least,
                                                        std::chrono::milliseconds most);

template <std::int64_t LeastMs, std::int64_t MostMs>
struct Duration {
  using Value = std::chrono::milliseconds;
  static constexpr Value least{LeastMs};
  static constexpr Value most{MostMs};

  static Words words() { return words_of_durations(least, most); }
  static Parsed<Value> parse(std::string_view text) { return parse_duration_within(text, least, most); }
};

// One of several words.
template <class T>
struct Choice {
  std::string_view word;
  T value;
};

// `"a", "b" or "c"`.
std::string alternatives(const std::vector<std::string_view>& words);
Words words_of_choice(const std::vector<std::string_view>& words);
std::string not_one_of(std::string_view text, const std::vector<std::string_view>& words);

template <const auto& Choices>
struct Word {
  using Value = decltype(Choices.front().value);

  static std::vector<std::string_view> list() {
    std::vector<std::string_view> words;
    for (const auto& choice : Choices) words.push_back(choice.word);
    return words;
  }
  static Words words() { return words_of_choice(list()); }
  static Parsed<Value> parse(std::string_view text) {
    for (const auto& choice : Choices) {
      if (choice.word == text) return choice.value;
    }
    return tl::unexpected(not_one_of(text, list()));
  }
};

}  // namespace connectord::config
