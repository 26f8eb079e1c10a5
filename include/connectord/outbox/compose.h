#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mail/placeholders.h"
#include "connectord/mime/bytes.h"
#include "connectord/model/rule.h"
#include "connectord/outbox/key.h"

// The mail that we write. Pure but for memory, and thread-safe. Everything in it that came from a message is cleaned:
// nobody can add a field, a line or a part by what he writes.
namespace connectord::outbox {

// A message of ours with its envelope.
struct Mail {
  std::string sender{};  // empty: the null sender, for all that is written here
  std::vector<std::string> recipients{};
  std::string content{};     // RFC 5322, with CRLF line ends
  std::string message_id{};  // without angle brackets
  bool is_8bit = false;      // it has bytes beyond ASCII, those of the original (RFC 6152)
};

// Who writes.
struct Author {
  std::string host_name{};  // for Message-ID
  std::string address{};    // From, such as postmaster@example.net
  std::string name{};       // beside it, UTF-8; may be empty
};

// The message that it is about, as it came: the fields as milters have them, before any change of ours.
struct Original {
  const std::vector<mail::HeaderField>& header;
  const mime::Bytes& body;
};

// How the message came in, and to whom.
struct Envelope {
  std::string sender{};  // without angle brackets; empty for the null sender
  std::vector<std::string> recipients{};
  // The client has authenticated as one of ours, so To, Cc and Bcc follow from what it wrote.
  bool is_authenticated = false;
};

// A journal report: multipart/mixed of the fields of [MS-XJRNL] and the original as message/rfc822, byte for byte. Its
// Message-ID is made of the original, the envelope and the rule, so that a second one for the same is known as such.
// On failure says that the original's bytes cannot be read.
tl::expected<Mail, std::string> compose_journal_report(const Original& original, const Envelope& envelope,
                                                       const std::string& rule, const std::vector<std::string>& to,
                                                       const Author& author, const Key& key, std::int64_t unix_time);

// Texts of an administrator, with placeholders.
struct Notice {
  std::string subject{};
  std::string text{};
  std::string html{};  // empty: text alone
};

// A notice to somebody about a message, one for all recipients, who are not named in its header where there are
// several. `about.message_id` and `about.rule` are what its Message-ID is made of, together with the recipients.
Mail compose_notice(const Notice& notice, const mail::PlaceholderValues& about, const std::vector<std::string>& to,
                    const Author& author, const Key& key);

// A report that a program reads, as an attachment.
struct AttachedReport {
  std::string subject{};    // ASCII, as the standard of such reports has it
  std::string to{};         // one address
  std::string text{};       // for a person who opens it
  std::string file_name{};  // ASCII without quotes, backslashes and controls
  std::string media_type{};
  std::string_view bytes{};
  std::string identity{};  // what its Message-ID is made of, so that a second one is known as such
};

// multipart/mixed of the text and the attachment.
Mail compose_attached_report(const AttachedReport& report, const Author& author, const Key& key,
                             std::int64_t unix_time);

// What an incident report contains.
struct Incident {
  mail::PlaceholderValues about;
  std::string severity{};                        // empty: none
  std::vector<std::string> findings{};           // in words, each a line
  std::vector<std::string> header_recipients{};  // "To: bob@example.net": of the message's own fields
  std::string connector{};                       // empty: none
};

using model::IncidentContent;

// On failure says that the original's bytes cannot be read.
tl::expected<Mail, std::string> compose_incident_report(const Incident& incident,
                                                        const std::vector<IncidentContent>& content,
                                                        const Original& original, const std::vector<std::string>& to,
                                                        const Author& author, const Key& key);

}  // namespace connectord::outbox
