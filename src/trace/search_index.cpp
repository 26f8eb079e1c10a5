#include "search_index.h"

#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "encode.h"
#include "message_terms.h"
#include "schema.h"
#include "terms.h"

namespace connectord::trace {
namespace {

// Large, so that many postings go to one page; gathered and written in steps, so that nobody waits for long.
constexpr std::size_t messages_per_batch = 8'192;
constexpr std::size_t gathered_per_step = 1'024;
constexpr std::size_t postings_per_step = 3'000;

// What a batch wants to know of a message.
enum class IndexedColumn : std::uint8_t {
  id,
  time,
  direction,
  connector,
  outbound_connector,
  tls,
  action,
  recipients,
  size,
  queue_id,
  message_id,
  client,
  original_client,
  mail_from,
  rcpt_to,
  header_from,
  rules,
};
constexpr const char* next_messages_sql =
    "SELECT id, time, direction, coalesce(connector, 0), coalesce(outbound_connector, 0), coalesce(tls, 0), action, "
    "recipients, coalesce(size, 0), queue_id, lower(message_id), client, original_client, mail_from, rcpt_to, "
    "header_from, rules FROM message WHERE id > ?1 ORDER BY id LIMIT ?2";

enum class UnindexedColumn : std::uint8_t { id, queue_id };
constexpr const char* unindexed_sql =
    "SELECT id, queue_id FROM message WHERE id > ?1 AND queue_id IS NOT NULL AND stage = ?2";

enum class PostingColumn : std::uint8_t { segment, term, offset };
constexpr auto posting_columns = std::to_array<std::string_view>({"segment", "term", "offset"});

void add(IndexBatch& batch, std::int64_t id, TermKind kind, std::string_view text) {
  if (!text.empty()) batch.postings.push_back({segment_of(id), term(kind, text), offset_of(id)});
}

// Adds to a batch, for a message.
auto adder(IndexBatch& batch, std::int64_t id) {
  return [&batch, id](TermKind kind, std::string_view text) { add(batch, id, kind, text); };
}

VolumeKey volume_key_of(const sqlite::Statement& message) {
  return {.hour = message.integer(IndexedColumn::time) / hour_ms,
          .direction = message.integer(IndexedColumn::direction),
          .connector = message.integer(IndexedColumn::connector),
          .outbound_connector = message.integer(IndexedColumn::outbound_connector),
          .tls = message.integer(IndexedColumn::tls),
          .action = message.integer(IndexedColumn::action)};
}

void add_message(const sqlite::Statement& message, IndexBatch& batch) {
  const std::int64_t id = message.integer(IndexedColumn::id);
  const std::int64_t recipients = message.integer(IndexedColumn::recipients);
  batch.volumes.add(volume_key_of(message),
                    {.first_row = id, .recipients = recipients, .bytes = message.integer(IndexedColumn::size)});
  add_message_terms({.queue_id = message.text(IndexedColumn::queue_id),
                     .message_id = message.text(IndexedColumn::message_id),
                     .client = message.text(IndexedColumn::client),
                     .original_client = message.text(IndexedColumn::original_client),
                     .mail_from = message.text(IndexedColumn::mail_from),
                     .header_from = message.text(IndexedColumn::header_from)},
                    adder(batch, id));
  if (recipients == 1) {
    add_address_terms(TermKind::recipient, TermKind::recipient_domain, message.text(IndexedColumn::rcpt_to),
                      adder(batch, id));
  }
}

}  // namespace

SearchIndex::SearchIndex(sqlite::Database& database, StateTable& state, MessageTable& messages)
    : database_(database),
      state_(state),
      messages_(messages),
      postings_(database),
      insert_posting_(database, sqlite::insert_into("posting", posting_columns, "INSERT OR IGNORE")) {
  reload();
}

void SearchIndex::reload() {
  batch_.reset();
  recent_.clear();
  rule_names_.clear();
  indexed_to_ = trace::indexed_to(database_);
  unindexed_ = static_cast<std::size_t>(
      database_.integer("SELECT count(*) FROM message WHERE id > " + std::to_string(indexed_to_)).value_or(0));
  sqlite::Statement unindexed(database_, unindexed_sql);
  unindexed.bind(1, indexed_to_).bind(2, static_cast<std::int64_t>(Stage::message));
  while (unindexed.step()) {
    recent_.note(unindexed.text(UnindexedColumn::queue_id), unindexed.integer(UnindexedColumn::id));
  }
}

void SearchIndex::note_inserted(std::int64_t message, std::string_view queue_id, Stage stage) {
  ++unindexed_;
  if (!queue_id.empty() && stage == Stage::message) recent_.note(queue_id, message);
}

void SearchIndex::add_queue_id(std::int64_t message, const std::string& queue_id) {
  insert_posting({segment_of(message), term(TermKind::queue_id, queue_id), offset_of(message)});
  if (message > indexed_to_) recent_.note(queue_id, message);
}

void SearchIndex::add_bytes(std::int64_t message, std::int64_t bytes) {
  const bool is_in_batch = batch_ && message > indexed_to_ && message <= batch_->last;
  if (message > indexed_to_ && !is_in_batch) return;
  const auto key = trace::volume_key_of(database_, message);
  if (!key) return;
  RuleVolumes of_rules;
  for (const std::int64_t rule : rules_of_message(database_, message)) {
    (is_in_batch ? batch_->rule_volumes : of_rules).add({key->hour, rule}, {0, 0, bytes});
  }
  of_rules.write(database_);
  if (is_in_batch) {
    batch_->volumes.add_bytes(*key, bytes);
  } else {
    add_bytes_to_volume(database_, *key, bytes);
  }
}

void SearchIndex::find_by_queue_id(const std::string& queue_id, const std::function<bool(std::int64_t)>& is_wanted) {
  if (const auto found = recent_.find(queue_id)) {
    if (is_wanted(*found)) return;
    // An earlier one may have no postings yet either.
    sqlite::Statement earlier(database_,
                              "SELECT id FROM message WHERE id > ?1 AND queue_id = ?2 AND stage = ?3 ORDER BY id DESC");
    earlier.bind(1, indexed_to_).bind_text(2, queue_id).bind(3, static_cast<std::int64_t>(Stage::message));
    while (earlier.step()) {
      if (is_wanted(earlier.integer())) return;
    }
  }
  postings_.seek(term(TermKind::queue_id, queue_id), messages_.next_id() - 1, 1);
  while (const auto id = postings_.next()) {
    if (is_wanted(*id)) return;
  }
}

bool SearchIndex::write_some() {
  sqlite::Transaction transaction(database_);
  if (!batch_) batch_ = IndexBatch{.last = indexed_to_};
  if (!batch_->is_gathered) {
    gather(*batch_);
    transaction.commit();
    return true;
  }
  write_postings(*batch_);
  const bool is_complete = batch_->written == batch_->postings.size();
  if (is_complete) {
    batch_->volumes.write(database_);
    batch_->rule_volumes.write(database_);
    state_.set_indexed_to(batch_->last);
  }
  transaction.commit();
  if (is_complete) finish_batch();
  return !is_complete;
}

void SearchIndex::gather(IndexBatch& batch) {
  const std::size_t end = batch.messages + gathered_per_step;
  sqlite::Statement messages(database_, next_messages_sql);
  messages.bind(1, batch.last).bind(2, static_cast<std::int64_t>(gathered_per_step));
  while (messages.step()) {
    const std::int64_t id = messages.integer(IndexedColumn::id);
    const std::int64_t recipients = messages.integer(IndexedColumn::recipients);
    add_message(messages, batch);
    add_rules(messages, batch);
    add_recipients(batch, id, recipients, model::stored_value<model::Action>(messages.integer(IndexedColumn::action)));
    batch.last = id + recipients - 1;
    ++batch.messages;
  }
  if (batch.messages == end && batch.messages < messages_per_batch) return;
  batch.is_gathered = true;
  std::sort(batch.postings.begin(), batch.postings.end());
  batch.postings.erase(std::unique(batch.postings.begin(), batch.postings.end()), batch.postings.end());
}

void SearchIndex::add_rules(const sqlite::Statement& message, IndexBatch& batch) {
  const std::string_view rules = message.text(IndexedColumn::rules);
  if (rules.empty()) return;
  const std::int64_t hour = message.integer(IndexedColumn::time) / hour_ms;
  for (const std::int64_t rule : rule_numbers(rules)) {
    batch.rule_volumes.add({hour, rule},
                           {1, message.integer(IndexedColumn::recipients), message.integer(IndexedColumn::size)});
    add(batch, message.integer(IndexedColumn::id), TermKind::rule, name_of_rule(rule));
  }
}

// In lower case, as its term has it.
const std::string& SearchIndex::name_of_rule(std::int64_t number) {
  const auto found = rule_names_.find(number);
  if (found != rule_names_.end()) return found->second;
  sqlite::Statement find(database_, "SELECT text FROM word WHERE id = ?1");
  const auto hit = find.bind(1, number).step() ? decode_rule_pattern(find.string()) : std::nullopt;
  return rule_names_[number] = hit ? base::to_lower(hit->rule) : std::string();
}

// A message of one recipient has the address in its own row, and gets its row in `recipient` now.
void SearchIndex::add_recipients(IndexBatch& batch, std::int64_t message, std::int64_t recipients,
                                 model::Action action) {
  if (recipients == 1) return messages_.insert_only_recipient(message, first_status(action));
  messages_.read_recipients(message, message + recipients - 1, [&](std::int64_t, std::string_view address) {
    add_address_terms(TermKind::recipient, TermKind::recipient_domain, address, adder(batch, message));
  });
}

void SearchIndex::write_postings(IndexBatch& batch) {
  const std::size_t end = std::min(batch.written + postings_per_step, batch.postings.size());
  for (; batch.written < end; ++batch.written) insert_posting(batch.postings[batch.written]);
}

void SearchIndex::insert_posting(const IndexBatch::Posting& posting) {
  insert_posting_.bind(PostingColumn::segment, posting.segment)
      .bind(PostingColumn::term, posting.term)
      .bind(PostingColumn::offset, posting.offset)
      .run();
}

void SearchIndex::finish_batch() {
  indexed_to_ = batch_->last;
  unindexed_ = batch_->messages == 0 ? 0 : unindexed_ - std::min(unindexed_, batch_->messages);
  recent_.forget_to(indexed_to_);
  batch_.reset();
}

}  // namespace connectord::trace
