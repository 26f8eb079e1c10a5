#include "connectord/inspect/inspector.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "connectord/inspect/examination.h"
#include "connectord/mime/part_text.h"
#include "file_kind.h"
#include "nested_message.h"

namespace connectord::inspect {
namespace {

using mime::Part;
using mime::Purpose;

// Bytes that two readings give to a part, with how they read it; once is enough.
using Identity =
    std::tuple<std::uint64_t, std::uint64_t, std::vector<mime::TransferEncoding>, std::vector<std::string>>;

class MessageInspector {
 public:
  MessageInspector(const std::vector<mime::Structure>& readings, const mime::Bytes& body, const Unpacker& unpacker,
                   const Limits& limits)
      : readings_(readings), body_(body), unpacker_(unpacker), limits_(limits), budget_(limits) {}

  model::Inspection run() {
    if (readings_.empty()) inspection_.uninspectable = "its bytes cannot be read";
    for (std::size_t reading = 0; reading < readings_.size(); ++reading) {
      if (readings_[reading].limit_exceeded) inspection_.limit_exceeded = "it has more parts than are looked at";
      for (std::size_t part = 0; part < readings_[reading].parts.size(); ++part) look_at(reading, part);
    }
    return std::move(inspection_);
  }

 private:
  const Part& part_of(std::size_t reading, std::size_t part) const { return readings_[reading].parts[part]; }

  // What people get as a file, or what is one whatever it is said to be.
  bool is_file(const mime::Structure& structure, std::size_t index) const {
    const Part& part = structure.parts[index];
    switch (mime::purpose_of(structure, index)) {
      case Purpose::attachment:
      case Purpose::related:
        return true;
      case Purpose::body:
        return looks_like_file(part, body_);
      case Purpose::container:
        break;
    }
    return part.parent && (part.is_message() || part.children.empty() || !mime::names_of(part).empty());
  }

  void look_at(std::size_t reading, std::size_t index) {
    const mime::Structure& structure = readings_[reading];
    if (!is_file(structure, index)) return;
    const Part& part = structure.parts[index];
    const auto names = mime::names_of(part);
    if (!seen_.emplace(part.body.begin, part.body.end, part.encodings, names).second) return;
    if (inspection_.attachments.size() >= limits_.max_attachments) {
      inspection_.limit_exceeded = "it has more attachments than are looked at";
      return;
    }
    auto& attachment = inspection_.attachments.emplace_back();
    attachment.reading = reading;
    attachment.part = index;
    attachment.is_inline = mime::purpose_of(structure, index) == Purpose::related;
    attachment.names = names;
    Examination examination(limits_, budget_, unpacker_, attachment.contents);
    examination.own_names(names);
    if (part.children.empty()) {
      file(part, attachment, examination);
    } else {
      container(part, attachment, examination);
    }
  }

  // A message or multipart whose parts are attachments of their own here.
  void container(const Part& part, model::Attachment& attachment, Examination& examination) {
    attachment.size = part.body.size();
    if (part.is_message()) examination.add_kind(model::FileKind::message);
    const auto head = decoded_part(part, mime::TransferEncoding::eight_bit, body_, max_signature);
    const auto kind = kind_of(head.value_or(""));
    if (is_executable(kind)) examination.file({}, *head);
  }

  void file(const Part& part, model::Attachment& attachment, Examination& examination) {
    const bool is_text = std::any_of(part.types.begin(), part.types.end(),
                                     [](const auto& type) { return type.value.starts_with("text/"); });
    if (is_text) text(part, examination);
    for (std::size_t i = 0; i < std::min(part.encodings.size(), max_encodings); ++i) {
      if (part.encodings[i] == mime::TransferEncoding::unknown) {
        examination.uninspectable("its transfer encoding is not known");
      }
      const auto bytes = decoded_part(part, part.encodings[i], body_, limits_.max_attachment_size + 1);
      if (!bytes) return examination.uninspectable("its bytes cannot be read");
      attachment.size = std::max<std::uint64_t>(attachment.size, bytes->size());
      if (bytes->size() > limits_.max_attachment_size) {
        examination.limit_exceeded("larger than " + std::to_string(limits_.max_attachment_size) + " bytes");
        continue;
      }
      auto names = attachment.names;
      // A message in a transfer encoding, which RFC 2045, 6.4 forbids, is a message to some readers.
      if (part.is_message()) names.emplace_back("message.eml");
      examination.file(names, *bytes);
    }
  }

  // In its own charset, which its bytes do not show.
  void text(const Part& part, Examination& examination) {
    for (const auto& reading : mime::read_text(part, body_, limits_.max_text)) {
      examination.add_text(reading.text);
      if (reading.is_cut) examination.text_is_cut();
    }
  }

  const std::vector<mime::Structure>& readings_;
  const mime::Bytes& body_;
  const Unpacker& unpacker_;
  const Limits& limits_;
  Budget budget_;
  std::set<Identity> seen_;
  model::Inspection inspection_;
};

}  // namespace

model::Inspection inspect_message(const std::vector<mime::Structure>& readings, const mime::Bytes& body,
                                  const Unpacker& unpacker, const Limits& limits) {
  return MessageInspector(readings, body, unpacker, limits).run();
}

model::FileContents inspect_file(const std::vector<std::string>& names, std::string_view bytes,
                                 const Unpacker& unpacker, const Limits& limits) {
  model::FileContents contents;
  Budget budget(limits);
  Examination(limits, budget, unpacker, contents).file(names, bytes);
  return contents;
}

}  // namespace connectord::inspect
