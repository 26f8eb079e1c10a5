#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace connectord::fleet {

// Rows for COPY ... WITH (FORMAT binary), in one buffer. The fields of a row are in the order of the statement's
// columns.
class CopyRows {
 public:
  explicit CopyRows(std::int16_t fields) : fields_(fields) { clear(); }

  void begin_row();
  CopyRows& add(std::int16_t value);
  CopyRows& add(std::int32_t value);
  CopyRows& add(std::int64_t value);
  CopyRows& add_null();
  // A text that PostgreSQL takes (mended_text.h), or bytes; an empty one is NULL.
  CopyRows& add(std::string_view value);
  // The same, and an empty one is an empty text.
  CopyRows& add_text(std::string_view value);
  template <class Number>
  CopyRows& add(std::optional<Number> value) {
    return value ? add(*value) : add_null();
  }
  // NULL for 0.
  CopyRows& add_unless_zero(std::int64_t value) { return value == 0 ? add_null() : add(value); }

  std::size_t rows() const { return rows_; }
  bool is_empty() const { return rows_ == 0; }
  std::size_t size() const { return size_; }
  // All of it, with its end, after which nothing can be added before clear().
  std::string_view finish();
  std::string_view bytes() const { return {buffer_.get(), size_}; }
  void clear();

 private:
  template <class Number>
  CopyRows& add_number(Number value);
  // The place for so many bytes more.
  char* extend(std::size_t more);
  void grow(std::size_t least);

  std::int16_t fields_;
  std::size_t rows_ = 0;
  // A message has some sixty fields, of a few bytes each: no container's call for each, and nothing is filled with
  // zeros.
  std::unique_ptr<char[]> buffer_;  // NOLINT(*-avoid-c-arrays)
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace connectord::fleet
