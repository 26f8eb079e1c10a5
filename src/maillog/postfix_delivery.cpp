#include "postfix_line.h"

namespace connectord::maillog {
namespace {

std::optional<DeliveryStatus> delivery_status_of(std::string_view word) {
  if (word == "sent") return DeliveryStatus::sent;
  if (word == "deferred" || word == "SOFTBOUNCE") return DeliveryStatus::deferred;
  if (word == "bounced" || word == "expired") return DeliveryStatus::bounced;
  if (word == "deliverable" || word == "undeliverable") return DeliveryStatus::verified;
  return std::nullopt;
}

// "0.1/0.01/0.2/0.05"
std::optional<Delays> read_delays(std::string_view text) {
  TextCursor cursor(text);
  Delays delays;
  std::chrono::milliseconds* const places[] = {&delays.before_queue_manager, &delays.in_queue_manager,
                                               &delays.connection, &delays.transmission};
  for (auto* place : places) {
    if (place != places[0] && !cursor.take("/")) return std::nullopt;
    const auto seconds = take_seconds(cursor);
    if (!seconds) return std::nullopt;
    *place = *seconds;
  }
  if (!cursor.at_end()) return std::nullopt;
  return delays;
}

// One "key=value" between the recipient and the status. Keys of later versions are passed over.
bool read_field(std::string_view field, DeliveryAttempt& attempt) {
  TextCursor cursor(field);
  const auto key = cursor.until("=");
  const std::string_view value = cursor.rest();
  if (!key || value.empty() || value.find_first_of("()<>\"") != std::string_view::npos) return false;
  if (*key == "relay") {
    attempt.relay = read_relay(value);
  } else if (*key == "delay") {
    const auto delay = take_seconds(cursor);
    if (!delay || !cursor.at_end()) return false;
    attempt.delay = *delay;
  } else if (*key == "conn_use") {
    attempt.connection_use = cursor.number<std::uint32_t>().value_or(1);
  } else if (*key == "delays") {
    attempt.delays = read_delays(value);
    return attempt.delays.has_value();
  } else if (*key == "dsn") {
    attempt.enhanced_status = enhanced_status_of(value);
    return attempt.enhanced_status.size() == value.size();
  }
  return true;
}

// "sent (250 2.0.0 Ok)", the end of which may be cut off
bool read_status(std::string_view text, DeliveryAttempt& attempt) {
  TextCursor cursor(text);
  const auto word = cursor.until(" (");
  const auto status = word ? delivery_status_of(*word) : std::nullopt;
  if (!status) return false;
  std::string_view said = cursor.rest();
  if (!said.empty() && said.back() == ')') said.remove_suffix(1);
  attempt.status = *status;
  attempt.text = bounded(said);
  if (attempt.status == DeliveryStatus::sent && attempt.relay.is_local()) attempt.next_queue_id = next_queue_id(said);
  return true;
}

}  // namespace

std::optional<DeliveryAttempt> parse_postfix_delivery(std::string_view text) {
  TextCursor cursor(text);
  DeliveryAttempt attempt;
  if (!cursor.take("to=")) return std::nullopt;
  auto recipient = take_bracketed_address(cursor);
  if (!recipient || !cursor.take(", ")) return std::nullopt;
  attempt.recipients.push_back(std::move(*recipient));
  if (cursor.take("orig_to=")) {
    auto original = take_bracketed_address(cursor);
    if (!original || !cursor.take(", ")) return std::nullopt;
    attempt.original_recipient = std::move(*original);
  }
  // Nothing from outside comes before the status. So the first field that cannot be read ends it, and what the relay
  // said is not searched for fields.
  if (cursor.rest().substr(0, 6) != "relay=") return std::nullopt;
  while (!cursor.take("status=")) {
    const auto field = cursor.until(", ");
    if (!field || !read_field(*field, attempt)) return std::nullopt;
  }
  if (!read_status(cursor.rest(), attempt)) return std::nullopt;
  return attempt;
}

}  // namespace connectord::maillog
