#include "connectord/match/text_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <bitset>
#include <functional>
#include <unordered_map>
#include <utility>

#include "connectord/base/text.h"
#include "folding.h"

namespace connectord::match {
namespace {

// What all patterns of one set may cost together, and what RE2 may use to look for them at once. It throws away what it
// has built when that is full, and begins anew.
constexpr std::int64_t max_set_program = 2'000'000;
constexpr std::int64_t set_memory = std::int64_t{256} << 20;
constexpr std::int64_t pattern_memory = std::int64_t{8} << 20;

RE2::Options options_with(std::int64_t memory) {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(memory);
  return options;
}

re2::StringPiece piece_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string why_no_pattern(std::string_view pattern) {
  if (pattern.empty()) return "it is empty, and so is found in every text";
  if (pattern.size() > max_pattern_length) {
    return "it has more than " + std::to_string(max_pattern_length) + " bytes";
  }
  const RE2 compiled(piece_of(pattern), options_with(pattern_memory));
  if (!compiled.ok()) return compiled.error();
  if (compiled.ProgramSize() > max_pattern_program) {
    return "it is larger than the bound, by a repetition such as {1000} or by classes of many characters";
  }
  return {};
}

// Found by the first run of word characters in them, so that a text is looked through once for all.
class TextSet::Words {
 public:
  void add(std::string_view word, Owner owner) {
    Word added{folded(base::trimmed(word)), 0, owner};
    added.token_begin = behind_run(added.text, 0, false);
    const std::string_view token = token_at(added.text, added.token_begin);
    if (token.empty()) {
      without_token_.push_back(std::move(added));
    } else {
      note_beginning(token);
      by_token_[std::string(token)].push_back(std::move(added));
    }
  }

  bool empty() const { return by_token_.empty() && without_token_.empty(); }

  void find(std::string_view text, std::vector<Owner>& owners) const {
    const std::string all = folded(text);
    for (const Word& word : without_token_) {
      if (all.find(word.text) != std::string::npos) owners.push_back(word.owner);
    }
    if (by_token_.empty()) return;
    unsigned char before = ' ';
    for (std::size_t begin = 0; begin < all.size(); ++begin) {
      const bool may_begin = !ascii_word_characters[before] && begins_a_token(all, begin);
      before = static_cast<unsigned char>(all[begin]);
      if (may_begin && (begin == 0 || !is_word_character(character_before(all, begin)))) find_at(all, begin, owners);
    }
  }

 private:
  struct Word {
    std::string text;
    std::size_t token_begin;
    Owner owner;
  };

  // So that a part of a text can be looked up.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  // Behind the characters from `position` on that are all of words, or all of none.
  static std::size_t behind_run(std::string_view text, std::size_t position, bool of_word) {
    for (std::size_t next = position; position < text.size(); position = next) {
      if (is_word_character(next_character(text, next)) != of_word) break;
    }
    return position;
  }

  static std::string_view token_at(std::string_view text, std::size_t begin) {
    return text.substr(begin, behind_run(text, begin, true) - begin);
  }

  // Some pairs share a number.
  static std::size_t pair_of(char first, char second) {
    return std::size_t{static_cast<unsigned char>(first)} << 4U ^ static_cast<unsigned char>(second);
  }

  // Its first two bytes; behind one of a single byte there may be anything.
  void note_beginning(std::string_view token) {
    if (token.size() > 1) beginnings_.set(pair_of(token[0], token[1]));
    if (token.size() > 1) return;
    for (int second = 0; second < 256; ++second) beginnings_.set(pair_of(token[0], static_cast<char>(second)));
  }

  // By its first two bytes, which nearly no place of a text has.
  bool begins_a_token(const std::string& text, std::size_t begin) const {
    return beginnings_[pair_of(text[begin], text.c_str()[begin + 1])];
  }

  void find_at(std::string_view text, std::size_t begin, std::vector<Owner>& owners) const {
    const auto found = by_token_.find(token_at(text, begin));
    if (found == by_token_.end()) return;
    for (const Word& word : found->second) {
      if (stands_at(word, text, begin)) owners.push_back(word.owner);
    }
  }

  static bool stands_at(const Word& word, std::string_view text, std::size_t token) {
    if (token < word.token_begin) return false;
    const std::size_t begin = token - word.token_begin;
    if (text.substr(begin, word.text.size()) != word.text) return false;
    const std::size_t end = begin + word.text.size();
    std::size_t behind = end;
    const bool goes_on = is_word_character(character_before(word.text, word.text.size())) && end < text.size() &&
                         is_word_character(next_character(text, behind));
    return !goes_on;
  }

  std::unordered_map<std::string, std::vector<Word>, Hash, std::equal_to<>> by_token_;
  std::vector<Word> without_token_;
  std::bitset<4096> beginnings_;  // of the tokens
};

class TextSet::Patterns {
 public:
  void add(std::string_view pattern, Owner owner) {
    if (set_.Add(piece_of(pattern), nullptr) < 0) return;
    owners_.push_back(owner);
    const RE2 single(piece_of(pattern), options_with(pattern_memory));
    program_ += single.ProgramSize();
  }

  tl::expected<void, std::string> compile() {
    if (owners_.empty()) return {};
    if (program_ > max_set_program) return tl::unexpected(std::string("the patterns are too large together"));
    if (!set_.Compile()) return tl::unexpected(std::string("RE2 has no memory for the patterns together"));
    return {};
  }

  bool empty() const { return owners_.empty(); }

  bool find(std::string_view text, std::vector<Owner>& owners) const {
    const std::string whole = base::is_utf8(text) ? std::string() : well_formed(text);
    std::vector<int> found;
    RE2::Set::ErrorInfo error{};
    const bool any = set_.Match(piece_of(whole.empty() ? text : whole), &found, &error);
    for (const int number : found) owners.push_back(owners_[static_cast<std::size_t>(number)]);
    return any || error.kind == RE2::Set::kNoError;
  }

 private:
  RE2::Set set_{options_with(set_memory), RE2::UNANCHORED};
  std::vector<Owner> owners_;
  std::int64_t program_ = 0;
};

TextSet::TextSet() : words_(std::make_unique<Words>()), patterns_(std::make_unique<Patterns>()) {}
TextSet::~TextSet() = default;
TextSet::TextSet(TextSet&&) noexcept = default;
TextSet& TextSet::operator=(TextSet&&) noexcept = default;

void TextSet::add_word(std::string_view word, Owner owner) {
  words_->add(word, owner);
}

void TextSet::add_pattern(std::string_view pattern, Owner owner) {
  patterns_->add(pattern, owner);
}

tl::expected<void, std::string> TextSet::compile() {
  return patterns_->compile();
}

bool TextSet::empty() const {
  return words_->empty() && patterns_->empty();
}

bool TextSet::find(std::string_view text, std::vector<Owner>& owners) const {
  if (!words_->empty()) words_->find(text, owners);
  return patterns_->empty() || patterns_->find(text, owners);
}

}  // namespace connectord::match
