#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/file_descriptor.h"
#include "connectord/net/endpoint.h"
#include "connectord/net/handover.h"
#include "connectord/net/ip_address.h"

namespace connectord::net {

// Whom a unix socket lets in. Owner and group are left as they come where they are empty.
struct SocketRights {
  std::optional<base::Account> owner;
  std::optional<gid_t> group;
  mode_t mode = 0660;
};

// Has `bind` make the file of a unix socket. Before that, makes way for it: creates its folder where it is missing
// (with rights for owner and group only), and removes a socket that nobody answers at any more. One that is answered,
// and a file that is no socket, are errors and stay. The file has its owner, group and mode before anybody is listened
// to; in a folder that the owner can change, it is made with the owner's own rights (net/handover.h).
tl::expected<void, std::string> bind_unix(const Endpoint& endpoint, const SocketRights& rights,
                                          const std::function<tl::expected<void, std::string>()>& bind);

// Replies that follow each other within one exchange would otherwise wait 40 ms each for Nagle's algorithm. Accepted
// connections inherit it (tcp(7)).
void set_no_delay(int listening_fd);

// The descriptor of this process's socket that listens on that port, where a library keeps it to itself. std::nullopt:
// there is none.
std::optional<int> find_listening_socket(std::uint16_t port);

// Shuts down the connections of this process that came in on that port, and whose clients are not admitted.
void hang_up_on(std::uint16_t port, const std::function<bool(const IpAddress& client)>& admits);

// Removes the file of a unix socket. Does nothing for an inet endpoint, nor where the file is gone.
void remove(const Endpoint& endpoint);

// Connects and hangs up: wakes whoever waits for a connection there, or finds out whether anybody does.
bool knock(const Endpoint& endpoint);

// A connection to whoever listens there, on which nothing waits longer than that; on failure errno.
tl::expected<base::FileDescriptor, int> connect_to(const Endpoint& endpoint, std::chrono::milliseconds limit);

// The folder above the one of a unix socket, if it is not there: what would have made it, such as a mail server with
// its queue, is not installed. std::nullopt: the socket has its place.
std::optional<std::string> missing_place_of(const Endpoint& endpoint);

// A listening socket, non-blocking, with close-on-exec. A unix socket is never open to more than `rights` say.
tl::expected<base::FileDescriptor, std::string> listen_on(const Endpoint& endpoint, const SocketRights& rights);

}  // namespace connectord::net
