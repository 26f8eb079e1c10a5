#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/model/connector.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"

namespace connectord::model {

struct Server {
  std::string authserv_id;  // RFC 8601, 2.5
  std::optional<net::Endpoint> milter;
  std::optional<net::Endpoint> policy;
  std::vector<std::string> include;
  std::string user;
  std::string socket_group = "postfix";
  std::uint32_t socket_mode = 0660;
  std::chrono::milliseconds stop_limit{10'000};
};

struct Organization {
  std::vector<net::DomainPattern> accepted_domains;
  bool reject_direct_send = false;
};

struct Tag {
  std::string header = "X-Connector";
};

enum class LogTarget : std::uint8_t { automatic, standard_error, syslog, journal };
enum class LogFormat : std::uint8_t { text, json };

struct Log {
  LogTarget target = LogTarget::automatic;
  LogFormat format = LogFormat::text;
  friend bool operator==(const Log&, const Log&) = default;
};

// One configuration as its files say it, checked key by key.
struct Configuration {
  Server server;
  Organization organization;
  Tag tag;
  Log log;
  std::vector<InboundConnector> inbound;
};

// One thing that is wrong with a configuration, in words for the person who wrote it.
struct Problem {
  enum class Severity : std::uint8_t { error, warning };

  Location location;
  std::string key;      // dotted, "inbound.require.tls_version"; empty where no key is meant
  std::string message;  // what was found, and what to write instead
  Severity severity = Severity::error;
};

// "file:line:column: error: key: message"
std::string to_string(const Problem& problem);

}  // namespace connectord::model
