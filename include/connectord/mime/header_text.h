#pragma once

#include <string>

#include "connectord/mail/header_field.h"

namespace connectord::mime {

// A field of a message as its bytes were, with CRLF at its folds and its end: milters give line ends as LF, and the
// value without the blank behind the colon where they are not asked to leave it.
std::string header_line(const mail::HeaderField& field);

}  // namespace connectord::mime
