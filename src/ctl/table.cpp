#include "table.h"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <utility>

#include "connectord/base/display_control.h"
#include "connectord/base/text.h"
#include "finding_text.h"
#include "text_layout.h"

namespace connectord::ctl {
namespace {

constexpr std::size_t gap = 2;
// A column of text is not made narrower, whatever its words are.
constexpr std::size_t narrowest = 16;

template <class Columns>
std::size_t total_width(const Columns& shown) {
  std::size_t total = 0;
  for (const auto& column : shown) total += column.width + (total > 0 ? gap : 0);
  return total;
}

std::string painted(const Terminal& terminal, const Cell& cell, const std::string& text) {
  return cell.colour == nullptr || text.empty() ? text : Paint(terminal.colour)(text, cell.colour);
}

}  // namespace

std::size_t Table::natural_width(std::size_t column) const {
  std::size_t width = text_width(columns_[column].heading);
  for (const auto& row : rows_) width = std::max(width, text_width(row[column].text));
  return width;
}

std::size_t Table::least_width(std::size_t column) const {
  std::size_t width = longest_word(columns_[column].heading);
  for (const auto& row : rows_) width = std::max(width, longest_word(row[column].text));
  return std::max(width, std::min(natural_width(column), narrowest));
}

std::vector<Table::Shown> Table::all_columns() const {
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < columns_.size(); ++i) shown.push_back({i, natural_width(i)});
  return shown;
}

// Takes from the widest columns what is too much.
bool Table::fit(std::vector<Shown>& shown, std::size_t width) const {
  if (width == 0 || total_width(shown) <= width) return true;
  std::vector<std::size_t> least;
  least.reserve(shown.size());
  for (const Shown& one : shown) least.push_back(least_width(one.column));
  while (total_width(shown) > width) {
    std::size_t widest = shown.size();
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (shown[i].width > least[i] && (widest == shown.size() || shown[i].width > shown[widest].width)) widest = i;
    }
    if (widest == shown.size()) return false;
    --shown[widest].width;
  }
  return true;
}

std::vector<Table::Shown> Table::layout(std::size_t width) const {
  std::vector<Shown> candidates = all_columns();
  while (true) {
    std::vector<Shown> shown = candidates;
    if (fit(shown, width)) return shown;
    const auto last = std::find_if(candidates.rbegin(), candidates.rend(),
                                   [this](const Shown& one) { return columns_[one.column].may_go; });
    if (last == candidates.rend()) return {};
    candidates.erase(std::next(last).base());
  }
}

void Table::print_row(const Terminal& terminal, const std::vector<Shown>& shown, const std::vector<Cell>& cells) const {
  std::vector<std::vector<std::string>> texts;
  std::size_t height = 1;
  for (const Shown& one : shown) {
    texts.push_back(wrapped(cells[one.column].text, one.width));
    height = std::max(height, texts.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    std::string written;
    std::size_t used = 0;
    std::size_t place = 0;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::string text = line < texts[i].size() ? texts[i][line] : "";
      if (!text.empty()) written += std::string(place - used, ' ') + painted(terminal, cells[shown[i].column], text);
      if (!text.empty()) used = place + text_width(text);
      place += shown[i].width + gap;
    }
    terminal.out << written << '\n';
  }
}

// One cell after the other, on as many lines as it takes.
void Table::print_flowing(const Terminal& terminal, const std::vector<Cell>& cells) {
  const std::string indent(2 * gap, ' ');
  std::string line;
  std::size_t used = 0;
  for (const Cell& cell : cells) {
    const std::size_t width = text_width(cell.text);
    if (width == 0) continue;
    if (used > 0 && used + gap + width > terminal.width) {
      terminal.out << line << '\n';
      line = indent;
      used = indent.size();
    } else if (used > 0) {
      line += std::string(gap, ' ');
      used += gap;
    }
    const auto lines = wrapped(cell.text, terminal.width - std::min(used, terminal.width));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) terminal.out << line << '\n';
      if (i > 0) line = indent;
      line += painted(terminal, cell, lines[i]);
    }
    used = lines.size() == 1 ? used + width : indent.size() + text_width(lines.back());
  }
  terminal.out << line << '\n';
}

void Table::print(const Terminal& terminal) const {
  const std::vector<Shown> shown = layout(terminal.width);
  std::vector<Cell> headings;
  for (const Column& column : columns_) headings.emplace_back(column.heading, bold);
  const bool has_heading =
      std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.heading.empty(); });
  if (has_heading) shown.empty() ? print_flowing(terminal, headings) : print_row(terminal, shown, headings);
  for (const auto& row : rows_) shown.empty() ? print_flowing(terminal, row) : print_row(terminal, shown, row);
}

void write_table(const Terminal& terminal, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return;
  Table table(std::vector<Table::Column>(rows.front().size()));
  for (const auto& row : rows) table.add({row.begin(), row.end()});
  table.print(terminal);
}

std::string harmless(std::string_view text) {
  return base::without_display_controls(text);
}

}  // namespace connectord::ctl
