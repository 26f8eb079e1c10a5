#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/words.h"

// Who may use the API: a file with one line for each token,
//   NAME ROLE sha256:HEX SECONDS-SINCE-1970
// which holds no secret to log in with. A token is 256 random bits, so nobody can guess it by trying or compute it from
// its hash; a slow hash, as passwords need, would add nothing but a way to keep the daemon busy. The functions hold no
// state and are thread-safe.
namespace connectord::api {

// In rising order: each may do all that the ones before it may. The words are stored: do not change.
enum class Role : std::uint8_t {
  nobody,
  read,     // look at everything
  operate,  // enable, disable, validate
  admin     // make, change and delete
};
consteval auto words_of(Role) {
  return std::to_array<model::Named<Role>>(
      {{Role::nobody, "nobody"}, {Role::read, "read"}, {Role::operate, "operate"}, {Role::admin, "admin"}});
}

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

struct Token {
  std::string name;  // letters, digits, '-', '_', '.', '@'
  Role role = Role::nobody;
  std::string sha256;        // of the token; 64 lower-case hexadecimal digits
  std::int64_t created = 0;  // seconds since 1970
};

// A new one, and what its owner is to keep.
struct NewToken {
  Token token;
  std::string secret;
};

bool is_token_name(std::string_view name);
NewToken make_token(std::string name, Role role, std::int64_t now);

// The lines of a file; on failure says which line is none. Empty lines and comments are passed over.
tl::expected<std::vector<Token>, std::string> parse_tokens(std::string_view text);
std::string format_tokens(const std::vector<Token>& tokens);

// Whose `secret` it is, or nullptr. Takes as long for a wrong one as for any right one.
const Token* find_token(const std::vector<Token>& tokens, std::string_view secret);

}  // namespace connectord::api
