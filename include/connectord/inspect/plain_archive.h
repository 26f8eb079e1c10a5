#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::inspect {

bool is_gzip(std::string_view bytes);
bool is_zip(std::string_view bytes);

// The content of a gzip file (RFC 1952), or of the files in a zip that are stored or deflated; files packed by other
// methods, and encrypted ones, are left out. Together they have `most` bytes at the most. On failure says why it cannot
// be unpacked: it is broken, or larger. Thread-safe.
tl::expected<std::vector<std::string>, std::string> unpack_plain(std::string_view bytes, std::uint64_t most);

}  // namespace connectord::inspect
