#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/mime/charset.h"

namespace connectord::inspect {

inline constexpr std::size_t max_name_length = 1'024;

// A file name in UTF-8: as it is, or else of that charset; of an empty one as mail programs guess.
inline std::string name_text(std::string_view name, std::string_view charset = {}) {
  name = name.substr(0, max_name_length);
  return base::is_utf8(name) ? std::string(name) : mime::decode_charset(name, charset);
}

}  // namespace connectord::inspect
