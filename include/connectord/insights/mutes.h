#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "connectord/insights/observe.h"

namespace connectord::insights {

// An insight that somebody has seen and does not want to see for a while.
struct Mute {
  std::string reason;
  std::int64_t until = 0;  // seconds since 1970
  std::string who;
};
using Mutes = std::map<std::string, Mute>;  // by Insight::id()

inline constexpr std::size_t max_mutes = 1000;

// The file in the folder where connectord keeps its history (server.history).
std::string mutes_file(const model::Configuration& configuration);
// Those that have not ended. No file: none. A file that cannot be read: none, and the error says why.
tl::expected<Mutes, std::string> read_mutes(const std::string& file, std::int64_t now);
// Replaces the file as a whole.
tl::expected<void, std::string> write_mutes(const std::string& file, const Mutes& mutes);

// With keys that stay. What is muted stands there too, and says so.
nlohmann::ordered_json to_json(const Found& found, const Mutes& mutes, std::int64_t now);
nlohmann::ordered_json to_json(const Mute& mute);

}  // namespace connectord::insights
