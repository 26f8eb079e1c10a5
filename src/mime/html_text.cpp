#include <algorithm>
#include <array>

#include "connectord/base/text.h"
#include "connectord/mime/html.h"

namespace connectord::mime {
namespace {

constexpr std::size_t max_reference_length = 32;

constexpr std::array<std::string_view, 38> block_elements{
    "address", "article", "aside",    "blockquote", "body",   "br",    "caption", "center", "dd",     "div",
    "dl",      "dt",      "fieldset", "figure",     "footer", "form",  "h1",      "h2",     "h3",     "h4",
    "h5",      "h6",      "head",     "header",     "hr",     "html",  "li",      "ol",     "option", "p",
    "pre",     "section", "table",    "td",         "th",     "title", "tr",      "ul"};

bool is_html_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool ends_run(char c) {
  return c == '&' || is_html_space(c);
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
  }
}

}  // namespace

void HtmlText::update(std::string_view html, std::string& text) {
  scanner_.update(html);
  text += out_;
  out_.clear();
}

void HtmlText::finish(std::string& text) {
  reference();
  text += out_;
  out_.clear();
}

// Most characters stand for themselves, and are taken a run at a time.
void HtmlText::text(std::string_view piece) {
  while (!piece.empty()) {
    const auto* end = reference_.empty() ? std::find_if(piece.begin(), piece.end(), [](char c) { return ends_run(c); })
                                         : piece.begin();
    const auto run = static_cast<std::size_t>(end - piece.begin());
    out_ += piece.substr(0, run);
    at_space_ = at_space_ && run == 0;
    piece.remove_prefix(run);
    if (piece.empty()) return;
    special(piece.front());
    piece.remove_prefix(1);
  }
}

void HtmlText::special(char c) {
  const bool goes_on = base::is_alpha(c) || base::is_digit(c) || (c == '#' && reference_.size() == 1);
  if (!reference_.empty() && goes_on && reference_.size() < max_reference_length) {
    reference_ += c;
    return;
  }
  const bool is_end = !reference_.empty() && c == ';';
  reference();
  if (c == '&') {
    reference_ = c;
  } else if (!is_end) {
    character(c);
  }
}

// What cannot be decoded stands for itself; its semicolon is lost, which no word or pattern of sense has.
void HtmlText::reference() {
  if (reference_.empty()) return;
  const auto decoded = decode_reference(std::string_view(reference_).substr(1));
  for (const char c : decoded ? *decoded : reference_) character(c);
  reference_.clear();
}

void HtmlText::character(char c) {
  if (is_html_space(c)) return white_space(' ');
  out_ += c;
  at_space_ = false;
}

void HtmlText::white_space(char c) {
  if (!at_space_) out_ += c;
  at_space_ = true;
}

void HtmlText::tag(const HtmlTag& tag) {
  reference();
  if (std::find(block_elements.begin(), block_elements.end(), tag.name) != block_elements.end()) white_space('\n');
}

std::string text_of_html(std::string_view html) {
  HtmlText reader;
  std::string text;
  reader.update(html, text);
  reader.finish(text);
  while (!text.empty() && is_html_space(text.back())) text.pop_back();
  return text;
}

std::string html_of_text(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') {
      html += "<br>\r\n";
    } else {
      append_escaped(html, c);
    }
  }
  return html;
}

}  // namespace connectord::mime
