#include "connectord/base/text.h"
#include "leaf_splice.h"

namespace connectord::mime {
namespace {

constexpr std::size_t max_quoted_length = 76;
constexpr std::size_t max_hyphens_length = 900;
constexpr std::size_t max_quoting_splices = 100'000;

// Goes through a leaf's bytes and says what must stand between them.
class LeafQuoter {
 public:
  explicit LeafQuoter(std::uint64_t at) : at_(at) {}

  // False once there are too many.
  bool update(std::string_view piece) {
    for (const char c : piece) byte(c);
    return !problem();
  }

  std::vector<Splice> finish() {
    blank_at_end();
    return std::move(splices_);
  }

  std::optional<NotEdited> problem() const {
    if (splices_.size() > max_quoting_splices) return NotEdited::too_many_steps;
    return column_ > max_hyphens_length ? std::optional(NotEdited::line_too_long) : std::nullopt;
  }

 private:
  void byte(char c) {
    if (c == '\r') {
      blank_at_end();
    } else if (c == '\n') {
      column_ = 0;
    } else {
      in_line(c);
    }
    last_ = c;
    ++at_;
  }

  void in_line(char c) {
    const std::size_t width = c == '=' ? 3 : 1;
    // One place is kept for the "=" of a soft break.
    if (column_ + width >= max_quoted_length && c != '-') soft_break();
    column_ += width;
    if (c == '=') insert(at_ + 1, "3D");
  }

  void blank_at_end() {
    if (column_ > 0 && base::is_space(last_)) soft_break();
  }

  void soft_break() {
    insert(at_, "=\r\n");
    column_ = 0;
  }

  void insert(std::uint64_t at, std::string_view bytes) {
    splices_.push_back({.removed = {at, at}, .inserted = std::string(bytes)});
  }

  std::uint64_t at_;
  std::size_t column_ = 0;
  char last_ = 0;
  std::vector<Splice> splices_;
};

}  // namespace

tl::expected<std::vector<Splice>, NotEdited> quote_leaf(const Part& part, const Bytes& body,
                                                        const Insertion& insertion) {
  const std::uint64_t at = part.body.begin + insertion.at;
  Splice text{.removed = {at, at}, .inserted = encode_quoted_printable(insertion.content)};
  LeafQuoter quoter(part.body.begin);
  const bool is_read = visit(body, part.body, [&](std::string_view piece) { return quoter.update(piece); });
  if (!is_read) return tl::unexpected(NotEdited::unreadable);
  if (const auto problem = quoter.problem()) return tl::unexpected(*problem);
  std::vector<Splice> splices = quoter.finish();
  // At one place what is in front of the text's first byte comes first, and what belongs to its end before it.
  splices.insert(insertion.at == 0 ? splices.begin() : splices.end(), std::move(text));
  return splices;
}

}  // namespace connectord::mime
