#include "connectord/mime/not_edited.h"

namespace connectord::mime {

std::string_view to_string(NotEdited reason) {
  switch (reason) {
    case NotEdited::already_there:
      return "it is there already";
    case NotEdited::signed_mail:
      return "the message is signed";
    case NotEdited::encrypted_mail:
      return "the message is encrypted";
    case NotEdited::calendar_mail:
      return "the message is an invitation";
    case NotEdited::report:
      return "the message is a report";
    case NotEdited::no_text:
      return "the message has no text";
    case NotEdited::doubtful_structure:
      return "readers may see different parts";
    case NotEdited::limit_exceeded:
      return "the message has too many parts";
    case NotEdited::doubtful_encoding:
      return "the text's transfer encoding is broken";
    case NotEdited::unknown_charset:
      return "text cannot be put into that charset";
    case NotEdited::doubtful_charset:
      return "the text is not in the charset that it names";
    case NotEdited::charset_cannot_hold:
      return "the charset lacks some of the characters";
    case NotEdited::nowhere_to_be_seen:
      return "the HTML ends where nothing would be seen";
    case NotEdited::line_too_long:
      return "a line would be too long";
    case NotEdited::too_many_steps:
      return "too much would have to be quoted";
    case NotEdited::would_end_part:
      return "a line would be taken for a delimiter";
    case NotEdited::whole_message:
      return "it is the message itself, not a part of it";
    case NotEdited::nothing_to_insert:
      return "there is nothing to insert";
    case NotEdited::unreadable:
      return "the message's bytes cannot be read";
  }
  return "unknown";
}

}  // namespace connectord::mime
