#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mime/structure.h"

namespace connectord::mime {

// Finds the parts of a message while its body streams through (RFC 2045, 2046). Takes time in proportion to the body,
// and holds a line of a header, the Content fields and some hundred bytes for each part. Not thread-safe.
class Reader {
 public:
  // `header`: the message's own; other fields than Content fields do not count.
  Reader(const std::vector<mail::HeaderField>& header, Reading reading, const Limits& limits = {});

  void update(std::string_view chunk);
  // After the body, once.
  Structure finish();
  // The other reading may find other parts.
  bool has_second_reading() const { return has_second_reading_; }

 private:
  // A line; `text` is its beginning, as much as is needed of it.
  struct Line {
    std::string_view text;
    std::uint64_t begin = 0;
    std::uint64_t content_end = 0;
    std::uint64_t end = 0;
    bool ends_bare = false;  // by a lone CR or LF
  };
  // A multipart whose end has not come.
  struct Level {
    std::size_t part = 0;
    std::vector<std::string> boundaries;
    bool is_closed = false;
  };
  struct Delimiter {
    std::size_t level = 0;
    bool closes = false;
    bool is_exact = false;
  };

  void split_strictly(std::string_view chunk);
  void pass_over(std::size_t size);
  void split_leniently(std::string_view chunk);
  void keep(std::string_view piece);
  void end_line(std::string_view last_piece, std::size_t line_end);
  void line(const Line& line);
  void delimiter(const Line& line, const Delimiter& found);
  std::optional<Delimiter> match(std::size_t level, const Line& line) const;
  std::optional<Delimiter> find_delimiter(const Line& line);
  std::optional<Delimiter> doubtful(const Delimiter& lookalike, const std::optional<Delimiter>& exact);
  void close_within(std::size_t level, std::uint64_t end);
  void close_last_level();
  void header_line(const Line& line);
  void begin_field(const Line& line, std::size_t colon);
  void continue_field(const Line& line);
  void count_header(const Line& line);
  void begin_part(std::size_t parent, std::uint64_t at);
  void finish_header(std::uint64_t body);
  void end_header(std::uint64_t body);
  void open_container();
  void open_multipart(std::vector<std::string> boundaries);
  void end_without_empty_line(const Line& line);
  void doubt_delimiter(const Delimiter& delimiter, Doubt doubt);
  // Of the innermost part whose end has not come.
  void doubt(Doubt doubt) { structure_.parts[current()].doubts.add(doubt); }
  std::size_t current() const { return open_.back(); }

  Reading reading_;
  Limits limits_;
  Structure structure_;
  std::vector<std::size_t> open_;  // parts whose end has not come, the message first
  std::vector<Level> levels_;
  bool in_header_ = false;
  bool field_is_kept_ = false;
  bool has_second_reading_ = false;
  std::size_t header_size_ = 0;
  std::size_t all_headers_size_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t line_begin_ = 0;
  std::uint64_t previous_content_end_ = 0;  // where the line before ended, without its line end
  bool previous_ends_bare_ = false;
  bool cr_waits_ = false;  // the last byte was a CR
  std::string line_;       // its beginning
};

}  // namespace connectord::mime
