#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

// The wire of Postfix's socketmap_table(5), which is Sendmail's socket map too: each request and each answer is one
// netstring, "LENGTH:CONTENT,". Thread-safe.
namespace connectord::socketmap {

// Both refer to the bytes that they were read from.
struct Netstring {
  std::string_view content;
  std::size_t size = 0;  // with length, colon and comma
};

struct Request {
  std::string_view map;
  std::string_view key;
};

// The netstring that `bytes` begin with. std::nullopt: more bytes are needed. On failure says what is wrong: it can
// become no netstring whose content has at most `longest` bytes.
tl::expected<std::optional<Netstring>, std::string> read_netstring(std::string_view bytes, std::size_t longest);

std::string to_netstring(std::string_view content);

// "MAP KEY": the key begins after the first space, and may be empty. std::nullopt: no map is named.
std::optional<Request> parse_request(std::string_view content);

}  // namespace connectord::socketmap
