#include "joint_rows.h"

#include <array>
#include <set>
#include <utility>

#include "array_text.h"
#include "connectord/base/hexadecimal.h"
#include "mended_text.h"
#include "trace_batch.h"

namespace connectord::fleet {
namespace {

enum class JointColumn : int {
  t,
  host,
  seq,
  epoch,
  time,
  connected,
  began,
  stage,
  direction,
  action,
  recipients,
  size,
  queue_id,
  message_id,
  client,
  original_client,
  helo,
  tls,
  cipher,
  mail_from,
  header_from,
  subject,
  connector,
  outbound_connector,
  reply,
  certificate,
  certificate_text,
  details,
  findings,
  rules,
  originals,
};
constexpr auto names = std::to_array<std::string_view>({"t",
                                                        "host",
                                                        "seq",
                                                        "epoch",
                                                        "time",
                                                        "connected",
                                                        "began",
                                                        "stage",
                                                        "direction",
                                                        "action",
                                                        "recipients",
                                                        "size",
                                                        "queue_id",
                                                        "message_id",
                                                        "client",
                                                        "original_client",
                                                        "helo",
                                                        "tls",
                                                        "cipher",
                                                        "mail_from",
                                                        "header_from",
                                                        "subject",
                                                        "connector",
                                                        "outbound_connector",
                                                        "reply",
                                                        "certificate",
                                                        "certificate_text",
                                                        "details",
                                                        "findings",
                                                        "rules",
                                                        "originals"});
static_assert(names.size() == static_cast<std::size_t>(JointColumn::originals) + 1);

std::string_view* field_of(trace::KeptMessage& kept, MendedColumn column) {
  switch (column) {
    case MendedColumn::queue_id:
      return &kept.queue_id;
    case MendedColumn::message_id:
      return &kept.message_id;
    case MendedColumn::helo:
      return &kept.helo;
    case MendedColumn::tls:
      return &kept.tls;
    case MendedColumn::cipher:
      return &kept.cipher;
    case MendedColumn::mail_from:
      return &kept.mail_from;
    case MendedColumn::header_from:
      return &kept.from;
    case MendedColumn::subject:
      return &kept.subject;
    case MendedColumn::connector:
      return &kept.connector;
    case MendedColumn::outbound_connector:
      return &kept.outbound_connector;
    case MendedColumn::reply:
      return &kept.reply;
    case MendedColumn::certificate_text:
      return &kept.certificate_text;
    case MendedColumn::details:
      return &kept.details;
    case MendedColumn::findings:
      return &kept.findings;
    case MendedColumn::rules:
      return &kept.rules;
    default:
      return nullptr;
  }
}

}  // namespace

std::string message_columns(std::string_view prefix) {
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(prefix).append(name);
  return list;
}

std::string bytes_of(std::string_view text) {
  std::string bytes;
  if (!text.starts_with("\\x")) return bytes;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(base::hex_value(text[i]) * 16 + base::hex_value(text[i + 1]));
  }
  return bytes;
}

JointMessage joint_message(const postgres::Rows& rows, int row, Restored& restored) {
  const auto number = [&](JointColumn column) { return rows.integer(row, static_cast<int>(column)); };
  const auto text = [&](JointColumn column) { return rows.text(row, static_cast<int>(column)); };
  const auto bytes = [&](JointColumn column) -> std::string_view {
    if (rows.is_null(row, static_cast<int>(column))) return {};
    return restored.emplace_back(bytes_of(text(column)));
  };
  JointMessage made;
  made.t = number(JointColumn::t);
  made.host = static_cast<std::int16_t>(number(JointColumn::host));
  made.seq = number(JointColumn::seq);
  made.epoch = static_cast<std::int16_t>(number(JointColumn::epoch));
  trace::KeptMessage& kept = made.kept;
  kept.id = made.seq;
  kept.time = number(JointColumn::time);
  kept.connected = number(JointColumn::connected);
  kept.began = number(JointColumn::began);
  kept.stage = model::stored_value<trace::Stage>(number(JointColumn::stage));
  kept.direction = model::stored_value<trace::Direction>(number(JointColumn::direction));
  kept.action = model::stored_value<model::Action>(number(JointColumn::action));
  kept.recipients = number(JointColumn::recipients);
  kept.size = rows.optional_integer(row, static_cast<int>(JointColumn::size));
  kept.queue_id = text(JointColumn::queue_id);
  kept.message_id = text(JointColumn::message_id);
  kept.client = bytes(JointColumn::client);
  kept.original_client = bytes(JointColumn::original_client);
  kept.helo = text(JointColumn::helo);
  kept.tls = text(JointColumn::tls);
  kept.cipher = text(JointColumn::cipher);
  kept.mail_from = text(JointColumn::mail_from);
  kept.from = text(JointColumn::header_from);
  kept.subject = text(JointColumn::subject);
  kept.connector = text(JointColumn::connector);
  kept.outbound_connector = text(JointColumn::outbound_connector);
  kept.reply = text(JointColumn::reply);
  kept.certificate = number(JointColumn::certificate);
  kept.certificate_text = text(JointColumn::certificate_text);
  kept.details = text(JointColumn::details);
  kept.findings = text(JointColumn::findings);
  kept.rules = text(JointColumn::rules);
  for (const auto& [column, original] : read_originals(bytes(JointColumn::originals))) {
    if (auto* field = field_of(kept, static_cast<MendedColumn>(column))) *field = original;
  }
  return made;
}

postgres::Result<> JointTexts::load(postgres::Connection& connection, const std::vector<JointMessage>& messages) {
  std::set<Key> wanted;
  for (const JointMessage& message : messages) {
    const auto note = [&](trace::KeptTextKind kind) {
      return [&, kind](std::int64_t number) {
        const Key key{message.host, message.epoch, static_cast<std::int16_t>(kind), number};
        if (!known_.contains(key)) wanted.insert(key);
        return std::string();
      };
    };
    (void)trace::message_of(message.kept, {.word = note(trace::KeptTextKind::word),
                                           .finding = note(trace::KeptTextKind::finding),
                                           .certificate = note(trace::KeptTextKind::certificate)});
  }
  if (wanted.empty()) return {};
  std::array<ArrayText, 4> keys;
  for (const auto& [host, epoch, kind, number] : wanted) {
    keys[0].add(host);
    keys[1].add(epoch);
    keys[2].add(kind);
    keys[3].add(number);
  }
  const auto rows = connection.execute(
      "SELECT d.host, d.epoch, d.kind, d.number, d.text, d.originals FROM dictionary d JOIN unnest($1::smallint[], "
      "$2::smallint[], $3::smallint[], $4::bigint[]) AS w(host, epoch, kind, number) USING (host, epoch, kind, number)",
      {keys[0].finish(), keys[1].finish(), keys[2].finish(), keys[3].finish()});
  if (!rows) return tl::unexpected(rows.error());
  for (int row = 0; row < rows->size(); ++row) {
    const auto small = [&](int column) { return static_cast<std::int16_t>(rows->integer(row, column)); };
    const std::string originals = bytes_of(rows->text(row, 5));
    const auto read = read_originals(originals);
    known_[{small(0), small(1), small(2), rows->integer(row, 3)}] =
        read.empty() ? rows->string(row, 4) : std::string(read.front().second);
  }
  return {};
}

trace::Message JointTexts::decode(const JointMessage& message) const {
  const auto look_up = [&](trace::KeptTextKind kind) {
    return [&, kind](std::int64_t number) {
      const auto found = known_.find({message.host, message.epoch, static_cast<std::int16_t>(kind), number});
      return found == known_.end() ? std::string() : found->second;
    };
  };
  return trace::message_of(message.kept, {.word = look_up(trace::KeptTextKind::word),
                                          .finding = look_up(trace::KeptTextKind::finding),
                                          .certificate = look_up(trace::KeptTextKind::certificate)});
}

}  // namespace connectord::fleet
