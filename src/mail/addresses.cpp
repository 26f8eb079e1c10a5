#include "connectord/mail/addresses.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::mail {
namespace {

bool is_white_space(char c) {
  return base::is_space(c) || c == '\r' || c == '\n';
}

// Takes a field to pieces at the characters that end an address, outside of quoted strings and comments.
class AddressScanner {
 public:
  explicit AddressScanner(std::string_view text) : text_(text) {}

  std::vector<std::string> scan() {
    for (position_ = 0; position_ < text_.size(); ++position_) step(text_[position_]);
    end_address();
    return std::move(found_);
  }

 private:
  void step(char c) {
    switch (c) {
      case '"':
        quoted_string();
        break;
      case '(':
        comment();
        break;
      case '<':
        // What stood before is a display name.
        address_.clear();
        in_brackets_ = true;
        break;
      case '>':
        end_address();
        in_brackets_ = false;
        after_brackets_ = true;
        break;
      case ',':
      case ';':
        if (in_brackets_ && c == ',') {
          address_.clear();  // an end of a source route's host
          break;
        }
        end_address();
        in_brackets_ = after_brackets_ = false;
        break;
      case ':':
        address_.clear();  // a group's name, or a source route
        break;
      default:
        if (is_white_space(c)) {
          blank();
        } else {
          address_ += c;
        }
    }
  }

  // "a @ b" and "a@ b" are obsolete forms of an address; otherwise what follows a blank is another word.
  void blank() {
    std::size_t next = position_;
    while (next < text_.size() && is_white_space(text_[next])) ++next;
    position_ = next - 1;
    const bool joined = (next < text_.size() && (text_[next] == '@' || text_[next] == '.')) ||
                        address_.ends_with('@') || address_.ends_with('.');
    if (joined || address_.empty()) return;
    if (!in_brackets_) end_address();
  }

  void quoted_string() {
    address_ += '"';
    for (++position_; position_ < text_.size() && text_[position_] != '"'; ++position_) {
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) address_ += text_[position_++];
      address_ += text_[position_];
    }
    address_ += '"';
  }

  void comment() {
    std::size_t depth = 1;
    for (++position_; position_ < text_.size() && depth > 0; ++position_) {
      if (text_[position_] == '\\') {
        ++position_;
      } else if (text_[position_] == '(') {
        ++depth;
      } else if (text_[position_] == ')') {
        --depth;
      }
    }
    --position_;
  }

  void end_address() {
    const auto at = address_.rfind('@');
    const bool complete = at != std::string::npos && at > 0 && at + 1 < address_.size() && !address_.ends_with('"');
    if (complete && !after_brackets_ && found_.size() < max_addresses) found_.push_back(address_);
    address_.clear();
  }

  std::string_view text_;
  std::size_t position_ = 0;
  bool in_brackets_ = false;
  bool after_brackets_ = false;  // until the next comma; what stands there is no address
  std::string address_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> addresses_in(std::string_view raw) {
  return AddressScanner(raw).scan();
}

}  // namespace connectord::mail
