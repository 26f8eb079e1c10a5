#include "parts.h"

#include <algorithm>

#include "connectord/base/digest.h"
#include "connectord/base/text.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/mime/header_text.h"
#include "connectord/mime/transfer_encoding.h"

namespace connectord::outbox {
namespace {

constexpr std::size_t max_subject = 500;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), base::is_ascii);
}

// Line ends of any kind as CRLF, with one at the end, and without other controls.
std::string with_crlf(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n' || c == '\r') {
      lines += "\r\n";
    } else {
      lines += base::is_control(c) && c != '\t' ? ' ' : c;
    }
  }
  return lines.ends_with("\r\n") ? lines : lines + "\r\n";
}

// RFC 5322, 2.1.1.
bool has_short_lines(std::string_view text) {
  constexpr std::size_t longest = 78;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    if (end > longest) return false;
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return true;
}

// A display name (RFC 5322, 3.2.5) with its address.
std::string mailbox(const Author& author) {
  std::string address = "<" + author.address + ">";
  const std::string name = mail::one_line(author.name, max_subject);
  if (name.empty()) return address;
  if (!is_ascii(name)) return unstructured(name) + "\r\n " + address;
  std::string quoted;
  for (const char c : name) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return "\"" + quoted + "\" " + address;
}

}  // namespace

tl::expected<std::string, std::string> text_of(const Original& original) {
  std::string text;
  for (const auto& field : original.header) text += mime::header_line(field);
  text += "\r\n";
  const bool is_read = mime::visit(original.body, {0, original.body.size()}, [&](std::string_view piece) {
    text += piece;
    return true;
  });
  if (!is_read) return tl::unexpected(std::string("the message's bytes cannot be read"));
  return text;
}

std::string unstructured(std::string_view text) {
  const std::string line = mail::one_line(text, max_subject);
  const bool is_plain = is_ascii(line) && line.find("=?") == std::string::npos;
  std::string folded;
  for (const char c : is_plain ? line : mime::encode_words(line))
    folded += !is_plain && c == ' ' ? "\r\n " : std::string(1, c);
  return folded;
}

std::string text_part(std::string_view type, std::string_view text) {
  const std::string lines = with_crlf(text);
  const std::string field = "Content-Type: " + std::string(type) + "; charset=utf-8\r\nContent-Transfer-Encoding: ";
  if (is_ascii(lines) && has_short_lines(lines)) return field + "7bit\r\n\r\n" + lines;
  return field + "quoted-printable\r\n\r\n" + mime::encode_quoted_printable(lines);
}

std::string message_part(std::string_view original) {
  std::string part = "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n";
  if (!is_ascii(original)) part += "Content-Transfer-Encoding: 8bit\r\n";
  return part.append("\r\n").append(original);
}

std::string to_string(const Multipart& multipart) {
  std::string text =
      "Content-Type: " + std::string(multipart.type) + "; boundary=\"" + multipart.boundary + "\"\r\n\r\n";
  for (const std::string& part : multipart.parts) text += "--" + multipart.boundary + "\r\n" + part + "\r\n";
  return text + "--" + multipart.boundary + "--\r\n";
}

Mail finished(const Letterhead& letterhead, const std::string& content, const Author& author, const Key& key) {
  constexpr std::size_t id_length = 40;
  Mail mail;
  mail.recipients = letterhead.to;
  mail.message_id = base::sha256_hex(letterhead.identity).substr(0, id_length) + ".connectord@" + author.host_name;
  const std::string message_id = "<" + mail.message_id + ">";
  const std::string_view body =
      std::string_view(content).substr(std::min(content.find("\r\n\r\n") + 4, content.size()));
  const std::string bound_to = written_binding(message_id, base::sha256_hex(body));
  // Who gets a copy of a notice is nobody else's business.
  const std::string to = letterhead.to.size() == 1 ? "<" + letterhead.to.front() + ">" : "undisclosed-recipients:;";
  std::string header = "From: " + mailbox(author) + "\r\nTo: " + to +
                       "\r\nDate: " + mail::date_text(letterhead.unix_time) + "\r\nMessage-ID: " + message_id +
                       "\r\nSubject: " + unstructured(letterhead.subject) + "\r\nAuto-Submitted: auto-generated\r\n" +
                       Key::token_header + ": " + key.token(purpose_written, bound_to, letterhead.unix_time) + "\r\n";
  header += letterhead.extra_fields + "MIME-Version: 1.0\r\n";
  mail.is_8bit = !is_ascii(content);
  mail.content = header + (mail.is_8bit ? "Content-Transfer-Encoding: 8bit\r\n" : "") + content;
  return mail;
}

}  // namespace connectord::outbox
