#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::mime {

struct HtmlTag {
  std::string name;  // in lower case, its first 32 bytes
  bool closes = false;
  std::uint64_t begin = 0;  // of "<", counted from the first byte of all
  std::uint64_t end = 0;    // behind ">"
};

class HtmlListener {
 public:
  virtual ~HtmlListener() = default;
  // What stands outside of tags, comments, scripts and styles, in pieces.
  virtual void text(std::string_view piece) = 0;
  // A tag or, under the name "!", a declaration such as DOCTYPE.
  virtual void tag(const HtmlTag& tag) = 0;
};

// Takes HTML to pieces as browsers do (WHATWG HTML, 13.2.5), in any charset that is based on ASCII, while it streams
// through. Holds some bytes of it. Not thread-safe.
class HtmlScanner {
 public:
  explicit HtmlScanner(HtmlListener& listener) : listener_(listener) {}

  void update(std::string_view bytes);
  // What comes next would be text: no tag, comment, script or such is open.
  bool is_in_text() const { return state_ == State::text && raw_element_.empty(); }

 private:
  enum class State : std::uint8_t {
    text,
    tag_open,
    end_tag_open,
    tag_name,
    before_attribute,
    attribute,
    after_attribute,
    before_value,
    value,
    declaration,
    comment,
    bogus_comment
  };

  void markup(char c);
  void tag_open(char c);
  void end_tag_open(char c);
  void tag_name(char c);
  void attributes(char c);
  void value(char c);
  void declaration(char c);
  void comment(char c);
  void end_tag();
  void no_tag(char c);
  void plain(std::string_view piece);

  HtmlListener& listener_;
  State state_ = State::text;
  HtmlTag tag_;
  std::string raw_element_;  // the element whose content is no markup, as that of script
  std::string comment_;      // the last bytes of a comment, or the first ones of a declaration
  char quote_ = 0;
  std::uint64_t offset_ = 0;
};

// The text that people read, while HTML in UTF-8 streams through: character references decoded, white space as one
// space, a line for each block, nothing where a tag stands within a word. Not thread-safe.
class HtmlText final : private HtmlListener {
 public:
  HtmlText() : scanner_(*this) {}

  // Appends what is known now.
  void update(std::string_view html, std::string& text);
  void finish(std::string& text);

 private:
  void text(std::string_view piece) override;
  void tag(const HtmlTag& tag) override;
  void special(char c);
  void character(char c);
  void reference();
  void white_space(char c);

  HtmlScanner scanner_;
  std::string out_;
  std::string reference_;  // "&" and what follows it
  bool at_space_ = true;
};

std::string text_of_html(std::string_view html);
// Text as HTML of its own: special characters as references, line ends as <br>.
std::string html_of_text(std::string_view text);
// HTML in UTF-8 with its characters beyond ASCII as references.
std::string ascii_html(std::string_view html);
// The character that a reference stands for (WHATWG HTML, 13.5), in UTF-8; `name` without "&" and ";". Knows those of
// Latin-1 and some of the rest.
std::optional<std::string> decode_reference(std::string_view name);

// Where something can be inserted into HTML so that it is seen: at the very beginning and end of the body. Not
// thread-safe.
class HtmlPlaces final : private HtmlListener {
 public:
  HtmlPlaces() : scanner_(*this) {}

  void update(std::string_view html);
  // Behind <body …>, </head>, <html …> or the DOCTYPE, whichever is there first in this order, else at 0.
  std::uint64_t front() const;
  // Before the last </body>, else the last </html>, else at the end. std::nullopt where something is open there that
  // would hide it.
  std::optional<std::uint64_t> back() const;

 private:
  void text(std::string_view) override {}
  void tag(const HtmlTag& tag) override;

  HtmlScanner scanner_;
  std::uint64_t size_ = 0;
  std::optional<std::uint64_t> doctype_;
  std::optional<std::uint64_t> html_;
  std::optional<std::uint64_t> head_;
  std::optional<std::uint64_t> body_;
  std::optional<std::uint64_t> body_end_;
  std::optional<std::uint64_t> html_end_;
};

}  // namespace connectord::mime
