#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What one line of a mail server's log reports. Plain values. Times are UTC. Addresses are without their angle
// brackets, in the quoted form of RFC 5321; texts are cut at 1 KiB and may come from outside.
namespace connectord::maillog {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

// The other end of a delivery: "mx.example.org[192.0.2.1]:25", "host[private/lmtp]", "local", "none".
struct Relay {
  std::string name;     // as logged, without brackets and port; empty for "none"
  std::string address;  // what stands in brackets: an IP address or the path of a unix socket; empty if there is none
  std::uint16_t port = 0;

  // On this machine: a loopback address, a unix socket, or a delivery agent. Only then "queued as" is a queue ID of
  // ours.
  bool is_local() const;

  friend bool operator==(const Relay&, const Relay&) = default;
};

// The times that Postfix logs as delays=a/b/c/d (QSHAPE_README, postconf(5): delay_logging_resolution_limit).
struct Delays {
  std::chrono::milliseconds before_queue_manager{0};
  std::chrono::milliseconds in_queue_manager{0};
  std::chrono::milliseconds connection{0};
  std::chrono::milliseconds transmission{0};

  friend bool operator==(const Delays&, const Delays&) = default;
};

enum class DeliveryStatus : std::uint8_t {
  sent,
  deferred,  // will be tried again; Postfix's SOFTBOUNCE is one
  bounced,   // will not be tried again
  verified,  // a probe that delivers nothing (address verification, sendmail -bv)
};

// One try to deliver, with the same result for all recipients.
struct DeliveryAttempt {
  std::vector<std::string> recipients;  // at least one; Postfix logs a line for each
  std::string original_recipient;       // before aliases, where it was another one
  std::string on_behalf_of;             // in Sendmail: the alias that it comes from, or the local sender
  Relay relay;
  std::uint32_t connection_use = 1;    // how many messages went over this connection, with this one
  std::chrono::milliseconds delay{0};  // since the message came in
  std::optional<Delays> delays;
  std::string enhanced_status;  // RFC 3463; empty if the line has none
  DeliveryStatus status = DeliveryStatus::deferred;
  std::string text;           // what the other end, or the delivery agent, said
  std::string next_queue_id;  // under which a local relay has the message now, by "queued as" and "forwarded as"
};

// A TLS session of the process that logs it; the deliveries of that process to that relay, which follow, use it.
struct TlsEstablished {
  Relay relay;
  std::string trust;     // Postfix: Anonymous, Untrusted, Trusted, Verified (TLS_README); Sendmail: its verify= word
  std::string protocol;  // TLSv1.3
  std::string cipher;
};

// The message came in from the network (smtpd's client=). The queue ID is a new message from here on.
struct Received {
  std::string client_name;
  std::string client_address;
  std::string original_queue_id;  // the one that a content filter passes on (XFORWARD IDENT), or that it had before
};

// The message came in by the sendmail command, or again by postsuper -r.
struct PickedUp {
  std::string mail_from;
  std::string original_queue_id;
};

struct MessageId {
  std::string value;  // without angle brackets
};

// The queue manager has it: in Postfix each time that it comes up for delivery; in Sendmail once, when it came in.
struct Queued {
  std::string mail_from;
  std::uint64_t size = 0;  // bytes
  std::uint32_t recipients = 0;
  std::string message_id;      // in Sendmail
  std::string client_name;     // in Sendmail
  std::string client_address;  // in Sendmail
};

// It is not delivered until somebody releases it.
struct Held {
  std::string reason;
};
struct Released {};
struct Requeued {};

// It will not be tried again, and the sender is notified.
struct Expired {
  bool by_force = false;
};

// A notification was made; the message is `notification_queue_id` from now on.
struct Notified {
  enum class Kind : std::uint8_t { non_delivery, delay, success };

  Kind kind = Kind::non_delivery;
  bool postmaster = false;  // instead of the sender
  bool expired = false;     // in Sendmail, because it will not be tried again
  std::string notification_queue_id;
};

// Nothing of it is in the queue any more.
struct Removed {
  bool by_operator = false;  // postsuper -d
};

// The mail server took it and threw it away, as its tables or a milter asked it to.
struct Discarded {
  std::string reason;
};

// A refusal of the mail server's own, of connectord's or of another milter's.
struct Refused {
  std::string stage;  // the command that was refused: RCPT, END-OF-MESSAGE, header …
  std::string client_name;
  std::string client_address;
  std::uint16_t code = 0;  // 4xx, 5xx; where the line has only an enhanced code, 450 or 550
  std::string reply;
  std::string mail_from;
  std::string recipient;
  std::string helo;
  std::string sasl_username;  // who had logged in (Postfix 3.10 and later)
};

// The mail server hands a message to no host over this connection, since it is not protected as it must be (Sendmail's
// rulesets tls_rcpt, tls_server and try_tls). The DeliveryAttempt that follows does not say why.
struct NotAttempted {
  Relay relay;
  std::string recipient;  // empty: whatever would have gone over the connection
  std::string reason;
};

struct Event {
  using Detail = std::variant<DeliveryAttempt, TlsEstablished, Received, PickedUp, MessageId, Queued, Held, Released,
                              Requeued, Expired, Notified, Removed, Discarded, Refused, NotAttempted>;

  Time time;
  std::string program;  // "postfix/smtp", "postfix-out/submission/smtpd", "sm-mta"
  std::uint32_t pid = 0;
  std::string queue_id;  // empty with TlsEstablished, and with Refused where there was no queue file yet (NOQUEUE)
  Detail detail;
};

}  // namespace connectord::maillog
