#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"

// Which outbound connector mail leaves by. Pure, as decide.h.
namespace connectord::engine {

// One recipient as an MTA names it: without angle brackets, quoted or not.
struct Recipient {
  std::string_view address;
  bool delivered_here = false;  // the MTA says that it delivers this mail itself
};

// The enabled outbound connector of that name, or nullptr.
const model::OutboundConnector* find_outbound(const Policy& policy, std::string_view name);

// The connector for mail of any origin and any sender to this recipient: exact name before the longest wildcard before
// "*". nullptr: the MTA's own way. Our own domains (organization.accepted_domains, and this host's name) belong to a
// connector only where it names them as closely as that list does, so that "*" never takes local mail along.
const model::OutboundConnector* route_of_any_origin(const Policy& policy, const Recipient& recipient);

// The same among the connectors for mail that came in over the inbound connector `tag`. They count before those for
// mail of any origin.
const model::OutboundConnector* route_by_tag(const Policy& policy, std::string_view tag, const Recipient& recipient);

// The connector for mail of this sender to this recipient, whatever it came in over: the one that names the destination
// most closely, and among equals the one that names the sender most closely. `sender` is without angle brackets, and
// empty for the null sender.
const model::OutboundConnector* route_from(const Policy& policy, std::string_view sender, const Recipient& recipient);

// What an MTA is told that asks by recipient first and by sender if there is no answer (transport_maps and
// sender_dependent_default_transport_maps in Postfix). Together they are route_from(), but for connectors that name
// both, which only a milter can choose.
const model::OutboundConnector* route_by_recipient_alone(const Policy& policy, const Recipient& recipient);
const model::OutboundConnector* route_by_sender_alone(const Policy& policy, std::string_view sender);

// Where a message comes from.
struct Origin {
  std::string_view tag;     // the inbound connector; empty for mail of none
  std::string_view sender;  // as route_from() has it
};

// How a message of that origin leaves for this recipient: by tag, or else as route_from() says.
const model::OutboundConnector* route_of(const Policy& policy, const Origin& origin, const Recipient& recipient);

// The connector for all mail that came in over `tag`, whoever it is for: the only one for this tag, for all domains, at
// a host with no domains of its own. nullptr: the recipients must be known too. For a host behind another connectord,
// which sees the tag and no more.
const model::OutboundConnector* route_by_tag_alone(const Policy& policy, std::string_view tag);

// The connector whose [outbound.tls] and credentials hold for a next hop as a route has it: a smart host in Postfix's
// notation, or a recipient domain whose MX records are looked up. nullptr: none.
const model::OutboundConnector* connector_of_next_hop(const Policy& policy, std::string_view next_hop);

// The route of one message by its tag, or by its sender and destination together. An MTA can only send all recipients
// of a message along such a route (FILTER in Postfix's access(5)), so recipients are taken one after the other, and one
// that may not go along is sent away. Refers to the policy, which must outlive it. Not thread-safe.
class MessageRoute {
 public:
  MessageRoute() = default;
  MessageRoute(const Policy& policy, const Origin& origin)
      : policy_(&policy), tag_(origin.tag), sender_(origin.sender) {}

  // True if the recipient may be in this message, and then it is. Otherwise `reply` is the answer to the client: 452
  // 4.5.3, so that it sends the recipient in a message of its own (RFC 5321, 4.5.3.1.10).
  struct Admission {
    bool admitted = true;
    model::Reply reply;
    model::Finding finding;
  };
  Admission admit(const Recipient& recipient);

  bool empty() const { return recipients_ == 0; }
  const std::string& tag() const { return tag_; }
  // nullptr: each recipient goes by itself, as route_from() says.
  const model::OutboundConnector* connector() const { return connector_; }
  // What was decided, and whom the message takes along that would have gone another way.
  void record(std::vector<model::Finding>& findings) const;

 private:
  Admission send_away(const Recipient& recipient, const model::OutboundConnector* own) const;
  bool may_join(const model::OutboundConnector* other, bool local) const;
  void note_taken_along(std::string_view address);

  const Policy* policy_ = nullptr;
  std::string tag_;
  std::string sender_;
  const model::OutboundConnector* connector_ = nullptr;
  bool has_local_ = false;
  std::size_t recipients_ = 0;
  std::vector<std::string> others_;  // the first recipients without a route by tag
  std::size_t taken_along_ = 0;
};

}  // namespace connectord::engine
