#include "message_reader.h"

#include "encode.h"
#include "schema.h"

namespace connectord::trace {
std::string select_messages() {
  return "SELECT " + sqlite::column_list(message_columns, "m.") + " FROM message m";
}

MessageReader::MessageReader(sqlite::Database& database)
    : find_word_(database, "SELECT text FROM word WHERE id = ?1"),
      find_finding_(database, "SELECT text FROM finding WHERE id = ?1"),
      find_certificate_(database, "SELECT text FROM certificate WHERE id = ?1"),
      texts_{.word = [this](std::int64_t id) { return word(id); },
             .finding = [this](std::int64_t id) { return looked_up(find_finding_, patterns_, id); },
             .certificate = [this](std::int64_t id) { return looked_up(find_certificate_, certificates_, id); }} {}

KeptMessage MessageReader::kept(const sqlite::Statement& row) {
  using Column = MessageColumn;
  KeptMessage kept;
  kept.id = row.integer(Column::id);
  kept.time = row.integer(Column::time);
  kept.connected = row.integer(Column::connected);
  kept.began = row.integer(Column::began);
  kept.stage = model::stored_value<Stage>(row.integer(Column::stage));
  kept.direction = model::stored_value<Direction>(row.integer(Column::direction));
  kept.action = model::stored_value<model::Action>(row.integer(Column::action));
  kept.recipients = row.integer(Column::recipients);
  kept.size = row.optional_integer(Column::size);
  kept.queue_id = row.text(Column::queue_id);
  kept.message_id = row.text(Column::message_id);
  kept.client = row.text(Column::client);
  kept.original_client = row.text(Column::original_client);
  kept.helo = row.text(Column::helo);
  kept.tls = word(row.integer(Column::tls));
  kept.cipher = word(row.integer(Column::cipher));
  kept.mail_from = row.text(Column::mail_from);
  kept.from = row.text(Column::header_from);
  kept.subject = row.text(Column::subject);
  kept.connector = word(row.integer(Column::connector));
  const std::int64_t outbound = row.integer(Column::outbound_connector);
  kept.outbound_connector = outbound == several_connectors ? several_outbound : std::string_view(word(outbound));
  kept.reply = row.text(Column::reply);
  // The text itself stands there where there were too many for the table.
  if (row.is_integer(Column::certificate)) {
    kept.certificate = row.integer(Column::certificate);
  } else {
    kept.certificate_text = row.text(Column::certificate);
  }
  kept.details = row.text(Column::details);
  kept.findings = row.text(Column::findings);
  kept.rules = row.text(Column::rules);
  return kept;
}

std::shared_ptr<const Message> MessageReader::read(const sqlite::Statement& row) {
  return std::make_shared<const Message>(message_of(kept(row), texts_));
}

std::vector<model::RuleHit> MessageReader::rules(const sqlite::Statement& row) {
  return decode_rules(row.text(MessageColumn::rules), texts_.word);
}

const std::string& MessageReader::word(std::int64_t id) {
  return looked_up(find_word_, words_, id);
}

const std::string& MessageReader::looked_up(sqlite::Statement& statement,
                                            std::unordered_map<std::int64_t, std::string>& known, std::int64_t id) {
  static const std::string none;
  if (id == 0) return none;
  if (const auto found = known.find(id); found != known.end()) return found->second;
  const sqlite::ScopedReset reset(statement);
  if (!statement.bind(1, id).step()) return none;
  return known[id] = statement.string();
}

}  // namespace connectord::trace
