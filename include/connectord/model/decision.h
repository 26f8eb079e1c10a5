#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/finding.h"
#include "connectord/model/words.h"

namespace connectord::model {

enum class Action : std::uint8_t { accept = 0, reject = 1, defer = 2, quarantine = 3 };  // stored: do not change

// The number of `discard`, which nothing has been decided to be so far.
inline constexpr auto reserved_for_discard = static_cast<Action>(4);

consteval auto words_of(Action) {
  return std::to_array<Named<Action>>({{Action::accept, "accept"},
                                       {Action::reject, "reject"},
                                       {Action::defer, "defer"},
                                       {Action::quarantine, "quarantine"},
                                       {reserved_for_discard, "discard"}});
}

// What the SMTP client is told.
struct Reply {
  int code = 550;        // RFC 5321, 4.2
  std::string enhanced;  // RFC 3463, of the IANA registry: "5.7.1"
  std::string text;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// How mail was attributed to its connector, in rising order of what counts most.
enum class IdentifiedBy : std::uint8_t {  // stored: do not change
  nothing = 0,
  sender_domain = 1,
  client_network = 2,
  certificate = 3,
};
consteval auto words_of(IdentifiedBy) {
  return std::to_array<Named<IdentifiedBy>>({{IdentifiedBy::nothing, "nothing"},
                                             {IdentifiedBy::sender_domain, "sender_domain"},
                                             {IdentifiedBy::client_network, "client_network"},
                                             {IdentifiedBy::certificate, "certificate"}});
}

struct Decision {
  Action action = Action::accept;
  std::optional<Reply> reply;  // for reject and defer
  std::string connector;       // the attribution; empty for none
  IdentifiedBy identified_by = IdentifiedBy::nothing;
  std::string tag;         // what the tag header is to carry; empty for no tag
  std::string outbound;    // by which the whole message leaves because of its tag; empty: as each recipient's domain
  std::string quarantine;  // why later filters should set the message aside, where a header is to say so
  std::string dmarc_override;  // why a DMARC policy is not followed (RFC 9990, PolicyOverrideReason); empty if it is
  std::vector<std::size_t> signatures;  // which entries of the configuration's signing sign the message
  std::vector<Finding> findings;
};

// A change to a message's header fields.
struct HeaderChange {
  enum class Kind : std::uint8_t { remove, insert };

  Kind kind = Kind::insert;
  std::string name;
  std::string value;           // of an insertion
  std::uint32_t position = 0;  // remove: which of the fields of that name, from 1; insert: before which field, from 0
};

std::string_view to_string(Action action);
std::string_view to_string(IdentifiedBy identified_by);
// "550 5.7.10 text"
std::string to_string(const Reply& reply);

}  // namespace connectord::model
