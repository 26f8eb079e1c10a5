#include "postfix_envelope.h"

#include <algorithm>
#include <optional>

#include "connectord/maillog/line_parts.h"

namespace connectord::maillog {
namespace {

constexpr std::string_view helo_key = "helo=<";
constexpr std::string_view method_key = " sasl_method=";
constexpr std::string_view user_key = " sasl_username=";
constexpr std::string_view user_of_milter_key = " sasl_username=<";  // in lines about what a milter answered
constexpr std::string_view sender_key = " sasl_sender=";

// Of a longer one, what comes last may be cut off: by Postfix at 2,000 bytes, by some syslog programs at 1,024 with all
// that comes before. What was an address in the answer could then pass for the end of the line.
constexpr std::size_t max_whole_text_length = 800;

// smtpd replaces these in a HELO name by "?" (src/smtpd/smtpd.c); postscreen replaces none of them.
constexpr std::string_view never_in_helo = "<>()\\\";@";

bool may_be_helo(std::string_view daemon, std::string_view name) {
  return daemon == "postscreen" || name.find_first_of(never_in_helo) == std::string_view::npos;
}

void take_separator(std::string_view& text) {
  if (!text.empty() && (text.back() == ',' || text.back() == ';')) text.remove_suffix(1);
}

// Takes " key=<address>" or ", key=<address>" off the end of `text`.
std::optional<std::string> take_last_address(std::string_view& text, std::string_view key) {
  std::size_t found = text.rfind(key);
  while (found != std::string_view::npos) {
    TextCursor cursor(text.substr(found + key.size()));
    auto value = take_bracketed_address(cursor);
    const bool separate = found > 0 && text[found - 1] == ' ';
    if (value && cursor.at_end() && separate) {
      text = text.substr(0, found - 1);
      take_separator(text);
      return value;
    }
    if (found == 0) break;
    found = text.rfind(key, found - 1);
  }
  return std::nullopt;
}

// The last word of `text`, which is taken off together with the space before it, if it begins with `key`.
std::optional<std::string_view> take_last_word(std::string_view& text, std::string_view key) {
  const auto space = text.rfind(' ');
  if (space == std::string_view::npos || !text.substr(space + 1).starts_with(key)) return std::nullopt;
  const std::string_view value = text.substr(space + 1 + key.size());
  text = text.substr(0, space);
  take_separator(text);
  return value;
}

void take_addresses(std::string_view& text, LoggedEnvelope& envelope) {
  take_last_word(text, "proto=");
  envelope.recipient = take_last_address(text, "to=").value_or("");
  envelope.mail_from = take_last_address(text, "from=").value_or("");
}

// A line that was too long ends within the HELO name. A recipient may hold all these words, so such an envelope counts
// only where there is no other.
std::optional<LoggedEnvelope> take_cut_envelope(std::string_view daemon, std::string_view& text) {
  std::string_view rest = text;
  const auto helo = take_last_word(rest, helo_key);
  if (!helo || helo->ends_with('>') || !may_be_helo(daemon, *helo)) return std::nullopt;
  LoggedEnvelope envelope;
  envelope.helo = bounded(*helo);
  take_addresses(rest, envelope);
  for (const std::string_view other : {" from=<", " to=<"}) {
    if (rest.find(other) != std::string_view::npos) return std::nullopt;
  }
  text = rest;
  return envelope;
}

LoggedEnvelope take_plain_envelope(std::string_view daemon, std::string_view& text) {
  if (auto cut = take_cut_envelope(daemon, text)) return *std::move(cut);
  LoggedEnvelope envelope;
  std::string_view rest = text;
  const auto helo = take_last_word(rest, helo_key);
  if (helo && helo->ends_with('>') && may_be_helo(daemon, helo->substr(0, helo->size() - 1))) {
    envelope.helo = bounded(helo->substr(0, helo->size() - 1));
    text = rest;
  }
  take_addresses(text, envelope);
  return envelope;
}

// An envelope that was found from the left.
struct FoundEnvelope {
  LoggedEnvelope envelope;
  std::size_t begin = 0;  // of "; from="
  std::size_t end = 0;    // behind the HELO name
};

bool take_address(TextCursor& cursor, std::string_view key, std::string& address) {
  TextCursor attempt = cursor;
  if (!attempt.take(key)) return true;
  auto taken = take_bracketed_address(attempt);
  if (!taken) return false;
  address = *std::move(taken);
  cursor = attempt;
  return true;
}

// True of what says who had logged in, also where the line was cut off within its key; and of nothing at all.
bool begins_user(std::string_view text) {
  const auto is_one = [text](std::string_view key) { return text.starts_with(key) || key.starts_with(text); };
  return is_one(method_key) || is_one(user_of_milter_key);
}

// At "; ": a whole envelope, with nothing but who had logged in behind it.
std::optional<FoundEnvelope> whole_envelope_at(std::string_view text, std::size_t begin) {
  const auto is_of_a_word = [](char c) { return c != ' ' && never_in_helo.find(c) == std::string_view::npos; };
  TextCursor cursor(text.substr(begin));
  FoundEnvelope found;
  found.begin = begin;
  if (!cursor.take(";") || !take_address(cursor, " from=", found.envelope.mail_from) ||
      !take_address(cursor, " to=", found.envelope.recipient) || !cursor.take(" proto=") ||
      cursor.while_true(is_of_a_word).empty()) {
    return std::nullopt;
  }
  if (cursor.take(" helo=<")) {
    found.envelope.helo = bounded(cursor.while_true(is_of_a_word));
    if (!cursor.take(">")) return std::nullopt;
  }
  const std::string_view behind = cursor.rest();
  if (!begins_user(behind)) return std::nullopt;
  found.end = text.size() - behind.size();
  return found;
}

std::optional<FoundEnvelope> next_whole_envelope(std::string_view text, std::size_t from) {
  for (auto at = text.find("; ", from); at != std::string_view::npos; at = text.find("; ", at + 1)) {
    if (auto found = whole_envelope_at(text, at)) return found;
  }
  return std::nullopt;
}

// Answers have addresses without the quotes and backslashes that they have behind from= and to=.
std::string without_quotes(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove_if(plain.begin(), plain.end(), [](char c) { return c == '\\' || c == '"'; }), plain.end());
  return plain;
}

// True if `envelope`, which ends at `end`, can be a part of an address that the answer repeats: of one that an envelope
// behind it has.
bool may_be_quoted(std::string_view envelope, std::string_view text, std::size_t end) {
  const std::string words = without_quotes(envelope);
  const auto holds = [&words](const std::string& address) {
    return without_quotes(address).find(words) != std::string::npos;
  };
  for (auto other = next_whole_envelope(text, end); other; other = next_whole_envelope(text, other->end)) {
    if (holds(other->envelope.mail_from) || holds(other->envelope.recipient)) return true;
  }
  return false;
}

// " sasl_method=PLAIN sasl_username=joe", " sasl_username=<joe>". A name with what would follow it could end in two
// places.
std::string user_in(std::string_view text) {
  TextCursor cursor(text);
  if (cursor.take(user_of_milter_key)) return bounded(cursor.rest().substr(0, cursor.rest().rfind('>')));
  cursor.take(method_key);
  cursor.while_true([](char c) { return c != ' '; });
  if (!cursor.take(user_key) || cursor.rest().find(sender_key) != std::string_view::npos) return "";
  return bounded(cursor.rest());
}

// True if Postfix can have begun an answer so, in a transaction with this envelope: "550 5.1.1 <b@c>: Recipient address
// rejected", where <> may also have the sender, the HELO name, the client or a command.
bool can_begin(std::string_view answer, const LoggedEnvelope& envelope) {
  TextCursor cursor(answer);
  cursor.while_true([](char c) { return base::is_digit(c) || c == '.' || c == ' '; });
  if (!cursor.take("<")) return true;
  const auto subject = cursor.until(">: ");
  if (!subject) return false;
  const bool is_command =
      std::all_of(subject->begin(), subject->end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  return is_command || subject->ends_with(']') || *subject == envelope.helo ||
         *subject == without_quotes(envelope.recipient) || *subject == without_quotes(envelope.mail_from);
}

bool may_name_user(std::string_view text) {
  const std::string_view end = text.substr(text.rfind('>') + 1);
  return text.find(method_key) != std::string_view::npos || text.find(user_of_milter_key) != std::string_view::npos ||
         (!end.empty() && begins_user(end));
}

// Read from the left, since a user's name may look like an envelope. Nothing where nobody had logged in.
std::optional<LoggedEnvelope> take_envelope_of_user(std::string_view& text) {
  auto found = next_whole_envelope(text, 0);
  while (found && found->end < text.size()) {
    const std::string_view words = text.substr(found->begin + 2, found->end - found->begin - 2);
    // Of several, the others stand in the user's name, unless the first stands in an address that the answer repeats.
    const bool is_certain = text.size() <= max_whole_text_length && !may_be_quoted(words, text, found->end);
    if (!is_certain && !can_begin(text.substr(0, found->begin), found->envelope)) {
      found = next_whole_envelope(text, found->end);
      continue;
    }
    LoggedEnvelope envelope;
    if (is_certain) {
      envelope = std::move(found->envelope);
      envelope.sasl_username = user_in(text.substr(found->end));
    }
    text = text.substr(0, found->begin);
    return envelope;
  }
  return std::nullopt;
}

}  // namespace

LoggedEnvelope take_envelope(std::string_view daemon, std::string_view& text) {
  if (daemon != "postscreen" && may_name_user(text)) {
    if (auto envelope = take_envelope_of_user(text)) return *std::move(envelope);
  }
  return take_plain_envelope(daemon, text);
}

}  // namespace connectord::maillog
