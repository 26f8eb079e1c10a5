#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// One request and its answer, without HTTP around them. Plain values.
namespace connectord::api {

// Who is at the other end of a connection.
struct Peer {
  std::string address;       // "203.0.113.9", or "unix:UID" for a unix socket
  std::optional<uid_t> uid;  // over a unix socket: the user that connected
};

struct Request {
  std::string method;         // "GET"
  std::string target;         // as it came: path and query, percent-encoded
  std::string authorization;  // the fields of these names; empty where there is none
  std::string content_type;
  std::string if_match;
  std::string body;
  Peer peer{};
  std::string host{};        // the fields Host and Origin
  std::string origin{};      // of browsers alone, as the next one is
  std::string fetch_site{};  // Sec-Fetch-Site
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  // What comes behind the body, piece by piece, up to an empty one: an answer of which nobody knows the length yet. The
  // next piece is asked for when the client has taken the one before. A piece that throws ends the connection.
  std::function<std::string()> more{};
};

}  // namespace connectord::api
