#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mime/html.h"

namespace connectord::mime {
namespace {

constexpr std::size_t max_tag_name_length = 32;

bool is_white_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

template <std::size_t size>
bool is_one_of(std::string_view name, const std::array<std::string_view, size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Elements whose content has no tags (WHATWG HTML, 13.2.6.4.4 and 13.2.6.4.7).
constexpr std::array<std::string_view, 9> raw_elements{"script",   "style",    "xmp",   "iframe",   "noembed",
                                                       "noframes", "textarea", "title", "plaintext"};
// Those whose content nobody sees.
constexpr std::array<std::string_view, 5> unseen_elements{"script", "style", "iframe", "noembed", "noframes"};

}  // namespace

void HtmlScanner::update(std::string_view bytes) {
  while (!bytes.empty()) {
    if (state_ == State::text) {
      const std::size_t run = std::min(bytes.find('<'), bytes.size());
      plain(bytes.substr(0, run));
      offset_ += run;
      bytes.remove_prefix(run);
      if (bytes.empty()) return;
      tag_ = {.name = {}, .closes = false, .begin = offset_, .end = 0};
      state_ = State::tag_open;
    } else {
      markup(bytes.front());
    }
    ++offset_;
    bytes.remove_prefix(1);
  }
}

void HtmlScanner::plain(std::string_view piece) {
  if (!piece.empty() && !is_one_of(raw_element_, unseen_elements)) listener_.text(piece);
}

void HtmlScanner::markup(char c) {
  switch (state_) {
    case State::text:
      return;
    case State::tag_open:
      return tag_open(c);
    case State::end_tag_open:
      return end_tag_open(c);
    case State::tag_name:
      return tag_name(c);
    case State::before_attribute:
    case State::attribute:
    case State::after_attribute:
      return attributes(c);
    case State::before_value:
    case State::value:
      return value(c);
    case State::declaration:
      return declaration(c);
    case State::comment:
      return comment(c);
    case State::bogus_comment:
      if (c == '>') end_tag();
  }
}

// What began with "<" is text, but for a "<" that comes now.
void HtmlScanner::no_tag(char c) {
  plain(tag_.closes ? "</" : "<");
  plain(tag_.name);
  state_ = State::text;
  if (c == '<') {
    tag_ = {.name = {}, .closes = false, .begin = offset_, .end = 0};
    state_ = State::tag_open;
  } else {
    plain({&c, 1});
  }
}

void HtmlScanner::tag_open(char c) {
  if (c == '/') {
    tag_.closes = true;
    state_ = State::end_tag_open;
  } else if (!raw_element_.empty() || !(base::is_alpha(c) || c == '!' || c == '?')) {
    no_tag(c);
  } else if (c == '!') {
    tag_.name = "!";
    comment_.clear();
    state_ = State::declaration;
  } else if (c == '?') {
    state_ = State::bogus_comment;
  } else {
    tag_.name = base::to_lower(c);
    state_ = State::tag_name;
  }
}

void HtmlScanner::end_tag_open(char c) {
  if (base::is_alpha(c)) {
    tag_.name = base::to_lower(c);
    state_ = State::tag_name;
  } else if (!raw_element_.empty()) {
    no_tag(c);
  } else {
    state_ = c == '>' ? State::text : State::bogus_comment;
  }
}

void HtmlScanner::tag_name(char c) {
  const bool ends = is_white_space(c) || c == '/' || c == '>';
  const bool is_no_end =
      !raw_element_.empty() && (ends ? tag_.name != raw_element_ : !raw_element_.starts_with(tag_.name));
  if (is_no_end) return no_tag(c);
  if (!ends) {
    if (tag_.name.size() < max_tag_name_length) tag_.name += base::to_lower(c);
    return;
  }
  state_ = State::before_attribute;
  if (c == '>') end_tag();
}

void HtmlScanner::attributes(char c) {
  if (c == '>') return end_tag();
  if (is_white_space(c)) {
    if (state_ == State::attribute) state_ = State::after_attribute;
  } else if (c == '/') {
    state_ = State::before_attribute;
  } else if (c == '=' && state_ != State::before_attribute) {
    state_ = State::before_value;
  } else {
    state_ = State::attribute;
  }
}

void HtmlScanner::value(char c) {
  const bool is_quoted = state_ == State::value && quote_ != 0;
  if (is_quoted) {
    if (c == quote_) state_ = State::before_attribute;
  } else if (c == '>') {
    end_tag();
  } else if (is_white_space(c)) {
    if (state_ == State::value) state_ = State::before_attribute;
  } else if (state_ == State::before_value) {
    quote_ = c == '"' || c == '\'' ? c : '\0';
    state_ = State::value;
  }
}

// Behind "<!": a comment if two hyphens come.
void HtmlScanner::declaration(char c) {
  if (c == '>') return end_tag();
  comment_ += c;
  if (comment_ == "--") {
    state_ = State::comment;
  } else if (comment_ != "-") {
    state_ = State::bogus_comment;
    if (base::to_lower(c) != 'd') tag_.name.clear();
  }
}

// "-->" and "--!>" end it, and so do ">" and "->" at its very beginning.
void HtmlScanner::comment(char c) {
  comment_ += c;
  if (c == '>' && (comment_.ends_with("-->") || comment_.ends_with("--!>"))) {
    state_ = State::text;
  } else if (comment_.size() > 64) {
    comment_.erase(0, comment_.size() - 4);
  }
}

void HtmlScanner::end_tag() {
  state_ = State::text;
  tag_.end = offset_ + 1;
  if (tag_.name.empty()) return;
  if (tag_.closes) {
    raw_element_.clear();
  } else if (is_one_of(tag_.name, raw_elements)) {
    raw_element_ = tag_.name;
  }
  listener_.tag(tag_);
}

}  // namespace connectord::mime
