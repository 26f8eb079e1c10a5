// What the mail server's log told of messages, joined to them by queue ID and recipient.
#include "schema.h"
#include "sqlite_writer.h"
#include "terms.h"

namespace connectord::trace {
namespace {

// The log tells whole seconds, and may lag.
constexpr std::int64_t clock_slack_ms = 60'000;

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

std::optional<SqliteWriter::Known> SqliteWriter::if_queued(std::int64_t id, const std::string& queue_id,
                                                           std::int64_t time) {
  const sqlite::Resetting resetting(message_);
  if (!message_.bind(1, id).step() || message_.integer(0) > time + clock_slack_ms) return std::nullopt;
  // A recipient that was refused has the queue ID of the message to those who were not.
  if (message_.integer(6) != static_cast<std::int64_t>(Stage::message)) return std::nullopt;
  const Known known{id, message_.integer(2), message_.optional_integer(3).has_value(),
                    first_status(model::stored_value<model::Action>(message_.integer(4))), message_.string(5)};
  if (message_.text(1) == queue_id) return known;
  sqlite::Statement child(database_, "SELECT 1 FROM child WHERE message = ?1 AND queue_id = ?2");
  return child.bind(1, id).bind_text(2, queue_id).step() ? std::optional(known) : std::nullopt;
}

// The newest one that was there at that time: queue IDs are used again.
std::optional<SqliteWriter::Known> SqliteWriter::find_message(const std::string& queue_id, std::int64_t time) {
  if (queue_id.empty()) return std::nullopt;
  if (const auto found = recent_.find(queue_id); found != recent_.end()) {
    if (auto known = if_queued(found->second, queue_id, time)) return known;
    // An earlier one may have no terms yet either.
    sqlite::Statement earlier(database_,
                              "SELECT id FROM message WHERE id > ?1 AND queue_id = ?2 AND stage = ?3 ORDER BY id DESC");
    earlier.bind(1, indexed_to_).bind_text(2, queue_id).bind(3, static_cast<std::int64_t>(Stage::message));
    while (earlier.step()) {
      if (auto known = if_queued(earlier.integer(0), queue_id, time)) return known;
    }
  }
  terms_.seek(term(TermKind::queue_id, queue_id), next_id_ - 1, 1);
  while (const auto id = terms_.next()) {
    if (auto known = if_queued(*id, queue_id, time)) return known;
  }
  return std::nullopt;
}

void SqliteWriter::load_rows(const Known& message) {
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
  recipients_.bind(1, message.id).bind(2, message.id + message.recipients);
  while (message.recipients > 1 && recipients_.step()) add(recipients_.text(1), recipients_.integer(0));
  recipients_.reset();
  rows_of_ = message.id;
}

std::optional<std::int64_t> SqliteWriter::find_row(const std::string& recipient) const {
  if (recipient.empty()) return std::nullopt;
  const auto found = rows_.find(canonical_address(recipient));
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

// The sendmail command's "root", of which Postfix made root@mx.example.net before it told anybody.
std::optional<std::int64_t> SqliteWriter::find_unqualified(const Delivery& delivery) const {
  const std::string given = canonical_address(delivery.recipient);
  const std::string address = canonical_address(delivery.address);
  if (!domain_part(given).empty() || local_part(address) == given) return std::nullopt;
  // That it became several has no address of its own.
  if (address.empty() && delivery.status != Status::expanded) return std::nullopt;
  const auto found = rows_by_local_part_.find(given);
  return found == rows_by_local_part_.end() || found->second == 0 ? std::nullopt : std::optional(found->second);
}

// The row of whom the delivery is for. By the name that the log has for RCPT TO, and where that is in none, by what it
// was before or after the mail server completed and rewrote it.
std::optional<std::int64_t> SqliteWriter::row_of(const Known& message, Delivery& delivery) {
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

bool SqliteWriter::record(const Queued& queued) {
  const auto message = find_message(queued.queue_id, queued.time);
  if (!message) return false;
  if (message->has_size) return true;
  sqlite::Statement set(database_, "UPDATE message SET size = ?2 WHERE id = ?1");
  set.bind(1, message->id).bind(2, static_cast<std::int64_t>(queued.size)).run();
  add_bytes(message->id, static_cast<std::int64_t>(queued.size));
  return true;
}

// To the sums that the message has been counted in already.
void SqliteWriter::add_bytes(std::int64_t message, std::int64_t bytes) {
  const bool is_in_heap = heap_ && message > indexed_to_ && message <= heap_->last;
  if (message > indexed_to_ && !is_in_heap) return;
  sqlite::Statement key(database_,
                        "SELECT time / ?2, direction, coalesce(connector, 0), coalesce(outbound_connector, 0), "
                        "coalesce(tls, 0), action FROM message WHERE id = ?1");
  if (!key.bind(1, message).bind(2, hour_ms).step()) return;
  TermHeap::VolumeKey columns{};
  for (std::size_t i = 0; i < columns.size(); ++i) columns.at(i) = key.integer(static_cast<int>(i));
  if (is_in_heap) {
    heap_->volumes[columns].bytes += bytes;
    return;
  }
  sqlite::Statement volume(
      database_,
      "UPDATE volume SET bytes = bytes + ?7 WHERE hour = ?1 AND direction = ?2 AND connector = ?3 AND "
      "outbound_connector = ?4 AND tls = ?5 AND action = ?6");
  for (std::size_t i = 0; i < columns.size(); ++i) volume.bind(static_cast<int>(i) + 1, columns.at(i));
  volume.bind(7, bytes).run();
}

bool SqliteWriter::record(const Child& child) {
  const auto message = find_message(child.queue_id, child.time);
  if (!message) return false;
  sqlite::Statement add(database_, "INSERT OR IGNORE INTO child VALUES (?1,?2,?3)");
  add.bind(1, message->id).bind_text(2, child.child_queue_id).bind(3, child.time).run();
  insert_term_.bind(1, bucket_of(message->id))
      .bind(2, term(TermKind::queue_id, child.child_queue_id))
      .bind(3, low_of(message->id))
      .run();
  if (message->id > indexed_to_) recent_[child.child_queue_id] = message->id;
  return true;
}

void SqliteWriter::set_status_of_all(const Known& message, const Delivery& delivery) {
  sqlite::Statement set(database_,
                        "UPDATE recipient SET status = ?3, status_time = ?4 WHERE id >= ?1 AND id < ?2 AND status IN "
                        "(?5, ?6, ?7) AND coalesce(status_time, 0) <= ?4");
  set.bind(1, message.id)
      .bind(2, message.id + message.recipients)
      .bind(3, static_cast<std::int64_t>(delivery.status))
      .bind(4, delivery.time)
      .bind(5, static_cast<std::int64_t>(Status::getting_status))
      .bind(6, static_cast<std::int64_t>(Status::pending))
      .bind(7, static_cast<std::int64_t>(Status::quarantined))
      .run();
}

bool SqliteWriter::record(Delivery delivery) {
  const auto message = find_message(delivery.queue_id, delivery.time);
  if (!message) return false;
  const Status told = delivery.status;
  const auto row = row_of(*message, delivery);
  insert_delivery_.bind(1, message->id)
      .bind(2, delivery.time)
      .bind(3, digest(delivery))
      .bind(4, row)
      .bind(5, delivery.queue_id)
      .bind(6, delivery.address.empty() ? delivery.recipient : delivery.address)
      .bind(7, static_cast<std::int64_t>(told))
      .bind(8, delivery.relay)
      .bind(9, delivery.enhanced)
      .bind(10, delivery.tls)
      .bind(11, delivery.delay)
      .bind(12, delivery.text)
      .run();
  if (database_.changes() == 0) return true;
  if (message->recipients == 1) insert_recipient_of(message->id, message->first_status);
  if (delivery.recipient.empty() && delivery.address.empty()) set_status_of_all(*message, delivery);
  if (!row) return true;
  update_status_.bind(1, *row)
      .bind(2, static_cast<std::int64_t>(delivery.status))
      .bind(3, delivery.time)
      .bind(4, static_cast<std::int64_t>(Status::pending))
      .run();
  return true;
}

Recorded SqliteWriter::record(const StoredBatch& batch) {
  Recorded recorded;
  // Whoever was not told that it was done asks once more.
  if (!batch.position.empty() && batch.position == position()) return recorded;
  const auto count = [&recorded](bool matched) { ++(matched ? recorded.matched : recorded.unknown); };
  for (const StoredEntry& refusal : batch.refusals) insert(refusal);
  for (const Queued& queued : batch.queued) count(record(queued));
  for (const Child& child : batch.children) count(record(child));
  for (const Delivery& delivery : batch.deliveries) count(record(delivery));
  set_state_.bind_text(1, "position").bind_text(2, batch.position).run();
  return recorded;
}

}  // namespace connectord::trace
