#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/delivery/destination.h"
#include "connectord/engine/candidates.h"
#include "connectord/session/session.h"

namespace connectord::simulate {

// An imagined message, in the words of a person. What is not given, it has not.
struct Question {
  std::string client_ip;
  std::uint16_t client_port = 0;
  std::string client_name;
  std::string helo;
  std::string mail_from;  // empty for the null sender
  std::vector<std::string> rcpt_to;
  std::string tls;  // "TLSv1.3"; empty for no TLS
  std::string cert_subject;
  std::string cert_issuer;
  std::vector<std::string> cert_fingerprint;  // "sha256:…" or "spki-sha256:…"
  std::string sasl_username;
  std::optional<std::string> message;  // empty: the message's content is not looked at
  std::optional<std::int64_t> at;      // seconds since 1970, to judge by; empty for now
};

// What of a question cannot be understood. `field` is the name of its member.
struct InvalidArgument {
  std::string_view field;
  std::string message;
};

// How the message leaves for one recipient.
struct ExplainedRoute {
  std::string recipient;
  const model::OutboundConnector* connector = nullptr;  // of the policy; nullptr: the mail server's own way
  std::vector<engine::Candidate> others{};              // that this recipient's mail might be thought to leave by
  // Of mail that leaves, where the configuration asks what destinations publish; without advice.
  std::vector<delivery::Hop> hops{};
};

// What would become of the message.
struct Explanation {
  session::EndOfMessageResult ending;
  std::vector<ExplainedRoute> routes;            // of a message that is taken
  std::shared_ptr<const engine::Policy> policy;  // which the routes refer to
  std::vector<engine::Candidate> others{};       // inbound connectors that the message might be thought to be of
  std::string leaves_as{};  // a message of which the content is known and that goes on, after all changes; CRLF
};

// Sends the message the way of a real one through a session of its own, by that configuration. Waits for DNS as long as
// [dns] allows; nothing is logged, counted or signed. Thread-safe.
tl::expected<Explanation, InvalidArgument> explain(const runtime::Generation& generation, const Question& question);

// All next hops of an explanation, so that they can be given advice.
std::vector<delivery::Hop*> hops_of(Explanation& explanation);

// With keys that stay. What was not asked is null.
nlohmann::ordered_json to_json(const Explanation& explanation);

}  // namespace connectord::simulate
