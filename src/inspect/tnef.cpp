#include "tnef.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "connectord/mime/charset.h"
#include "little_endian.h"
#include "name_text.h"

namespace connectord::inspect {
namespace {

// [MS-OXTNEF] 2.1.3.1 and 2.1.3.2: the identifier of an attribute with its type.
constexpr std::uint32_t attachment_title = 0x0001'8010;
constexpr std::uint32_t attachment_data = 0x0006'800f;
constexpr std::uint32_t attachment_file = 0x0006'9001;  // attAttachTransportFilename
constexpr std::uint32_t attachment_begin = 0x0006'9002;
constexpr std::uint32_t attachment_properties = 0x0006'9005;
// [MS-OXPROPS]
constexpr std::uint16_t property_data = 0x3701;
constexpr std::uint16_t property_short_name = 0x3704;
constexpr std::uint16_t property_long_name = 0x3707;
constexpr std::uint16_t property_display_name = 0x3001;

// Reads numbers and pieces one after the other; whatever lies beyond the end makes it fail for good.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }
  template <class Number>
  Number number() {
    return little_endian<Number>(take(sizeof(Number)), 0);
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // With what fills it up to four bytes; that may be missing at the very end.
  std::string_view take_padded(std::uint32_t size) {
    const std::string_view taken = take(size);
    take(std::min<std::size_t>((4 - size % 4) % 4, rest_.size()));
    return taken;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string narrow_text(std::string_view bytes) {
  return name_text(bytes.substr(0, bytes.find('\0')));
}

std::string wide_text(std::string_view bytes) {
  std::string text = mime::decode_charset(bytes.substr(0, 2 * max_name_length), "UTF-16LE");
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

// One value of a property ([MS-OXTNEF] 2.1.3.4), as far as it is wanted.
struct Property {
  std::uint16_t id = 0;
  std::uint16_t type = 0;
  std::string_view value;  // of one that has a length
};

class PropertyReader {
 public:
  explicit PropertyReader(std::string_view bytes) : cursor_(bytes), left_(cursor_.number<std::uint32_t>()) {}

  bool failed() const { return cursor_.failed(); }

  std::optional<Property> next() {
    if (left_ == 0 || cursor_.failed()) return std::nullopt;
    --left_;
    Property property;
    property.type = cursor_.number<std::uint16_t>();
    property.id = cursor_.number<std::uint16_t>();
    if (property.id >= first_named) skip_name();
    const bool is_multiple = (property.type & multiple) != 0;
    const auto type = static_cast<std::uint16_t>(property.type & ~multiple);
    const std::uint32_t count = is_multiple || has_length(type) ? cursor_.number<std::uint32_t>() : 1;
    for (std::uint32_t i = 0; i < count && !cursor_.failed(); ++i) {
      const std::string_view value =
          has_length(type) ? cursor_.take_padded(cursor_.number<std::uint32_t>()) : cursor_.take_padded(size_of(type));
      if (i == 0) property.value = value;
      if (value.empty() && cursor_.at_end()) break;
    }
    return cursor_.failed() ? std::nullopt : std::optional(property);
  }

 private:
  static constexpr std::uint16_t first_named = 0x8000;
  static constexpr std::uint16_t multiple = 0x1000;

  static bool has_length(std::uint16_t type) {
    return type == 0x001e || type == 0x001f || type == 0x0102 || type == 0x000d;  // text, wide text, bytes, object
  }
  static std::uint32_t size_of(std::uint16_t type) {
    switch (type) {
      case 0x0005:  // floating
      case 0x0006:  // currency
      case 0x0007:  // time of an application
      case 0x0014:  // integer of 8 bytes
      case 0x0040:  // time
        return 8;
      case 0x0048:  // GUID
        return 16;
      default:
        return 4;
    }
  }
  void skip_name() {
    cursor_.take(16);
    if (cursor_.number<std::uint32_t>() == 0) {
      cursor_.take(4);
    } else {
      cursor_.take_padded(cursor_.number<std::uint32_t>());
    }
  }

  Cursor cursor_;
  std::uint32_t left_;
};

class TnefReader {
 public:
  TnefReader(std::string_view bytes, std::size_t max_attachments) : cursor_(bytes), max_attachments_(max_attachments) {}

  Tnef read() {
    cursor_.take(6);  // signature and key
    while (!cursor_.at_end() && !cursor_.failed() && !tnef_.is_cut) attribute();
    if (cursor_.failed()) tnef_.problem = "it ends within an attribute";
    return std::move(tnef_);
  }

 private:
  void attribute() {
    cursor_.take(1);  // of the message or of an attachment
    const auto id = cursor_.number<std::uint32_t>();
    const std::string_view value = cursor_.take(cursor_.number<std::uint32_t>());
    cursor_.take(2);  // its checksum
    if (cursor_.failed()) return;
    if (id == attachment_begin) begin();
    if (id == attachment_title || id == attachment_file) add_name(narrow_text(value));
    if (id == attachment_data) add_content(value);
    if (id == attachment_properties) properties(value);
  }

  void begin() {
    tnef_.is_cut = tnef_.attachments.size() >= max_attachments_;
    if (!tnef_.is_cut) tnef_.attachments.emplace_back();
  }

  TnefAttachment* current() {
    if (tnef_.attachments.empty()) begin();
    return tnef_.attachments.empty() ? nullptr : &tnef_.attachments.back();
  }

  void add_name(const std::string& name) {
    constexpr std::size_t max_names = 16;
    TnefAttachment* attachment = current();
    if (attachment == nullptr || name.empty() || attachment->names.size() >= max_names) return;
    auto& names = attachment->names;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }

  // A second content becomes an attachment of its own, so that both are looked at.
  void add_content(std::string_view content) {
    TnefAttachment* attachment = current();
    if (attachment == nullptr || content.empty()) return;
    if (!attachment->content.empty()) {
      const auto names = attachment->names;
      begin();
      if (tnef_.is_cut) return;
      attachment = &tnef_.attachments.back();
      attachment->names = names;
    }
    attachment->content = content;
  }

  void properties(std::string_view value) {
    constexpr std::size_t interface_size = 16;
    PropertyReader reader(value);
    while (const auto property = reader.next()) {
      switch (property->id) {
        case property_short_name:
        case property_long_name:
        case property_display_name:
          add_name(property->type == 0x001f ? wide_text(property->value) : narrow_text(property->value));
          break;
        case property_data:
          // An object begins with what it is: for an embedded message, followed by a TNEF of its own.
          add_content(property->type == 0x000d ? piece(property->value, interface_size, property->value.size())
                                               : property->value);
          break;
        default:
          break;
      }
    }
    if (reader.failed()) tnef_.problem = "an attachment's properties cannot be read";
  }

  Cursor cursor_;
  std::size_t max_attachments_;
  Tnef tnef_;
};

}  // namespace

Tnef read_tnef(std::string_view bytes, std::size_t max_attachments) {
  return TnefReader(bytes, max_attachments).read();
}

}  // namespace connectord::inspect
