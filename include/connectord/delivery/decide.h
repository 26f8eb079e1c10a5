#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/configuration.h"
#include "connectord/sts/dane.h"
#include "connectord/sts/mta_sts.h"

// How mail must be protected on its way to a next hop, by what that publishes. Pure.
namespace connectord::delivery {

// What counts of it.
struct Wish {
  bool dane = false;
  bool mta_sts = false;
  bool must_have_policy = false;  // mail waits where no MTA-STS policy is enforced and DANE does not count
  bool tlsrpt = false;            // the answer has what Postfix's reports of TLS need

  bool asks() const { return dane || mta_sts; }
  friend bool operator==(const Wish&, const Wish&) = default;
};

// For the mail of an outbound connector, or of none (nullptr). A level of its own that asks for a certificate counts
// before all that a destination publishes.
Wish wish_of(const model::Configuration& configuration, const model::OutboundConnector* connector);

// A next hop as Postfix asks for it: "contoso.com", "contoso.com:587", "[mx.contoso.com]:25". std::nullopt where it can
// publish nothing: an address, a name of one label, a port by its name.
std::optional<model::SmartHost> parse_next_hop(std::string_view text);

// A question about one next hop.
struct Question {
  model::SmartHost next_hop;
  Wish wish;
};
// std::nullopt where nothing is to be asked.
std::optional<Question> question_about(std::string_view next_hop, Wish wish);

// What is known of a domain's MTA-STS policy.
struct StsFinding {
  enum class State : std::uint8_t { none, kept, unknown };

  State state = State::none;
  const sts::StsPolicy* policy = nullptr;  // where it is kept
  std::string words;                       // why there is none, or why it is not known
};

struct Advice {
  enum class Kind : std::uint8_t {
    nothing,  // the mail server's own policy, or the connector's level
    dane,     // as the TLSA records say
    sts,      // as the MTA-STS policy says
    wait      // it cannot be known now, or what must be there is not
  };

  Kind kind = Kind::nothing;
  std::string policy;  // for smtp_tls_policy_maps; empty where there is none
  std::string why;
};
consteval auto words_of(Advice::Kind) {
  return std::to_array<model::Named<Advice::Kind>>({{Advice::Kind::nothing, "nothing"},
                                                    {Advice::Kind::dane, "dane"},
                                                    {Advice::Kind::sts, "mta-sts"},
                                                    {Advice::Kind::wait, "wait"}});
}

// DANE before MTA-STS (RFC 8461, 2), which must not override a DANE that fails or is not known. What is answered is
// never weaker than any level of Postfix's: certificates are checked, or mail waits.
Advice decide(const Wish& wish, const sts::DaneFinding& dane, const StsFinding& policy);

// The policy as smtp_tls_policy_maps has it: "secure match=mx.contoso.com:.contoso.com servername=hostname".
std::string postfix_policy(const sts::StsPolicy& policy);
// Further attributes of it, with a space before each, by which Postfix 3.10 and later report on the policy
// (TLSRPT_README).
std::string tlsrpt_attributes(const sts::StsPolicy& policy);

}  // namespace connectord::delivery
