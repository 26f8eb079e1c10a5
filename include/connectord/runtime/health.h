#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "connectord/runtime/services.h"

namespace connectord::runtime {

// What a process knows of itself from its start on.
struct Process {
  std::string configuration;  // the file, as an absolute path
  pid_t pid = 0;
  std::int64_t started = 0;  // seconds since 1970
  model::Server server;      // the listeners that are open
  // Of a member of a fleet: what it knows of its part there, as an object; empty: it is by itself.
  std::function<nlohmann::ordered_json()> fleet{};
};

// How the process is, and what has been asked of it, as one JSON object. Times are in UTC, as in ISO 8601; what has not
// happened yet is null. Thread-safe.
std::string health_document(const Process& process, const Services& services);

// Longer ones are not read.
inline constexpr std::size_t max_health_document_length = std::size_t{256} << 10;

// Reads a health_document() that another process gives. The result has every key that this version writes, with a value
// of its type: null, nothing, 0 or false where there is none. Texts are bounded and hold no character that moves a
// cursor or turns the order of what is shown; keys that this version does not know are kept as far as they are small.
// Where anything was not as it should be, "odd" lists it in words. On failure says what is odd about the whole.
tl::expected<nlohmann::ordered_json, std::string> read_health_document(std::string_view text);

// The name in the abstract namespace under which the process with that configuration file gives its health_document()
// to root and to its own user. It writes the document and hangs up.
std::string health_socket_name(const std::string& configuration);

// The one path by which both sides know a configuration file: absolute, without symbolic links.
std::string resolved_path(const std::string& path);

}  // namespace connectord::runtime
