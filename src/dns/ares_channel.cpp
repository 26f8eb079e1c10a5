#include "ares_channel.h"

#include <arpa/inet.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace connectord::dns {
namespace {

using std::chrono::milliseconds;

// The library's own state is made ready once; it holds nothing that would have to be given back.
void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] { ::ares_library_init(ARES_LIB_INIT_ALL); });
}

std::string servers_as_csv(const std::vector<Server>& servers) {
  std::string csv;
  for (const auto& server : servers) {
    const std::string address = server.address.to_string();
    csv += (csv.empty() ? "" : ",") + (server.address.is_v4() ? address : "[" + address + "]") + ":" +
           std::to_string(server.port);
  }
  return csv;
}

// The servers that /etc/resolv.conf names, as the library reads it.
tl::expected<std::vector<Server>, std::string> servers_of_channel(ares_channel channel) {
  ares_addr_port_node* first = nullptr;
  if (const int status = ::ares_get_servers_ports(channel, &first); status != ARES_SUCCESS) {
    return tl::unexpected(std::string(::ares_strerror(status)));
  }
  const std::unique_ptr<ares_addr_port_node, void (*)(void*)> owner(first, &::ares_free_data);
  std::vector<Server> servers;
  for (const auto* node = first; node != nullptr; node = node->next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(node->family, &node->addr, text.data(), text.size());
    const auto address = net::IpAddress::parse(text.data());
    if (address) servers.push_back({*address, static_cast<std::uint16_t>(node->udp_port != 0 ? node->udp_port : 53)});
  }
  return servers;
}

// Each round through the servers waits twice as long as the one before. Three rounds get over lost packets; with many
// servers two do, as each wait would become too short otherwise.
struct Schedule {
  int tries = 3;
  milliseconds first{0};
};

Schedule schedule(std::size_t servers, milliseconds timeout) {
  Schedule schedule;
  schedule.tries = servers > 2 ? 2 : 3;
  const auto waits = static_cast<milliseconds::rep>(servers) * ((1 << schedule.tries) - 1);
  schedule.first = std::max(timeout / std::max<milliseconds::rep>(waits, 1), milliseconds(20));
  return schedule;
}

}  // namespace

tl::expected<std::unique_ptr<AresChannel>, std::string> AresChannel::open(const std::vector<Server>& servers,
                                                                          milliseconds timeout) {
  prepare_library();
  if (servers.empty()) {
    ares_channel system = nullptr;
    if (const int status = ::ares_init(&system); status != ARES_SUCCESS) {
      return tl::unexpected("cannot read /etc/resolv.conf: " + std::string(::ares_strerror(status)));
    }
    auto found = servers_of_channel(system);
    ::ares_destroy(system);
    if (!found) return tl::unexpected(found.error());
    if (found->empty()) return tl::unexpected(std::string("/etc/resolv.conf names no server"));
    return open(*found, timeout);
  }
  std::unique_ptr<AresChannel> channel(new AresChannel);
  const Schedule times = schedule(servers.size(), timeout);
  ares_options options{};
  options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.ednspsz = 1232;
  options.timeout = static_cast<int>(times.first.count());
  options.tries = times.tries;
  options.sock_state_cb = &AresChannel::on_socket_state;
  options.sock_state_cb_data = channel.get();
  const int set = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                  ARES_OPT_NOROTATE;
  int status = ::ares_init_options(&channel->channel_, &options, set);
  if (status == ARES_SUCCESS) status = ::ares_set_servers_ports_csv(channel->channel_, servers_as_csv(servers).c_str());
  if (status != ARES_SUCCESS) return tl::unexpected("cannot set up DNS: " + std::string(::ares_strerror(status)));
  channel->local_ =
      std::all_of(servers.begin(), servers.end(), [](const Server& server) { return server.address.is_loopback(); });
  return channel;
}

AresChannel::~AresChannel() {
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

void AresChannel::send(const std::vector<std::uint8_t>& query, Done done) {
  queries_.push_front({this, std::move(done), {}});
  queries_.front().self = queries_.begin();
  ::ares_send(channel_, query.data(), static_cast<int>(query.size()), &AresChannel::on_answer, &queries_.front());
}

void AresChannel::on_answer(void* query, int status, int /*timeouts*/, unsigned char* message, int size) {
  auto& ended = *static_cast<Query*>(query);
  const Done done = std::move(ended.done);
  ended.channel->queries_.erase(ended.self);
  if (status == ARES_SUCCESS && message != nullptr && size > 0) {
    done(End::answered, {message, static_cast<std::size_t>(size)});
  } else {
    done(status == ARES_ETIMEOUT ? End::timeout : End::failed, {});
  }
}

void AresChannel::on_socket_state(void* channel, ares_socket_t socket, int readable, int writable) {
  auto& sockets = static_cast<AresChannel*>(channel)->sockets_;
  const int events = (readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0);
  if (events == 0) {
    sockets.erase(socket);
  } else {
    sockets[socket] = static_cast<short>(events);
  }
}

void AresChannel::add_descriptors(std::vector<pollfd>& descriptors) const {
  for (const auto& [socket, events] : sockets_) descriptors.push_back({socket, events, 0});
}

std::optional<milliseconds> AresChannel::wait_limit() const {
  timeval limit{};
  const timeval* next = ::ares_timeout(channel_, nullptr, &limit);
  if (next == nullptr) return std::nullopt;
  return std::chrono::ceil<milliseconds>(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
}

void AresChannel::process(const std::vector<pollfd>& ready) {
  for (const auto& descriptor : ready) {
    // A socket that an earlier turn of this loop closed is no longer the library's.
    if (descriptor.revents == 0 || !sockets_.contains(descriptor.fd)) continue;
    const bool broken = (descriptor.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    const bool read = broken || (descriptor.revents & POLLIN) != 0;
    const bool write = (descriptor.revents & POLLOUT) != 0;
    ::ares_process_fd(channel_, read ? descriptor.fd : ARES_SOCKET_BAD, write ? descriptor.fd : ARES_SOCKET_BAD);
  }
  ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

}  // namespace connectord::dns
