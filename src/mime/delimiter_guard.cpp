#include "delimiter_guard.h"

#include <algorithm>

namespace connectord::mime {
namespace {

// Without doubt there is one boundary for each.
bool begins_as_delimiter(const Structure& structure, std::string_view line) {
  return line.starts_with("--") && std::any_of(structure.parts.begin(), structure.parts.end(), [&](const Part& part) {
           const Parameter* boundary = part.is_multipart() ? part.types.front().find("boundary") : nullptr;
           return boundary != nullptr && line.substr(2).starts_with(boundary->value);
         });
}

bool has_delimiter(const Structure& structure, std::string_view inserted) {
  while (!inserted.empty()) {
    if (begins_as_delimiter(structure, inserted)) return true;
    inserted.remove_prefix(std::min(inserted.find('\n'), inserted.size() - 1) + 1);
  }
  return false;
}

// A line that was not one before.
bool makes_line_of_hyphens(const Bytes& body, const Splice& splice) {
  const std::uint64_t at = splice.removed.begin;
  const bool was_line = at == 0 || body.from(at - 1).starts_with('\n');
  return !was_line && splice.inserted.ends_with('\n') && body.from(splice.removed.end).starts_with('-');
}

}  // namespace

bool may_make_delimiter(const Structure& structure, const Bytes& body, const std::vector<Splice>& splices) {
  return std::any_of(splices.begin(), splices.end(), [&](const Splice& splice) {
    return has_delimiter(structure, splice.inserted) || makes_line_of_hyphens(body, splice);
  });
}

}  // namespace connectord::mime
