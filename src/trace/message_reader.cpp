#include "message_reader.h"

#include "encode.h"

namespace connectord::trace {
std::string select_messages() {
  return "SELECT " + sqlite::column_list(message_columns, "m.") + " FROM message m";
}

MessageReader::MessageReader(sqlite::Database& database)
    : find_word_(database, "SELECT text FROM word WHERE id = ?1"),
      find_finding_(database, "SELECT text FROM finding WHERE id = ?1"),
      find_certificate_(database, "SELECT text FROM certificate WHERE id = ?1") {}

std::shared_ptr<const Message> MessageReader::read(const sqlite::Statement& row) {
  using Column = MessageColumn;
  auto message = std::make_shared<Message>();
  message->id = row.integer(Column::id);
  message->time = row.integer(Column::time);
  message->connected = row.integer(Column::connected);
  message->began = row.integer(Column::began);
  message->stage = model::stored_value<Stage>(row.integer(Column::stage));
  message->direction = model::stored_value<Direction>(row.integer(Column::direction));
  message->action = model::stored_value<model::Action>(row.integer(Column::action));
  message->queue_id = row.string(Column::queue_id);
  message->message_id = row.string(Column::message_id);
  message->client_address = address_text(row.text(Column::client));
  message->original_client = address_text(row.text(Column::original_client));
  message->helo = row.string(Column::helo);
  message->tls = word(row.integer(Column::tls));
  message->cipher = word(row.integer(Column::cipher));
  message->mail_from = row.string(Column::mail_from);
  message->from = row.string(Column::header_from);
  message->subject = row.string(Column::subject);
  if (const auto size = row.optional_integer(Column::size)) message->size = static_cast<std::uint64_t>(*size);
  message->connector = word(row.integer(Column::connector));
  message->outbound_connector = word(row.integer(Column::outbound_connector));
  message->reply = row.string(Column::reply);
  message->recipients = row.integer(Column::recipients);
  // The text itself stands there where there were too many for the table.
  const bool is_number = row.is_integer(Column::certificate);
  message->certificate =
      decode_certificate(is_number ? looked_up(find_certificate_, certificates_, row.integer(Column::certificate))
                                   : row.string(Column::certificate));
  decode_details(row.text(Column::details), *message);
  message->findings = decode_findings(row.text(Column::findings),
                                      [this](std::int64_t id) { return looked_up(find_finding_, patterns_, id); });
  return message;
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
