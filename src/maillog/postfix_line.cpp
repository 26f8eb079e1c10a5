#include "postfix_line.h"

namespace connectord::maillog {
namespace {

using Detail = Event::Detail;

std::optional<Detail> made(auto&& detail) {
  return Detail(std::forward<decltype(detail)>(detail));
}

// "Trusted TLS connection established to mx.example.org[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits) …"
std::optional<TlsEstablished> parse_tls(std::string_view message) {
  TextCursor cursor(message);
  const auto trust = cursor.while_true(base::is_alpha);
  if (!cursor.take(" TLS connection established to ") && !cursor.take(" TLS connection reused to "))
    return std::nullopt;
  const auto peer = cursor.until(": ");
  const auto protocol = cursor.until(" with cipher ");
  const auto cipher = cursor.while_true([](char c) { return c != ' '; });
  if (trust.empty() || !peer || peer->find(' ') != std::string_view::npos || !protocol ||
      protocol->find(' ') != std::string_view::npos || cipher.empty()) {
    return std::nullopt;
  }
  return TlsEstablished{read_relay(*peer), bounded(trust), bounded(*protocol), bounded(cipher)};
}

// "from=<a@b>, size=320, nrcpt=1 (queue active)", "from=<a@b>, status=expired, returned to sender"
std::optional<Detail> parse_postfix_from(TextCursor cursor) {
  auto mail_from = take_bracketed_address(cursor);
  if (!mail_from || !cursor.take(", ")) return std::nullopt;
  if (cursor.take("status=expired, returned to sender")) return made(Expired{});
  if (cursor.take("status=force-expired, returned to sender")) return made(Expired{true});
  Queued queued;
  queued.mail_from = std::move(*mail_from);
  if (!cursor.take("size=")) return std::nullopt;
  const auto size = cursor.number<std::uint64_t>();
  if (!size || !cursor.take(", nrcpt=")) return std::nullopt;
  const auto recipients = cursor.number<std::uint32_t>();
  if (!recipients) return std::nullopt;
  queued.size = *size;
  queued.recipients = *recipients;
  return made(std::move(queued));
}

std::optional<Detail> parse_qmgr(std::string_view text) {
  if (text == "removed") return made(Removed{});
  TextCursor cursor(text);
  if (cursor.take("from=")) return parse_postfix_from(cursor);
  return std::nullopt;
}

std::optional<Detail> parse_postsuper(std::string_view text) {
  if (text == "placed on hold") return made(Held{"placed on hold by the operator"});
  if (text == "released from hold") return made(Released{});
  if (text == "removed") return made(Removed{true});
  if (text == "requeued") return made(Requeued{});
  return std::nullopt;  // "expired": qmgr reports when it has happened
}

std::optional<Detail> parse_pickup(std::string_view text) {
  TextCursor cursor(text);
  PickedUp picked_up;
  if (!cursor.take("uid=") || !cursor.number<std::uint64_t>() || !cursor.take(" from=")) return std::nullopt;
  auto mail_from = take_bracketed_address(cursor);
  if (!mail_from) return std::nullopt;
  picked_up.mail_from = std::move(*mail_from);
  if (cursor.take(" orig_id=") && is_postfix_queue_id(cursor.rest())) picked_up.original_queue_id = cursor.rest();
  return made(std::move(picked_up));
}

// "sender non-delivery notification: 4ABC"
std::optional<Detail> parse_bounce(std::string_view text) {
  TextCursor cursor(text);
  Notified notified;
  notified.postmaster = cursor.take("postmaster ");
  if (!notified.postmaster && !cursor.take("sender ")) return std::nullopt;
  if (cursor.take("delay notification: ")) {
    notified.kind = Notified::Kind::delay;
  } else if (cursor.take("delivery status notification: ")) {
    notified.kind = Notified::Kind::success;
  } else if (!cursor.take("non-delivery notification: ")) {
    return std::nullopt;
  }
  if (!is_postfix_queue_id(cursor.rest())) return std::nullopt;
  notified.notification_queue_id = cursor.rest();
  return made(std::move(notified));
}

// "client=mail.example.org[192.0.2.1], orig_queue_id=4ABC, orig_client=…". What a content filter passes on stands last,
// and is taken from connections that may use XFORWARD only. Behind a user's name (", sasl_username=joe") it is not
// read: nobody can say where that ends.
std::optional<Detail> parse_client(TextCursor cursor) {
  const std::string_view text = cursor.rest();
  const Relay client = read_relay(text.substr(0, text.find(", ")));
  if (client.address.empty()) return std::nullopt;
  Received received{client.name, client.address, ""};
  constexpr std::string_view key = ", orig_queue_id=";
  const auto found = text.find(key);
  if (found != std::string_view::npos && text.find(", sasl_") > found) {
    const auto id = text.substr(found + key.size());
    const auto end = id.find(", ");
    if (is_postfix_queue_id(id.substr(0, end))) received.original_queue_id = id.substr(0, end);
  }
  return made(std::move(received));
}

std::optional<Detail> parse_incoming(std::string_view daemon, std::string_view text) {
  TextCursor cursor(text);
  if (cursor.take("client=")) return parse_client(cursor);
  cursor.take("milter-");
  for (const std::string_view action : {"reject", "hold", "discard"}) {
    TextCursor behind = cursor;
    if (behind.take(action) && behind.take(": ")) return parse_postfix_action(daemon, action, behind.rest());
  }
  return std::nullopt;
}

std::optional<Detail> parse_cleanup(std::string_view text) {
  TextCursor cursor(text);
  if (!cursor.take("message-id=")) return parse_incoming("cleanup", text);
  std::string_view value = cursor.rest();
  if (value.size() >= 2 && value.front() == '<' && value.back() == '>') value = value.substr(1, value.size() - 2);
  return made(MessageId{bounded(value)});
}

std::optional<Detail> parse_daemon(std::string_view daemon, std::string_view text) {
  // No program but smtpd begins a line with what comes from outside, and none of smtpd's is a delivery.
  if (text.substr(0, 4) == "to=<" && daemon != "smtpd") {
    auto delivery = parse_postfix_delivery(text);
    return delivery ? made(std::move(*delivery)) : std::nullopt;
  }
  if (daemon == "qmgr") return parse_qmgr(text);
  if (daemon == "cleanup") return parse_cleanup(text);
  if (daemon == "smtpd" || daemon == "postscreen") return parse_incoming(daemon, text);
  if (daemon == "bounce") return parse_bounce(text);
  if (daemon == "pickup") return parse_pickup(text);
  if (daemon == "postsuper") return parse_postsuper(text);
  return std::nullopt;
}

}  // namespace

std::optional<ParsedMessage> parse_postfix_message(std::string_view daemon, std::string_view message) {
  if (daemon == "smtp" || daemon == "lmtp") {
    if (auto tls = parse_tls(message)) return ParsedMessage{"", std::move(*tls)};
  }
  TextCursor cursor(message);
  const auto queue_id = cursor.until(": ");
  if (!queue_id) return std::nullopt;
  const bool without_file = *queue_id == "NOQUEUE";
  if (!without_file && !is_postfix_queue_id(*queue_id)) return std::nullopt;
  auto detail = parse_daemon(daemon, cursor.rest());
  if (!detail || (without_file && !std::holds_alternative<Refused>(*detail))) return std::nullopt;
  return ParsedMessage{without_file ? "" : std::string(*queue_id), std::move(*detail)};
}

}  // namespace connectord::maillog
