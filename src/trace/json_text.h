#pragma once

#include <string>
#include <string_view>

namespace connectord::trace {

// Appends a JSON string (RFC 8259, 7), with its quotes. Bytes that are no UTF-8 become U+FFFD. By hand, since this is
// done for every message before it is answered.
void append_quoted(std::string& out, std::string_view text);

// One array, element by element.
class JsonArray {
 public:
  explicit JsonArray(std::string& out) : out_(out) { out_ += '['; }
  ~JsonArray() { out_ += ']'; }
  JsonArray(const JsonArray&) = delete;
  JsonArray& operator=(const JsonArray&) = delete;

  JsonArray& add(std::string_view text) {
    append_quoted(next(), text);
    return *this;
  }
  template <class Number>
  JsonArray& add_number(Number number) {
    next() += std::to_string(number);
    return *this;
  }
  // Where the caller writes the next element itself.
  std::string& next() {
    if (!first_) out_ += ',';
    first_ = false;
    return out_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace connectord::trace
