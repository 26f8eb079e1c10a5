#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/model/facts.h"
#include "connectord/net/ip_address.h"

namespace connectord::runtime {

// One SMTP connection, as both of Postfix's protocols name it.
struct ConnectionKey {
  net::IpAddress client_address;
  std::uint16_t client_port = 0;
  friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

// What a policy request has about a connection and a milter cannot know.
struct PolicyFacts {
  std::optional<model::Tls> tls;
  model::ClientCertificate certificate;
};

// The connections of which a milter session lives. A policy request comes before the milter's event of the same command
// (Postfix asks it first), so it finds the session here and leaves what it knows. Nothing outlives its session, and the
// number of sessions is bounded; beyond it a session is not entered, so its fingerprints stay unknown.
// Thread-safe.
class LiveSessions {
 public:
  class Session {
   public:
    // What the last policy request for this connection had; nullptr before the first.
    std::shared_ptr<const PolicyFacts> policy_facts() const;

   private:
    friend class LiveSessions;
    void attach_policy_facts(PolicyFacts facts);

    std::uint16_t server_port_ = 0;  // does not change once the session is entered
    mutable base::Mutex mutex_;
    std::shared_ptr<const PolicyFacts> facts_ GUARDED_BY(mutex_);
  };

  explicit LiveSessions(std::size_t limit = default_limit);
  ~LiveSessions();

  // `server_port` is 0 where the MTA does not pass it. The session stays entered until the handle's last copy is gone.
  // nullptr at the limit.
  std::shared_ptr<Session> enter(const ConnectionKey& key, std::uint16_t server_port);

  // Hands `facts` to the session of that connection. False if there is none, or more than one it could be: the same
  // client port to two of our ports, and no server port given.
  bool attach_policy_facts(const ConnectionKey& key, std::uint16_t server_port, PolicyFacts facts);

  std::size_t size() const;

  static constexpr std::size_t default_limit = 100'000;

 private:
  struct Table;
  std::shared_ptr<Table> table_;
};

}  // namespace connectord::runtime
