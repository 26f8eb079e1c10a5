#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/model/connector.h"
#include "connectord/net/ip_address.h"
#include "connectord/tls/chain.h"

// The way to other hosts, so that tests bring their own.
namespace connectord::smtp {

using Deadline = std::chrono::steady_clock::time_point;

struct Failure {
  enum class Kind : std::uint8_t { timed_out, refused, unreachable, closed, tls, interrupted, other };

  Kind kind = Kind::other;
  std::string words;  // of the system or the library, for a person
};

// A certificate with its key, as PEM files, to show to a server.
struct Identity {
  std::string certificate_file;
  std::string key_file;
};

struct TlsWish {
  std::string server_name;  // to ask for (RFC 6066, 3); empty: the server's own choice
  bool ask_status = false;  // a stapled OCSP answer
  std::optional<Identity> identity{};
};

// What a handshake came to. No certificate was checked.
struct TlsSession {
  model::TlsVersion version = model::TlsVersion::none;
  std::string cipher;
  tls::Chain chain;                    // as the server sent it
  std::string stapled;                 // OCSP answer, DER; empty: none
  bool asked_for_certificate = false;  // the server wants a certificate of ours
};

// One connection. Calls block, until the deadline at the most. Not thread-safe.
class Connection {
 public:
  virtual ~Connection() = default;
  // At least one byte; an end of the stream is Failure::Kind::closed.
  virtual tl::expected<std::size_t, Failure> read(std::span<char> buffer, Deadline deadline) = 0;
  virtual tl::expected<void, Failure> write(std::string_view bytes, Deadline deadline) = 0;
  // Any version from TLSv1 on and any cipher, so that what is too weak gets its name.
  virtual tl::expected<TlsSession, Failure> start_tls(const TlsWish& wish, Deadline deadline) = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  virtual tl::expected<std::unique_ptr<Connection>, Failure> connect(const net::IpAddress& address, std::uint16_t port,
                                                                     const std::optional<net::IpAddress>& source,
                                                                     Deadline deadline) = 0;
  // Makes what blocks, now and from now on, end as Failure::Kind::interrupted: for a process that is to end.
  virtual void interrupt() {}
};

// The real one. connect() and interrupt() may be called from several threads.
std::unique_ptr<Network> make_network();

}  // namespace connectord::smtp
