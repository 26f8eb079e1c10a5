#include "ares_channel.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
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

std::size_t descriptors_of_process() {
  rlimit descriptors{};
  return ::getrlimit(RLIMIT_NOFILE, &descriptors) == 0 ? descriptors.rlim_cur : 1024;
}

// How many queries leave from one port of c-ares before the next is taken: one, unless so many descriptors could be
// more than half of those that this process may have.
int queries_of_a_port(std::size_t max_queries) {
  const std::size_t max_ports = std::max<std::size_t>(descriptors_of_process() / 2, 1);
  return static_cast<int>((max_queries + max_ports - 1) / max_ports);
}

// Beside c-ares' half. Names that it does not take are few.
std::size_t descriptors_for_own_exchange() {
  return std::max<std::size_t>(descriptors_of_process() / 16, 1);
}

}  // namespace

tl::expected<std::unique_ptr<AresChannel>, std::string> AresChannel::open(const ResolverSettings& settings) {
  prepare_library();
  auto servers = settings.servers;
  if (servers.empty()) {
    auto found = ares::system_servers();
    if (!found) return tl::unexpected(std::move(found.error()));
    servers = *std::move(found);
  }
  std::unique_ptr<AresChannel> channel(new AresChannel(settings, std::move(servers)));
  if (auto opened = channel->open_library(settings); !opened) return tl::unexpected(std::move(opened.error()));
  return channel;
}

AresChannel::AresChannel(const ResolverSettings& settings, std::vector<Server> servers)
    : servers_(std::move(servers)),
      max_outstanding_(2 * settings.max_outstanding),
      max_by_own_exchange_(std::min(max_outstanding_, descriptors_for_own_exchange())),
      sockets_(::epoll_create1(EPOLL_CLOEXEC)),
      own_exchange_(servers_, settings.timeout) {}

tl::expected<void, std::string> AresChannel::open_library(const ResolverSettings& settings) {
  epoll_event own{};
  own.events = EPOLLIN;
  own.data.fd = own_exchange_.descriptor();
  if (::epoll_ctl(sockets_.get(), EPOLL_CTL_ADD, own.data.fd, &own) != 0) {
    return tl::unexpected(std::string("cannot set up DNS: too many open files"));
  }
  const Schedule times = ares::schedule(servers_.size(), settings.timeout);
  ares_options options{};
  options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.ednspsz = 1232;
  options.timeout = static_cast<int>(times.first.count());
  options.tries = times.tries;
  options.sock_state_cb = &AresChannel::on_socket_state;
  options.sock_state_cb_data = this;
  const int set = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                  ARES_OPT_NOROTATE |
                  ares::set_newer_options(options, settings.timeout, queries_of_a_port(max_outstanding_));
  int status = ::ares_init_options(&channel_, &options, set);
  if (status == ARES_SUCCESS) status = ::ares_set_servers_ports_csv(channel_, servers_as_csv(servers_).c_str());
  if (status != ARES_SUCCESS) return tl::unexpected("cannot set up DNS: " + std::string(::ares_strerror(status)));
  return {};
}

AresChannel::~AresChannel() {
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

bool AresChannel::is_local() const {
  return std::all_of(servers_.begin(), servers_.end(),
                     [](const Server& server) { return server.address.is_loopback(); });
}

bool AresChannel::is_full(const WireName& name) const {
  return needs_own_exchange(name) ? own_exchange_.size() >= max_by_own_exchange_ : queries_.size() >= max_outstanding_;
}

void AresChannel::send(const WireName& name, std::vector<std::uint8_t> query, Done done) {
  if (needs_own_exchange(name)) return own_exchange_.send(std::move(query), std::move(done));
  queries_.emplace_front(*this, std::move(done));
  queries_.front().self = queries_.begin();
  ares::send(channel_, query, queries_.front());
}

void AresChannel::Query::receive(int status, std::span<const std::uint8_t> message) {
  const Done ended = std::move(done);
  channel.queries_.erase(self);
  if (status == ARES_SUCCESS && !message.empty()) {
    ended(End::answered, message);
  } else {
    ended(status == ARES_ETIMEOUT ? End::timeout : End::failed, {});
  }
}

void AresChannel::on_socket_state(void* channel, ares_socket_t socket, int readable, int writable) {
  const int sockets = static_cast<AresChannel*>(channel)->sockets_.get();
  epoll_event event{};
  event.events = (readable != 0 ? EPOLLIN : 0U) | (writable != 0 ? EPOLLOUT : 0U);
  event.data.fd = socket;
  if (event.events == 0) {
    ::epoll_ctl(sockets, EPOLL_CTL_DEL, socket, nullptr);
  } else if (::epoll_ctl(sockets, EPOLL_CTL_ADD, socket, &event) != 0) {
    ::epoll_ctl(sockets, EPOLL_CTL_MOD, socket, &event);
  }
}

std::optional<milliseconds> AresChannel::wait_limit() const {
  const auto own = own_exchange_.wait_limit();
  timeval limit{};
  const timeval* next = ::ares_timeout(channel_, nullptr, &limit);
  if (next == nullptr) return own;
  const auto of_library =
      std::chrono::ceil<milliseconds>(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
  return std::min(of_library, own.value_or(of_library));
}

void AresChannel::process() {
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(sockets_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (const auto& event : std::span(ready).first(static_cast<std::size_t>(std::max(count, 0)))) {
    if (event.data.fd == own_exchange_.descriptor()) continue;
    // An earlier turn of this loop may have closed the socket, which the library then does not know, or have opened
    // another in its place, which has nothing to read yet.
    const bool read = (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    const bool write = (event.events & EPOLLOUT) != 0;
    ::ares_process_fd(channel_, read ? event.data.fd : ARES_SOCKET_BAD, write ? event.data.fd : ARES_SOCKET_BAD);
  }
  ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  own_exchange_.process();
}

}  // namespace connectord::dns
