// Lines of smtpd, cleanup and postscreen about what was refused, held or thrown away:
//   RCPT from host[192.0.2.1]: 550 5.1.1 <b@c>: no; from=<a@b> to=<b@c> proto=ESMTP helo=<name>
//   header Subject: x from host[192.0.2.1]; from=<a@b> to=<b@c> proto=ESMTP helo=<name>: 5.7.1 no
// Anything from outside may stand in the reply and the header, so these are read from the right: a HELO name has no
// brackets, quotes or spaces (smtpd replaces them), and an address ends where its quotes say.
#include "postfix_line.h"

namespace connectord::trace {
namespace {

// The envelope at the end of a line.
struct Envelope {
  std::string mail_from;
  std::string recipient;
  std::string helo;
};

// Takes " key=<value>" or ", key=<value>" off the end of `text`, where the value is one address or name and nothing
// else.
std::optional<std::string> take_last(std::string_view& text, std::string_view key) {
  std::size_t found = text.rfind(key);
  while (found != std::string_view::npos) {
    TextCursor cursor(text.substr(found + key.size()));
    auto value = take_bracketed_address(cursor);
    const bool separate = found > 0 && text[found - 1] == ' ';
    if (value && cursor.at_end() && separate) {
      text = text.substr(0, found - 1);
      if (!text.empty() && (text.back() == ',' || text.back() == ';')) text.remove_suffix(1);
      return value;
    }
    if (found == 0) break;
    found = text.rfind(key, found - 1);
  }
  return std::nullopt;
}

void take_protocol(std::string_view& text) {
  const auto found = text.rfind(" proto=");
  if (found == std::string_view::npos || text.find(' ', found + 1) != std::string_view::npos) return;
  text = text.substr(0, found);
  if (!text.empty() && (text.back() == ',' || text.back() == ';')) text.remove_suffix(1);
}

// A line that was too long ends within the HELO name, which has no brackets. A recipient may hold all these words, so
// such an envelope counts only where there is no other.
std::optional<Envelope> take_cut_envelope(std::string_view& text) {
  constexpr std::string_view key = " helo=<";
  const auto found = text.rfind(key);
  if (found == std::string_view::npos || text.find('>', found) != std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(0, found);
  Envelope envelope{{}, {}, bounded(text.substr(found + key.size()))};
  take_protocol(rest);
  envelope.recipient = take_last(rest, "to=").value_or("");
  envelope.mail_from = take_last(rest, "from=").value_or("");
  for (const std::string_view other : {" from=<", " to=<"}) {
    if (rest.find(other) != std::string_view::npos) return std::nullopt;
  }
  text = rest;
  return envelope;
}

Envelope take_envelope(std::string_view& text) {
  if (auto cut = take_cut_envelope(text)) return *std::move(cut);
  Envelope envelope;
  envelope.helo = take_last(text, "helo=").value_or("");
  take_protocol(text);
  envelope.recipient = take_last(text, "to=").value_or("");
  envelope.mail_from = take_last(text, "from=").value_or("");
  return envelope;
}

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

logged::Refused parse_refusal(std::string_view stage, std::string_view text) {
  logged::Refused refused;
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
  const logged::Relay from = read_relay(*client);
  refused.client_name = from.name;
  refused.client_address = from.address;
  std::string_view rest = cursor.rest();
  Envelope envelope = take_envelope(rest);
  refused.reply = bounded(rest);
  refused.code = code_of(rest);
  refused.mail_from = std::move(envelope.mail_from);
  refused.recipient = std::move(envelope.recipient);
  refused.helo = std::move(envelope.helo);
  return refused;
}

// Why, in a few words: what the table or the milter gave as text.
std::string reason_of(std::string_view stage, std::string_view text) {
  if (is_content(stage)) return answer_to_content(text);
  TextCursor cursor(text);
  if (!cursor.until(": ")) return "";
  std::string_view rest = cursor.rest();
  take_envelope(rest);
  return bounded(rest);
}

}  // namespace

std::optional<logged::Event::Detail> parse_postfix_action(std::string_view action, std::string_view text) {
  TextCursor cursor(text);
  const auto stage = cursor.until(" ");
  if (!stage || stage->empty()) return std::nullopt;
  if (action == "hold") return logged::Event::Detail(logged::Held{reason_of(*stage, cursor.rest())});
  if (action == "discard") return logged::Event::Detail(logged::Discarded{reason_of(*stage, cursor.rest())});
  logged::Refused refused = parse_refusal(*stage, cursor.rest());
  if (refused.code == 0) return std::nullopt;
  return logged::Event::Detail(std::move(refused));
}

}  // namespace connectord::trace
