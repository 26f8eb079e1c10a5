#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/authentication.h"
#include "connectord/model/decision.h"
#include "connectord/model/finding.h"
#include "connectord/net/ip_address.h"
#include "connectord/trace/dmarc_rows.h"
#include "connectord/trace/entry.h"
#include "connectord/trace/report.h"

namespace connectord::trace {

using model::Finding;

struct Certificate {
  std::string subject;  // the whole name where it is known, and otherwise the common name
  std::string issuer;
  std::string sha256;
  std::string public_key_sha256;
};

// What was kept of one answer, beside its recipients.
struct Message {
  Message();
  Message(const Message&);
  Message(Message&&) noexcept;
  Message& operator=(const Message&);
  Message& operator=(Message&&) noexcept;
  ~Message();

  std::int64_t id = 0;
  std::int64_t time = 0;
  std::int64_t connected = 0;  // 0: not known
  std::int64_t began = 0;      // 0: not known
  Stage stage = Stage::message;
  Direction direction = Direction::inbound;
  model::Action action = model::Action::accept;
  std::string reply;
  std::string queue_id;
  std::string message_id;
  std::string client_address;  // empty where the mail server did not know it
  std::uint16_t client_port = 0;
  std::string client_name;
  std::string original_client;  // empty where it is the same
  std::string helo;
  std::string tls;  // protocol; empty for none
  std::string cipher;
  Certificate certificate;
  std::string sasl_username;
  std::string mail_from;
  std::string from;
  std::string subject;
  std::optional<std::uint64_t> size;
  std::int64_t recipients = 0;
  std::string connector;
  std::string identified_by;
  std::string outbound_connector;  // empty also where the recipients have different ones; each row has its own
  std::string tag;
  std::string quarantine;
  std::string dmarc_override;
  model::Authentication authentication;
  std::vector<Finding> findings;
  std::optional<StageTimes> stages{};   // empty before the end of a message
  std::vector<model::RuleHit> rules{};  // without `because`, which is in the findings
  std::string host{};                   // of a fleet, that had the message; empty in the trace of one host
};

// One message and recipient.
struct Row {
  std::int64_t id = 0;
  std::string rcpt_to;  // empty where the answer came before any
  Status status = Status::getting_status;
  std::int64_t status_time = 0;  // of the delivery that made the status; 0: none
  std::shared_ptr<const Message> message;
  std::string outbound_connector{};
};

// All that must hold; what is empty does not count. Letter case counts in queue IDs alone.
struct Query {
  Query();
  Query(const Query&);
  Query(Query&&) noexcept;
  Query& operator=(const Query&);
  Query& operator=(Query&&) noexcept;
  ~Query();

  std::string word;                         // any of the next eight that is empty, to find mail by a bare word
  std::string sender;                       // of MAIL FROM: an address, or a domain; "<>" for the null sender
  std::string recipient;                    // an address, or a domain
  std::string author;                       // of From: an address, or a domain
  std::string message_id;                   // with or without angle brackets
  std::string queue_id;                     // also one under which the message went on
  std::optional<net::AddressRange> client;  // the connecting or the original one
  std::string connector;                    // inbound or outbound; "none" for mail of no inbound connector
  std::string host;                         // of a fleet, that had it
  std::string rule;                         // one that matched, in audit mode too, or could not be asked
  std::optional<Status> status;
  std::optional<bool> was_taken;  // whether it was answered that the message is accepted, or held
  std::optional<model::Action> action;
  std::optional<Direction> direction;
  std::optional<std::int64_t> since;  // inclusive
  std::optional<std::int64_t> until;  // exclusive
  std::size_t limit = 100;
  // Where the page before ended (Page::next).
  std::string cursor;
  // Rows with higher numbers only, oldest first: how new rows are followed. Excludes `cursor`.
  std::optional<std::int64_t> after;
};

struct Page {
  std::vector<Row> rows;  // the highest number first
  std::string next;       // the cursor of the page after this one; empty on the last
  // Of a fleet: all mail of all hosts that is older than this is there; milliseconds since 1970.
  std::optional<std::int64_t> complete_until{};
};

// What is new since somebody looked.
struct News {
  std::vector<Row> rows;  // the oldest first
  std::string mark;       // for the next look
  bool has_more = false;  // there are more at once
};

struct Attempt {
  Delivery delivery;
  std::int64_t row = 0;  // of the recipient; 0 where RCPT TO had no such recipient
};

// One message whole.
struct MessageTraceDetail {
  std::vector<Row> rows;
  std::vector<Attempt> attempts;  // in the order of time
  std::vector<Requeueing> children;
};

// Reads a trace, also while it is being written. Not thread-safe: one for each thread. On failure says why.
class Archive {
 public:
  virtual ~Archive() = default;
  virtual tl::expected<Page, std::string> search(const Query& query) = 0;
  // The message to which the row with this number belongs; std::nullopt if there is none.
  virtual tl::expected<std::optional<MessageTraceDetail>, std::string> detail(std::int64_t row) = 0;
  // The highest number of a row; 0 in an empty trace.
  virtual tl::expected<std::int64_t, std::string> last_row() = 0;
  // How a trace is followed: the rows since the look that gave `mark`, each once; with an empty mark none, and where to
  // begin. The query has no cursor and no `after`.
  virtual tl::expected<News, std::string> news(const Query& query, const std::string& mark);
  virtual tl::expected<Report, std::string> report(const ReportQuery& query) = 0;
  // All mail between these times, milliseconds since 1970, which are rounded as those of a report are; the oldest hour
  // first. Our own validations are not in it.
  virtual tl::expected<std::vector<Flow>, std::string> flows(std::int64_t since, std::int64_t until) = 0;
  // The names of all connectors that mail of the trace belongs to or left by, in no order.
  virtual tl::expected<std::vector<std::string>, std::string> connectors() = 0;
  // Of all rules that mail of the trace matched.
  virtual tl::expected<std::vector<std::string>, std::string> rules() = 0;
  // One piece of the messages that count in DMARC reports, in the order of their numbers.
  virtual tl::expected<DmarcRowsEnd, std::string> dmarc_rows(const DmarcRows& which, const TakeDmarcRow& take) = 0;
  // What somebody calls a row: its number, or in a fleet "mx1-4711". std::nullopt where that is no name of a row.
  virtual std::optional<std::int64_t> row_named(const std::string& name);
  // Why what was returned last is of this host alone where it was to be of a whole fleet; empty where it is not.
  virtual std::string why_this_host_alone() const { return {}; }
};

}  // namespace connectord::trace
