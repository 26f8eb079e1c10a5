#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace connectord::ctl {

// Has the connectord that runs with this configuration file read it again, and waits until it has. `user` is
// server.user, as for ask_running_daemon(). Returns the generation that runs then; on failure says why none does, as
// where no connectord runs.
tl::expected<std::uint64_t, std::string> reload_daemon(const std::string& configuration, const std::string& user);

}  // namespace connectord::ctl
