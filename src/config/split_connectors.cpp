#include "split_connectors.h"

#include <algorithm>
#include <array>
#include <span>

namespace connectord::config {
namespace {

// Connectors' first.
constexpr std::array<std::string_view, 3> entry_tables = {"inbound", "outbound", "rule"};

bool is_bare_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// Knows of TOML's grammar where statements end: strings, comments and brackets.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Goes behind the end of the next line that ends a statement (or is blank). False at a string without an end.
  bool skip_statement() {
    dots_ = 0;
    while (position_ < text_.size()) {
      switch (text_[position_]) {
        case '\n':
          ++position_;
          ++line_;
          if (depth_ == 0) return true;
          dots_ = 0;
          break;
        case '#':
          position_ = std::min(text_.find('\n', position_), text_.size());
          break;
        case '"':
        case '\'':
          if (!skip_string()) return false;
          break;
        default:
          count(text_[position_++]);
      }
    }
    return true;
  }

  bool at_end() const { return position_ >= text_.size(); }
  std::size_t position() const { return position_; }
  std::uint32_t line() const { return line_; }
  // In one line.
  std::size_t max_dots() const { return max_dots_; }
  std::string_view remaining() const { return text_.substr(position_); }

 private:
  void count(char c) {
    if (c == '[' || c == '{') ++depth_;
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == '.') max_dots_ = std::max(max_dots_, ++dots_);
  }

  bool skip_string() {
    const char quote = text_[position_];
    const bool multi_line = text_.substr(position_, 3) == std::string(3, quote);
    return multi_line ? skip_multi_line_string(quote) : skip_plain_string(quote);
  }

  bool skip_plain_string(char quote) {
    for (++position_; position_ < text_.size() && text_[position_] != '\n'; ++position_) {
      if (text_[position_] == quote) {
        ++position_;
        return true;
      }
      if (quote == '"' && text_[position_] == '\\') ++position_;
    }
    return false;
  }

  bool skip_multi_line_string(char quote) {
    for (position_ += 3; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == quote && text_.substr(position_, 3) == std::string(3, quote)) {
        position_ += 3;
        // Up to two quotes may stand before the closing ones.
        for (int i = 0; i < 2 && position_ < text_.size() && text_[position_] == quote; ++i) ++position_;
        return true;
      }
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"' && position_ + 1 < text_.size() && text_[position_ + 1] != '\n') ++position_;
    }
    return false;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::uint32_t line_ = 1;
  std::size_t depth_ = 0;
  std::size_t dots_ = 0;
  std::size_t max_dots_ = 0;
};

// What the first characters of a statement say of the piece it belongs to.
struct Header {
  enum class Kind { none, connector, part_of_connector, other, unclear };

  Kind kind = Kind::none;
  std::string_view root;
};

using Roots = std::span<const std::string_view>;

Header header_of(std::string_view line, Roots roots) {
  using Kind = Header::Kind;
  line = without_blanks(line);
  if (!line.starts_with('[')) return {};
  const bool array = line.starts_with("[[");
  line = without_blanks(line.substr(array ? 2 : 1));
  const auto* const end = std::find_if_not(line.begin(), line.end(), is_bare_key_character);
  const std::string_view root = line.substr(0, static_cast<std::size_t>(end - line.begin()));
  if (root.empty()) return {Kind::unclear, root};
  if (std::find(roots.begin(), roots.end(), root) == roots.end()) return {Kind::other, root};
  line = without_blanks(line.substr(root.size()));
  if (line.starts_with('.')) return {Kind::part_of_connector, root};
  return {array && line.starts_with("]]") ? Kind::connector : Kind::unclear, root};
}

// Collects pieces while the statements of a document go by.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  // False where the document can't be divided.
  bool begin(const Header& header, std::size_t position, std::uint32_t line) {
    switch (header.kind) {
      case Header::Kind::none:
        return true;
      case Header::Kind::unclear:
        return false;
      case Header::Kind::part_of_connector:
        return header.root == root_;
      case Header::Kind::other:
        if (root_.empty()) return true;
        break;
      case Header::Kind::connector:
        break;
    }
    end(position);
    begin_ = position;
    line_ = line;
    root_ = header.kind == Header::Kind::connector ? header.root : std::string_view();
    return true;
  }

  SplitDocument finish() {
    end(text_.size());
    return std::move(split_);
  }

 private:
  void end(std::size_t position) {
    const std::string_view piece = text_.substr(begin_, position - begin_);
    if (!root_.empty()) {
      split_.connectors.push_back({piece, line_});
    } else if (!piece.empty()) {
      split_.rest.append(line_ - rest_line_, '\n');
      split_.rest.append(piece);
      rest_line_ = line_ + static_cast<std::uint32_t>(std::count(piece.begin(), piece.end(), '\n'));
    }
  }

  std::string_view text_;
  std::size_t begin_ = 0;
  std::uint32_t line_ = 1;
  std::string_view root_;  // of the connector that is open; empty in the rest
  std::uint32_t rest_line_ = 1;
  SplitDocument split_;
};

std::optional<SplitDocument> split(std::string_view text, Roots roots) {
  Scanner scanner(text);
  Pieces pieces(text);
  while (!scanner.at_end()) {
    if (!pieces.begin(header_of(scanner.remaining(), roots), scanner.position(), scanner.line())) return std::nullopt;
    if (!scanner.skip_statement()) return std::nullopt;
  }
  return pieces.finish();
}

}  // namespace

std::optional<SplitDocument> split_connectors(std::string_view text) {
  return split(text, Roots(entry_tables).first(2));
}

std::optional<SplitDocument> split_entries(std::string_view text) {
  return split(text, entry_tables);
}

std::optional<std::uint32_t> line_with_too_many_dots(std::string_view text, std::size_t limit) {
  Scanner scanner(text);
  while (!scanner.at_end()) {
    const std::uint32_t line = scanner.line();
    const bool complete = scanner.skip_statement();
    if (scanner.max_dots() > limit) return line;
    if (!complete) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace connectord::config
