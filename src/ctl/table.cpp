#include "table.h"

#include <algorithm>
#include <ostream>

#include "connectord/base/display_control.h"
#include "connectord/base/text.h"

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
  const bool utf8 = base::is_utf8(text);
  std::string shown;
  while (!text.empty()) {
    const std::size_t control = utf8 ? base::display_control_length(text) : 0;
    const char c = text.front();
    shown += control > 0 || base::is_control(c) || (!utf8 && !base::is_ascii(c)) ? '?' : c;
    text.remove_prefix(control > 0 ? control : 1);
  }
  return shown;
}

}  // namespace connectord::ctl
