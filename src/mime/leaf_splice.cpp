#include "leaf_splice.h"

namespace connectord::mime {
namespace {

// The byte before an offset; a line end where the leaf begins.
std::optional<char> byte_before(const Part& part, const Bytes& body, std::uint64_t at) {
  if (at == part.body.begin) return '\n';
  const std::string_view byte = body.from(at - 1);
  return byte.empty() ? std::nullopt : std::optional(byte.front());
}

// Where in quoted-printable the decoded bytes before `at` end, as early as that can be.
class QuotedPlace {
 public:
  explicit QuotedPlace(std::uint64_t at) : at_(at) {}

  // False once the place is found.
  bool update(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (is_here()) return false;
      decoded_.clear();
      decoder_.update(piece.substr(i, 1), decoded_);
      emitted_ += decoded_.size();
      ++raw_;
    }
    return true;
  }

  std::optional<std::uint64_t> raw() const { return is_here() ? std::optional(raw_) : std::nullopt; }

 private:
  bool is_here() const {
    const auto held = decoder_.held();
    return held && emitted_ + *held == at_;
  }

  std::uint64_t at_;
  TransferDecoder decoder_{TransferEncoding::quoted_printable};
  std::string decoded_;
  std::uint64_t emitted_ = 0;
  std::uint64_t raw_ = 0;
};

std::optional<Splice> splice_quoted(const Part& part, const Bytes& body, const Insertion& insertion) {
  QuotedPlace place(insertion.at);
  if (!visit(body, part.body, [&](std::string_view piece) { return place.update(piece); }) || !place.raw()) return {};
  const std::uint64_t at = part.body.begin + *place.raw();
  const auto before = byte_before(part, body, at);
  if (!before) return std::nullopt;
  std::string quoted = encode_quoted_printable(insertion.content);
  const bool is_blank_safe = *before != ' ' && *before != '\t' && quoted.starts_with("\r\n");
  if (*before != '\n' && !is_blank_safe) quoted.insert(0, "=\r\n");
  if (at != part.body.end && !quoted.ends_with("\r\n")) quoted += "=\r\n";
  return Splice{.removed = {at, at}, .inserted = std::move(quoted)};
}

bool is_base64_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

// Four characters of base64 and their places.
class Quantum {
 public:
  explicit Quantum(std::uint64_t number) : first_(4 * number) {}

  // False once it is read, and what follows it is seen.
  bool update(std::string_view piece) {
    for (const char c : piece) {
      if (characters_.size() == 4 && !next_) next_ = c;
      if (is_base64_character(c)) {
        if (characters_.size() == 4) return !(goes_on_ = true);
        if (seen_++ >= first_) take(c);
        end_ = raw_ + 1;
      }
      ++raw_;
    }
    return true;
  }

  const std::string& characters() const { return characters_; }
  // From its first character; where there is none, behind the last one of all.
  Range place() const { return {characters_.empty() ? end_ : begin_, end_}; }
  // Another character follows.
  bool goes_on() const { return goes_on_; }
  bool ends_line() const { return next_ && (*next_ == '\r' || *next_ == '\n'); }

 private:
  void take(char c) {
    if (characters_.empty()) begin_ = raw_;
    characters_ += c;
  }

  std::uint64_t first_;
  std::uint64_t seen_ = 0;
  std::uint64_t raw_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::string characters_;
  std::optional<char> next_;
  bool goes_on_ = false;
};

std::string decode_quantum(const std::string& characters) {
  TransferDecoder decoder(TransferEncoding::base64);
  std::string bytes;
  decoder.update(characters, bytes);
  return bytes;
}

// Whole groups of three bytes, so that what follows stays as it is; empty lines fill them up.
void fill_up(std::string& content, std::size_t others) {
  while ((content.size() + others) % 3 != 0) content += "\r\n";
}

std::optional<Splice> splice_base64(const Part& part, const Bytes& body, const Insertion& insertion) {
  Quantum quantum(insertion.at / 3);
  if (!visit(body, part.body, [&](std::string_view piece) { return quantum.update(piece); })) return std::nullopt;
  const std::size_t within = insertion.at % 3;
  const std::string bytes = decode_quantum(quantum.characters());
  if (within > bytes.size()) return std::nullopt;
  Range place{part.body.begin + quantum.place().begin, part.body.begin + quantum.place().end};
  const bool is_between = within == 0;
  if (is_between) place.end = place.begin;
  const bool is_followed = is_between ? !quantum.characters().empty() : quantum.goes_on();
  std::string content = insertion.content;
  const std::string_view rest = is_between ? std::string_view() : std::string_view(bytes).substr(within);
  if (is_followed) fill_up(content, is_between ? 0 : bytes.size());
  const auto before = byte_before(part, body, place.begin);
  if (!before) return std::nullopt;
  std::string encoded = *before == '\n' ? "" : "\r\n";
  encoded += encode_base64((is_between ? "" : bytes.substr(0, within)) + content + std::string(rest));
  const bool ends_line = quantum.ends_line() && !is_between;
  if ((is_followed && !ends_line) || (part.body.empty() && runs_into_delimiter(part, body))) encoded += "\r\n";
  return Splice{.removed = place, .inserted = std::move(encoded)};
}

}  // namespace

bool runs_into_delimiter(const Part& part, const Bytes& body) {
  const std::string_view behind = body.from(part.body.end);
  return !behind.empty() && !behind.starts_with('\r') && !behind.starts_with('\n');
}

std::optional<Splice> splice_into_leaf(const Part& part, const Bytes& body, const Insertion& insertion) {
  if (part.encoding() == TransferEncoding::quoted_printable) return splice_quoted(part, body, insertion);
  if (part.encoding() == TransferEncoding::base64) return splice_base64(part, body, insertion);
  const std::uint64_t at = part.body.begin + insertion.at;
  return Splice{.removed = {at, at}, .inserted = insertion.content};
}

}  // namespace connectord::mime
