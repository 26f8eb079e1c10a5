#include "connectord/mime/replace.h"

#include <algorithm>

#include "body_leaves.h"
#include "connectord/base/text.h"
#include "delimiter_guard.h"
#include "leaf_splice.h"
#include "text_part.h"

namespace connectord::mime {
namespace {

bool is_replaced(const std::vector<Replacement>& replacements, std::size_t part) {
  return std::any_of(replacements.begin(), replacements.end(), [&](const auto& one) { return one.part == part; });
}

bool is_sealed(const Part& part) {
  return part.media_type() == "multipart/signed" || part.media_type() == "multipart/encrypted";
}

// What stands around a part.
struct Surroundings {
  bool are_sealed = false;
  bool are_replaced = false;
};

Surroundings surroundings_of(const Structure& structure, std::size_t part,
                             const std::vector<Replacement>& replacements) {
  Surroundings around;
  for (auto parent = structure.parts[part].parent; parent; parent = structure.parts[*parent].parent) {
    around.are_sealed = around.are_sealed || is_sealed(structure.parts[*parent]);
    around.are_replaced = around.are_replaced || is_replaced(replacements, *parent);
  }
  return around;
}

bool is_in_multipart(const Structure& structure, std::size_t part) {
  const auto parent = structure.parts[part].parent;
  return parent && structure.parts[*parent].is_multipart();
}

}  // namespace

std::string text_part(std::string_view text) {
  const std::string quoted = encode_quoted_printable(text);
  return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted;
}

tl::expected<Edit, NotEdited> replace_parts(const Structure& structure, const Bytes& body,
                                            const std::vector<Replacement>& replacements) {
  if (const auto certain = require_certain(structure); !certain) return tl::unexpected(certain.error());
  std::vector<Splice> splices;
  for (const Replacement& replacement : replacements) {
    const Surroundings around = surroundings_of(structure, replacement.part, replacements);
    if (!is_in_multipart(structure, replacement.part)) return tl::unexpected(NotEdited::whole_message);
    if (around.are_sealed) return tl::unexpected(NotEdited::signed_mail);
    if (around.are_replaced) continue;
    const Part& part = structure.parts[replacement.part];
    std::string inserted = text_part(replacement.text) + (runs_into_delimiter(part, body) ? "\r\n" : "");
    splices.push_back({.removed = {part.header.begin, part.body.end}, .inserted = std::move(inserted)});
  }
  if (may_make_delimiter(structure, body, splices)) return tl::unexpected(NotEdited::would_end_part);
  return Edit{.fields = {}, .body = Recipe(std::move(splices), structure.size)};
}

}  // namespace connectord::mime
