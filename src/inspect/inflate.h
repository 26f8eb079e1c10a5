#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::inspect {

// Called now and then with how many bytes were taken and given so far; false ends it.
using Progress = std::function<bool(std::uint64_t taken, std::uint64_t given)>;

// The first `most` bytes of what raw deflate (RFC 1951) has in `packed`; fewer where there are no more, or where
// `progress` ended it. std::nullopt where it is broken before.
std::optional<std::string> inflate(std::string_view packed, std::uint64_t most, const Progress& progress);

// The first `most` bytes of the first member of a gzip file (RFC 1952). std::nullopt where it is broken before.
std::optional<std::string> gunzip(std::string_view packed, std::uint64_t most);

}  // namespace connectord::inspect
