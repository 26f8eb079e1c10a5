#include "connectord/base/text.h"
#include "part_fields.h"
#include "reader.h"

namespace connectord::mime {
void Reader::header_line(const Line& line) {
  if (line.ends_bare) doubt(Doubt::bare_line_end);
  if (line.content_end == line.begin) return end_header(line.end);
  count_header(line);
  const bool is_continuation = base::is_space(line.text.front());
  const bool is_blank = base::trimmed(line.text).empty();
  const std::size_t colon = line.text.find(':');
  if (is_continuation && !is_blank) return continue_field(line);
  if (!is_continuation && colon != std::string_view::npos && colon > 0) return begin_field(line, colon);
  // Where no field stands, readers take the line for the end of the header, for the body's first line, or for nothing.
  doubt(Doubt::header_without_end);
  has_second_reading_ = true;
  field_is_kept_ = false;
  if (is_blank == (reading_ == Reading::lenient)) end_without_empty_line(line);
}

void Reader::end_without_empty_line(const Line& line) {
  if (reading_ == Reading::lenient) return end_header(line.end);
  end_header(line.begin);
  this->line(line);
}

void Reader::count_header(const Line& line) {
  const std::uint64_t size = line.end - line.begin;
  header_size_ += size;
  if (header_size_ <= limits_.header && all_headers_size_ + size <= limits_.all_headers) return;
  structure_.limit_exceeded = true;
  header_size_ = limits_.header + 1;
}

void Reader::begin_field(const Line& line, std::size_t colon) {
  field_is_kept_ = header_size_ <= limits_.header && is_content_field(line.text.substr(0, colon));
  if (!field_is_kept_) return;
  all_headers_size_ += line.text.size();
  structure_.parts[current()].fields.push_back({.name = std::string(base::trimmed(line.text.substr(0, colon))),
                                                .value = std::string(line.text.substr(colon + 1)),
                                                .line = {line.begin, line.end},
                                                .value_place = {line.begin + colon + 1, line.content_end}});
}

void Reader::continue_field(const Line& line) {
  auto& fields = structure_.parts[current()].fields;
  const bool is_first_line = line.begin == structure_.parts[current()].header.begin;
  if (is_first_line) doubt(Doubt::malformed_field);
  if (!field_is_kept_ || header_size_ > limits_.header || is_first_line) return;
  Field& field = fields.back();
  const std::uint64_t line_end = field.line.end - field.value_place.end;
  field.value += line_end == 2 ? "\r\n" : "\n";
  field.value += line.text;
  field.line.end = line.end;
  field.value_place.end = line.content_end;
  all_headers_size_ += line.text.size();
}

void Reader::finish_header(std::uint64_t body) {
  Part& part = structure_.parts[current()];
  part.header.end = body;
  part.body = {body, body};
  const bool in_digest = structure_.parts[*part.parent].media_type() == "multipart/digest";
  describe(part, in_digest ? "message/rfc822" : "text/plain");
  in_header_ = false;
  field_is_kept_ = false;
}

void Reader::end_header(std::uint64_t body) {
  finish_header(body);
  open_container();
}

}  // namespace connectord::mime
