#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::auth {

// The tag=value lists of DKIM-Signature, of key records and of ARC's headers (RFC 6376, 3.2), read strictly: what the
// grammar does not allow is an error, and a tag that occurs twice makes the whole list invalid. Bytes above ASCII may
// stand in values, as RFC 8616 has it.
// Holds views of the text that was parsed, which must outlive it. Immutable.
class DkimTags {
 public:
  struct Tag {
    std::string_view name;        // case-sensitive
    std::string_view value;       // without the white space around it
    std::size_t value_begin = 0;  // what lies between "=" and ";", white space too, as offsets into the text: what
    std::size_t value_end = 0;    // is taken out of b= before the signature is checked (RFC 6376, 3.7)
  };

  // On failure says what is wrong; repeats nothing of the text but valid tag names.
  static tl::expected<DkimTags, std::string> parse(std::string_view text);

  const Tag* find(std::string_view name) const;
  // Only for tags that are there with a value; "" is a value.
  std::optional<std::string_view> value(std::string_view name) const;
  const std::vector<Tag>& all() const { return tags_; }

 private:
  std::vector<Tag> tags_;
};

// "a : b" as {"a", "b"}, without the white space (folded or not) around each; std::nullopt if one is empty.
std::optional<std::vector<std::string_view>> split_dkim_list(std::string_view text);

// Base64 (RFC 4648, 4) with white space anywhere, as tags have it; padding may be left out. std::nullopt for other
// characters, for padding inside, and for a length that no bytes can have.
std::optional<std::string> decode_dkim_base64(std::string_view text);

std::string_view trim_dkim_space(std::string_view text);
bool is_dkim_space(char c);

}  // namespace connectord::auth
