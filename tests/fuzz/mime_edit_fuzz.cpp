#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../mime/message.h"
#include "connectord/mime/disclaimer.h"
#include "connectord/mime/replace.h"

// Any message and one of some texts: an edit can be undone, number, order, kinds and bytes of all other parts are the
// same, what people read is there with one piece more, and an edit of what was edited changes nothing.

namespace {

using namespace connectord::mime;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

const std::array disclaimers{
    Disclaimer{.html = "<p>Example Net</p>", .text = "Example Net"},
    Disclaimer{.html = "<p>Gr\xc3\xbc\xc3\x9f\x65 &amp; mehr</p>",
               .text = "Gr\xc3\xbc\xc3\x9f\x65 & mehr\n-- \n--b\n=3D"},
    Disclaimer{.html = {}, .text = "\xe3\x81\x82 \xe2\x82\xac\n> From\nFrom x", .position = Position::prepend},
    Disclaimer{.html = "<p style='a'>Warning</p>", .text = "--b\n--b--", .position = Position::prepend},
};

struct Edited {
  test::Message before;
  test::Message after;
  Structure parts_before;
  Structure parts_after;
};

std::string raw(const Part& part, const std::string& body) {
  return body.substr(part.header.begin, part.body.end - part.header.begin);
}

// The bytes before are those after without one piece.
void require_insertion(const std::string& before, const std::string& after) {
  const auto front = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto back = std::mismatch(before.rbegin(), before.rend(), after.rbegin(), after.rend());
  require((front.first - before.begin()) + (back.first - before.rbegin()) >=
          static_cast<std::ptrdiff_t>(before.size()));
  require(after.size() > before.size());
}

bool is_container(const Part& part) {
  return part.is_multipart() || !part.children.empty();
}

void require_parts(const Edited& edited) {
  require(edited.parts_before.parts.size() == edited.parts_after.parts.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < edited.parts_before.parts.size(); ++i) {
    const Part& before = edited.parts_before.parts[i];
    const Part& after = edited.parts_after.parts[i];
    require(before.parent == after.parent && before.media_type() == after.media_type());
    if (is_container(before)) continue;
    if (before.parent && raw(before, edited.before.body) == raw(after, edited.after.body)) continue;
    ++changed;
    require_insertion(test::decoded_bytes(before, edited.before.body), test::decoded_bytes(after, edited.after.body));
  }
  require(changed > 0);
}

void require_undo(const test::Message& before, const test::Message& after, const Edit& edit) {
  require(test::body_undone(before, after, edit) == before.body);
  const MemoryBytes bytes(before.body);
  const EditedBytes view(edit.body, bytes);
  std::string seen;
  require(apply(Recipe(), view, [&](std::string_view piece) { seen += piece; }) && seen == after.body);
}

void require_disclaimer(const test::Message& before, const Disclaimer& disclaimer) {
  const Structure structure = test::structure_of(before);
  const auto edit = insert_disclaimer(structure, MemoryBytes(before.body), disclaimer);
  if (!edit) return;
  const test::Message after = test::edited(before, *edit);
  require_undo(before, after, *edit);
  const Structure structure_after = test::structure_of(after);
  require_parts({.before = before, .after = after, .parts_before = structure, .parts_after = structure_after});
  const auto again = insert_disclaimer(structure_after, MemoryBytes(after.body), disclaimer);
  require(!again && again.error() == NotEdited::already_there);
}

void require_replacement(const test::Message& before, std::size_t part) {
  const Structure structure = test::structure_of(before);
  const auto edit = replace_parts(structure, MemoryBytes(before.body),
                                  {{.part = part % structure.parts.size(), .text = "--b\r\n\r\n--b--"}});
  if (!edit) return;
  const test::Message after = test::edited(before, *edit);
  require_undo(before, after, *edit);
  const Structure structure_after = test::structure_of(after);
  require(!structure_after.parts.front().doubts.has(Doubt::readings_differ));
  require(structure_after.parts.size() <= structure.parts.size());
  if (structure.parts[part % structure.parts.size()].children.empty()) {
    require(structure_after.parts.size() == structure.parts.size());
  }
}

void require_wrapping(const test::Message& before) {
  for (const WrapForm form : {WrapForm::message, WrapForm::part}) {
    const auto edit = wrap(before.header, MemoryBytes(before.body), {.form = form, .text = "x", .boundary = "W"});
    if (!edit) continue;
    const test::Message after = test::edited(before, *edit);
    require_undo(before, after, *edit);
    require(after.body.find(before.body) != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = test::message({reinterpret_cast<const char*>(data), size});
  for (const Disclaimer& disclaimer : disclaimers) require_disclaimer(message, disclaimer);
  require_replacement(message, size);
  require_wrapping(message);
  return 0;
}
