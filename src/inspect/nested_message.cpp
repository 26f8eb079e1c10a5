#include "nested_message.h"

#include <algorithm>

#include "connectord/mail/message_text.h"
#include "connectord/mime/part_text.h"
#include "file_kind.h"

namespace connectord::inspect {
namespace {

using mime::Purpose;

constexpr std::size_t max_fields = 1'000;

void examine_leaf(const mime::Structure& structure, std::size_t index, const mime::Bytes& body,
                  Examination& examination) {
  const mime::Part& part = structure.parts[index];
  const bool is_text = mime::purpose_of(structure, index) == Purpose::body;
  if (is_text) {
    for (const auto& reading : mime::read_text(part, body, examination.room_for_text())) {
      examination.add_text(reading.text);
      if (reading.is_cut) examination.text_is_cut();
    }
  }
  if (is_text && !looks_like_file(part, body)) return;
  const auto names = mime::names_of(part);
  for (std::size_t i = 0; i < std::min(part.encodings.size(), max_encodings); ++i) {
    examination.member(names, [&](std::uint64_t most) {
      auto bytes = decoded_part(part, part.encodings[i], body, std::min(most, examination.budget().unpacked));
      if (bytes) examination.spend(bytes->size());
      return bytes;
    });
  }
}

}  // namespace

bool looks_like_file(const mime::Part& part, const mime::Bytes& body) {
  for (std::size_t i = 0; i < std::min(part.encodings.size(), max_encodings); ++i) {
    const auto head = decoded_part(part, part.encodings[i], body, max_signature);
    switch (kind_of(head.value_or(""))) {
      case model::FileKind::unknown:
      case model::FileKind::text:
      case model::FileKind::html:
      case model::FileKind::message:
        break;
      default:
        return true;
    }
  }
  return false;
}

std::optional<std::string> decoded_part(const mime::Part& part, mime::TransferEncoding encoding,
                                        const mime::Bytes& body, std::uint64_t most) {
  std::string bytes;
  const bool is_read = mime::decode_part(part, encoding, body, [&](std::string_view piece) {
    bytes += piece;
    return bytes.size() < most;
  });
  bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), most)));
  return is_read ? std::optional(std::move(bytes)) : std::nullopt;
}

void examine_message(std::string_view bytes, Examination& examination) {
  if (!examination.descend()) return;
  const mail::MessageText message = mail::split_message(bytes, max_fields);
  const mime::MemoryBytes body(message.body);
  for (const auto& structure : mime::read_structure(message.header, body)) {
    if (structure.limit_exceeded) examination.limit_exceeded("an attached message has too many parts");
    for (std::size_t i = 0; i < structure.parts.size(); ++i) {
      const mime::Part& part = structure.parts[i];
      if (!examination.enter(mime::names_of(part))) break;
      if (part.children.empty()) examine_leaf(structure, i, body, examination);
    }
  }
  examination.ascend();
}

}  // namespace connectord::inspect
