#include "folding.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/match/text_set.h"

namespace connectord::match {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

// By byte what it is folded to, if that is one byte whatever stands beside it; 0 for all others.
constexpr auto ascii_folds = [] {
  std::array<char, 256> table{};
  for (std::size_t byte = 0; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    table[byte] = is_space ? ' ' : base::to_lower(c);
  }
  return table;
}();

void append(std::string& text, char32_t character) {
  const auto bits = [character](unsigned shift, unsigned mask, unsigned mark) {
    return static_cast<char>(((character >> shift) & mask) | mark);
  };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += bits(6, 0x1f, 0xc0);
    text += bits(0, 0x3f, 0x80);
  } else if (character < 0x10000) {
    text += bits(12, 0x0f, 0xe0);
    text += bits(6, 0x3f, 0x80);
    text += bits(0, 0x3f, 0x80);
  } else {
    text += bits(18, 0x07, 0xf0);
    text += bits(12, 0x3f, 0x80);
    text += bits(6, 0x3f, 0x80);
    text += bits(0, 0x3f, 0x80);
  }
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

// Writes into a text that is at least as long as what it is made of; only few letters have longer forms.
class Folder {
 public:
  explicit Folder(std::string_view text) : text_(text), result_(text.size(), '\0') {}

  std::string fold() {
    for (take_ascii(); position_ < text_.size(); take_ascii()) {
      const char32_t character = next_character(text_, position_);
      if (u_isUWhiteSpace(static_cast<UChar32>(character)) != 0) {
        if (!after_space_) result_[size_++] = ' ';
        after_space_ = true;
      } else {
        add(u_foldCase(static_cast<UChar32>(character), U_FOLD_CASE_DEFAULT));
      }
    }
    result_.resize(size_);
    return std::move(result_);
  }

 private:
  // Nearly all of most texts: without a call or a jump for each byte.
  void take_ascii() {
    const std::string_view text = text_;
    std::size_t position = position_;
    char* out = result_.data() + size_;
    bool after_space = after_space_;
    for (; position < text.size(); ++position) {
      const char fold = ascii_folds[static_cast<unsigned char>(text[position])];
      if (fold == 0) break;
      *out = fold;
      out += fold == ' ' && after_space ? 0 : 1;
      after_space = fold == ' ';
    }
    position_ = position;
    size_ = static_cast<std::size_t>(out - result_.data());
    after_space_ = after_space;
  }

  void add(UChar32 character) {
    std::string bytes;
    append(bytes, static_cast<char32_t>(character));
    const std::size_t rest = text_.size() - position_;
    if (result_.size() - size_ < bytes.size() + rest) result_.resize(size_ + bytes.size() + rest + rest / 2);
    std::copy(bytes.begin(), bytes.end(), result_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
    after_space_ = false;
  }

  std::string_view text_;
  std::string result_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;  // of what is written
  bool after_space_ = false;
};

}  // namespace

std::string well_formed(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = base::utf8_length(text);
    result.append(length > 0 ? text.substr(0, length) : replacement);
    text.remove_prefix(length > 0 ? length : 1);
  }
  return result;
}

char32_t next_character(std::string_view text, std::size_t& position) {
  const auto first = static_cast<unsigned char>(text[position++]);
  if (first < 0x80) return first;
  char32_t character = first < 0xe0 ? first & 0x1fU : first < 0xf0 ? first & 0x0fU : first & 0x07U;
  while (position < text.size() && continues(text[position])) {
    character = (character << 6U) | (static_cast<unsigned char>(text[position++]) & 0x3fU);
  }
  return character;
}

char32_t character_before(std::string_view text, std::size_t position) {
  do {
    --position;
  } while (position > 0 && continues(text[position]));
  return next_character(text, position);
}

bool is_word_character(char32_t character) {
  if (character < 0x80) return ascii_word_characters[character];
  constexpr auto marks = static_cast<std::uint32_t>(U_GC_M_MASK);
  const auto code = static_cast<UChar32>(character);
  return u_isalnum(code) != 0 || (U_GET_GC_MASK(code) & marks) != 0;
}

std::string folded(std::string_view text) {
  const std::string mended = base::is_utf8(text) ? std::string() : well_formed(text);
  return Folder(mended.empty() ? text : std::string_view(mended)).fold();
}

}  // namespace connectord::match
