#include "connectord/auth/dkim_tags.h"

#include <algorithm>
#include <cstdint>

namespace connectord::auth {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_tag_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// VALCHAR and FWS: a CR stands before LF only, and LF only after CR and before white space.
bool has_only_value_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\r') {
      const bool folds = i + 2 < text.size() && text[i + 1] == '\n' && (text[i + 2] == ' ' || text[i + 2] == '\t');
      if (!folds) return false;
      i += 2;
    } else if (c != '\t' && (c < 0x20 || c == 0x7f)) {
      return false;
    }
  }
  return true;
}

// The bytes of a header's end may be a fold without anything behind it.
std::string_view without_trailing_fold(std::string_view text) {
  while (!text.empty() && is_dkim_space(text.back())) text.remove_suffix(1);
  return text;
}

constexpr int no_digit = -1;

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return no_digit;
}

// The padding must be what the digits need, or nothing; and the bits that belong to no byte are the signer's business.
bool is_possible_end(std::size_t digits, std::size_t padding) {
  const std::size_t rest = digits % 4;
  if (rest == 1) return false;
  if (padding == 0) return true;
  return rest != 0 && rest + padding == 4;
}

}  // namespace

bool is_dkim_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trim_dkim_space(std::string_view text) {
  while (!text.empty() && is_dkim_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_dkim_space(text.back())) text.remove_suffix(1);
  return text;
}

tl::expected<DkimTags, std::string> DkimTags::parse(std::string_view text) {
  DkimTags list;
  const std::string_view whole = without_trailing_fold(text);
  if (!has_only_value_characters(whole)) return tl::unexpected<std::string>("a character that no tag list may hold");
  for (std::size_t begin = 0; begin < whole.size();) {
    const std::size_t end = std::min(whole.find(';', begin), whole.size());
    const std::string_view spec = whole.substr(begin, end - begin);
    const std::size_t equals = spec.find('=');
    if (equals == std::string_view::npos) return tl::unexpected<std::string>("a tag without \"=\"");
    Tag tag;
    tag.name = trim_dkim_space(spec.substr(0, equals));
    if (!is_tag_name(tag.name)) return tl::unexpected<std::string>("a tag without a proper name");
    if (list.find(tag.name) != nullptr) return tl::unexpected("the tag " + std::string(tag.name) + "= occurs twice");
    tag.value = trim_dkim_space(spec.substr(equals + 1));
    tag.value_begin = begin + equals + 1;
    tag.value_end = end == whole.size() ? text.size() : end;
    list.tags_.push_back(tag);
    // Each name is compared with all before it, so their number must be bounded.
    constexpr std::size_t max_tags = 100;
    if (list.tags_.size() > max_tags) return tl::unexpected<std::string>("more than 100 tags");
    begin = end + 1;
  }
  if (list.tags_.empty()) return tl::unexpected<std::string>("no tags");
  return list;
}

const DkimTags::Tag* DkimTags::find(std::string_view name) const {
  const auto found = std::find_if(tags_.begin(), tags_.end(), [name](const Tag& tag) { return tag.name == name; });
  return found == tags_.end() ? nullptr : &*found;
}

std::optional<std::string_view> DkimTags::value(std::string_view name) const {
  const Tag* tag = find(name);
  if (tag == nullptr) return std::nullopt;
  return tag->value;
}

std::optional<std::vector<std::string_view>> split_dkim_list(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    const std::string_view part = trim_dkim_space(text.substr(begin, end - begin));
    if (part.empty()) return std::nullopt;
    parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

std::optional<std::string> decode_dkim_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_dkim_space(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int digit = base64_digit(c);
    if (digit == no_digit || padding != 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    ++digits;
    // After digits 2, 3 and 4 of each group another byte is whole; its bits end 4, 2 and 0 from the right.
    if (const auto place = digits % 4; place != 1) {
      const unsigned shift = place == 2 ? 4 : place == 3 ? 2 : 0;
      bytes.push_back(static_cast<char>(bits >> shift & 0xff));
    }
  }
  if (!is_possible_end(digits, padding)) return std::nullopt;
  return bytes;
}

}  // namespace connectord::auth
