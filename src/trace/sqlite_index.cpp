// What is made of messages after they were answered, in sorted heaps since that is several times cheaper: terms to find
// them by, and volumes. And how all of it is removed again.
#include <algorithm>

#include "schema.h"
#include "sqlite_writer.h"
#include "terms.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t messages_a_step = 500;
// Large, so that many terms go to one page; gathered and written in steps, so that nobody waits for long.
constexpr std::size_t messages_a_heap = 8'192;
constexpr std::size_t gathered_a_step = 1'024;
constexpr std::size_t terms_a_step = 3'000;
constexpr std::size_t removed_terms_a_step = 5'000;

constexpr const char* next_messages =
    "SELECT id, time, direction, coalesce(connector, 0), coalesce(outbound_connector, 0), coalesce(tls, 0), action, "
    "recipients, coalesce(size, 0), queue_id, lower(message_id), client, original_client, mail_from, rcpt_to "
    "FROM message WHERE id > ?1 ORDER BY id LIMIT ?2";

void add(TermHeap& heap, std::int64_t id, TermKind kind, std::string_view text) {
  if (!text.empty()) heap.terms.push_back({bucket_of(id), term(kind, text), low_of(id)});
}

void add_address(TermHeap& heap, std::int64_t id, TermKind whole, TermKind domain, std::string_view address) {
  const std::string canonical = canonical_address(address);
  add(heap, id, whole, canonical);
  add(heap, id, domain, domain_part(canonical));
}

void add_message(const sqlite::Statement& message, TermHeap& heap) {
  const std::int64_t id = message.integer(0);
  const std::int64_t hour = message.integer(1) / hour_ms;
  const std::int64_t recipients = message.integer(7);
  TermHeap::Sums& sums = heap.volumes[{hour, message.integer(2), message.integer(3), message.integer(4),
                                       message.integer(5), message.integer(6)}];
  sums.messages += 1;
  sums.recipients += recipients;
  sums.bytes += message.integer(8);
  TermHeap::Numbers& numbers = heap.hours[hour];
  if (numbers.first == 0) numbers.first = id;
  numbers.last = id + recipients - 1;
  add(heap, id, TermKind::queue_id, message.text(9));
  add(heap, id, TermKind::message_id, message.text(10));
  add(heap, id, TermKind::client, message.text(11));
  add(heap, id, TermKind::client, message.text(12));
  add_address(heap, id, TermKind::sender, TermKind::sender_domain, message.text(13));
  if (recipients == 1) add_address(heap, id, TermKind::recipient, TermKind::recipient_domain, message.text(14));
}

void write_volumes(sqlite::Database& database, const TermHeap& heap) {
  sqlite::Statement volume(database,
                           "INSERT INTO volume VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT DO UPDATE SET "
                           "messages = messages + excluded.messages, recipients = recipients + excluded.recipients, "
                           "bytes = bytes + excluded.bytes");
  for (const auto& [key, sums] : heap.volumes) {
    for (std::size_t i = 0; i < key.size(); ++i) volume.bind(static_cast<int>(i) + 1, key.at(i));
    volume.bind(7, sums.messages).bind(8, sums.recipients).bind(9, sums.bytes).run();
  }
  sqlite::Statement hour(database,
                         "INSERT INTO hour VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET "
                         "first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id)");
  for (const auto& [number, numbers] : heap.hours) {
    hour.bind(1, number).bind(2, numbers.first).bind(3, numbers.last).run();
  }
}

}  // namespace

void SqliteWriter::gather(TermHeap& heap) {
  const std::size_t end = heap.messages + gathered_a_step;
  sqlite::Statement messages(database_, next_messages);
  messages.bind(1, heap.last).bind(2, static_cast<std::int64_t>(gathered_a_step));
  while (messages.step()) {
    const std::int64_t id = messages.integer(0);
    add_message(messages, heap);
    heap.last = id + messages.integer(7) - 1;
    if (heap.last == id) {
      insert_recipient_of(id, first_status(model::stored_value<model::Action>(messages.integer(6))));
    } else {
      add_recipients(heap, id, heap.last);
    }
    ++heap.messages;
  }
  if (heap.messages == end && heap.messages < messages_a_heap) return;
  heap.is_gathered = true;
  std::sort(heap.terms.begin(), heap.terms.end());
  heap.terms.erase(std::unique(heap.terms.begin(), heap.terms.end()), heap.terms.end());
}

void SqliteWriter::add_recipients(TermHeap& heap, std::int64_t first, std::int64_t last) {
  recipients_.bind(1, first).bind(2, last + 1);
  while (recipients_.step()) {
    add_address(heap, first, TermKind::recipient, TermKind::recipient_domain, recipients_.text(1));
  }
  recipients_.reset();
}

bool SqliteWriter::index_some() {
  sqlite::Transaction transaction(database_);
  if (!heap_) heap_ = TermHeap{.last = indexed_to_};
  TermHeap& heap = *heap_;
  if (!heap.is_gathered) {
    gather(heap);
    transaction.commit();
    return true;
  }
  const std::size_t end = std::min(heap.written + terms_a_step, heap.terms.size());
  for (; heap.written < end; ++heap.written) {
    const TermHeap::Term& one = heap.terms[heap.written];
    insert_term_.bind(1, one.bucket).bind(2, one.hash).bind(3, one.low).run();
  }
  const bool complete = heap.written == heap.terms.size();
  if (complete) {
    write_volumes(database_, heap);
    set_state_.bind_text(1, "indexed_to").bind(2, heap.last).run();
  }
  transaction.commit();
  if (complete) forget_heap();
  return !complete;
}

// It is written.
void SqliteWriter::forget_heap() {
  indexed_to_ = heap_->last;
  unindexed_ = heap_->messages == 0 ? 0 : unindexed_ - std::min(unindexed_, heap_->messages);
  std::erase_if(recent_, [this](const auto& entry) { return entry.second <= indexed_to_; });
  heap_.reset();
}

bool SqliteWriter::remove_some(std::int64_t before) {
  const std::string hour = std::to_string(before / hour_ms);
  sqlite::Transaction transaction(database_);
  // Rows are old if no newer hour has a lower number, so that a clock that was wrong for a while removes nothing early.
  const auto newer = database_.integer("SELECT min(first_id) FROM hour WHERE hour >= " + hour);
  const auto oldest_hour = database_.integer("SELECT min(hour) FROM hour");
  const std::int64_t before_id = newer.value_or(indexed_to_ + 1);
  bool more = remove_messages(before_id);
  more = remove_terms(before_id) || more;
  if (!more && oldest_hour && *oldest_hour < before / hour_ms) {
    database_.execute(("DELETE FROM hour WHERE hour < " + hour).c_str());
    database_.execute(("DELETE FROM volume WHERE hour < " + hour).c_str());
  }
  transaction.commit();
  return more;
}

bool SqliteWriter::remove_messages(std::int64_t before_id) {
  const auto oldest = database_.integer("SELECT min(id) FROM message");
  if (!oldest || *oldest >= before_id) return false;
  const auto next = database_.integer("SELECT min(id) FROM message WHERE id >= " +
                                      std::to_string(std::min(*oldest + messages_a_step, before_id)));
  const std::int64_t end = std::min(next.value_or(before_id), before_id);
  for (const char* condition :
       {"message WHERE id", "recipient WHERE id", "delivery WHERE message", "child WHERE message"}) {
    database_.execute(("DELETE FROM " + std::string(condition) + " < " + std::to_string(end)).c_str());
  }
  return end < before_id;
}

// A bucket goes when nothing of it is left. Until then its entries lead nowhere, and are few.
bool SqliteWriter::remove_terms(std::int64_t before_id) {
  const auto bucket = database_.integer("SELECT min(bucket) FROM term");
  if (!bucket || *bucket >= bucket_of(before_id)) return false;
  const std::string from = "FROM term WHERE bucket = " + std::to_string(*bucket);
  const auto end = database_.integer("SELECT hash " + from + " ORDER BY hash LIMIT 1 OFFSET " +
                                     std::to_string(removed_terms_a_step));
  const std::string part = end ? " AND hash < " + std::to_string(*end) : "";
  database_.execute(("DELETE " + from + part).c_str());
  // A hash with more than a step's entries would never go otherwise.
  if (end && database_.changes() == 0) database_.execute(("DELETE " + from).c_str());
  return true;
}

}  // namespace connectord::trace
