#include "copy_rows.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace connectord::fleet {
namespace {

// The signature, no flags, and no more header.
constexpr std::string_view heading("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

// In network order. Returns the place behind it.
template <class Number>
char* write(char* place, Number value) {
  const auto bits = static_cast<std::make_unsigned_t<Number>>(value);
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    place[i] = static_cast<char>((bits >> (8 * (sizeof(Number) - 1 - i))) & 0xffU);
  }
  return place + sizeof(Number);
}

}  // namespace

char* CopyRows::extend(std::size_t more) {
  if (capacity_ - size_ < more) grow(size_ + more);
  char* const place = buffer_.get() + size_;
  size_ += more;
  return place;
}

void CopyRows::grow(std::size_t least) {
  constexpr std::size_t first = 4'096;
  capacity_ = std::max({least, 2 * capacity_, first});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_);  // NOLINT(*-avoid-c-arrays)
  std::copy_n(buffer_.get(), size_, larger.get());
  buffer_ = std::move(larger);
}

template <class Number>
CopyRows& CopyRows::add_number(Number value) {
  char* const place = extend(sizeof(std::int32_t) + sizeof(Number));
  write(write(place, std::int32_t{sizeof(Number)}), value);
  return *this;
}

void CopyRows::begin_row() {
  write(extend(sizeof(fields_)), fields_);
  ++rows_;
}

CopyRows& CopyRows::add(std::int16_t value) {
  return add_number(value);
}

CopyRows& CopyRows::add(std::int32_t value) {
  return add_number(value);
}

CopyRows& CopyRows::add(std::int64_t value) {
  return add_number(value);
}

CopyRows& CopyRows::add_null() {
  write(extend(sizeof(std::int32_t)), std::int32_t{-1});
  return *this;
}

CopyRows& CopyRows::add(std::string_view value) {
  return value.empty() ? add_null() : add_text(value);
}

CopyRows& CopyRows::add_text(std::string_view value) {
  char* const place = extend(sizeof(std::int32_t) + value.size());
  std::copy(value.begin(), value.end(), write(place, static_cast<std::int32_t>(value.size())));
  return *this;
}

std::string_view CopyRows::finish() {
  write(extend(sizeof(std::int16_t)), std::int16_t{-1});
  return bytes();
}

void CopyRows::clear() {
  size_ = 0;
  std::copy(heading.begin(), heading.end(), extend(heading.size()));
  rows_ = 0;
}

}  // namespace connectord::fleet
