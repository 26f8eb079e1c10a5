#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/finding.h"

namespace connectord::model {

enum class Action : std::uint8_t { accept, reject, defer, quarantine, discard };

// What the SMTP client is told.
struct Reply {
  int code = 550;        // RFC 5321, 4.2
  std::string enhanced;  // RFC 3463, of the IANA registry: "5.7.1"
  std::string text;
  friend bool operator==(const Reply&, const Reply&) = default;
};

// How mail was attributed to its connector, in rising order of what counts most.
enum class IdentifiedBy : std::uint8_t { nothing, sender_domain, client_network, certificate };

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
