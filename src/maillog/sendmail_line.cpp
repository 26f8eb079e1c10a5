#include "sendmail_line.h"

namespace connectord::maillog {
namespace {

using Detail = Event::Detail;

constexpr std::size_t max_recipients = 1000;

// "<a@b>", "a@b", "nobody", "\"|/usr/bin/program\"". Sendmail doubles backslashes in its log, but not quotes: an
// address with one could end elsewhere, and is not read.
std::optional<std::string> take_address(TextCursor& cursor) {
  TextCursor attempt = cursor;
  std::optional<std::string> address;
  if (attempt.rest().substr(0, 1) == "<") {
    address = take_bracketed_address(attempt);
  } else if (attempt.take("\"")) {
    const auto quoted = attempt.until("\"");
    const auto behind = attempt.while_true([](char c) { return c != ',' && c != ' ' && c != '"' && c != '>'; });
    if (quoted) address = '"' + bounded(*quoted) + '"' + bounded(behind);
  } else {
    const auto plain =
        attempt.while_true([](char c) { return std::string_view(" ,<>\"()").find(c) == std::string_view::npos; });
    if (!plain.empty()) address = bounded(plain);
  }
  if (!address || address->find('\\') != std::string::npos) return std::nullopt;
  cursor = attempt;
  return address;
}

// "00:00:01", "2+03:00:01": days, hours, minutes, seconds
std::optional<std::chrono::milliseconds> take_duration(TextCursor& cursor) {
  std::uint64_t days = 0;
  auto hours = cursor.number<std::uint32_t>();
  if (hours && cursor.take("+")) {
    days = *hours;
    hours = cursor.number<std::uint32_t>();
  }
  if (!hours || !cursor.take(":")) return std::nullopt;
  const auto minutes = cursor.number<std::uint32_t>();
  if (!minutes || !cursor.take(":")) return std::nullopt;
  const auto seconds = cursor.number<std::uint32_t>();
  if (!seconds || days > 10'000 || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return std::chrono::seconds(((days * 24 + *hours) * 60 + *minutes) * 60 + *seconds);
}

// The value of ", key=" where that comes next.
std::optional<std::string_view> take_field(TextCursor& cursor, std::string_view key) {
  TextCursor attempt = cursor;
  if (!attempt.take(", ") || !attempt.take(key) || !attempt.take("=")) return std::nullopt;
  const auto value = attempt.rest().substr(0, attempt.rest().find(", "));
  attempt.take(value);
  cursor = attempt;
  return value;
}

// "host [192.0.2.1]", "[192.0.2.1] [192.0.2.1]", "host"
Relay read_host(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const auto second = text.find(" [");
    Relay relay = read_relay(second == std::string_view::npos ? text : text.substr(second + 1));
    relay.name = bounded(text.substr(0, second));
    return relay;
  }
  return read_relay(text);
}

// "Sent (text)", "Deferred: text", "User unknown". What comes before it says the status already: where a remote
// server's reply is logged too, nobody can say where that ends and this begins.
std::string said(TextCursor cursor) {
  if (cursor.take(", reply=")) return bounded(cursor.rest());
  if (!cursor.take(", stat=")) return "";
  std::string_view text = cursor.rest();
  if (text.substr(0, 6) == "Sent (" && text.back() == ')') text = text.substr(6, text.size() - 7);
  return bounded(text);
}

std::optional<DeliveryStatus> status_by(std::string_view enhanced) {
  if (enhanced.empty()) return std::nullopt;
  switch (enhanced.front()) {
    case '2':
      return DeliveryStatus::sent;
    case '4':
      return DeliveryStatus::deferred;
    default:
      return DeliveryStatus::bounced;
  }
}

bool take_recipients(TextCursor& cursor, std::vector<std::string>& recipients) {
  do {
    auto recipient = take_address(cursor);
    if (!recipient || recipients.size() == max_recipients) return false;
    recipients.push_back(std::move(*recipient));
  } while (cursor.rest().substr(0, 2) != ", " && cursor.take(","));
  return true;
}

// ", ctladdr=<a@b> (0/0)": on whose behalf
bool take_controlling_user(TextCursor& cursor, std::string& user) {
  if (!cursor.take(", ctladdr=")) return true;
  auto address = take_address(cursor);
  if (!address) return false;
  if (cursor.take(" (") && !cursor.until(")")) return false;
  user = std::move(*address);
  return true;
}

// "<a@b>,<c@d>, ctladdr=<e@f> (0/0), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120083, relay=h [192.0.2.1],
// dsn=2.0.0, reply=…, stat=Sent (ok)"
std::optional<Detail> parse_to(TextCursor cursor) {
  DeliveryAttempt attempt;
  if (!take_recipients(cursor, attempt.recipients) || !take_controlling_user(cursor, attempt.on_behalf_of) ||
      !cursor.take(", delay=")) {
    return std::nullopt;
  }
  const auto delay = take_duration(cursor);
  if (!delay) return std::nullopt;
  attempt.delay = *delay;
  take_field(cursor, "xdelay");
  const auto mailer = take_field(cursor, "mailer");
  take_field(cursor, "pri");
  if (const auto relay = take_field(cursor, "relay")) {
    attempt.relay = read_host(*relay);
  } else if (mailer) {
    attempt.relay.name = bounded(*mailer);
  }
  if (cursor.take(", quarantine="))
    return Detail(Held{bounded(cursor.rest().substr(0, cursor.rest().rfind(", stat=")))});
  const auto enhanced = take_field(cursor, "dsn");
  if (enhanced) attempt.enhanced_status = enhanced_status_of(*enhanced);
  const auto status = status_by(attempt.enhanced_status);
  if (!status) return std::nullopt;
  attempt.status = *status;
  attempt.text = said(cursor);
  if (attempt.status == DeliveryStatus::sent && attempt.relay.is_local())
    attempt.next_queue_id = next_queue_id(attempt.text);
  return Detail(std::move(attempt));
}

// "<a@b>, size=84, class=0, nrcpts=1, msgid=<…>, proto=ESMTP, daemon=MTA, relay=host [192.0.2.1]". The message ID is
// the sender's, so what follows is read from the right.
std::optional<Detail> parse_sendmail_from(TextCursor cursor) {
  Queued queued;
  auto mail_from = take_address(cursor);
  if (!mail_from || !cursor.take(", size=")) return std::nullopt;
  queued.mail_from = std::move(*mail_from);
  const auto size = cursor.number<std::uint64_t>();
  if (!size || !take_field(cursor, "class") || !cursor.take(", nrcpts=")) return std::nullopt;
  const auto recipients = cursor.number<std::uint32_t>();
  if (!recipients || *recipients == 0) return std::nullopt;  // none: every recipient was refused
  queued.size = *size;
  queued.recipients = *recipients;
  if (cursor.take(", msgid=")) queued.message_id = take_bracketed_address(cursor).value_or("");
  const auto found = cursor.rest().rfind(", relay=");
  if (found != std::string_view::npos) {
    const Relay client = read_host(cursor.rest().substr(found + 8));
    queued.client_name = client.name;
    queued.client_address = client.address;
  }
  return Detail(std::move(queued));
}

std::uint16_t reply_code_of(std::string_view reply) {
  TextCursor cursor(reply);
  const auto code = cursor.number<std::uint16_t>();
  return code && *code >= 400 && *code <= 599 && cursor.take(" ") ? *code : std::uint16_t{0};
}

// The rulesets that judge a connection of the mail server's own.
bool is_about_our_connection(std::string_view ruleset) {
  return ruleset == "tls_rcpt" || ruleset == "tls_server" || ruleset == "try_tls";
}

// "check_rcpt, arg1=<b@c>, relay=host [192.0.2.1], reject=550 5.7.1 no", "…, quarantine=why"
// "tls_rcpt, arg1=b@c, relay=mx.c., reject=403 4.7.0 authentication failed"
std::optional<Detail> parse_ruleset(TextCursor cursor) {
  const auto ruleset = cursor.while_true([](char c) { return base::is_alpha(c) || c == '_' || c == '-'; });
  if (!cursor.take(", arg1=")) return std::nullopt;
  const auto argument = take_address(cursor);
  if (!argument) return std::nullopt;
  take_field(cursor, "arg2");
  const auto relay = take_field(cursor, "relay");
  if (cursor.take(", quarantine=")) return Detail(Held{bounded(cursor.rest())});
  if (!relay || !cursor.take(", reject=")) return std::nullopt;
  if (is_about_our_connection(ruleset)) {
    return Detail(NotAttempted{read_host(*relay), ruleset == "tls_rcpt" ? *argument : "", bounded(cursor.rest())});
  }
  Refused refused;
  const Relay client = read_host(*relay);
  refused.client_name = client.name;
  refused.client_address = client.address;
  refused.stage = ruleset == "check_rcpt" ? "RCPT" : ruleset == "check_mail" ? "MAIL" : bounded(ruleset);
  if (ruleset == "check_rcpt") refused.recipient = *argument;
  if (ruleset == "check_mail") refused.mail_from = *argument;
  refused.reply = bounded(cursor.rest());
  refused.code = reply_code_of(cursor.rest());
  if (refused.code == 0) return std::nullopt;
  return Detail(std::move(refused));
}

// "Milter: to=<b@c>, reject=550 5.7.1 no", "Milter: data, reject=…", "milter=name, quarantine=why"
std::optional<Detail> parse_milter(std::string_view message) {
  TextCursor cursor(message);
  if (cursor.take("milter=")) {
    if (!cursor.until(", ") || !cursor.take("quarantine=")) return std::nullopt;
    return Detail(Held{bounded(cursor.rest())});
  }
  if (!cursor.take("Milter: ")) return std::nullopt;
  Refused refused;
  const auto stage = cursor.while_true(base::is_alpha);
  refused.stage = stage == "to" ? "RCPT" : stage == "from" ? "MAIL" : bounded(stage);
  if (cursor.take("=")) {
    const auto argument = take_address(cursor);
    if (!argument) return std::nullopt;
    (stage == "to" ? refused.recipient : stage == "from" ? refused.mail_from : refused.helo) = *argument;
  }
  if (!cursor.take(", reject=")) return std::nullopt;
  refused.reply = bounded(cursor.rest());
  refused.code = reply_code_of(cursor.rest());
  if (refused.code == 0) return std::nullopt;
  return Detail(std::move(refused));
}

// "6ALNvWxj014779: DSN: User unknown", "…: return to sender: …", "…: sender notify: Warning: could not send …"
std::optional<Detail> parse_notification(TextCursor cursor) {
  const auto id = cursor.until(": ");
  if (!id || !is_sendmail_queue_id(*id)) return std::nullopt;
  Notified notified;
  notified.notification_queue_id = *id;
  notified.postmaster = cursor.take("postmaster notify: ");
  if (!notified.postmaster && cursor.take("sender notify: ")) {
    notified.kind = cursor.take("Warning: ") ? Notified::Kind::delay : Notified::Kind::success;
  } else if (!notified.postmaster && !cursor.take("DSN: ") && !cursor.take("return to sender: ")) {
    return std::nullopt;
  }
  notified.expired = cursor.rest().substr(0, 19) == "Cannot send message";
  return Detail(std::move(notified));
}

// "<b@c>... User unknown": the answer to RCPT
std::optional<Detail> parse_unknown_user(TextCursor cursor) {
  Refused refused;
  const auto recipient = take_address(cursor);
  if (!recipient || !cursor.take("... User unknown")) return std::nullopt;
  refused.stage = "RCPT";
  refused.recipient = *recipient;
  refused.code = 550;
  refused.reply = "User unknown";
  return Detail(std::move(refused));
}

// "client, relay=host, version=TLSv1.3, verify=OK, cipher=X, bits=256/256"
std::optional<TlsEstablished> parse_tls(TextCursor cursor) {
  if (!cursor.take("client")) return std::nullopt;
  const auto relay = take_field(cursor, "relay");
  const auto version = take_field(cursor, "version");
  const auto verify = take_field(cursor, "verify");
  const auto cipher = take_field(cursor, "cipher");
  if (!relay || !version || !verify || !cipher) return std::nullopt;
  return TlsEstablished{read_host(*relay), bounded(*verify), bounded(*version), bounded(*cipher)};
}

std::optional<Detail> parse_about(std::string_view text) {
  TextCursor cursor(text);
  if (cursor.take("to=")) return parse_to(cursor);
  if (cursor.take("from=")) return parse_sendmail_from(cursor);
  if (cursor.take("ruleset=")) return parse_ruleset(cursor);
  if (cursor.take("done; delay=")) return Detail(Removed{});
  if (text.substr(0, 1) == "<") return parse_unknown_user(cursor);
  if (auto milter = parse_milter(text)) return milter;
  return parse_notification(cursor);
}

}  // namespace

std::optional<ParsedMessage> parse_sendmail_message(std::string_view message) {
  TextCursor cursor(message);
  if (cursor.take("STARTTLS=")) {
    auto tls = parse_tls(cursor);
    return tls ? std::optional(ParsedMessage{"", std::move(*tls)}) : std::nullopt;
  }
  const bool without_message = cursor.take("ruleset=");
  const auto queue_id = without_message ? std::nullopt : cursor.until(": ");
  if (!without_message && (!queue_id || !is_sendmail_queue_id(*queue_id))) return std::nullopt;
  auto detail = without_message ? parse_ruleset(cursor) : parse_about(cursor.rest());
  if (!detail || (without_message && !std::holds_alternative<Refused>(*detail))) return std::nullopt;
  return ParsedMessage{queue_id ? std::string(*queue_id) : "", std::move(*detail)};
}

}  // namespace connectord::maillog
