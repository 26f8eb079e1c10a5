#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>

#include "connectord/base/accounts.h"
#include "connectord/base/acting_as.h"
#include "connectord/model/configuration.h"

// With whose rights the files are read that a configuration names.
//
// What stands in the host's own files is read as the process can. What stands in the fleet's generation, or in another
// file that connectord's user could change (net::can_change; connectors.d, for the API), is read with the rights of
// that user, by root too, and so are these files themselves: that user could otherwise have root read any file of the
// machine. That user is server.user, and where root runs without one, the owner of fleet.state. Where that user could
// change the main file, nothing would protect root, and all files but the generation count as the host's own.
//
// The rights are the calling thread's (base::ActingAs). Thread-safe.
namespace connectord::config {

class NamedFileRights {
 public:
  // Has the rights for what is named at `place` for as long as it lives.
  NamedFileRights(const model::Configuration& configuration, const model::Location& place);
  // The same for the copy of the generation itself.
  static NamedFileRights for_the_copy(const model::Configuration& configuration);

  // What keeps this file from being read with these rights, and what to do about it; "" if nothing does, and where the
  // rights are the process's own. Without the rights nothing may be read.
  std::string obstacle(const std::string& path) const;

 private:
  friend bool is_read_as_user(const model::Configuration& configuration, const model::Location& place);
  enum class Words { hosts, fleets, users };  // whose are those that name the file

  NamedFileRights(const model::Configuration& configuration, Words words);
  static Words words_at(const model::Configuration& configuration, const model::Location& place);

  Words words_;
  tl::expected<std::optional<base::Account>, std::string> reader_{std::nullopt};
  std::optional<base::ActingAs> acting_;
};

// What `read`, a function that returns tl::expected<…, std::string>, returns with the rights for `path`, which is named
// at `place`; or what keeps it from being read.
template <typename Read>
auto read_named_file(const model::Configuration& configuration, const model::Location& place, const std::string& path,
                     Read read) -> std::invoke_result_t<Read> {
  const NamedFileRights rights(configuration, place);
  if (std::string obstacle = rights.obstacle(path); !obstacle.empty()) return tl::unexpected(std::move(obstacle));
  return read();
}

// Text named at `place`, whole; or what keeps it from being read.
tl::expected<std::string, std::string> read_named_text(const model::Configuration& configuration,
                                                       const model::Location& place, const std::string& path);

// True if what is named at the place is read with the rights of connectord's user.
bool is_read_as_user(const model::Configuration& configuration, const model::Location& place);

}  // namespace connectord::config
