#include "connectord/engine/candidates.h"

#include <gtest/gtest.h>

#include "engine/builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors and facts

std::string text_of(const std::vector<Candidate>& candidates) {
  std::string text;
  for (const Candidate& one : candidates) text += one.connector + ": " + one.why + "\n";
  return text;
}

TEST(Candidates, TellWhyAnInboundConnectorHasLost) {
  model::InboundConnector disabled = partner("old").from_domains({"mail.contoso.com"});
  disabled.enabled = false;
  model::InboundConnector later = on_premises("later").from_networks({"192.0.2.1/32"});
  later.priority = 200;
  model::InboundConnector first = on_premises("first").from_networks({"192.0.2.1/32", "198.51.100.0/24"});
  later.identify.client_networks.push_back(*net::AddressRange::parse("203.0.113.7"));
  const auto policy =
      compile(configuration({partner("wide").from_domains({"*"}).require_networks({"203.0.113.0/24"}),
                             partner("contoso").from_domains({"contoso.com", "*.contoso.com"}), disabled, later, first,
                             on_premises("net").from_networks({"192.0.2.0/24"})}));
  EXPECT_EQ(text_of(losing_inbound(*policy, from("203.0.113.9", "a@mail.contoso.com"), 10)),
            "wide: its sender domain * is less specific than *.contoso.com of \"contoso\"; what it requires holds all "
            "the same, unless a trusted path vouches\n"
            "old: its sender domain mail.contoso.com would match, but it is disabled\n");
  EXPECT_EQ(text_of(losing_inbound(*policy, from("192.0.2.1", "a@contoso.com"), 10)),
            "wide: its sender domain * is less specific than contoso.com of \"contoso\"; it allows no mail from this "
            "address, either; what it requires holds all the same, unless a trusted path vouches\n"
            "contoso: its sender domain contoso.com counts less than the client network of \"first\"; what it requires "
            "holds all the same, unless a trusted path vouches\n"
            "later: its client network 192.0.2.1/32 is that of \"first\" too, whose priority 100 comes before 200\n"
            "net: its client network 192.0.2.0/24 is less specific than 192.0.2.1/32 of \"first\"\n");
  EXPECT_EQ(losing_inbound(*policy, from("192.0.2.1", "a@contoso.com"), 2).size(), 2U);
  EXPECT_TRUE(losing_inbound(*policy, from("192.0.2.1", "a@contoso.com").user("alice"), 10).empty());
}

model::OutboundConnector to(const std::string& name, const std::string& domain) {
  model::OutboundConnector connector;
  connector.name = name;
  connector.recipient_domains.push_back(*net::DomainPattern::parse(domain));
  return connector;
}

TEST(Candidates, TellWhyAnOutboundConnectorHasLost) {
  model::Configuration all = configuration({on_premises("branch").from_networks({"192.0.2.0/24"})});
  all.organization.accepted_domains.push_back(*net::DomainPattern::parse("ours.example"));
  model::OutboundConnector disabled = to("disabled", "contoso.com");
  disabled.enabled = false;
  model::OutboundConnector tagged = to("tagged", "contoso.com");
  tagged.inbound_connectors = {"branch"};
  all.outbound = {to("any", "*"), to("exact", "contoso.com"), disabled, tagged};
  const auto policy = compile(all);
  EXPECT_EQ(text_of(losing_outbound(*policy, {}, {"a@contoso.com"}, 10)),
            "any: * is less specific than contoso.com of \"exact\"\n"
            "disabled: contoso.com would match, but it is disabled\n"
            "tagged: it is for mail that came in over branch only\n");
  EXPECT_EQ(text_of(losing_outbound(*policy, {"branch", {}}, {"a@contoso.com"}, 1)),
            "any: \"tagged\" is for mail of branch, which counts before mail of any origin\n");
  EXPECT_EQ(text_of(losing_outbound(*policy, {}, {"a@ours.example"}, 10)),
            "any: the domain is ours, and * does not name it as closely as we do\n");
}

}  // namespace
}  // namespace connectord::engine
