#include "copy_rows.h"

#include <array>
#include <type_traits>

namespace connectord::fleet {
namespace {

// The signature, no flags, and no more header.
constexpr std::string_view heading("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

}  // namespace

// In network order.
template <class Number>
void CopyRows::append(Number value) {
  const auto bits = static_cast<std::make_unsigned_t<Number>>(value);
  std::array<char, sizeof(Number)> bytes{};
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<char>((bits >> (8 * (sizeof(Number) - 1 - i))) & 0xffU);
  }
  bytes_.append(bytes.data(), bytes.size());
}

void CopyRows::begin_row() {
  append(fields_);
  ++rows_;
}

CopyRows& CopyRows::add(std::int16_t value) {
  append(std::int32_t{sizeof(value)});
  append(value);
  return *this;
}

CopyRows& CopyRows::add(std::int32_t value) {
  append(std::int32_t{sizeof(value)});
  append(value);
  return *this;
}

CopyRows& CopyRows::add(std::int64_t value) {
  append(std::int32_t{sizeof(value)});
  append(value);
  return *this;
}

CopyRows& CopyRows::add_null() {
  append(std::int32_t{-1});
  return *this;
}

CopyRows& CopyRows::add(std::string_view value) {
  return value.empty() ? add_null() : add_text(value);
}

CopyRows& CopyRows::add_text(std::string_view value) {
  append(static_cast<std::int32_t>(value.size()));
  bytes_.append(value);
  return *this;
}

std::string_view CopyRows::finish() {
  append(std::int16_t{-1});
  return bytes_;
}

void CopyRows::clear() {
  bytes_.assign(heading);
  rows_ = 0;
}

}  // namespace connectord::fleet
