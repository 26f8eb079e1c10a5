#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../mime/message.h"
#include "mime/reader.h"

// Any message: parts lie within their parents, in order and without overlapping, whatever chunks the body comes in;
// fields stand where they are said to stand, and no limit is passed.

namespace {

using namespace connectord::mime;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

Structure read_in_chunks(const test::Message& message, Reading reading, std::size_t chunk) {
  Reader reader(message.header, reading);
  const std::string_view body = message.body;
  for (std::size_t i = 0; i < body.size(); i += chunk) reader.update(body.substr(i, chunk));
  return reader.finish();
}

void require_part(const Structure& structure, std::size_t index, const std::string& body) {
  const Part& part = structure.parts[index];
  require(part.body.begin <= part.body.end && part.body.end <= structure.size);
  require(!part.types.empty() && !part.encodings.empty());
  if (!part.parent) return require(part.body == Range{0, structure.size});
  const Part& parent = structure.parts[*part.parent];
  require(*part.parent < index && part.depth == parent.depth + 1);
  require(part.header.end == part.body.begin);
  require(part.header.begin >= parent.body.begin && part.body.end <= std::max(parent.body.end, part.body.begin));
  for (const Field& field : part.fields) {
    require(field.line.begin >= part.header.begin && field.line.end <= part.header.end);
    require(body.substr(field.line.begin, field.name.size()).size() == field.name.size());
  }
}

void require_order(const Structure& structure, const Part& part) {
  std::uint64_t at = part.body.begin;
  for (const std::size_t child : part.children) {
    require(structure.parts[child].header.begin >= at);
    at = structure.parts[child].body.end;
  }
}

void require_fields(const Structure& structure, const std::string& body) {
  for (const Part& part : structure.parts) {
    if (!part.parent) continue;
    for (const Field& field : part.fields) {
      require(body.substr(field.value_place.begin, field.value_place.size()) == field.value);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = test::message({reinterpret_cast<const char*>(data), size});
  for (const Reading reading : {Reading::strict, Reading::lenient}) {
    const Structure structure = read_in_chunks(message, reading, 65'536);
    require(structure.size == message.body.size() && structure.parts.size() <= Limits().parts);
    for (std::size_t i = 0; i < structure.parts.size(); ++i) require_part(structure, i, message.body);
    for (const Part& part : structure.parts) require_order(structure, part);
    if (reading == Reading::strict) require_fields(structure, message.body);
    const Structure pieced = read_in_chunks(message, reading, 1 + size % 7);
    require(test::outline(structure, message.body) == test::outline(pieced, message.body));
    require(structure.doubts() == pieced.doubts());
  }
  return 0;
}
