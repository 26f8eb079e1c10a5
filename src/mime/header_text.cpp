#include "connectord/mime/header_text.h"

#include "connectord/base/text.h"

namespace connectord::mime {

std::string header_line(const mail::HeaderField& field) {
  std::string line = field.name + (base::is_space(field.value.empty() ? ' ' : field.value.front()) ? ":" : ": ");
  for (const char c : field.value) {
    if (c == '\n' && !line.ends_with('\r')) line += '\r';
    line += c;
  }
  return line + "\r\n";
}

}  // namespace connectord::mime
