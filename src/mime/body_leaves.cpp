#include "body_leaves.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/part_text.h"

namespace connectord::mime {
namespace {

using Leaves = tl::expected<std::vector<std::size_t>, NotEdited>;

class LeafFinder {
 public:
  explicit LeafFinder(const Structure& structure) : structure_(structure) {}

  Leaves find(std::size_t at) const {
    const Part& part = structure_.parts[at];
    const std::string_view type = part.media_type();
    if (const auto reason = untouchable(part)) return tl::unexpected(*reason);
    if (type == "multipart/alternative") return alternative(part);
    if (type == "multipart/related") return related(part);
    if (is_multipart_type(type)) return first_text(part);
    const bool is_body = purpose_of(structure_, at) == Purpose::body;
    const bool is_whole = !part.parent && (type == "text/plain" || type == "text/html");
    const bool is_attachment = is_disposition_attachment(part);
    if ((is_body || is_whole || named_text(part)) && !is_attachment) return std::vector{at};
    return std::vector<std::size_t>();
  }

 private:
  static bool is_disposition_attachment(const Part& part) {
    return std::any_of(part.dispositions.begin(), part.dispositions.end(),
                       [](const ContentValue& disposition) { return disposition.value == "attachment"; });
  }

  // Some mail programs name the text; they do not give it a disposition then.
  static bool named_text(const Part& part) {
    const bool is_text = part.media_type() == "text/plain" || part.media_type() == "text/html";
    return is_text && part.dispositions.empty();
  }

  static std::optional<NotEdited> untouchable(const Part& part) {
    const std::string_view type = part.media_type();
    if (type == "multipart/signed") return NotEdited::signed_mail;
    if (type == "multipart/encrypted" || type == "application/pgp-encrypted") return NotEdited::encrypted_mail;
    if (type == "multipart/report") return NotEdited::report;
    if (type == "application/pkcs7-mime" || type == "application/x-pkcs7-mime") {
      const Parameter* kind = part.types.front().find("smime-type");
      return kind != nullptr && kind->value == "signed-data" ? NotEdited::signed_mail : NotEdited::encrypted_mail;
    }
    if (type == "text/calendar" && !is_disposition_attachment(part)) return NotEdited::calendar_mail;
    return std::nullopt;
  }

  Leaves alternative(const Part& part) const {
    std::vector<std::size_t> leaves;
    for (const std::size_t child : part.children) {
      Leaves found = find(child);
      if (!found) return found;
      leaves.insert(leaves.end(), found->begin(), found->end());
    }
    return leaves;
  }

  // The root of it (RFC 2387, 3.2), or the first part.
  Leaves related(const Part& part) const {
    if (part.children.empty()) return std::vector<std::size_t>();
    const Parameter* start = part.types.front().find("start");
    const auto is_start = [&](std::size_t child) {
      const Field* id = structure_.parts[child].find("Content-ID");
      return start != nullptr && id != nullptr && base::trimmed(id->value) == start->value;
    };
    const auto root = std::find_if(part.children.begin(), part.children.end(), is_start);
    return find(root == part.children.end() ? part.children.front() : *root);
  }

  Leaves first_text(const Part& part) const {
    for (const std::size_t child : part.children) {
      Leaves found = find(child);
      if (!found || !found->empty()) return found;
    }
    return std::vector<std::size_t>();
  }

  const Structure& structure_;
};

bool may_hide_parts(const Part& part) {
  return part.doubts.any() && (part.is_multipart() || part.is_message());
}

}  // namespace

tl::expected<void, NotEdited> require_certain(const Structure& structure) {
  if (structure.limit_exceeded) return tl::unexpected(NotEdited::limit_exceeded);
  const bool differ = structure.parts.front().doubts.has(Doubt::readings_differ);
  if (differ || std::any_of(structure.parts.begin(), structure.parts.end(), may_hide_parts)) {
    return tl::unexpected(NotEdited::doubtful_structure);
  }
  return {};
}

tl::expected<std::vector<std::size_t>, NotEdited> body_leaves(const Structure& structure) {
  auto leaves = LeafFinder(structure).find(0);
  if (leaves && leaves->empty()) return tl::unexpected(NotEdited::no_text);
  return leaves;
}

}  // namespace connectord::mime
