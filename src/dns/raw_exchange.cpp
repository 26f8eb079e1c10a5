#include "raw_exchange.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "connectord/base/ascii_case.h"
#include "connectord/net/socket_address.h"

namespace connectord::dns {
namespace {

using std::chrono::milliseconds;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t max_message_length = 65'535;

// As c-ares has it since 1.20; names that it takes must not leave by another way.
bool is_host_character(char c) {
  const char lower = base::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/' || c == '*';
}

// Header and question of a query, which an answer repeats.
std::size_t question_end(Bytes query) {
  std::size_t at = header_size;
  while (at < query.size() && query[at] != 0) at += std::size_t{1} + query[at];
  return std::min(at + 5, query.size());
}

bool same_question(Bytes query, Bytes message) {
  const std::size_t end = question_end(query);
  const auto lower = [](std::uint8_t octet) { return base::to_lower(static_cast<char>(octet)); };
  return message.size() >= end &&
         std::equal(query.begin() + header_size, query.begin() + static_cast<std::ptrdiff_t>(end),
                    message.begin() + header_size, [&](auto a, auto b) { return lower(a) == lower(b); });
}

unsigned rcode_of(Bytes message) {
  return message[3] & 0x0fU;
}

bool is_truncated(Bytes message) {
  return (message[2] & 0x02U) != 0;
}

// A server that does not know EDNS may leave out the question together with the rest (RFC 6891, section 7).
bool refuses_edns(Bytes message) {
  return rcode_of(message) == 1 && message[4] == 0 && message[5] == 0;
}

bool answers(Bytes query, Bytes message) {
  if (message.size() < header_size || message[0] != query[0] || message[1] != query[1]) return false;
  const bool response = (message[2] & 0x80U) != 0;
  return response && (refuses_edns(message) || same_question(query, message));
}

// SERVFAIL, NOTIMP, REFUSED: another server may know more.
bool is_of_no_use(Bytes message) {
  const unsigned rcode = rcode_of(message);
  return rcode == 2 || rcode == 4 || rcode == 5;
}

bool may_go_on() {
  return errno == EAGAIN || errno == EINTR;
}

std::vector<std::uint8_t> with_length(Bytes message) {
  std::vector<std::uint8_t> framed = {static_cast<std::uint8_t>(message.size() >> 8U),
                                      static_cast<std::uint8_t>(message.size() & 0xffU)};
  framed.insert(framed.end(), message.begin(), message.end());
  return framed;
}

// How much of a message and its length is still to come.
std::size_t missing_in(Bytes received) {
  if (received.size() < 2) return 2 - received.size();
  return 2 + (std::size_t{received[0]} << 8U | received[1]) - received.size();
}

}  // namespace

bool needs_own_exchange(const WireName& name) {
  for (std::size_t at = 0; at < name.size() && name[at] != '\0';) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(name[at]));
    const auto label = std::string_view(name).substr(at + 1, length);
    if (!std::all_of(label.begin(), label.end(), is_host_character)) return true;
    at += 1 + length;
  }
  return false;
}

RawExchange::RawExchange(std::vector<Server> servers, milliseconds timeout)
    : servers_(std::move(servers)),
      timeout_(timeout),
      schedule_(doubling_schedule(servers_.size(), timeout)),
      sockets_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(max_message_length) {}

RawExchange::~RawExchange() {
  while (!queries_.empty()) finish(queries_.begin()->first, queries_.begin()->second, End::failed, {});
}

void RawExchange::send(std::vector<std::uint8_t> message, Done done) {
  const Serial serial = ++last_;
  Query& query = queries_[serial];
  query.message = std::move(message);
  query.done = std::move(done);
  query.end = Clock::now() + timeout_;
  query.wait_until = query.end;
  waits_.emplace(query.wait_until, serial);
  try_next(serial, query);
}

// A try that cannot even begin is over, and the next server's turn has come.
void RawExchange::try_next(Serial serial, Query& query) {
  const std::size_t most = servers_.size() * static_cast<std::size_t>(schedule_.tries);
  while (query.tries < most && Clock::now() < query.end) {
    ++query.tries;
    query.timed_out = false;
    if (begin_try(serial, query)) return wait(serial, query, wait_of(query));
  }
  finish(serial, query, query.timed_out || Clock::now() >= query.end ? End::timeout : End::failed, {});
}

const Server& RawExchange::server_of(const Query& query) const {
  return servers_[(query.tries - 1) % servers_.size()];
}

milliseconds RawExchange::wait_of(const Query& query) const {
  return schedule_.first * (1 << ((query.tries - 1) / servers_.size()));
}

bool RawExchange::begin_try(Serial serial, Query& query) {
  query.over_tcp = false;
  return connect(serial, query, SOCK_DGRAM) && ::send(query.socket.get(), query.message.data(), query.message.size(),
                                                      MSG_NOSIGNAL) == static_cast<ssize_t>(query.message.size());
}

// Connected also over UDP, so that only the server is heard, and is known to refuse.
bool RawExchange::connect(Serial serial, Query& query, int type) {
  const Server& server = server_of(query);
  const auto target = net::socket_address(server.address, server.port);
  query.socket = base::FileDescriptor(::socket(target.get()->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int socket = query.socket.get();
  if (socket < 0) return false;
  if (::connect(socket, target.get(), target.size) != 0 && errno != EINPROGRESS) return false;
  epoll_event event{};
  event.events = type == SOCK_STREAM ? EPOLLOUT : EPOLLIN;
  event.data.u64 = serial;
  return ::epoll_ctl(sockets_.get(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void RawExchange::wait(Serial serial, Query& query, milliseconds limit) {
  waits_.erase({query.wait_until, serial});
  query.wait_until = std::min(query.end, Clock::now() + limit);
  waits_.emplace(query.wait_until, serial);
}

void RawExchange::finish(Serial serial, Query& query, End end, Bytes message) {
  const Done done = std::move(query.done);
  waits_.erase({query.wait_until, serial});
  queries_.erase(serial);
  done(end, message);
}

std::optional<milliseconds> RawExchange::wait_limit() const {
  if (waits_.empty()) return std::nullopt;
  return std::max(std::chrono::ceil<milliseconds>(waits_.begin()->first - Clock::now()), milliseconds(0));
}

void RawExchange::process() {
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(sockets_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (const auto& event : std::span(ready).first(static_cast<std::size_t>(std::max(count, 0)))) {
    on_ready(event.data.u64);
  }
  const auto now = Clock::now();
  while (!waits_.empty() && waits_.begin()->first <= now) {
    const Serial serial = waits_.begin()->second;
    Query& query = queries_.at(serial);
    query.timed_out = true;
    try_next(serial, query);
  }
}

void RawExchange::on_ready(Serial serial) {
  const auto found = queries_.find(serial);
  if (found == queries_.end()) return;
  found->second.over_tcp ? on_stream(serial, found->second) : read_datagram(serial, found->second);
}

void RawExchange::read_datagram(Serial serial, Query& query) {
  const ssize_t size = ::recv(query.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0) {
    if (!may_go_on()) try_next(serial, query);  // it refuses
    return;
  }
  const Bytes message = Bytes(buffer_).first(static_cast<std::size_t>(size));
  if (!answers(query.message, message)) return;  // the right one may still come
  if (is_truncated(message)) return go_over_to_tcp(serial, query);
  take(serial, query, message);
}

void RawExchange::take(Serial serial, Query& query, Bytes message) {
  if (is_of_no_use(message)) return try_next(serial, query);
  finish(serial, query, End::answered, message);
}

void RawExchange::go_over_to_tcp(Serial serial, Query& query) {
  query.over_tcp = true;
  query.received.clear();
  query.to_write = with_length(query.message);
  if (!connect(serial, query, SOCK_STREAM)) return try_next(serial, query);
  wait(serial, query, std::max(wait_of(query), timeout_ / 3));
}

void RawExchange::on_stream(Serial serial, Query& query) {
  const bool sound = query.to_write.empty() ? read_stream(query) : write_stream(serial, query);
  if (!sound) return try_next(serial, query);
  if (missing_in(query.received) != 0) return;
  const auto received = std::move(query.received);
  const Bytes message = Bytes(received).subspan(2);
  answers(query.message, message) ? take(serial, query, message) : try_next(serial, query);
}

// False if the connection is of no more use.
bool RawExchange::write_stream(Serial serial, Query& query) {
  auto& rest = query.to_write;
  const ssize_t written = ::send(query.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (written < 0) return may_go_on();
  rest.erase(rest.begin(), rest.begin() + written);
  if (!rest.empty()) return true;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = serial;
  return ::epoll_ctl(sockets_.get(), EPOLL_CTL_MOD, query.socket.get(), &event) == 0;
}

// The same.
bool RawExchange::read_stream(Query& query) {
  const ssize_t size = ::recv(query.socket.get(), buffer_.data(), missing_in(query.received), 0);
  if (size < 0) return may_go_on();
  query.received.insert(query.received.end(), buffer_.begin(), buffer_.begin() + size);
  return size > 0;
}

}  // namespace connectord::dns
