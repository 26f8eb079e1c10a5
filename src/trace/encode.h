#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/trace/entry.h"
#include "connectord/trace/search.h"

// How an entry lies in the file. decode.cpp is the other way.
namespace connectord::trace {

// A finding in two parts: what is the same for many messages, and what was seen of this one.
struct StoredFinding {
  std::string pattern;  // JSON: [check, connector, outcome, expected, hint]
  std::string seen;
};

// A rule that a message matched, in two parts as well.
struct StoredRule {
  std::string pattern;  // JSON: [name, mode, whether it matched, severity, [actions]]
  std::int64_t microseconds = 0;
  std::string skipped_because;
  std::vector<std::string> recipients;  // those that it concerned, where it was not for all of the message
};

// All of an entry that is kept, each text bounded.
struct StoredEntry {
  std::int64_t time = 0;
  std::int64_t connected = 0;  // 0: not known
  std::int64_t began = 0;      // 0: not known
  Stage stage = Stage::message;
  Direction direction = Direction::inbound;
  model::Action action = model::Action::accept;
  Status status = Status::getting_status;
  std::string queue_id;
  std::string message_id;  // without angle brackets
  std::string client;      // 4 or 16 bytes in network order; empty where it is not known
  std::string original_client;
  std::string helo;
  std::string tls;
  std::string cipher;
  std::string mail_from;
  std::string from;
  std::string subject;
  std::optional<std::int64_t> size;
  std::string connector;
  std::string outbound_connector;
  std::string reply;
  std::string certificate;  // JSON; empty where there is none
  std::string details;      // JSON
  std::vector<StoredFinding> findings;
  std::vector<std::string> recipients;           // one empty text where there is none
  std::vector<std::string> outbound_connectors;  // of the recipients, where they differ
  std::vector<StoredRule> rules;

  // About how much memory it takes.
  std::size_t bytes() const;
};

StoredEntry encode(const Entry& entry);

// What a recipient has before anything is known of a delivery.
Status first_status(model::Action action);

// Puts what `details` has into a message that has its columns already. What cannot be read is left out: the file may be
// damaged.
void decode_details(std::string_view details, Message& message);

Certificate decode_certificate(std::string_view text);

// std::nullopt where the text is no pattern.
std::optional<Finding> decode_pattern(std::string_view pattern);

// `pattern_of` gives the pattern that has a number, or an empty text.
std::vector<Finding> decode_findings(std::string_view text, const std::function<std::string(std::int64_t)>& pattern_of);

// std::nullopt where the text is no rule's pattern.
std::optional<model::RuleHit> decode_rule_pattern(std::string_view pattern);

// `pattern_of` gives the pattern that has a number, or an empty text.
std::vector<model::RuleHit> decode_rules(std::string_view text,
                                         const std::function<std::string(std::int64_t)>& pattern_of);

// The numbers of the patterns alone.
std::vector<std::int64_t> rule_numbers(std::string_view text);

std::string address_bytes(const net::IpAddress& address);
// Empty for anything but 4 or 16 bytes.
std::string address_text(std::string_view bytes);

std::string_view without_angle_brackets(std::string_view text);

}  // namespace connectord::trace
