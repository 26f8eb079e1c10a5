#include "delivery_joiner.h"

#include <array>

#include "encode.h"
#include "schema.h"
#include "terms.h"

namespace connectord::trace {
namespace {

// The log has whole seconds, and may lag.
constexpr std::int64_t clock_slack_ms = 60'000;

enum class KnownColumn : std::uint8_t { time, queue_id, recipients, size, action, rcpt_to, stage };
constexpr const char* find_message_sql =
    "SELECT time, queue_id, recipients, size, action, rcpt_to, stage FROM message WHERE id = ?1";

enum class DeliveryColumn : std::uint8_t {
  message,
  time,
  digest,
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
  protection,
};
constexpr auto delivery_columns =
    std::to_array<std::string_view>({"message", "time", "digest", "row", "queue_id", "address", "status", "relay",
                                     "enhanced", "tls", "delay", "text", "times", "protection"});

// A later delivery replaces the status, and one of the same second does where the status is still pending.
constexpr const char* set_status_sql =
    "UPDATE recipient SET status = :status, status_time = :time WHERE id = :row AND (status_time IS NULL OR "
    "status_time < :time OR (status_time = :time AND status = :pending))";
constexpr const char* set_status_of_all_sql =
    "UPDATE recipient SET status = :status, status_time = :time WHERE id >= :first AND id <= :last AND "
    "status IN (:getting_status, :pending, :quarantined) AND coalesce(status_time, 0) <= :time";

// "a/b/c/d", as the log has it; empty where it has none.
std::string text_of(const std::optional<DeliveryTimes>& times) {
  if (!times) return {};
  return std::to_string(times->before_queue_manager) + "/" + std::to_string(times->in_queue_manager) + "/" +
         std::to_string(times->connection) + "/" + std::to_string(times->transmission);
}

std::optional<std::int64_t> number_of(std::optional<Protection> protection) {
  return protection ? std::optional(static_cast<std::int64_t>(*protection)) : std::nullopt;
}

std::int64_t digest(const Delivery& delivery) {
  std::string text;
  for (const std::string* part : {&delivery.queue_id, &delivery.recipient, &delivery.address, &delivery.relay,
                                  &delivery.enhanced, &delivery.text}) {
    text.append(*part).append(1, '\0');
  }
  text.append(to_string(delivery.status)).append(std::to_string(delivery.delay));
  return term(TermKind{'d'}, text);
}

}  // namespace

DeliveryJoiner::DeliveryJoiner(sqlite::Database& database, MessageTable& messages, SearchIndex& index,
                               FeedJournal& feed)
    : database_(database),
      messages_(messages),
      index_(index),
      feed_(feed),
      counter_(database),
      insert_delivery_(database, sqlite::insert_into("delivery", delivery_columns, "INSERT OR IGNORE")),
      find_message_(database, find_message_sql),
      set_status_(database, set_status_sql) {}

std::optional<DeliveryJoiner::KnownMessage> DeliveryJoiner::message_if_queued(std::int64_t id,
                                                                              const std::string& queue_id,
                                                                              std::int64_t time) {
  sqlite::Statement& row = find_message_;
  const sqlite::ScopedReset reset(row);
  if (!row.bind(1, id).step() || row.integer(KnownColumn::time) > time + clock_slack_ms) return std::nullopt;
  // A recipient that was refused has the queue ID of the message to those who were not.
  if (row.integer(KnownColumn::stage) != static_cast<std::int64_t>(Stage::message)) return std::nullopt;
  if (row.text(KnownColumn::queue_id) != queue_id && !has_child(id, queue_id)) return std::nullopt;
  return KnownMessage{
      .id = id,
      .recipients = row.integer(KnownColumn::recipients),
      .has_size = row.optional_integer(KnownColumn::size).has_value(),
      .first_status = first_status(model::stored_value<model::Action>(row.integer(KnownColumn::action))),
      .rcpt_to = row.string(KnownColumn::rcpt_to)};
}

bool DeliveryJoiner::has_child(std::int64_t message, const std::string& queue_id) {
  sqlite::Statement child(database_, "SELECT 1 FROM child WHERE message = ?1 AND queue_id = ?2");
  return child.bind(1, message).bind_text(2, queue_id).step();
}

// The newest one that was there at that time: queue IDs are used again.
std::optional<DeliveryJoiner::KnownMessage> DeliveryJoiner::find_message(const std::string& queue_id,
                                                                         std::int64_t time) {
  std::optional<KnownMessage> found;
  if (queue_id.empty()) return found;
  index_.find_by_queue_id(queue_id, [&](std::int64_t id) {
    found = message_if_queued(id, queue_id, time);
    return found.has_value();
  });
  return found;
}

void DeliveryJoiner::load_rows(const KnownMessage& message) {
  if (rows_of_ == message.id) return;
  rows_.clear();
  rows_by_local_part_.clear();
  const auto add = [this](std::string_view address, std::int64_t row) {
    const std::string canonical = canonical_address(address);
    rows_.emplace(canonical, row);
    const auto [place, is_new] = rows_by_local_part_.emplace(local_part(canonical), row);
    if (!is_new) place->second = 0;
  };
  if (message.recipients == 1) add(message.rcpt_to, message.id);
  if (message.recipients > 1) {
    messages_.read_recipients(message.id, message.id + message.recipients - 1,
                              [&add](std::int64_t row, std::string_view address) { add(address, row); });
  }
  rows_of_ = message.id;
}

std::optional<std::int64_t> DeliveryJoiner::find_row(const std::string& recipient) const {
  if (recipient.empty()) return std::nullopt;
  const auto found = rows_.find(canonical_address(recipient));
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

// The sendmail command's "root", of which Postfix made root@mx.example.net before it asked the milter.
std::optional<std::int64_t> DeliveryJoiner::find_unqualified(const Delivery& delivery) const {
  const std::string given = canonical_address(delivery.recipient);
  const std::string address = canonical_address(delivery.address);
  if (!domain_part(given).empty() || local_part(address) == given) return std::nullopt;
  // That it became several has no address of its own.
  if (address.empty() && delivery.status != Status::expanded) return std::nullopt;
  const auto found = rows_by_local_part_.find(given);
  return found == rows_by_local_part_.end() || found->second == 0 ? std::nullopt : std::optional(found->second);
}

// The row of the recipient that the delivery is for. It is found by the name that the log has for RCPT TO, and where no
// row has that, by what it was before or after the mail server completed and rewrote it.
std::optional<std::int64_t> DeliveryJoiner::row_of(const KnownMessage& message, Delivery& delivery) {
  if (delivery.recipient.empty()) return std::nullopt;
  load_rows(message);
  if (const auto row = find_row(delivery.recipient)) return row;
  if (const auto row = find_row(delivery.on_behalf_of)) {
    delivery.status = Status::expanded;  // an alias, which may have become several
    return row;
  }
  if (const auto row = find_unqualified(delivery)) return row;
  if (const auto row = find_row(delivery.address)) return row;
  return delivery.is_only_one && message.recipients == 1 ? std::optional(message.id) : std::nullopt;
}

bool DeliveryJoiner::record(const Queued& queued) {
  const auto message = find_message(queued.queue_id, queued.time);
  if (!message) return false;
  if (message->has_size) return true;
  sqlite::Statement set(database_, "UPDATE message SET size = ?2 WHERE id = ?1");
  set.bind(1, message->id).bind(2, static_cast<std::int64_t>(queued.size)).run();
  index_.add_bytes(message->id, static_cast<std::int64_t>(queued.size));
  feed_.add_size(message->id);
  return true;
}

bool DeliveryJoiner::record(const Requeueing& child) {
  const auto message = find_message(child.queue_id, child.time);
  if (!message) return false;
  sqlite::Statement add(database_, "INSERT OR IGNORE INTO child(message, queue_id, time) VALUES (?1,?2,?3)");
  add.bind(1, message->id).bind_text(2, child.child_queue_id).bind(3, child.time).run();
  if (database_.changes() > 0) feed_.add_requeueing(message->id, child.child_queue_id);
  index_.add_queue_id(message->id, child.child_queue_id);
  return true;
}

// A delivery without a recipient and an address is about all recipients for whom the mail is not over.
void DeliveryJoiner::set_status_of_all(const KnownMessage& message, const Delivery& delivery) {
  sqlite::Statement set(database_, set_status_of_all_sql);
  set.bind(set.place_of(":first"), message.id)
      .bind(set.place_of(":last"), message.id + message.recipients - 1)
      .bind(set.place_of(":status"), static_cast<std::int64_t>(delivery.status))
      .bind(set.place_of(":time"), delivery.time)
      .bind(set.place_of(":getting_status"), static_cast<std::int64_t>(Status::getting_status))
      .bind(set.place_of(":pending"), static_cast<std::int64_t>(Status::pending))
      .bind(set.place_of(":quarantined"), static_cast<std::int64_t>(Status::quarantined))
      .run();
}

void DeliveryJoiner::set_status(std::int64_t row, const Delivery& delivery) {
  set_status_.bind(set_status_.place_of(":row"), row)
      .bind(set_status_.place_of(":status"), static_cast<std::int64_t>(delivery.status))
      .bind(set_status_.place_of(":time"), delivery.time)
      .bind(set_status_.place_of(":pending"), static_cast<std::int64_t>(Status::pending))
      .run();
}

// False where the trace has this delivery already. `logged` is the status that the log has, whatever the delivery
// means for the recipient.
bool DeliveryJoiner::insert_delivery(std::int64_t message, std::optional<std::int64_t> row, const Delivery& delivery,
                                     Status logged) {
  const std::int64_t number = digest(delivery);
  insert_delivery_.bind(DeliveryColumn::message, message)
      .bind(DeliveryColumn::time, delivery.time)
      .bind(DeliveryColumn::digest, number)
      .bind(DeliveryColumn::row, row)
      .bind(DeliveryColumn::queue_id, delivery.queue_id)
      .bind(DeliveryColumn::address, delivery.address.empty() ? delivery.recipient : delivery.address)
      .bind(DeliveryColumn::status, static_cast<std::int64_t>(logged))
      .bind(DeliveryColumn::relay, delivery.relay)
      .bind(DeliveryColumn::enhanced, delivery.enhanced)
      .bind(DeliveryColumn::tls, delivery.tls)
      .bind(DeliveryColumn::delay, delivery.delay)
      .bind(DeliveryColumn::text, delivery.text)
      .bind(DeliveryColumn::times, text_of(delivery.times))
      .bind(DeliveryColumn::protection, number_of(delivery.protection))
      .run();
  if (database_.changes() == 0) return false;
  feed_.add_delivery(message, delivery.time, number);
  return true;
}

bool DeliveryJoiner::record(Delivery delivery) {
  const auto message = find_message(delivery.queue_id, delivery.time);
  if (!message) return false;
  const Status logged = delivery.status;
  const auto row = row_of(*message, delivery);
  if (!insert_delivery(message->id, row, delivery, logged)) return true;
  if (delivery.protection) counter_.add(delivery.time / hour_ms, *delivery.protection);
  if (message->recipients == 1) messages_.insert_only_recipient(message->id, message->first_status);
  if (delivery.recipient.empty() && delivery.address.empty()) set_status_of_all(*message, delivery);
  if (row) set_status(*row, delivery);
  return true;
}

}  // namespace connectord::trace
