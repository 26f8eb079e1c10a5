#include "connectord/mime/doubt.h"

#include <array>
#include <utility>

namespace connectord::mime {
namespace {

using DoubtName = std::pair<Doubt, std::string_view>;

constexpr std::array doubt_names{
    DoubtName{Doubt::duplicate_field, "a Content field that is there twice"},
    DoubtName{Doubt::malformed_field, "a Content field that cannot be read as the grammar has it"},
    DoubtName{Doubt::duplicate_parameter, "a parameter that is there twice"},
    DoubtName{Doubt::unknown_encoding, "an unknown transfer encoding"},
    DoubtName{Doubt::encoded_container, "an encoded multipart or message"},
    DoubtName{Doubt::bad_boundary, "a boundary that is missing or not allowed"},
    DoubtName{Doubt::repeated_boundary, "the boundary of a multipart around it"},
    DoubtName{Doubt::lookalike_delimiter, "a line that only begins as a delimiter does"},
    DoubtName{Doubt::delimiter_after_end, "parts behind the close delimiter"},
    DoubtName{Doubt::missing_end, "no close delimiter"},
    DoubtName{Doubt::header_without_end, "no empty line behind a header"},
    DoubtName{Doubt::bare_line_end, "a bare CR or LF at a delimiter or in a header"},
    DoubtName{Doubt::readings_differ, "parts that readers find in different places"},
};

}  // namespace

std::string to_string(const Doubts& doubts) {
  std::string text;
  for (const auto& [doubt, name] : doubt_names) {
    if (!doubts.has(doubt)) continue;
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace connectord::mime
