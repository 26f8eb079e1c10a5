#include "connectord/engine/enhanced_filtering.h"

#include <gtest/gtest.h>

#include "builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors

constexpr const char* by_domain = "identified by the sender's domain only, which anybody can write";

model::InboundConnector filtering(model::InboundConnector connector, const std::vector<std::string>& listed = {}) {
  connector.enhanced_filtering.emplace().skip_last = true;
  connector.enhanced_filtering->skip_networks = networks(listed);
  return connector;
}

TEST(EnhancedFiltering, HoldsOnlyForASourceThatNobodyElseCanPassFor) {
  struct Case {
    const char* title;
    model::InboundConnector connector;
    model::Facts facts;
    const char* why_not;  // empty where it holds
  };
  const auto mail_from_contoso = [](const std::string& client) { return from(client, "a@contoso.com"); };
  const auto by_certificate =
      partner("a").from_domains({"contoso.com"}).require_certificate(certificate("mail.contoso.com")).audit();
  const std::vector<Case> cases = {
      {"by network", filtering(internet("a").from_networks({"192.0.2.10"})), mail_from_contoso("192.0.2.10"), ""},
      {"by domain", filtering(internet("a").from_domains({"contoso.com"})), mail_from_contoso("192.0.2.10"), by_domain},
      {"by domain, and listed", filtering(internet("a").from_domains({"*"}), {"192.0.2.0/24"}),
       mail_from_contoso("192.0.2.10"), ""},
      {"by domain, and not listed", filtering(internet("a").from_domains({"*"}), {"192.0.2.0/24"}),
       mail_from_contoso("198.51.100.1"), by_domain},
      {"by domain, from the network that is required",
       filtering(partner("a").from_domains({"contoso.com"}).require_networks({"192.0.2.10"})),
       mail_from_contoso("192.0.2.10"), ""},
      {"by domain, from another network than is required",
       filtering(partner("a").from_domains({"contoso.com"}).require_networks({"192.0.2.10"}).audit()),
       mail_from_contoso("198.51.100.1"), by_domain},
      {"by domain, with the certificate that is required", filtering(by_certificate),
       mail_from_contoso("192.0.2.10").names("mail.contoso.com", "Some CA"), ""},
      {"by domain, with another certificate than is required", filtering(by_certificate),
       mail_from_contoso("192.0.2.10").names("mail.evil.example", "Some CA"), by_domain},
      {"by domain, without the certificate that is required", filtering(by_certificate),
       mail_from_contoso("192.0.2.10"), by_domain},
      {"by domain, over TLS, which is required", filtering(partner("a").from_domains({"contoso.com"}).tls()),
       mail_from_contoso("192.0.2.10").tls(), by_domain},
      {"no skip listing", internet("a").from_domains({"contoso.com"}), mail_from_contoso("192.0.2.10"), ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.title);
    const auto policy = compile(configuration({c.connector}));
    const FilteringChoice choice = filtering_of(*policy, decide(*policy, c.facts), c.facts);
    EXPECT_EQ(choice.why_not, c.why_not);
    EXPECT_EQ(choice.filtering != nullptr, c.connector.enhanced_filtering && *c.why_not == '\0');
  }
}

TEST(EnhancedFiltering, HoldsForThePilotGroupOnlyWhereThereIsOne) {
  model::InboundConnector gateway = filtering(internet("a").from_networks({"192.0.2.10"}));
  gateway.enhanced_filtering->recipients = {"Pilot@example.net", "user@example.net"};
  const auto policy = compile(configuration({gateway}));
  struct Case {
    std::vector<std::string> recipients;
    bool holds;
  };
  for (const Case& c : std::vector<Case>{{{"pilot@EXAMPLE.net"}, true},
                                         {{"user@example.net", "pilot@example.net", "user@example.net"}, true},
                                         {{"user@example.net", "boss@example.net"}, false},
                                         {{"boss@example.net"}, false}}) {
    model::Facts facts = from("192.0.2.10", "a@contoso.com");
    facts.recipients = c.recipients;
    const FilteringChoice choice = filtering_of(*policy, decide(*policy, facts), facts);
    EXPECT_EQ(choice.filtering != nullptr, c.holds) << c.recipients.front();
    EXPECT_EQ(choice.why_not.empty(), c.holds);
  }
}

}  // namespace
}  // namespace connectord::engine
