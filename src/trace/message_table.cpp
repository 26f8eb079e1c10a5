#include "message_table.h"

#include <algorithm>
#include <array>

#include "json_text.h"
#include "message_columns.h"
#include "schema.h"
#include "state_table.h"

namespace connectord::trace {
namespace {

// Names of connectors, what rules are called and do, and words of TLS: as many as there are.
constexpr std::int64_t unlimited = std::int64_t{1} << 40U;
// Beyond this number they are kept whole in each message.
constexpr std::int64_t max_patterns = 20'000;
constexpr std::int64_t max_certificates = 20'000;

enum class NewRecipient : std::uint8_t { id, address, status, outbound_connector };
constexpr auto new_recipient_columns =
    std::to_array<std::string_view>({"id", "address", "status", "outbound_connector"});

enum class ReadRecipient : std::uint8_t { id, address };
constexpr const char* read_recipients_sql = "SELECT id, address FROM recipient WHERE id >= ?1 AND id <= ?2";

std::optional<std::int64_t> time_or_null(std::int64_t time) {
  return time == 0 ? std::nullopt : std::optional(time);
}

}  // namespace

MessageTable::MessageTable(sqlite::Database& database)
    : database_(database),
      words_(database, "word", unlimited),
      findings_(database, "finding", max_patterns),
      certificates_(database, "certificate", max_certificates),
      insert_message_(database, sqlite::insert_into("message", message_columns)),
      insert_recipient_(database, sqlite::insert_into("recipient", new_recipient_columns, "INSERT OR IGNORE")),
      read_recipients_(database, read_recipients_sql) {
  load_next_id();
}

void MessageTable::load_next_id() {
  const auto last = database_.integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1");
  next_id_ = 1 + std::max(last.value_or(0), indexed_to(database_));
}

void MessageTable::reload() {
  words_.forget();
  findings_.forget();
  certificates_.forget();
  load_next_id();
}

// [[number of the pattern, seen], …], or the pattern itself in place of its number.
std::string MessageTable::findings_of(const StoredEntry& entry) {
  std::string text;
  if (entry.findings.empty()) return text;
  JsonArray list(text);
  for (const StoredFinding& finding : entry.findings) {
    JsonArray one(list.next());
    if (const auto id = findings_.id_of(finding.pattern)) {
      one.add_number(*id);
    } else {
      one.next() += finding.pattern;
    }
    one.add(finding.seen);
  }
  return text;
}

// [[number of the pattern, microseconds, why it was passed over, [recipients]], …]
std::string MessageTable::rules_of(const StoredEntry& entry) {
  std::string text;
  if (entry.rules.empty()) return text;
  JsonArray list(text);
  for (const StoredRule& rule : entry.rules) {
    JsonArray one(list.next());
    one.add_number(words_.id_of(rule.pattern).value_or(0)).add_number(rule.microseconds);
    if (rule.skipped_because.empty() && rule.recipients.empty()) continue;
    one.add(rule.skipped_because);
    JsonArray recipients(one.next());
    for (const std::string& recipient : rule.recipients) recipients.add(recipient);
  }
  return text;
}

std::int64_t MessageTable::insert(const StoredEntry& entry) {
  using Column = MessageColumn;
  const std::int64_t id = next_id_;
  const std::string findings = findings_of(entry);
  const std::string rules = rules_of(entry);
  const bool has_one_recipient = entry.recipients.size() == 1;
  insert_message_.bind(Column::id, id)
      .bind(Column::time, entry.time)
      .bind(Column::connected, time_or_null(entry.connected))
      .bind(Column::began, time_or_null(entry.began))
      .bind(Column::stage, static_cast<std::int64_t>(entry.stage))
      .bind(Column::direction, static_cast<std::int64_t>(entry.direction))
      .bind(Column::action, static_cast<std::int64_t>(entry.action))
      .bind(Column::queue_id, entry.queue_id)
      .bind(Column::message_id, entry.message_id)
      .bind_blob(Column::client, entry.client)
      .bind_blob(Column::original_client, entry.original_client)
      .bind(Column::helo, entry.helo)
      .bind(Column::tls, words_.id_of(entry.tls))
      .bind(Column::cipher, words_.id_of(entry.cipher))
      .bind(Column::mail_from, entry.mail_from)
      .bind(Column::rcpt_to, has_one_recipient ? std::string_view(entry.recipients.front()) : std::string_view())
      .bind(Column::header_from, entry.from)
      .bind(Column::subject, entry.subject)
      .bind(Column::size, entry.size)
      .bind(Column::connector, words_.id_of(entry.connector))
      .bind(Column::outbound_connector, entry.outbound_connectors.empty() ? words_.id_of(entry.outbound_connector)
                                                                          : std::optional(several_connectors))
      .bind(Column::reply, entry.reply)
      .bind(Column::recipients, static_cast<std::int64_t>(entry.recipients.size()))
      .bind(Column::details, entry.details)
      .bind(Column::findings, findings)
      .bind(Column::rules, rules);
  if (const auto certificate = certificates_.id_of(entry.certificate)) {
    insert_message_.bind(Column::certificate, *certificate);
  } else {
    insert_message_.bind(Column::certificate, entry.certificate);
  }
  insert_message_.run();
  if (!has_one_recipient) insert_recipients(id, entry);
  next_id_ = id + static_cast<std::int64_t>(entry.recipients.size());
  return id;
}

void MessageTable::insert_recipients(std::int64_t first, const StoredEntry& entry) {
  for (std::size_t i = 0; i < entry.recipients.size(); ++i) {
    insert_recipient_.bind(NewRecipient::id, first + static_cast<std::int64_t>(i))
        .bind(NewRecipient::address, entry.recipients[i])
        .bind(NewRecipient::status, static_cast<std::int64_t>(entry.status))
        .bind(NewRecipient::outbound_connector,
              i < entry.outbound_connectors.size() ? words_.id_of(entry.outbound_connectors[i]) : std::nullopt)
        .run();
  }
}

void MessageTable::insert_only_recipient(std::int64_t message, Status status) {
  insert_recipient_.bind(NewRecipient::id, message)
      .bind(NewRecipient::address, std::string_view())
      .bind(NewRecipient::status, static_cast<std::int64_t>(status))
      .bind(NewRecipient::outbound_connector, std::optional<std::int64_t>())
      .run();
}

void MessageTable::read_recipients(std::int64_t first, std::int64_t last,
                                   const std::function<void(std::int64_t, std::string_view)>& take) {
  const sqlite::ScopedReset reset(read_recipients_);
  read_recipients_.bind(1, first).bind(2, last);
  while (read_recipients_.step()) {
    take(read_recipients_.integer(ReadRecipient::id), read_recipients_.text(ReadRecipient::address));
  }
}

}  // namespace connectord::trace
