#include "message_reader.h"

#include "encode.h"

namespace connectord::trace {
const char* const message_columns =
    "m.id, m.time, m.stage, m.direction, m.action, m.queue_id, m.message_id, m.client, m.original_client, m.helo, "
    "m.tls, m.cipher, m.mail_from, m.header_from, m.subject, m.size, m.connector, m.outbound_connector, m.reply, "
    "m.recipients, m.certificate, m.details, m.findings, m.rcpt_to";

MessageReader::MessageReader(sqlite::Database& database)
    : find_word_(database, "SELECT text FROM word WHERE id = ?1"),
      find_finding_(database, "SELECT text FROM finding WHERE id = ?1"),
      find_certificate_(database, "SELECT text FROM certificate WHERE id = ?1") {}

std::shared_ptr<const Message> MessageReader::read(const sqlite::Statement& row) {
  auto message = std::make_shared<Message>();
  message->id = row.integer(0);
  message->time = row.integer(1);
  message->stage = model::stored_value<Stage>(row.integer(2));
  message->direction = model::stored_value<Direction>(row.integer(3));
  message->action = model::stored_value<model::Action>(row.integer(4));
  message->queue_id = row.string(5);
  message->message_id = row.string(6);
  message->client_address = address_text(row.text(7));
  message->original_client = address_text(row.text(8));
  message->helo = row.string(9);
  message->tls = word(row.integer(10));
  message->cipher = word(row.integer(11));
  message->mail_from = row.string(12);
  message->from = row.string(13);
  message->subject = row.string(14);
  if (const auto size = row.optional_integer(15)) message->size = static_cast<std::uint64_t>(*size);
  message->connector = word(row.integer(16));
  message->outbound_connector = word(row.integer(17));
  message->reply = row.string(18);
  message->recipients = row.integer(19);
  const std::int64_t certificate = row.integer(20);  // 0 for a text that begins with no digit
  message->certificate =
      decode_certificate(certificate != 0 ? looked_up(find_certificate_, certificates_, certificate) : row.string(20));
  decode_details(row.text(21), *message);
  message->findings =
      decode_findings(row.text(22), [this](std::int64_t id) { return looked_up(find_finding_, patterns_, id); });
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
  const sqlite::Resetting resetting(statement);
  if (!statement.bind(1, id).step()) return none;
  return known[id] = statement.string(0);
}

}  // namespace connectord::trace
