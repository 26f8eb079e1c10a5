#include "connectord/config/fleet_copy.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <system_error>

#include "quote.h"

namespace connectord::config {
namespace {

constexpr std::string_view begin = "generation-";
constexpr std::string_view end = ".toml";

std::optional<std::int64_t> number_in(std::string_view name) {
  if (!name.starts_with(begin) || !name.ends_with(end)) return std::nullopt;
  const std::string_view digits = name.substr(begin.size(), name.size() - begin.size() - end.size());
  std::int64_t number = 0;
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && last == digits.data() + digits.size() && number >= 0;
  if (!whole || std::to_string(number) != digits) return std::nullopt;
  return number;
}

}  // namespace

std::string fleet_copy_path(const std::string& state, std::int64_t generation) {
  return state + "/" + std::string(begin) + std::to_string(generation) + std::string(end);
}

std::optional<std::int64_t> generation_of_copy(const std::string& state, std::string_view path) {
  if (!path.starts_with(state) || path.substr(state.size(), 1) != "/") return std::nullopt;
  return number_in(path.substr(state.size() + 1));
}

tl::expected<std::optional<std::int64_t>, std::string> current_fleet_copy(const std::string& state) {
  const std::string link = state + "/current";
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (length < 0) return tl::unexpected("cannot read " + link + ": " + std::generic_category().message(errno));
  const std::string_view name(target.data(), static_cast<std::size_t>(length));
  if (const auto number = number_in(name)) return number;
  return tl::unexpected(link + " leads to " + in_quotes(name) +
                        ", which is no copy that connectord made; remove it, and restart connectord");
}

}  // namespace connectord::config
