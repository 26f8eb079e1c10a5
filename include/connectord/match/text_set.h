#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// Words and regular expressions that are looked for in text, many at a time.
namespace connectord::match {

// What one pattern may cost: instructions of RE2's program, and bytes of the pattern.
constexpr int max_pattern_program = 10'000;
constexpr std::size_t max_pattern_length = 1'024;

// Why a text is no regular expression of RE2's syntax, or is beyond the bounds, in words. Empty if it is one.
// Thread-safe.
std::string why_no_pattern(std::string_view pattern);

// The form in which words are compared: the case of letters folded (Unicode, simple folding), all white space as one
// space. Bytes that are no UTF-8 become U+FFFD, which is no part of a word. Thread-safe.
std::string folded(std::string_view text);

// Words and patterns, each with a number that says whose it is. One text is looked through once, however many there
// are. Words match as a whole, between characters that are neither letters nor digits nor underscores, in any case;
// patterns anywhere, in any case unless they say otherwise. Once compiled it is only read, and thread-safe.
class TextSet {
 public:
  using Owner = std::uint32_t;

  TextSet();
  ~TextSet();
  TextSet(TextSet&&) noexcept;
  TextSet& operator=(TextSet&&) noexcept;

  void add_word(std::string_view word, Owner owner);
  // One that why_no_pattern() takes.
  void add_pattern(std::string_view pattern, Owner owner);
  // After the last addition, once. On failure says why: the patterns together are beyond the bounds.
  tl::expected<void, std::string> compile();

  bool empty() const;
  // Adds the owners of what the text has to `owners`, in no order and perhaps repeatedly. False if patterns could not
  // be tried, for lack of memory.
  bool find(std::string_view text, std::vector<Owner>& owners) const;

 private:
  class Words;
  class Patterns;

  std::unique_ptr<Words> words_;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace connectord::match
