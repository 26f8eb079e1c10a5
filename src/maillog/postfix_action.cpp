// Lines of smtpd, cleanup and postscreen about what was refused, held or thrown away:
//   RCPT from host[192.0.2.1]: 550 5.1.1 <b@c>: no; from=<a@b> to=<b@c> proto=ESMTP helo=<name>
//   header Subject: x from host[192.0.2.1]; from=<a@b> to=<b@c> proto=ESMTP helo=<name>: 5.7.1 no
// Anything from outside may stand in the reply and the header, so these are read from the right (postfix_envelope.h).
#include "postfix_envelope.h"
#include "postfix_line.h"

namespace connectord::maillog {
namespace {

std::uint16_t code_by_enhanced_status(std::string_view reply) {
  const std::string enhanced = enhanced_status_of(reply);
  if (enhanced.empty()) return 0;
  return enhanced.front() == '4' ? 450 : enhanced.front() == '5' ? 550 : 0;
}

// "550 5.1.1 …" or, in a milter's answer to the whole message, "5.7.1 …"
std::uint16_t code_of(std::string_view reply) {
  TextCursor cursor(reply);
  const auto code = cursor.number<std::uint16_t>();
  if (code && *code >= 400 && *code <= 599 && cursor.take(" ")) return *code;
  return code_by_enhanced_status(reply);
}

// cleanup's header_checks and body_checks: what follows is a header of the sender's, and the answer comes last.
bool is_content(std::string_view stage) {
  return stage == "header" || stage == "body" || stage == "mime" || stage == "nested";
}

std::string answer_to_content(std::string_view text) {
  const auto found = text.rfind(">: ");
  return found == std::string_view::npos ? "" : bounded(text.substr(found + 3));
}

Refused parse_refusal(std::string_view daemon, std::string_view stage, std::string_view text) {
  Refused refused;
  refused.stage = bounded(stage);
  if (is_content(stage)) {
    refused.reply = answer_to_content(text);
    refused.code = code_by_enhanced_status(refused.reply);
    if (refused.code == 0) refused.code = 550;
    return refused;
  }
  TextCursor cursor(text);
  if (!cursor.take("from ")) return refused;
  const auto client = cursor.until(": ");
  if (!client) return refused;
  const Relay from = read_relay(*client);
  refused.client_name = from.name;
  refused.client_address = from.address;
  std::string_view rest = cursor.rest();
  LoggedEnvelope envelope = take_envelope(daemon, rest);
  refused.reply = bounded(rest);
  refused.code = code_of(rest);
  refused.mail_from = std::move(envelope.mail_from);
  refused.recipient = std::move(envelope.recipient);
  refused.helo = std::move(envelope.helo);
  refused.sasl_username = std::move(envelope.sasl_username);
  return refused;
}

// Why, in a few words: what the table or the milter gave as text.
std::string reason_of(std::string_view daemon, std::string_view stage, std::string_view text) {
  if (is_content(stage)) return answer_to_content(text);
  TextCursor cursor(text);
  if (!cursor.until(": ")) return "";
  std::string_view rest = cursor.rest();
  take_envelope(daemon, rest);
  return bounded(rest);
}

}  // namespace

std::optional<Event::Detail> parse_postfix_action(std::string_view daemon, std::string_view action,
                                                  std::string_view text) {
  TextCursor cursor(text);
  const auto stage = cursor.until(" ");
  if (!stage || stage->empty()) return std::nullopt;
  if (action == "hold") return Event::Detail(Held{reason_of(daemon, *stage, cursor.rest())});
  if (action == "discard") return Event::Detail(Discarded{reason_of(daemon, *stage, cursor.rest())});
  Refused refused = parse_refusal(daemon, *stage, cursor.rest());
  if (refused.code == 0) return std::nullopt;
  return Event::Detail(std::move(refused));
}

}  // namespace connectord::maillog
