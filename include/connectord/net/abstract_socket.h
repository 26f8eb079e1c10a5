#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/net/listener.h"

// Unix sockets with a name in Linux's abstract namespace (unix(7)): no file, no rights, and nothing left when the
// process is gone, however it went. Anybody may take a name and anybody may connect, so both sides look at who the
// other is.
namespace connectord::net {

// A listening socket that blocks. The name has at most 107 bytes; on failure says why, as where it is taken.
tl::expected<base::FileDescriptor, std::string> listen_abstract(const std::string& name);

// Nothing on the connection waits longer than the limit. On failure errno: EAGAIN where somebody listens under that
// name and takes no connection within the limit, ECONNREFUSED where nobody does.
tl::expected<base::FileDescriptor, int> connect_abstract(const std::string& name, std::chrono::milliseconds limit);

// Who the other side was: for the listening side, when the client connected; for the client, when listen() was called.
std::optional<uid_t> peer_uid(const base::FileDescriptor& connection);
// Its process, at the same moments.
std::optional<pid_t> peer_pid(const base::FileDescriptor& connection);

// Limits how long a read or write on it may wait.
void set_time_limit(const base::FileDescriptor& connection, std::chrono::milliseconds limit);

}  // namespace connectord::net
