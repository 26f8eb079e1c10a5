#include "ares_calls.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "connectord/base/number.h"

namespace connectord::dns::ares {
namespace {

using std::chrono::milliseconds;

template <typename Value, typename Free>
std::unique_ptr<Value, Free*> owned(Value* value, Free* free) {
  return {value, free};
}

#if ARES_VERSION >= 0x011f00  // 1.31, from which on all of this is there

// "192.0.2.1:53" or "[2001:db8::1]:53"; a link-local address may have its interface before or behind the bracket.
std::optional<Server> server_from(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto end = std::min(text.find(bracketed ? ']' : ':'), text.size());
  const std::string_view address = text.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  const auto parsed = net::IpAddress::parse(address.substr(0, address.find('%')));
  if (!parsed) return std::nullopt;
  const auto colon = text.find(':', end);
  const auto port = colon < text.size() ? base::number_of(text.substr(colon + 1)) : std::uint16_t{0};
  return Server{*parsed, port != 0 ? port : std::uint16_t{53}};
}

std::vector<Server> servers_of(ares_channel channel) {
  const auto csv = owned(::ares_get_servers_csv(channel), &::ares_free_string);
  std::string_view rest = csv ? csv.get() : "";
  std::vector<Server> servers;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (const auto server = server_from(rest.substr(0, comma))) servers.push_back(*server);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return servers;
}

void on_record(void* receiver, ares_status_t status, std::size_t /*timeouts*/, const ares_dns_record_t* record) {
  unsigned char* message = nullptr;
  std::size_t size = 0;
  if (status == ARES_SUCCESS) status = ::ares_dns_write(record, &message, &size);
  const auto owner = owned(message, &::ares_free_string);
  static_cast<Receiver*>(receiver)->receive(status, {message, size});
}

milliseconds max_wait(milliseconds timeout) {
  return timeout / 3;
}

}  // namespace

void send(ares_channel channel, std::span<const std::uint8_t> query, Receiver& receiver) {
  ares_dns_record_t* parsed = nullptr;
  if (const int status = ::ares_dns_parse(query.data(), query.size(), 0, &parsed); status != ARES_SUCCESS) {
    return receiver.receive(status, {});
  }
  const auto record = owned(parsed, &::ares_dns_record_destroy);
  ::ares_send_dnsrec(channel, record.get(), &on_record, &receiver, nullptr);
}

// The library waits five times as long as a server has taken lately, a quarter of a second at the least, and up to half
// of that less in repeats, by chance. So there are as many tries as a server that is usually quick needs until the
// whole time of a lookup is over.
Schedule schedule(std::size_t servers, milliseconds timeout) {
  constexpr milliseconds shortest_wait{250};
  const milliseconds share = timeout / static_cast<milliseconds::rep>(servers);
  milliseconds wait = std::min(shortest_wait, max_wait(timeout));
  int tries = 1;
  for (milliseconds sum = wait; sum < share; ++tries) {
    wait = std::min(2 * wait, max_wait(timeout));
    sum += std::max(wait * 3 / 4, milliseconds(1));
  }
  Schedule schedule = doubling_schedule(servers, timeout);
  schedule.tries = std::max(schedule.tries, tries);
  return schedule;
}

int set_newer_options(ares_options& options, milliseconds timeout, int queries_of_a_port) {
  options.maxtimeout = static_cast<int>(max_wait(timeout).count());
  options.udp_max_queries = queries_of_a_port;
  options.qcache_max_ttl = 0;
  return ARES_OPT_MAXTIMEOUTMS | ARES_OPT_UDP_MAX_QUERIES | ARES_OPT_QUERY_CACHE;
}

#else

std::vector<Server> servers_of(ares_channel channel) {
  ares_addr_port_node* first = nullptr;
  if (::ares_get_servers_ports(channel, &first) != ARES_SUCCESS) return {};
  const auto owner = owned<void>(first, &::ares_free_data);
  std::vector<Server> servers;
  for (const auto* node = first; node != nullptr; node = node->next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(node->family, &node->addr, text.data(), text.size());
    const auto address = net::IpAddress::parse(text.data());
    if (address) servers.push_back({*address, static_cast<std::uint16_t>(node->udp_port != 0 ? node->udp_port : 53)});
  }
  return servers;
}

void on_message(void* receiver, int status, int /*timeouts*/, unsigned char* message, int size) {
  const auto octets = message != nullptr && size > 0 ? static_cast<std::size_t>(size) : 0;
  static_cast<Receiver*>(receiver)->receive(status, {message, octets});
}

}  // namespace

void send(ares_channel channel, std::span<const std::uint8_t> query, Receiver& receiver) {
  ::ares_send(channel, query.data(), static_cast<int>(query.size()), &on_message, &receiver);
}

Schedule schedule(std::size_t servers, milliseconds timeout) {
  return doubling_schedule(servers, timeout);
}

int set_newer_options(ares_options& /*options*/, milliseconds /*timeout*/, int /*queries_of_a_port*/) {
  return 0;
}

#endif

tl::expected<std::vector<Server>, std::string> system_servers() {
  ares_channel channel = nullptr;
  if (const int status = ::ares_init_options(&channel, nullptr, 0); status != ARES_SUCCESS) {
    return tl::unexpected("cannot read /etc/resolv.conf: " + std::string(::ares_strerror(status)));
  }
  const auto owner = owned(channel, &::ares_destroy);
  auto servers = servers_of(channel);
  if (servers.empty()) return tl::unexpected(std::string("/etc/resolv.conf names no server"));
  return servers;
}

}  // namespace connectord::dns::ares
