#include "relabel.h"

namespace connectord::mime {
namespace {

void replace_in_field(const Part& part, const Field& field, Range place, const std::string& inserted,
                      HeaderChanges& changes) {
  if (part.parent) {
    const std::uint64_t begin = field.value_place.begin;
    changes.splices.push_back({.removed = {begin + place.begin, begin + place.end}, .inserted = inserted});
    return;
  }
  std::string value = field.value;
  value.replace(place.begin, place.size(), inserted);
  changes.fields.push_back({.name = field.name, .before = field.value, .after = std::move(value)});
}

void add_field(const Part& part, const std::string& name, const std::string& value, HeaderChanges& changes) {
  if (part.parent) {
    const std::uint64_t at = part.header.begin;
    changes.splices.push_back({.removed = {at, at}, .inserted = name + ": " + value + "\r\n"});
  } else {
    changes.fields.push_back({.name = name, .before = {}, .after = value});
  }
}

// Without it, fields of MIME count for nothing to some (RFC 2045, 4).
void require_version(const Part& part, HeaderChanges& changes) {
  if (!part.parent && part.find("MIME-Version") == nullptr) add_field(part, "MIME-Version", "1.0", changes);
}

}  // namespace

void relabel_charset(const Part& part, std::string_view charset, HeaderChanges& changes) {
  const std::string name(charset);
  const Field* field = part.find("Content-Type");
  if (field == nullptr) {
    require_version(part, changes);
    return add_field(part, "Content-Type", "text/plain; charset=" + name, changes);
  }
  const ContentValue& type = part.types.front();
  if (const Parameter* parameter = type.find("charset")) {
    return replace_in_field(part, *field, parameter->place, name, changes);
  }
  replace_in_field(part, *field, {type.place.end, type.place.end}, "; charset=" + name, changes);
}

void relabel_encoding(const Part& part, TransferEncoding encoding, HeaderChanges& changes) {
  const std::string name(to_string(encoding));
  const Field* field = part.find("Content-Transfer-Encoding");
  if (field == nullptr) {
    if (part.find("Content-Type") != nullptr) require_version(part, changes);
    return add_field(part, "Content-Transfer-Encoding", name, changes);
  }
  replace_in_field(part, *field, parse_content_value(field->value).place, name, changes);
}

}  // namespace connectord::mime
