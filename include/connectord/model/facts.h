#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/authentication.h"
#include "connectord/model/connector.h"
#include "connectord/model/inspection.h"
#include "connectord/model/rule.h"
#include "connectord/net/ip_address.h"

namespace connectord::model {

// A client certificate as the MTA passes it. Empty names mean that the MTA passed none, because there is none or
// because it does not trust the certificate.
struct ClientCertificate {
  std::string subject_common_name;
  std::string issuer_common_name;
  // Sendmail only: the whole names, decoded.
  std::string subject_name;
  std::string issuer_name;
  // Lower-case hexadecimal. std::nullopt: not known (no policy request came for this connection); empty: there is none.
  std::optional<std::string> sha256;
  std::optional<std::string> public_key_sha256;
  std::string_view unknown_because;  // why a fingerprint is not known, and what to do; a literal of the program
  // One was shown that the mail server does not trust, and of which it reports nothing else that could be believed.
  bool distrusted = false;
};

struct Tls {
  TlsVersion version = TlsVersion::none;
  std::string protocol;  // as the MTA calls it
  std::string cipher;
  int cipher_bits = 0;
};

// The reverse path of MAIL FROM (RFC 5321, 4.1.1.2).
struct Sender {
  std::string address;  // as given, without angle brackets; empty for the null sender
  // Normalized; empty for the null sender, and for a path without a domain. One of a single label is nobody's name for
  // certain (net::is_single_label).
  std::string domain;
  bool valid = true;  // false where the path cannot be read in one way only
  // False where there is a local part alone, which an MTA completes with its own domain (Postfix: append_at_myorigin).
  bool qualified = true;
};

// Who handed a message to the gateway that handed it to us, as skip listing found it.
struct OriginalClient {
  net::IpAddress address;
  std::string helo;
  std::string trail;   // how it was found, in words
  bool moved = false;  // false where it is the connecting client after all
  // What SPF and DMARC say of the connecting client instead.
  Authentication without_skipping;
  // The machine that the message set out from, private addresses included; empty where that is not known for certain.
  std::optional<net::IpAddress> origin{};
};

// Whose a message is, as far as signing it goes.
struct Author {
  std::string domain;      // in From, normalized; empty where it cannot be read in one way only
  std::string unsignable;  // why the message cannot be signed, in words; empty if it can
};

// The header fields that came with a message under names that only connectord writes. The MTA is asked to delete each,
// and reads the header from its beginning for each.
struct ForgedFields {
  std::uint64_t count = 0;
  std::uint64_t bytes_to_read = 0;  // of header, for all these deletions together
};

// A header field of the message.
struct MessageField {
  std::string name;
  std::string raw;   // as it came, with its leading space and its folding
  std::string text;  // as people see it: unfolded, encoded words (RFC 2047) in UTF-8
};

// What stands in a message, as far as rules ask for it.
struct MessageContent {
  std::uint64_t size = 0;          // of the whole message
  std::vector<std::string> texts;  // of its body, in all readings
  std::vector<std::string> charsets;
  std::vector<MessageType> types;  // each once
  bool text_is_cut = false;        // there is more of it than was looked at
  Inspection inspection;
  std::string unreadable;  // why nothing can be said; empty if it can
};

// All that is known of a message's way so far. A session gathers it; the engine reads it.
struct Facts {
  Facts();
  Facts(const Facts&);
  Facts(Facts&&) noexcept;
  Facts& operator=(const Facts&);
  Facts& operator=(Facts&&) noexcept;
  ~Facts();

  // What is over, and so which checks can be made.
  enum class Stage : std::uint8_t { envelope, message };

  Stage stage = Stage::envelope;
  // std::nullopt where the MTA does not know it; no network contains it then.
  std::optional<net::IpAddress> client_address;
  std::uint16_t client_port = 0;
  std::string client_name;
  std::string helo;
  std::optional<Tls> tls;
  ClientCertificate certificate;
  std::string sasl_username;      // of an authenticated submission; empty otherwise
  bool local_submission = false;  // handed in by the sendmail command
  // Of a local submission, at the end of the message: it had a Received field already, so it was somebody's mail before
  // a program of this machine passed it on.
  bool forwarded = false;
  bool own_validation = false;  // a dialogue by which we try our own server; nobody's mail
  Sender mail_from;
  std::vector<std::string> recipients;  // as given, without angle brackets
  // Of the original client where skip listing looked for it, and of the connecting client otherwise.
  Authentication authentication;
  std::optional<OriginalClient> original;
  // Known at the end of the message.
  ForgedFields forged;
  // Why the connector's skip listing does not hold for this message; empty where it does, or there is none.
  std::string_view no_skip_listing{};
  // Known at the end of the message, where the configuration signs anything.
  std::optional<Author> author;
  // Known at the end of the message: connectord wrote it, and every byte of its body is as we wrote it.
  bool is_own_mail = false;
  // Such mail is no word of ours but a copy of somebody's message for recipients that rules tell apart. `copy_is_ours`:
  // the message was ours to sign.
  bool is_copy = false;
  bool copy_is_ours = false;
  // Numbers of recipients, rising, who get the message apart from this one, so that no rule is for them here.
  std::vector<std::size_t> apart;
  std::int64_t unix_time = 0;  // now, seconds since 1970
  // Of the end of the message, where a rule asks for it; empty otherwise.
  std::optional<std::vector<MessageField>> header;
  std::string_view header_incomplete{};  // why fields are missing there; empty if none is
  std::optional<MessageContent> content;
};

}  // namespace connectord::model
