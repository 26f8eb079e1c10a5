#include "table.h"

#include <algorithm>
#include <ostream>

#include "connectord/mail/text.h"

namespace connectord::ctl {

void write_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out << '\n';
  }
}

std::string harmless(std::string_view text) {
  const bool utf8 = mail::is_utf8(text);
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // U+0080 to U+009F are control characters too, C2 80 to C2 9F in UTF-8.
    const bool is_c1 = text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1 && utf8) ++i;
    shown += is_c1 || mail::is_control(text[i]) || (!utf8 && !mail::is_ascii(text[i])) ? '?' : text[i];
  }
  return shown;
}

}  // namespace connectord::ctl
