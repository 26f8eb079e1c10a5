#pragma once

#include <cstdint>
#include <string_view>

namespace connectord::mime {

// Why a message is left as it is.
enum class NotEdited : std::uint8_t {
  already_there,        // `Repetition::once`, and every text has it
  signed_mail,          // multipart/signed, S/MIME, PGP within the text
  encrypted_mail,       // multipart/encrypted, S/MIME
  calendar_mail,        // an invitation: text/calendar alone or in an alternative
  report,               // multipart/report
  no_text,              // no text/plain or text/html where people read
  doubtful_structure,   // `Doubt`
  limit_exceeded,       // `Limits`
  doubtful_encoding,    // base64 or quoted-printable that is broken, or bare line ends that would not survive
  unknown_charset,      // or one that text cannot simply be put into, such as UTF-16
  doubtful_charset,     // the text is not in the charset that it names
  charset_cannot_hold,  // characters that the charset has not
  nowhere_to_be_seen,   // HTML that ends within a comment, a script or a tag
  line_too_long,        // a line without a blank in 998 bytes (RFC 5322, 2.1.1)
  too_many_steps,       // what would have to be quoted is everywhere
  would_end_part,       // a line of it, or one behind it, would be taken for a delimiter of the message
  nothing_to_insert,
  whole_message,  // what is to be replaced is no part of a multipart
  unreadable,     // the bytes cannot be read
};
std::string_view to_string(NotEdited reason);

}  // namespace connectord::mime
