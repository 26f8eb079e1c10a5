#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectorctl.h"

namespace connectord::ctl {

struct Cell {
  Cell(std::string shown, const char* in_colour = nullptr)  // NOLINT: a text is a cell
      : text(std::move(shown)), colour(in_colour) {}

  std::string text;
  const char* colour;  // of finding_text.h; nullptr: none
};

// Rows with their columns one under the other. Where the terminal is too narrow for all of it, cells are broken at
// their words, columns that may go are left out, and in the end each row takes several lines.
class Table {
 public:
  struct Column {
    std::string heading{};  // none has a heading: no line for them
    bool may_go = false;    // the last of these goes first
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  void print(const Terminal& terminal) const;

 private:
  struct Shown {
    std::size_t column = 0;
    std::size_t width = 0;
  };

  std::vector<Shown> all_columns() const;
  std::vector<Shown> layout(std::size_t width) const;  // empty where nothing fits
  bool fit(std::vector<Shown>& shown, std::size_t width) const;
  std::size_t natural_width(std::size_t column) const;
  std::size_t least_width(std::size_t column) const;
  void print_row(const Terminal& terminal, const std::vector<Shown>& shown, const std::vector<Cell>& cells) const;
  static void print_flowing(const Terminal& terminal, const std::vector<Cell>& cells);

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// The same for rows of plain texts without a heading.
void write_table(const Terminal& terminal, const std::vector<std::vector<std::string>>& rows);

// A text that may be a stranger's, so that a terminal must not obey it: control characters, those that turn the order
// of text around (net/display_control.h), and bytes that are no UTF-8, become '?'.
std::string harmless(std::string_view text);

}  // namespace connectord::ctl
