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
// What stands in the host's own files is read as the process can. What stands in the fleet's generation is read with
// the rights of connectord's user, by root too: the host's copy of it lies in a folder of that user's, who could
// otherwise have root read any file of the machine. That user is server.user, and where root runs without one, the
// owner of fleet.state.
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
  NamedFileRights(const model::Configuration& configuration, bool is_fleets);

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

// True if the place is in the host's copy of the fleet's generation.
bool is_in_fleets_copy(const model::Configuration& configuration, const model::Location& place);

}  // namespace connectord::config
