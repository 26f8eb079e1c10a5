#include "connectord/mime/disclaimer.h"

#include <algorithm>
#include <iterator>

#include "body_leaves.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mime/html.h"
#include "delimiter_guard.h"
#include "leaf_scan.h"
#include "leaf_splice.h"
#include "notice_text.h"
#include "relabel.h"

namespace connectord::mime {
namespace {

using Problem = tl::unexpected<NotEdited>;

// One text of a message, and what is put into it.
class LeafEditor {
 public:
  LeafEditor(const Part& part, const Bytes& body, const Disclaimer& disclaimer, const Notice& notice)
      : part_(part), body_(body), disclaimer_(disclaimer), notice_(notice) {}

  // Appends what it takes.
  tl::expected<void, NotEdited> edit(HeaderChanges& changes) {
    const auto facts = scan_leaf(part_, body_, sought());
    if (!facts) return Problem(NotEdited::unreadable);
    facts_ = *facts;
    if (const auto reason = hindrance()) return Problem(*reason);
    const auto insertion = insertion_of(changes);
    if (!insertion) return Problem(insertion.error());
    const auto splices = splices_of(*insertion, changes);
    if (!splices) return Problem(splices.error());
    std::copy(splices->begin(), splices->end(), std::back_inserter(changes.splices));
    return {};
  }

 private:
  std::string marker() const { return "<!--" + disclaimer_.marker + "-->"; }
  bool prepends() const { return disclaimer_.position == Position::prepend; }

  Sought sought() const {
    if (disclaimer_.repetition == Repetition::always) return {};
    return {.words = {notice_.text, text_of_html(notice_.html)},
            .marker = part_.media_type() == "text/html" ? marker() : ""};
  }

  std::optional<NotEdited> hindrance() const {
    if (part_.doubts.any()) return NotEdited::doubtful_structure;
    if (facts_.charset_kind == CharsetKind::unknown || facts_.charset_kind == CharsetKind::other) {
      return NotEdited::unknown_charset;
    }
    if (facts_.is_encoding_malformed) return NotEdited::doubtful_encoding;
    if (facts_.is_pgp) return NotEdited::signed_mail;
    // HTML that is a picture has no words for a text.
    if (!facts_.is_html && compact(notice_.text).empty()) return NotEdited::nothing_to_insert;
    if (facts_.has_sought) return NotEdited::already_there;
    if (!prepends() && !facts_.back) return NotEdited::nowhere_to_be_seen;
    return std::nullopt;
  }

  tl::expected<Insertion, NotEdited> insertion_of(HeaderChanges& changes) const {
    Insertion insertion{.at = prepends() ? facts_.front : *facts_.back, .content = {}};
    if (facts_.is_html) {
      insertion.content = "\r\n" + marker() + format_lines(ascii_html(notice_.html), LineFormat::fixed) + "\r\n";
      return insertion;
    }
    auto text = in_charset(placed_text(), changes);
    if (!text) return Problem(text.error());
    insertion.content = std::move(*text);
    return insertion;
  }

  // With an empty line between it and what is there.
  std::string placed_text() const {
    const std::string lines = format_lines(notice_.text, format());
    if (facts_.size == facts_.front) return lines + "\r\n";
    if (prepends()) return lines + "\r\n\r\n";
    return facts_.ends_line ? "\r\n" + lines + "\r\n" : "\r\n\r\n" + lines;
  }

  LineFormat format() const {
    const Parameter* format = part_.types.front().find("format");
    const bool is_flowed = format != nullptr && base::equals_ignoring_case(format->value, "flowed");
    return is_flowed ? LineFormat::flowed : LineFormat::fixed;
  }

  tl::expected<std::string, NotEdited> in_charset(const std::string& text, HeaderChanges& changes) const {
    const bool is_ascii = std::all_of(text.begin(), text.end(), base::is_ascii);
    if (is_ascii && facts_.charset_kind == CharsetKind::ascii_based) return text;
    if (facts_.is_charset_malformed) return Problem(NotEdited::doubtful_charset);
    if (auto encoded = encode_charset(text, facts_.charset)) return std::move(*encoded);
    // What is all ASCII is UTF-8 as well.
    if (facts_.charset_kind != CharsetKind::ascii_based || !facts_.is_ascii)
      return Problem(NotEdited::charset_cannot_hold);
    relabel_charset(part_, "utf-8", changes);
    return text;
  }

  tl::expected<std::vector<Splice>, NotEdited> splices_of(const Insertion& insertion, HeaderChanges& changes) const {
    const bool is_ascii = std::all_of(insertion.content.begin(), insertion.content.end(), base::is_ascii);
    if (part_.encoding() == TransferEncoding::seven_bit && facts_.is_ascii && !is_ascii)
      return quote(insertion, changes);
    if (is_identity(part_.encoding()) && !has_mail_lines(insertion.content)) return Problem(NotEdited::line_too_long);
    auto splice = splice_into_leaf(part_, body_, insertion);
    if (!splice) return Problem(NotEdited::unreadable);
    return std::vector{std::move(*splice)};
  }

  tl::expected<std::vector<Splice>, NotEdited> quote(const Insertion& insertion, HeaderChanges& changes) const {
    if (facts_.has_bare_line_end) return Problem(NotEdited::doubtful_encoding);
    auto splices = quote_leaf(part_, body_, insertion);
    if (splices) relabel_encoding(part_, TransferEncoding::quoted_printable, changes);
    return splices;
  }

  const Part& part_;
  const Bytes& body_;
  const Disclaimer& disclaimer_;
  const Notice& notice_;
  LeafFacts facts_;
};

}  // namespace

tl::expected<Edit, NotEdited> insert_disclaimer(const Structure& structure, const Bytes& body,
                                                const Disclaimer& disclaimer) {
  const Notice notice = notice_of(disclaimer);
  if (notice.html.empty()) return Problem(NotEdited::nothing_to_insert);
  if (const auto certain = require_certain(structure); !certain) return Problem(certain.error());
  const auto leaves = body_leaves(structure);
  if (!leaves) return Problem(leaves.error());
  HeaderChanges changes;
  NotEdited needless = NotEdited::already_there;
  for (const std::size_t leaf : *leaves) {
    const auto edited = LeafEditor(structure.parts[leaf], body, disclaimer, notice).edit(changes);
    if (edited) continue;
    needless = edited.error();
    if (needless != NotEdited::already_there && needless != NotEdited::nothing_to_insert) return Problem(needless);
  }
  if (changes.splices.empty()) return Problem(needless);
  if (may_make_delimiter(structure, body, changes.splices)) return Problem(NotEdited::would_end_part);
  return Edit{.fields = std::move(changes.fields), .body = Recipe(std::move(changes.splices), structure.size)};
}

}  // namespace connectord::mime
