#include "connectord/trace/feed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "encode.h"
#include "feed_journal.h"
#include "file_reader.h"
#include "message_terms.h"

namespace connectord::trace {
namespace {

// Taken at once, of each kind.
constexpr std::size_t most_texts = 2'000;

// What stands behind the columns of a message.
constexpr int first_column_behind = static_cast<int>(message_columns.size());
enum class StatusColumn : int { status = first_column_behind, status_time };

enum class RecipientColumn : std::uint8_t { id, address, status, status_time, outbound_connector };
constexpr const char* recipients_sql =
    "SELECT id, address, status, status_time, outbound_connector FROM recipient WHERE id >= ?1 AND id <= ?2 ORDER BY "
    "id";

enum class ReportColumn : std::uint8_t {
  id,
  kind,
  message,
  time,
  digest,
  queue_id,
  message_time,
  recipients,
  action,
  size
};
constexpr const char* reports_sql =
    "SELECT f.id, f.kind, f.message, f.time, f.digest, f.queue_id, m.time, m.recipients, m.action, m.size "
    "FROM feed f LEFT JOIN message m ON m.id = f.message WHERE f.id > ?1 ORDER BY f.id LIMIT ?2";

enum class DeliveryColumn : std::uint8_t {
  row,
  queue_id,
  address,
  status,
  relay,
  enhanced,
  tls,
  delay,
  text,
  times,
  protection
};
constexpr const char* delivery_sql =
    "SELECT row, queue_id, address, status, relay, enhanced, tls, delay, text, times, protection FROM delivery "
    "WHERE message = ?1 AND time = ?2 AND digest = ?3";

std::optional<std::int32_t>* place_of(MessageTerms& terms, TermKind kind) {
  switch (kind) {
    case TermKind::sender:
      return &terms.sender;
    case TermKind::sender_domain:
      return &terms.sender_domain;
    case TermKind::message_id:
      return &terms.message_id;
    case TermKind::queue_id:
      return &terms.queue_id;
    case TermKind::client:
      return &terms.client;
    default:
      return nullptr;
  }
}

std::int32_t term_of(TermKind kind, std::string_view text) {
  return static_cast<std::int32_t>(term(kind, text));
}

// One of a kind has a place of its own; the second client, which is the original one, is among the others.
void add_term(MessageTerms& terms, TermKind kind, std::string_view text) {
  if (text.empty()) return;
  std::optional<std::int32_t>* place = place_of(terms, kind);
  if (place != nullptr && !*place) {
    *place = term_of(kind, text);
  } else {
    terms.others.push_back(term_of(kind, text));
  }
}

RecipientTerms terms_of_recipient(std::string_view address) {
  RecipientTerms terms;
  add_address_terms(TermKind::recipient, TermKind::recipient_domain, address,
                    [&terms](TermKind kind, std::string_view text) {
                      if (text.empty()) return;
                      (kind == TermKind::recipient ? terms.address : terms.domain) = term_of(kind, text);
                    });
  return terms;
}

// One read, over statements that are prepared for it.
class Reading {
 public:
  Reading(ReadingConnection& connection, FeedTaker& taker)
      : database_(connection.database),
        reader_(connection.messages),
        taker_(taker),
        recipients_(database_, recipients_sql),
        delivery_(database_, delivery_sql) {}

  FeedPart run(const FeedCursor& after, const FeedBounds& most) {
    const FeedSource source = feed_source(database_);
    FeedPart part;
    part.end = after;
    part.end.row = std::max(after.row, source.from);
    const bool has_all_texts = read_texts(KeptTextKind::word, "word", part.end.word) &&
                               read_texts(KeptTextKind::finding, "finding", part.end.finding) &&
                               read_texts(KeptTextKind::certificate, "certificate", part.end.certificate);
    // Messages come behind what they refer to.
    part.has_more = !has_all_texts;
    if (!has_all_texts) return part;
    read_messages(most.messages, part);
    read_reports(most.reports, source.from, part);
    part.has_more = part.has_more || part.end.row < source.last_row;
    return part;
  }

 private:
  // False where there are more than are taken at once.
  bool read_texts(KeptTextKind kind, const std::string& table, std::int64_t& last) {
    enum class Column : std::uint8_t { id, text };
    sqlite::Statement find(database_, "SELECT id, text FROM " + table + " WHERE id > ?1 ORDER BY id");
    find.bind(1, last);
    std::size_t taken = 0;
    while (find.step()) {
      if (taken++ == most_texts) return false;
      last = find.integer(Column::id);
      taker_.take(KeptText{kind, last, find.text(Column::text)});
    }
    return true;
  }

  void read_messages(std::size_t most, FeedPart& part) {
    if (most == 0) return;
    sqlite::Statement find(database_, "SELECT " + sqlite::column_list(message_columns, "m.") +
                                          ", r.status, r.status_time FROM message m LEFT JOIN recipient r ON "
                                          "r.id = m.id WHERE m.id > ?1 ORDER BY m.id LIMIT ?2");
    find.bind(1, part.end.row).bind(2, static_cast<std::int64_t>(most));
    while (!taker_.is_full() && find.step()) {
      const KeptMessage kept = reader_.kept(find);
      part.lost += std::max<std::int64_t>(kept.id - part.end.row - 1, 0);
      take_message(kept);
      take_recipients(kept, find);
      part.end.row = kept.id + kept.recipients - 1;
      ++part.messages;
    }
  }

  void take_message(const KeptMessage& kept) {
    MessageTerms terms;
    const std::string message_id = base::to_lower(kept.message_id);
    add_message_terms({.queue_id = kept.queue_id,
                       .message_id = message_id,
                       .client = kept.client,
                       .original_client = kept.original_client,
                       .mail_from = kept.mail_from,
                       .header_from = kept.from},
                      [&terms](TermKind kind, std::string_view text) { add_term(terms, kind, text); });
    std::vector<std::string> rules;
    if (!kept.rules.empty()) {
      for (const std::int64_t number : rule_numbers(kept.rules)) {
        rules.push_back(reader_.word(number));
        const auto hit = decode_rule_pattern(rules.back());
        if (hit) add_term(terms, TermKind::rule, base::to_lower(hit->rule));
      }
    }
    taker_.take(kept, terms, rules);
  }

  void take_recipients(const KeptMessage& kept, const sqlite::Statement& row) {
    if (kept.recipients == 1) {
      const std::string_view address = row.text(MessageColumn::rcpt_to);
      const auto status = row.optional_integer(StatusColumn::status);
      taker_.take(KeptRecipient{.row = kept.id,
                                .address = address,
                                .status = status ? model::stored_value<Status>(*status) : first_status(kept.action),
                                .status_time = row.integer(StatusColumn::status_time),
                                .outbound_connector = {},
                                .terms = terms_of_recipient(address)});
      return;
    }
    const sqlite::ScopedReset reset(recipients_);
    recipients_.bind(1, kept.id).bind(2, kept.id + kept.recipients - 1);
    while (recipients_.step()) {
      const std::string_view address = recipients_.text(RecipientColumn::address);
      taker_.take(
          KeptRecipient{.row = recipients_.integer(RecipientColumn::id),
                        .address = address,
                        .status = model::stored_value<Status>(recipients_.integer(RecipientColumn::status)),
                        .status_time = recipients_.integer(RecipientColumn::status_time),
                        .outbound_connector = reader_.word(recipients_.integer(RecipientColumn::outbound_connector)),
                        .terms = terms_of_recipient(address)});
    }
  }

  void read_reports(std::size_t most, std::int64_t from, FeedPart& part) {
    if (most == 0 || taker_.is_full()) return;
    sqlite::Statement find(database_, reports_sql);
    find.bind(1, part.end.report).bind(2, static_cast<std::int64_t>(most));
    while (!taker_.is_full() && find.step()) {
      part.end.report = find.integer(ReportColumn::id);
      ++part.reports;
      const bool is_there = find.optional_integer(ReportColumn::message_time).has_value();
      if (is_there && find.integer(ReportColumn::message) > from) take_report(find);
    }
    part.has_more = part.has_more || part.reports == most;
  }

  void take_report(const sqlite::Statement& report) {
    const std::int64_t message = report.integer(ReportColumn::message);
    const std::int64_t time = report.integer(ReportColumn::message_time);
    switch (model::stored_value<FeedKind>(report.integer(ReportColumn::kind))) {
      case FeedKind::delivery:
        return take_delivery(report);
      case FeedKind::requeueing:
        return take_requeueing(message, time, report.text(ReportColumn::queue_id));
      case FeedKind::size:
        return taker_.take(KeptSize{message, time, report.integer(ReportColumn::size)});
    }
  }

  void take_delivery(const sqlite::Statement& report) {
    KeptDelivery kept;
    kept.message = report.integer(ReportColumn::message);
    kept.message_time = report.integer(ReportColumn::message_time);
    kept.time = report.integer(ReportColumn::time);
    const sqlite::ScopedReset reset(delivery_);
    delivery_.bind(1, kept.message).bind(2, kept.time).bind(3, report.integer(ReportColumn::digest));
    if (!delivery_.step()) return;
    kept.row = delivery_.integer(DeliveryColumn::row);
    kept.status = model::stored_value<Status>(delivery_.integer(DeliveryColumn::status));
    kept.delay = delivery_.integer(DeliveryColumn::delay);
    kept.queue_id = delivery_.text(DeliveryColumn::queue_id);
    kept.address = delivery_.text(DeliveryColumn::address);
    kept.relay = delivery_.text(DeliveryColumn::relay);
    kept.enhanced = delivery_.text(DeliveryColumn::enhanced);
    kept.tls = delivery_.text(DeliveryColumn::tls);
    kept.text = delivery_.text(DeliveryColumn::text);
    kept.times = delivery_.text(DeliveryColumn::times);
    if (const auto protection = delivery_.optional_integer(DeliveryColumn::protection)) {
      kept.protection = model::stored_value<Protection>(*protection);
    }
    taker_.take(kept);
    if (kept.row != 0) return take_statuses(kept.row, kept.row, kept.message_time);
    // One about nobody in particular is about all.
    const std::int64_t last = kept.message + report.integer(ReportColumn::recipients) - 1;
    if (kept.address.empty()) take_statuses(kept.message, last, kept.message_time);
  }

  void take_statuses(std::int64_t first, std::int64_t last, std::int64_t message_time) {
    const sqlite::ScopedReset reset(recipients_);
    recipients_.bind(1, first).bind(2, last);
    while (recipients_.step()) {
      taker_.take(KeptStatus{.row = recipients_.integer(RecipientColumn::id),
                             .message_time = message_time,
                             .status = model::stored_value<Status>(recipients_.integer(RecipientColumn::status)),
                             .status_time = recipients_.integer(RecipientColumn::status_time)});
    }
  }

  void take_requeueing(std::int64_t message, std::int64_t message_time, std::string_view queue_id) {
    sqlite::Statement find(database_, "SELECT time FROM child WHERE message = ?1 AND queue_id = ?2");
    if (!find.bind(1, message).bind_text(2, queue_id).step()) return;
    taker_.take(KeptRequeueing{.message = message,
                               .message_time = message_time,
                               .time = find.integer(),
                               .queue_id = queue_id,
                               .term = term_of(TermKind::queue_id, queue_id)});
  }

  sqlite::Database& database_;
  MessageReader& reader_;
  FeedTaker& taker_;
  sqlite::Statement recipients_;
  sqlite::Statement delivery_;
};

class SqliteFeed : public Feed {
 public:
  explicit SqliteFeed(const std::string& path) : file_(path) {}

  tl::expected<FeedSource, std::string> source() override {
    return read_file([&] { return feed_source(file_.connection().database); });
  }

  tl::expected<std::optional<std::int64_t>, std::string> time_of(std::int64_t row) override {
    return read_file([&]() -> std::optional<std::int64_t> {
      enum class Column : std::uint8_t { time, last };
      sqlite::Statement find(file_.connection().database,
                             "SELECT time, id + recipients - 1 FROM message WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
      if (!find.bind(1, row).step() || find.integer(Column::last) < row) return std::nullopt;
      return find.integer(Column::time);
    });
  }

  tl::expected<FeedPart, std::string> read(const FeedCursor& after, const FeedBounds& most, FeedTaker& taker) override {
    return read_file([&] {
      // As much as thousands of messages take, whose pages are looked at again for what became of them.
      file_.connection().database.execute("PRAGMA cache_size = -8000");
      return Reading(file_.connection(), taker).run(after, most);
    });
  }

 private:
  template <class Work>
  auto read_file(Work&& work) -> tl::expected<decltype(work()), std::string> {
    return file_.read([] {}, std::forward<Work>(work)).map_error([](const StoreError& error) {
      return "the trace cannot be read: " + error.reason;
    });
  }

  FileReader file_;
};

}  // namespace

std::unique_ptr<Feed> make_feed(const std::string& path) {
  return std::make_unique<SqliteFeed>(path);
}

}  // namespace connectord::trace
