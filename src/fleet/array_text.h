#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace connectord::fleet {

// Of a PostgreSQL array, in its form as a text.
class ArrayText {
 public:
  void add(std::int64_t number) { next() += std::to_string(number); }
  void add_null() { next() += "NULL"; }
  void add(std::string_view text) {
    next() += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
  }
  std::string finish() { return (text_.empty() ? std::string("{") : std::move(text_)) + "}"; }

 private:
  std::string& next() { return text_ += text_.empty() ? '{' : ','; }
  std::string text_;
};

}  // namespace connectord::fleet
