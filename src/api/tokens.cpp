#include "connectord/api/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "connectord/base/digest.h"
#include "connectord/base/hexadecimal.h"

namespace connectord::api {
namespace {

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::string_view secret_prefix = "connectord_";  // so that people and scanners see what it is
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t hash_digits = 64;

std::optional<Token> parse_line(const std::string& line) {
  std::istringstream words(line);
  std::string name;
  std::string role;
  std::string hash;
  std::int64_t created = 0;
  std::string more;
  if (!(words >> name >> role >> hash >> created) || words >> more) return std::nullopt;
  const auto parsed = parse_role(role);
  const bool hex = hash.starts_with(hash_prefix) && hash.size() == hash_prefix.size() + hash_digits &&
                   hash.find_first_not_of("0123456789abcdef", hash_prefix.size()) == std::string::npos;
  if (!parsed || !hex || !is_token_name(name)) return std::nullopt;
  return Token{name, *parsed, hash.substr(hash_prefix.size()), created};
}

}  // namespace

std::string_view to_string(Role role) {
  return model::word_of(role);
}

std::optional<Role> parse_role(std::string_view text) {
  const auto role = model::value_of<Role>(text);
  return role == Role::nobody ? std::nullopt : role;
}

bool is_token_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.@").find(c) != std::string_view::npos;
  });
}

NewToken make_token(std::string name, Role role, std::int64_t now) {
  std::array<unsigned char, secret_bytes> bytes{};
  // It fails only where the system has no random numbers at all.
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("no random numbers");
  std::string secret = std::string(secret_prefix) + base::to_hex(bytes);
  std::string hash = base::sha256_hex(secret);
  return {{std::move(name), role, std::move(hash), now}, std::move(secret)};
}

tl::expected<std::vector<Token>, std::string> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    auto token = parse_line(line);
    if (!token) {
      return tl::unexpected("line " + std::to_string(number) +
                            " is no token; use connectorctl token add and remove to change the file");
    }
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

std::string format_tokens(const std::vector<Token>& tokens) {
  std::string text = "# Kept by connectorctl token. The tokens themselves stand nowhere.\n";
  for (const Token& token : tokens) {
    text.append(token.name).append(" ").append(to_string(token.role)).append(" ").append(hash_prefix);
    text.append(token.sha256).append(" ").append(std::to_string(token.created)).append("\n");
  }
  return text;
}

const Token* find_token(const std::vector<Token>& tokens, std::string_view secret) {
  const std::string hash = base::sha256_hex(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens) {
    const bool same =
        token.sha256.size() == hash.size() && ::CRYPTO_memcmp(token.sha256.data(), hash.data(), hash.size()) == 0;
    if (same) found = &token;
  }
  return found;
}

}  // namespace connectord::api
