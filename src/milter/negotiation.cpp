#include "negotiation.h"

#include <libmilter/mfdef.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "connectord/net/listener.h"

namespace connectord::milter {
namespace {

void append_number(std::string& packet, std::uint32_t number) {
  constexpr std::uint32_t byte = 0xff;
  for (const int shift : {24, 16, 8, 0}) packet += static_cast<char>((number >> static_cast<unsigned>(shift)) & byte);
}

// As Postfix offers it: all that this version of libmilter knows of.
std::string offer() {
  std::string content(1, SMFIC_OPTNEG);
  append_number(content, SMFI_PROT_VERSION);
  append_number(content, SMFI_CURR_ACTS);
  append_number(content, SMFI_CURR_PROT);
  std::string packet;
  append_number(packet, static_cast<std::uint32_t>(content.size()));
  return packet + content;
}

bool send(const base::FileDescriptor& connection, std::string_view packet) {
  return ::send(connection.get(), packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
}

bool says_nothing_about_the_milter(int error) {
  return error == EACCES || error == EPERM || error == EMFILE || error == ENFILE || error == EBADF;
}

}  // namespace

bool negotiates(const net::Endpoint& endpoint, std::chrono::milliseconds limit) {
  using namespace std::string_view_literals;
  const auto connection = net::connect_to(endpoint, limit);
  if (!connection) return says_nothing_about_the_milter(connection.error());
  std::array<char, 5> answer{};  // its length, and what it is
  if (!send(*connection, offer())) return false;
  const auto received = ::recv(connection->get(), answer.data(), answer.size(), MSG_WAITALL);
  if (received != static_cast<ssize_t>(answer.size()) || answer.back() != SMFIC_OPTNEG) return false;
  send(*connection, "\0\0\0\1Q"sv);
  return true;
}

}  // namespace connectord::milter
