#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "command_line.h"

namespace connectord::ctl {

// How a command reaches the API.
struct ApiOptions {
  std::string api;         // unix:/path, inet:host:port, http://host:port, https://host:port; empty: server.api
  std::string token_file;  // empty: none, as root on the unix socket needs none
  std::string ca_file;     // empty: the system's authorities
  long timeout = 30;       // seconds to connect, and without any byte
};

void add_api_options(const Subcommand& command, ApiOptions& options);

struct ApiCall {
  std::string method;
  std::string path;  // with its query, encoded
  std::string body{};
  std::string if_match{};
};

struct ApiAnswer {
  unsigned status = 0;
  std::string etag;
  nlohmann::ordered_json body;  // null where there is none
  std::string note{};           // what else a person should know
};

// What the API answered; on failure what it says is wrong with the request.
tl::expected<ApiAnswer, std::string> read_answer(unsigned status, std::string etag, const std::string& body);

// A text of an answer, fit for a terminal; empty where there is none, since whoever answers may be another program.
std::string text_at(const nlohmann::ordered_json& object, const char* key);

// One request; where connectord has no API, root is answered all the same (local_changes.h). On failure says why there
// is no answer, or what the API says is wrong with the request.
tl::expected<ApiAnswer, std::string> call_api(const Common& common, const ApiOptions& options, const ApiCall& call,
                                              const Terminal& terminal);

}  // namespace connectord::ctl
