#include "part_fields.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::mime {
namespace {

// All values of the fields of that name.
std::vector<ContentValue> values_of(Part& part, std::string_view name) {
  std::vector<ContentValue> values;
  for (const Field& field : part.fields) {
    if (mail::is_named(field.name, name)) values.push_back(parse_content_value(field.value));
  }
  if (values.size() > 1) part.doubts.add(Doubt::duplicate_field);
  for (const ContentValue& value : values) part.doubts.add(value.doubts);
  return values;
}

void require_type(Part& part, ContentValue& type, std::string_view default_type) {
  if (type.value.find('/') != std::string::npos) return;
  part.doubts.add(Doubt::malformed_field);
  type.value = default_type;
}

// RFC 2046, 5.1.1, allows less, but what is printable is read alike by all.
bool is_sound_boundary(const std::string& boundary) {
  return !boundary.empty() && boundary.size() <= 70 && std::all_of(boundary.begin(), boundary.end(), [](char c) {
    return base::is_ascii(c) && !base::is_control(c) && c != '"' && c != '\\';
  });
}

void add_boundary(std::vector<std::string>& boundaries, std::string boundary) {
  constexpr std::size_t max_boundaries = 8;
  constexpr std::size_t max_boundary_length = 900;
  while (boundary.ends_with(' ') || boundary.ends_with('\t')) boundary.pop_back();
  if (boundary.empty() || boundary.size() > max_boundary_length || boundaries.size() == max_boundaries) return;
  if (std::find(boundaries.begin(), boundaries.end(), boundary) == boundaries.end()) boundaries.push_back(boundary);
}

void add_boundaries_of(const ContentValue& type, std::vector<std::string>& boundaries) {
  for (const Parameter& parameter : type.parameters) {
    if (parameter.name != "boundary") continue;
    add_boundary(boundaries, parameter.value);
    if (!parameter.spelled.starts_with('"')) add_boundary(boundaries, parameter.spelled);
  }
  // In pieces, which most readers do not put together.
  for (const std::string& reading : parameter_readings(type, "boundary")) add_boundary(boundaries, reading);
}

bool is_in_pieces(const ContentValue& type) {
  return std::any_of(type.parameters.begin(), type.parameters.end(),
                     [](const Parameter& parameter) { return parameter.name.starts_with("boundary*"); });
}

}  // namespace

bool is_content_field(std::string_view name) {
  return base::starts_with_ignoring_case(base::trimmed(name), "content-");
}

void describe(Part& part, std::string_view default_type) {
  part.types = values_of(part, "Content-Type");
  if (part.types.empty()) part.types.emplace_back().value = default_type;
  for (ContentValue& type : part.types) require_type(part, type, default_type);
  part.dispositions = values_of(part, "Content-Disposition");
  for (const ContentValue& value : values_of(part, "Content-Transfer-Encoding")) {
    part.encodings.push_back(transfer_encoding_named(value.value));
  }
  if (part.encodings.empty()) part.encodings.push_back(TransferEncoding::seven_bit);
  if (std::count(part.encodings.begin(), part.encodings.end(), TransferEncoding::unknown) > 0) {
    part.doubts.add(Doubt::unknown_encoding);
  }
}

std::vector<std::string> boundaries_of(Part& part) {
  std::vector<std::string> boundaries;
  bool is_bad = false;
  for (const ContentValue& type : part.types) {
    if (!is_multipart_type(type.value)) continue;
    add_boundaries_of(type, boundaries);
    const Parameter* boundary = type.find("boundary");
    is_bad = is_bad || boundary == nullptr || !is_sound_boundary(boundary->value) || is_in_pieces(type);
  }
  if (is_bad || boundaries.size() != 1) part.doubts.add(Doubt::bad_boundary);
  return boundaries;
}

}  // namespace connectord::mime
