#include "leaf_scan.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/html.h"
#include "connectord/mime/part_text.h"
#include "finder.h"

namespace connectord::mime {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// The bytes of a no-break space are among these, wherever they stand: alike in what is sought and where.
bool does_not_count(char c) {
  return (base::is_ascii(c) && c <= ' ') || c == '>' || c == '\xc2' || c == '\xa0';
}

// Hides what is no ASCII in ISO-2022-JP (RFC 1468): its bytes look like ASCII between two escape sequences.
class EscapeMask {
 public:
  std::string update(std::string_view bytes) {
    std::string masked(bytes);
    for (char& c : masked) {
      if (c == '\x1b') {
        sequence_ = c;
      } else if (!sequence_.empty()) {
        escape(c);
      } else if (!is_ascii_ && c != '\r' && c != '\n') {
        c = '\x7f';
      }
    }
    return masked;
  }
  bool is_ascii() const { return is_ascii_ && sequence_.empty(); }

 private:
  void escape(char c) {
    sequence_ += c;
    const bool goes_on = c == '$' || c == '(';
    if (goes_on && sequence_.size() < 4) return;
    is_ascii_ = sequence_ == "\x1b(B" || sequence_ == "\x1b(J";
    sequence_.clear();
  }

  std::string sequence_;
  bool is_ascii_ = true;
};

// The text as people see it, looked through for words.
class WordSearch {
 public:
  WordSearch(const std::vector<std::string>& words, const LeafFacts& facts) : is_html_(facts.is_html) {
    for (const std::string& word : words) finders_.emplace_back(compact(word));
    decoder_ = CharsetDecoder::open(facts.charset);
  }

  void update(std::string_view bytes) {
    std::string text;
    if (decoder_) decoder_->update(bytes, text);
    search(text);
  }

  void finish() {
    std::string text;
    if (decoder_) decoder_->finish(text);
    search(text);
    text.clear();
    html_.finish(text);
    look(text);
  }

  bool found() const {
    return std::any_of(finders_.begin(), finders_.end(), [](const Finder& finder) { return finder.found(); });
  }
  bool is_malformed() const { return decoder_ && decoder_->is_malformed(); }

 private:
  void search(const std::string& text) {
    if (!is_html_) return look(text);
    std::string seen;
    html_.update(text, seen);
    look(seen);
  }

  void look(std::string_view text) {
    const std::string compacted = compact(text);
    for (Finder& finder : finders_) finder.update(compacted);
  }

  bool is_html_;
  std::optional<CharsetDecoder> decoder_;
  HtmlText html_;
  std::vector<Finder> finders_;
};

class LeafScan {
 public:
  LeafScan(const Part& part, const Sought& sought)
      : facts_(facts_of(part)), words_(sought.words, facts_), marker_(sought.marker) {
    pgp_.update("\n");
  }

  void update(std::string_view decoded) {
    if (facts_.size < byte_order_mark.size()) front_ += decoded.substr(0, byte_order_mark.size());
    facts_.size += decoded.size();
    facts_.is_ascii =
        facts_.is_ascii && std::all_of(decoded.begin(), decoded.end(), [](char c) { return base::is_ascii(c); });
    line_ends(decoded);
    const bool is_escaped = facts_.charset_kind == CharsetKind::iso_2022_jp;
    const std::string masked = is_escaped ? mask_.update(decoded) : std::string();
    const std::string_view ascii = is_escaped ? std::string_view(masked) : decoded;
    if (facts_.is_html) places_.update(ascii);
    marker_.update(ascii);
    pgp_.update(ascii);
    words_.update(decoded);
  }

  LeafFacts finish() {
    words_.finish();
    if (last_ == '\r') facts_.has_bare_line_end = true;
    facts_.ends_line = last_ == '\n';
    facts_.is_charset_malformed = words_.is_malformed();
    facts_.is_pgp = pgp_.found();
    facts_.has_sought = marker_.found() || words_.found();
    place();
    return facts_;
  }

 private:
  static LeafFacts facts_of(const Part& part) {
    LeafFacts facts;
    const Parameter* charset = part.types.front().find("charset");
    facts.charset = charset == nullptr ? "us-ascii" : charset->value;
    facts.charset_kind = kind_of_charset(facts.charset);
    facts.is_html = part.media_type() == "text/html";
    return facts;
  }

  void line_ends(std::string_view decoded) {
    for (const char c : decoded) {
      if ((c == '\n') != (last_ == '\r')) facts_.has_bare_line_end = true;
      last_ = c;
    }
  }

  void place() {
    if (facts_.is_html) facts_.front = places_.front();
    if (front_.starts_with(byte_order_mark))
      facts_.front = std::max<std::uint64_t>(facts_.front, byte_order_mark.size());
    facts_.back = facts_.is_html ? places_.back() : std::optional(facts_.size);
    const bool is_shifted = facts_.back == facts_.size && !mask_.is_ascii();
    if (is_shifted) facts_.back.reset();
  }

  LeafFacts facts_;
  WordSearch words_;
  Finder marker_;
  Finder pgp_{"\n-----BEGIN PGP "};
  HtmlPlaces places_;
  EscapeMask mask_;
  std::string front_;
  char last_ = 0;
};

}  // namespace

std::string compact(std::string_view text) {
  std::string compacted;
  compacted.reserve(text.size());
  while (!text.empty()) {
    const auto* end = std::find_if(text.begin(), text.end(), [](char c) { return does_not_count(c); });
    compacted.append(text.begin(), end);
    text.remove_prefix(std::min(static_cast<std::size_t>(end - text.begin()) + 1, text.size()));
  }
  return compacted;
}

std::optional<LeafFacts> scan_leaf(const Part& part, const Bytes& body, const Sought& sought) {
  LeafScan scan(part, sought);
  TransferDecoder decoder(part.encoding());
  std::string decoded;
  const bool is_read = visit(body, part.body, [&](std::string_view piece) {
    decoded.clear();
    decoder.update(piece, decoded);
    scan.update(decoded);
    return true;
  });
  if (!is_read) return std::nullopt;
  decoded.clear();
  decoder.finish(decoded);
  scan.update(decoded);
  LeafFacts facts = scan.finish();
  facts.is_encoding_malformed = decoder.is_malformed();
  return facts;
}

}  // namespace connectord::mime
