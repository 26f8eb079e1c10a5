#include "connectord/mime/content_value.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/scanner.h"

namespace connectord::mime {
namespace {

// Stands for the CR and LF of a fold, so that what is read keeps its place in the raw value.
constexpr char fold_mark = '\x01';

bool is_fold(std::string_view raw, std::size_t at) {
  if (raw[at] == '\r') ++at;
  return at + 1 < raw.size() && raw[at] == '\n' && base::is_space(raw[at + 1]);
}

std::string on_one_line(std::string_view raw) {
  std::string line(raw.substr(0, mail::max_read_value_length));
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((line[at] == '\r' || line[at] == '\n') && is_fold(raw, at)) {
      line[at] = fold_mark;
    } else if (base::is_control(line[at])) {
      line[at] = ' ';
    }
  }
  return line;
}

std::string without_folds(std::string_view text) {
  std::string clean(text);
  std::erase(clean, fold_mark);
  return clean;
}

constexpr bool is_blank(char c) {
  return base::is_space(c) || c == fold_mark;
}

std::string_view trimmed_of_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

class ContentParser {
 public:
  explicit ContentParser(std::string_view line) : line_(line), scanner_(line) {}

  ContentValue parse() {
    skip();
    const std::uint64_t begin = at();
    content_.value = base::to_lower(media_type());
    content_.place = {begin, std::max(begin, token_end_)};
    skip();
    while (!scanner_.at_end()) parameter();
    return std::move(content_);
  }

 private:
  std::uint64_t at() const { return line_.size() - scanner_.rest().size(); }
  void doubt() { content_.doubts.add(Doubt::malformed_field); }

  void skip() {
    do {
      if (!scanner_.skip_cfws()) {
        doubt();
        scanner_.next();
      }
    } while (scanner_.take(fold_mark));
  }

  std::string token(std::string_view ends) {
    std::string token;
    while (!scanner_.at_end() && !is_blank(scanner_.peek()) && ends.find(scanner_.peek()) == std::string_view::npos) {
      token += scanner_.next();
    }
    token_end_ = at();
    return token;
  }

  // Blanks and comments around the slash are allowed (RFC 2045, 5.1, with RFC 822's rules).
  std::string media_type() {
    std::string type = token(";(");
    for (;;) {
      const std::uint64_t before = at();
      skip();
      const bool goes_on = scanner_.peek() == '/' || (type.ends_with('/') && before != at());
      if (!goes_on || scanner_.at_end() || scanner_.peek() == ';') break;
      type += token(";(");
    }
    constexpr std::string_view specials = "()<>@,;:\\\"[]?= ";
    if (type.find_first_of(specials) != std::string::npos) doubt();
    return type;
  }

  void parameter() {
    if (!scanner_.take(';')) return skip_to_semicolon();
    skip();
    if (scanner_.at_end()) return;
    if (content_.parameters.size() == max_parameters) return stop();
    Parameter parameter;
    parameter.name = base::to_lower(token("=;"));
    skip();
    if (parameter.name.empty() || !scanner_.take('=')) return skip_to_semicolon();
    skip();
    const std::uint64_t begin = at();
    parameter.value = value();
    parameter.place = {begin, end_of_spelling(begin)};
    parameter.spelled = without_folds(line_.substr(begin, parameter.place.size()));
    keep(std::move(parameter));
  }

  std::string value() {
    if (scanner_.peek() != '"') return unquoted();
    const mail::Scanner at_quote = scanner_;
    if (const auto quoted = scanner_.quoted_string()) return without_folds(*quoted);
    doubt();
    scanner_ = at_quote;
    scanner_.next();
    return unquoted();
  }

  // Specials are common here, above all in boundaries, and everybody reads them alike, but for these.
  std::string unquoted() {
    std::string found = token(";");
    if (found.find_first_of("(\"\\,") != std::string::npos) doubt();
    return found;
  }

  // Steps over what stands behind the value; only comments may.
  std::uint64_t end_of_spelling(std::uint64_t begin) {
    std::uint64_t end = at();
    skip();
    if (!scanner_.at_end() && scanner_.peek() != ';') {
      skip_to_semicolon();
      end = begin + trimmed_of_blanks(line_.substr(begin, at() - begin)).size();
    }
    return end;
  }

  void skip_to_semicolon() {
    doubt();
    while (!scanner_.at_end() && scanner_.peek() != ';') scanner_.next();
  }

  void stop() {
    doubt();
    while (!scanner_.at_end()) scanner_.next();
  }

  void keep(Parameter parameter) {
    if (content_.find(parameter.name) != nullptr) content_.doubts.add(Doubt::duplicate_parameter);
    content_.parameters.push_back(std::move(parameter));
  }

  std::string_view line_;
  mail::Scanner scanner_;
  ContentValue content_;
  std::uint64_t token_end_ = 0;
};

}  // namespace

const Parameter* ContentValue::find(std::string_view name) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& one) { return one.name == name; });
  return found == parameters.end() ? nullptr : &*found;
}

ContentValue parse_content_value(std::string_view raw) {
  ContentValue content = ContentParser(on_one_line(raw)).parse();
  if (!mail::unfold(raw)) content.doubts.add(Doubt::malformed_field);
  return content;
}

}  // namespace connectord::mime
