#include "connectord/mime/structure.h"

#include <algorithm>

#include "reader.h"

namespace connectord::mime {
namespace {

bool has_same_parts(const Structure& a, const Structure& b) {
  return a.limit_exceeded == b.limit_exceeded &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), [](const Part& x, const Part& y) {
           return x.parent == y.parent && x.header == y.header && x.body == y.body && x.fields == y.fields;
         });
}

}  // namespace

bool Part::is_multipart() const {
  return std::any_of(types.begin(), types.end(), [](const auto& type) { return is_multipart_type(type.value); });
}

bool Part::is_message() const {
  return std::any_of(types.begin(), types.end(), [](const auto& type) { return is_message_type(type.value); });
}

const Field* Part::find(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return mail::is_named(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

bool Structure::is_doubtful() const {
  return std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.doubts.any(); });
}

Doubts Structure::doubts() const {
  Doubts all;
  for (const Part& part : parts) all.add(part.doubts);
  return all;
}

std::vector<Structure> read_structure(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                      const Limits& limits) {
  Reader strict(header, Reading::strict, limits);
  const auto feed = [&](Reader& reader) {
    return visit(body, {0, body.size()}, [&](std::string_view piece) {
      reader.update(piece);
      return true;
    });
  };
  if (!feed(strict)) return {};
  std::vector<Structure> readings{strict.finish()};
  if (!strict.has_second_reading()) return readings;
  Reader lenient(header, Reading::lenient, limits);
  if (!feed(lenient)) return {};
  readings.push_back(lenient.finish());
  if (has_same_parts(readings[0], readings[1])) readings.pop_back();
  if (readings.size() == 1) return readings;
  for (Structure& structure : readings) structure.parts.front().doubts.add(Doubt::readings_differ);
  return readings;
}

}  // namespace connectord::mime
