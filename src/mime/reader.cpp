#include "reader.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "part_fields.h"
#include "plain_lines.h"

namespace connectord::mime {
namespace {

// Of a line in a body, no more is needed to know a delimiter.
constexpr std::size_t max_kept_line_length = 1024;

std::string_view without_blanks_at_end(std::string_view text) {
  while (!text.empty() && base::is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_encoded(TransferEncoding encoding) {
  return !is_identity(encoding);
}

}  // namespace

Reader::Reader(const std::vector<mail::HeaderField>& header, Reading reading, const Limits& limits)
    : reading_(reading), limits_(limits) {
  Part message;
  for (const auto& field : header) {
    if (!is_content_field(field.name) && !mail::is_named(field.name, "MIME-Version")) continue;
    message.fields.push_back({.name = field.name, .value = field.value, .line = {}, .value_place = {}});
  }
  describe(message, "text/plain");
  structure_.parts.push_back(std::move(message));
  open_.push_back(0);
  open_container();
}

void Reader::update(std::string_view chunk) {
  reading_ == Reading::strict ? split_strictly(chunk) : split_leniently(chunk);
}

// A lone CR is a character like any other here; but there may be readers who see a line's end.
void Reader::split_strictly(std::string_view chunk) {
  while (!chunk.empty()) {
    if (const std::size_t plain = in_header_ || !line_.empty() ? 0 : plain_lines_length(chunk); plain > 0) {
      pass_over(plain);
      chunk.remove_prefix(plain);
      continue;
    }
    const std::size_t end = std::min(chunk.find('\n'), chunk.size() - 1) + 1;
    const std::string_view piece = chunk.substr(0, end);
    chunk.remove_prefix(end);
    const std::size_t at_end = piece.ends_with("\r\n") ? 2 : piece.ends_with('\r') ? 1 : 0;
    const bool is_lone = piece.substr(0, piece.size() - at_end).find('\r') != std::string_view::npos;
    if ((cr_waits_ && piece != "\n") || is_lone) has_second_reading_ = true;
    const bool ends = piece.ends_with('\n');
    const bool is_crlf = piece.size() > 1 ? piece.ends_with("\r\n") : ends && cr_waits_;
    cr_waits_ = piece.ends_with('\r');
    ends ? end_line(piece, is_crlf ? 2 : 1) : keep(piece);
  }
}

// Lines of a body that are no delimiters and end by CRLF.
void Reader::pass_over(std::size_t size) {
  offset_ += size;
  line_begin_ = offset_;
  previous_content_end_ = offset_ - 2;
  previous_ends_bare_ = false;
}

void Reader::split_leniently(std::string_view chunk) {
  while (!chunk.empty()) {
    if (cr_waits_) {
      cr_waits_ = false;
      const bool is_crlf = chunk.front() == '\n';
      end_line(chunk.substr(0, is_crlf ? 1 : 0), is_crlf ? 2 : 1);
      chunk.remove_prefix(is_crlf ? 1 : 0);
      continue;
    }
    const std::size_t end = std::min(chunk.find_first_of("\r\n"), chunk.size() - 1) + 1;
    const std::string_view piece = chunk.substr(0, end);
    chunk.remove_prefix(end);
    cr_waits_ = piece.ends_with('\r');
    piece.ends_with('\n') ? end_line(piece, 1) : keep(piece);
  }
}

void Reader::keep(std::string_view piece) {
  const std::size_t most = in_header_ ? limits_.header + max_kept_line_length : max_kept_line_length;
  if (line_.size() < most) line_ += piece.substr(0, most - line_.size());
  offset_ += piece.size();
}

void Reader::end_line(std::string_view last_piece, std::size_t line_end) {
  const bool is_whole = line_.empty();
  if (is_whole) {
    offset_ += last_piece.size();
  } else {
    keep(last_piece);
  }
  Line line{.text = is_whole ? last_piece : std::string_view(line_),
            .begin = line_begin_,
            .content_end = offset_ - line_end,
            .end = offset_,
            .ends_bare = line_end == 1};
  line.text = line.text.substr(0, line.content_end - line.begin);
  this->line(line);
  previous_content_end_ = line.content_end;
  previous_ends_bare_ = line.ends_bare;
  line_begin_ = offset_;
  line_.clear();
}

void Reader::line(const Line& line) {
  if (const auto found = find_delimiter(line)) return delimiter(line, *found);
  if (in_header_) header_line(line);
}

// Of one multipart; an exact one if there is one.
std::optional<Reader::Delimiter> Reader::match(std::size_t level, const Line& line) const {
  const bool is_whole = line.text.size() == line.content_end - line.begin;
  std::optional<Delimiter> best;
  for (const std::string& boundary : levels_[level].boundaries) {
    if (!line.text.substr(2).starts_with(boundary)) continue;
    const std::string_view rest = without_blanks_at_end(line.text.substr(2 + boundary.size()));
    const bool is_exact = is_whole && (rest.empty() || rest == "--");
    if (!best || is_exact) best = {.level = level, .closes = rest.starts_with("--"), .is_exact = is_exact};
  }
  return best;
}

// Exact ones count before those that only look like one, those of inner multiparts before those of outer ones.
std::optional<Reader::Delimiter> Reader::find_delimiter(const Line& line) {
  if (!line.text.starts_with("--")) return std::nullopt;
  std::optional<Delimiter> lookalike;
  std::optional<Delimiter> after_end;
  for (std::size_t level = levels_.size(); level-- > 0;) {
    const auto found = match(level, line);
    if (!found) continue;
    if (found->is_exact && !levels_[level].is_closed) return lookalike ? doubtful(*lookalike, found) : found;
    auto& first = found->is_exact ? after_end : lookalike;
    if (!first) first = found;
  }
  if (after_end) doubt_delimiter(*after_end, Doubt::delimiter_after_end);
  if (lookalike) return doubtful(*lookalike, std::nullopt);
  return reading_ == Reading::strict ? std::nullopt : after_end;
}

// What looks like a delimiter is one to lenient readers; to others only `exact` is.
std::optional<Reader::Delimiter> Reader::doubtful(const Delimiter& lookalike, const std::optional<Delimiter>& exact) {
  doubt_delimiter(lookalike, Doubt::lookalike_delimiter);
  return reading_ == Reading::strict ? exact : std::optional(lookalike);
}

void Reader::doubt_delimiter(const Delimiter& delimiter, Doubt doubt) {
  structure_.parts[levels_[delimiter.level].part].doubts.add(doubt);
  has_second_reading_ = true;
}

void Reader::delimiter(const Line& line, const Delimiter& found) {
  if (in_header_) {
    doubt(Doubt::header_without_end);
    finish_header(line.begin);
  }
  close_within(found.level, previous_content_end_);
  Level& level = levels_[found.level];
  if (line.ends_bare || previous_ends_bare_) doubt(Doubt::bare_line_end);
  level.is_closed = found.closes;
  if (!found.closes) begin_part(level.part, line.end);
}

// Ends all parts within a multipart, and forgets the multiparts among them.
void Reader::close_within(std::size_t level, std::uint64_t end) {
  while (levels_.size() > level + 1) close_last_level();
  while (current() != levels_[level].part) {
    Range& body = structure_.parts[current()].body;
    body.end = std::max(body.begin, end);
    open_.pop_back();
  }
}

void Reader::close_last_level() {
  const Level& level = levels_.back();
  if (!level.is_closed) structure_.parts[level.part].doubts.add(Doubt::missing_end);
  levels_.pop_back();
}

void Reader::begin_part(std::size_t parent, std::uint64_t at) {
  const std::size_t depth = structure_.parts[parent].depth + 1;
  if (structure_.parts.size() >= limits_.parts || depth > limits_.depth) {
    structure_.limit_exceeded = true;
    return;
  }
  Part part;
  part.parent = parent;
  part.depth = depth;
  part.header = {at, at};
  structure_.parts[parent].children.push_back(structure_.parts.size());
  open_.push_back(structure_.parts.size());
  structure_.parts.push_back(std::move(part));
  in_header_ = true;
  header_size_ = 0;
}

void Reader::open_container() {
  Part& part = structure_.parts[current()];
  if (!part.is_multipart() && !part.is_message()) return;
  const bool is_any_encoded = std::any_of(part.encodings.begin(), part.encodings.end(), is_encoded);
  if (is_any_encoded) part.doubts.add(Doubt::encoded_container);
  if (part.is_multipart()) return open_multipart(boundaries_of(part));
  if (!std::all_of(part.encodings.begin(), part.encodings.end(), is_encoded)) begin_part(current(), part.body.begin);
}

void Reader::open_multipart(std::vector<std::string> boundaries) {
  for (const Level& level : levels_) {
    for (const std::string& boundary : level.boundaries) {
      if (std::count(boundaries.begin(), boundaries.end(), boundary) > 0) doubt(Doubt::repeated_boundary);
    }
  }
  if (!boundaries.empty()) levels_.push_back({.part = current(), .boundaries = std::move(boundaries)});
}

Structure Reader::finish() {
  if (cr_waits_ && reading_ == Reading::lenient) {
    end_line({}, 1);
  } else if (line_begin_ < offset_) {
    end_line({}, 0);
  }
  structure_.size = offset_;
  if (in_header_) {
    doubt(Doubt::header_without_end);
    finish_header(offset_);
  }
  while (!levels_.empty()) close_last_level();
  for (const std::size_t part : open_) structure_.parts[part].body.end = offset_;
  return std::move(structure_);
}

}  // namespace connectord::mime
