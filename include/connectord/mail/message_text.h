#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "connectord/mail/header_field.h"

namespace connectord::mail {

// A message in one piece (RFC 5322, 2.1), with line ends of either kind.
struct MessageText {
  std::vector<HeaderField> header;  // folded lines are joined by LF, as milters have them
  std::string_view body;            // what follows the empty line
};

// Lines of the header that are no fields are left out. With more than `max_fields` fields the body begins behind the
// last one that is read. `bytes` must outlive the result. Takes time in proportion to the bytes of the header.
// Thread-safe.
MessageText split_message(std::string_view bytes, std::size_t max_fields);

}  // namespace connectord::mail
