#include "connectord/engine/routing.h"

#include <gtest/gtest.h>

#include "engine/outbound_builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors

struct RouteCase {
  std::string_view what;
  std::string recipient;
  std::string expected;
};

void check_routes(const Policy& policy, const std::vector<RouteCase>& cases) {
  for (const RouteCase& one : cases) {
    EXPECT_EQ(name_of(route_of_any_origin(policy, {one.recipient})), one.expected) << one.what << ": " << one.recipient;
  }
}

TEST(Routing, TakesTheMostSpecificDomainHoweverItIsWritten) {
  const auto policy = compile(site(
      {outbound("exact").to({"contoso.com"}), outbound("below").to({"*.contoso.com"}),
       outbound("further").to({"*.eu.contoso.com"}), outbound("idn").to({"bücher.example"}), outbound("all").to({"*"}),
       outbound("off").to({"off.example"}).disabled(), outbound("rule").to({"rule.example"}).by_rule()}));
  check_routes(*policy, {{"exact before wildcard", "a@contoso.com", "exact"},
                         {"wildcard", "a@mail.contoso.com", "below"},
                         {"the longest wildcard", "a@mail.eu.contoso.com", "further"},
                         {"a wildcard is the name itself too", "a@eu.contoso.com", "further"},
                         {"no part of a label", "a@notcontoso.com", "all"},
                         {"upper case", "A@CONTOSO.COM", "exact"},
                         {"a dot at the end", "a@contoso.com.", "exact"},
                         {"U-labels", "a@BÜCHER.example", "idn"},
                         {"A-labels", "a@xn--bcher-kva.example", "idn"},
                         {"a quoted local part", "\"a@example.org\"@contoso.com", "exact"},
                         {"Postfix's internal form of it", "a@example.org@contoso.com", "exact"},
                         {"a disabled connector is not there", "a@off.example", "all"},
                         {"nor is one for rules", "a@rule.example", "all"},
                         {"an address literal is no domain", "a@[192.0.2.1]", "-"},
                         {"no domain", "postmaster", "-"},
                         {"nothing", "", "-"},
                         {"an empty domain", "a@", "-"},
                         {"NUL", std::string("a@contoso.com\0", 14), "-"},
                         {"a name too long for DNS", "a@" + std::string(250, 'a') + ".contoso.com", "-"}});
}

TEST(Routing, NeverTakesOurOwnDomainsAlongByAWiderPattern) {
  const auto policy =
      compile(site({outbound("all").to({"*"}), outbound("named").to({"branch.example.net"}),
                    outbound("below").to({"*.example.org"}), outbound("within").to({"*.lab.example.com"})},
                   {"example.net", "branch.example.net", "mail.example.org", "*.example.com"}));
  check_routes(*policy, {{"ours under *", "a@example.net", "-"},
                         {"ours in upper case", "a@EXAMPLE.NET", "-"},
                         {"not ours: a name below an exact one", "a@other.example.net", "all"},
                         {"ours, and named", "a@branch.example.net", "named"},
                         {"ours within another's wildcard", "a@mail.example.org", "-"},
                         {"the rest of that wildcard", "a@example.org", "below"},
                         {"ours by wildcard", "a@x.example.com", "-"},
                         {"a longer wildcard within ours", "a@x.lab.example.com", "within"},
                         {"this host", "a@mx.example.net", "-"},
                         {"a host of our own domain, to an MTA that completes names", "a@branch", "-"},
                         {"the loopback", "a@localhost", "-"}});
  EXPECT_EQ(name_of(route_of_any_origin(*policy, {"a@elsewhere.example", true})), "-") << "the MTA delivers it itself";
}

TEST(Routing, ATagCountsBeforeAnyOrigin) {
  model::Configuration made = site({outbound("any").to({"contoso.com"}), outbound("tagged").to({"*"}).of({"hybrid"}),
                                    outbound("everything").of({"branch"})});
  made.inbound = {on_premises("hybrid").from_networks({"192.0.2.1"}),
                  on_premises("branch").from_networks({"192.0.2.2"})};
  const auto policy = compile(std::move(made));
  EXPECT_EQ(name_of(route_of(*policy, {"hybrid", {}}, {"a@contoso.com"})), "tagged");
  EXPECT_EQ(name_of(route_of(*policy, {"branch", {}}, {"a@contoso.com"})), "everything")
      << "no domains are all domains";
  EXPECT_EQ(name_of(route_of(*policy, {"", {}}, {"a@contoso.com"})), "any");
  EXPECT_EQ(name_of(route_of(*policy, {"Hybrid", {}}, {"a@contoso.com"})), "any") << "names are compared to the letter";
  EXPECT_EQ(name_of(route_of(*policy, {"hybrid", {}}, {"a@example.net"})), "-") << "ours";
  EXPECT_EQ(name_of(route_of(*policy, {"", {}}, {"a@fabrikam.com"})), "-");
}

// Together the two answers of an MTA's tables are route_from(), as long as no connector names both.
std::string by_tables(const Policy& policy, std::string_view sender, const Recipient& recipient) {
  const auto* by_recipient = route_by_recipient_alone(policy, recipient);
  return name_of(by_recipient != nullptr ? by_recipient : route_by_sender_alone(policy, sender));
}

TEST(Routing, TakesTheSenderWhereNoDestinationIsNamed) {
  const auto policy = compile(site({outbound("shop").from({"Shop@Example.net"}).by({"[shop.example]"}),
                                    outbound("net").from_domains({"example.net"}).by({"[net.example]"}),
                                    outbound("org").from_domains({"*.example.org"}).by({"[org.example]"}),
                                    outbound("off").from({"off@example.com"}).by({"[off.example]"}).disabled(),
                                    outbound("contoso").to({"contoso.com"}), outbound("rest").to({"*"})}));
  struct Case {
    std::string sender;
    std::string recipient;
    std::string expected;
  };
  for (const auto& [sender, recipient, expected] :
       std::vector<Case>{{"shop@example.net", "a@fabrikam.com", "shop"},
                         {"SHOP@EXAMPLE.NET", "a@fabrikam.com", "shop"},
                         {"\"shop\"@example.net", "a@fabrikam.com", "shop"},
                         {"\"s\\hop\"@example.net", "a@fabrikam.com", "shop"},
                         {"carol@example.net", "a@fabrikam.com", "net"},
                         {"a@sub.example.net", "a@fabrikam.com", "rest"},
                         {"a@example.org", "a@fabrikam.com", "org"},
                         {"a@b.example.org", "a@fabrikam.com", "org"},
                         {"off@example.com", "a@fabrikam.com", "rest"},
                         {"shop@example.net", "a@contoso.com", "contoso"},
                         {"", "a@fabrikam.com", "rest"},
                         {"shop", "a@fabrikam.com", "rest"},
                         {"a@[192.0.2.1]", "a@fabrikam.com", "rest"}}) {
    EXPECT_EQ(name_of(route_from(*policy, sender, {recipient})), expected) << sender << " to " << recipient;
    EXPECT_EQ(by_tables(*policy, sender, {recipient}), expected) << sender << " to " << recipient;
  }
  EXPECT_EQ(name_of(route_from(*policy, "shop@example.net", {"a@example.net"})), "-") << "our own domain";
  EXPECT_EQ(name_of(route_from(*policy, "shop@example.net", {"a@[192.0.2.1]"})), "-");
  EXPECT_EQ(name_of(route_of_any_origin(*policy, {"a@fabrikam.com"})), "rest");
}

TEST(Routing, SaysNothingBySenderWhereNoConnectorIsForSendersAlone) {
  const auto policy =
      compile(site({outbound("both").to({"contoso.com"}).from({"a@example.net"}), outbound("rest").to({"*"})}));
  EXPECT_EQ(name_of(route_by_sender_alone(*policy, "a@example.net")), "-");
  EXPECT_EQ(name_of(route_by_recipient_alone(*policy, {"a@contoso.com"})), "rest");
}

TEST(Routing, NamesOfSenderAndDestinationCountTogether) {
  const auto policy = compile(site({outbound("both").to({"contoso.com", "*.fabrikam.com"}).from({"a@example.net"}),
                                    outbound("domain").to({"contoso.com"}).from_domains({"example.net"}),
                                    outbound("any").to({"contoso.com", "mail.fabrikam.com"}),
                                    outbound("alone").from({"a@example.net"}).by({"[alone.example]"})}));
  const auto from = [&](std::string_view sender, std::string_view recipient) {
    return name_of(route_from(*policy, sender, {recipient}));
  };
  EXPECT_EQ(from("a@example.net", "x@contoso.com"), "both");
  EXPECT_EQ(from("b@example.net", "x@contoso.com"), "domain");
  EXPECT_EQ(from("b@example.org", "x@contoso.com"), "any");
  EXPECT_EQ(from("a@example.net", "x@fabrikam.com"), "both");
  EXPECT_EQ(from("a@example.net", "x@mail.fabrikam.com"), "any") << "the destination counts before the sender";
  EXPECT_EQ(from("a@example.net", "x@example.com"), "alone");
}

TEST(Routing, ATagAloneDecidesOnlyWhereNothingElseCould) {
  const auto alone = [](model::Configuration made) {
    return name_of(route_by_tag_alone(*compile(std::move(made)), "hybrid"));
  };
  EXPECT_EQ(alone(site({outbound("out").of({"hybrid"})}, {})), "out");
  EXPECT_EQ(alone(site({outbound("out").to({"a.example", "*"}).of({"hybrid"})}, {})), "out");
  EXPECT_EQ(alone(site({outbound("out").of({"other"})}, {})), "-");
  EXPECT_EQ(alone(site({outbound("out").to({"a.example"}).of({"hybrid"})}, {})), "-") << "not for all domains";
  EXPECT_EQ(alone(site({outbound("out").of({"hybrid"}), outbound("some").to({"a.example"}).of({"hybrid"})}, {})), "-");
  EXPECT_EQ(alone(site({outbound("some").to({"a.example"}).of({"hybrid"}), outbound("out").of({"hybrid"})}, {})), "-");
  EXPECT_EQ(alone(site({outbound("out").of({"hybrid"}).disabled()}, {})), "-");
  EXPECT_EQ(alone(site({outbound("out").of({"hybrid"}).by_rule()}, {})), "-");
  EXPECT_EQ(alone(site({outbound("out").of({"hybrid"})}, {"example.net"})), "-")
      << "mail for here would be taken along";
  model::Configuration with_milter = site({outbound("out").of({"hybrid"})}, {});
  with_milter.server.milter = net::Endpoint{};
  EXPECT_EQ(alone(std::move(with_milter)), "-") << "the milter knows the recipients";
}

TEST(Routing, FindsTheConnectorOfANextHopAsTheRouteHasIt) {
  const auto policy =
      compile(site({outbound("hosts").to({"a.example"}).by({"[mx1.contoso.com]:25", "[192.0.2.1]", "[2001:db8::1]:25"}),
                    outbound("domain").to({"b.example"}).by({"relay.contoso.com", "other.contoso.com:587"}),
                    outbound("mx").to({"fabrikam.com", "*.fabrikam.com"}),
                    outbound("off").to({"c.example"}).by({"[off.example]"}).disabled()}));
  for (const auto& [next_hop, expected] :
       std::vector<std::pair<std::string, std::string>>{{"[mx1.contoso.com]:25", "hosts"},
                                                        {"[MX1.Contoso.COM]:25", "hosts"},
                                                        {"[192.0.2.1]", "hosts"},
                                                        {"[2001:db8::1]:25", "hosts"},
                                                        {"relay.contoso.com", "domain"},
                                                        {"other.contoso.com:587", "domain"},
                                                        {"fabrikam.com", "mx"},
                                                        {"sub.fabrikam.com", "mx"},
                                                        {"FABRIKAM.com.", "mx"},
                                                        {"mx1.contoso.com", "-"},
                                                        {"mx1.contoso.com:25", "-"},
                                                        {"[mx1.contoso.com]", "-"},
                                                        {"[mx1.contoso.com]:587", "-"},
                                                        {"[fabrikam.com]", "-"},
                                                        {"fabrikam.com:25", "-"},
                                                        {".fabrikam.com", "-"},
                                                        {".com", "-"},
                                                        {"b.example", "-"},
                                                        {"[off.example]", "-"},
                                                        {"*", "-"},
                                                        {"", "-"}}) {
    EXPECT_EQ(name_of(connector_of_next_hop(*policy, next_hop)), expected) << next_hop;
  }
}

// "+" for each recipient that may be in the message, "-" for one that is sent away; then the message's connector.
std::string admit(const Policy& policy, const std::string& tag, const std::vector<std::string>& recipients,
                  const std::string& sender = "") {
  MessageRoute route(policy, {tag, sender});
  std::string text;
  for (const std::string& recipient : recipients) {
    const auto admission = route.admit({recipient});
    text += admission.admitted ? '+' : '-';
    if (admission.admitted) continue;
    EXPECT_EQ(admission.reply.code, 452);
    EXPECT_EQ(admission.reply.enhanced, "4.5.3");
    EXPECT_FALSE(admission.finding.seen.empty());
  }
  return text + " " + name_of(route.connector());
}

TEST(MessageRoute, KeepsRecipientsOfOtherRoutesApartIfAConnectorSaysSo) {
  const auto policy = compile(site({outbound("joins").to({"a.example"}).of({"hybrid"}),
                                    outbound("splits").to({"b.example"}).of({"hybrid"}).splits(),
                                    outbound("too").to({"c.example"}).of({"hybrid"})}));
  const auto with_tag = [&](const std::vector<std::string>& recipients) {
    return admit(*policy, "hybrid", recipients);
  };
  EXPECT_EQ(with_tag({"u@a.example", "v@a.example"}), "++ joins");
  EXPECT_EQ(with_tag({"u@a.example", "u@d.example"}), "++ joins") << "taken along";
  EXPECT_EQ(with_tag({"u@a.example", "u@c.example"}), "++ joins") << "the first one leads";
  EXPECT_EQ(with_tag({"u@d.example", "u@a.example"}), "++ joins") << "a later one leads the earlier ones too";
  EXPECT_EQ(with_tag({"u@a.example", "u@b.example"}), "+- joins");
  EXPECT_EQ(with_tag({"u@b.example", "u@a.example", "u@d.example", "v@b.example"}), "+--+ splits");
  EXPECT_EQ(with_tag({"u@d.example", "u@b.example"}), "+- -");
  EXPECT_EQ(with_tag({"u@d.example", "u@e.example"}), "++ -");
  EXPECT_EQ(admit(*policy, "", {"u@a.example", "u@b.example"}), "++ -") << "another message's tag";
}

TEST(MessageRoute, LeadsByThoseWhoNameSenderAndDestinationAndLeavesTheRestToTables) {
  const auto policy = compile(site({outbound("both").to({"contoso.com"}).from({"a@example.org"}),
                                    outbound("apart").to({"apart.example"}).from({"a@example.org"}).splits(),
                                    outbound("alone").from({"a@example.org"}).by({"[alone.example]"})}));
  const auto from_a = [&](const std::vector<std::string>& recipients) {
    return admit(*policy, "", recipients, "a@example.org");
  };
  EXPECT_EQ(from_a({"u@d.example", "u@example.net"}), "++ -") << "each goes its own way";
  EXPECT_EQ(from_a({"u@contoso.com", "u@d.example"}), "++ both");
  EXPECT_EQ(from_a({"u@contoso.com", "u@example.net"}), "+- both");
  EXPECT_EQ(from_a({"u@d.example", "u@apart.example"}), "+- -");
  EXPECT_EQ(admit(*policy, "", {"u@contoso.com"}, "b@example.org"), "+ -");
  MessageRoute route(*policy, {{}, "a@example.org"});
  EXPECT_TRUE(route.admit({"u@contoso.com"}).admitted);
  std::vector<model::Finding> findings;
  route.record(findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].expected, "mail of a@example.org to the connector's destinations");
}

TEST(MessageRoute, NeverTakesLocalRecipientsAlong) {
  const auto policy = compile(site({outbound("joins").to({"a.example"}).of({"hybrid"})}));
  EXPECT_EQ(admit(*policy, "hybrid", {"u@a.example", "u@example.net"}), "+- joins");
  EXPECT_EQ(admit(*policy, "hybrid", {"u@example.net", "u@a.example"}), "+- -");
  EXPECT_EQ(admit(*policy, "hybrid", {"u@a.example", "postmaster"}), "+- joins");
  EXPECT_EQ(admit(*policy, "hybrid", {"u@example.net", "v@example.net", "u@d.example"}), "+++ -");
  MessageRoute route(*policy, {"hybrid", {}});
  EXPECT_TRUE(route.admit({"u@a.example"}).admitted);
  EXPECT_FALSE(route.admit({"u@virtual.example", true}).admitted) << "the MTA delivers it itself";
}

TEST(MessageRoute, SaysWhomItTakesAlong) {
  const auto policy = compile(site({outbound("joins").to({"a.example"}).of({"hybrid"})}));
  MessageRoute route(*policy, {"hybrid", {}});
  for (const char* recipient : {"u@a.example", "1@d.example", "2@d.example", "3@d.example", "4@d.example",
                                "5@d.example", "6@d.example", "7@d.example"}) {
    EXPECT_TRUE(route.admit({recipient}).admitted);
  }
  std::vector<model::Finding> findings;
  route.record(findings);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].check, "outbound.route");
  EXPECT_EQ(findings[0].seen, "8 recipients");
  EXPECT_EQ(findings[1].check, "outbound.split_recipients");
  EXPECT_EQ(findings[1].seen, "1@d.example, 2@d.example, 3@d.example, 4@d.example, 5@d.example and 2 more");
  std::vector<model::Finding> none;
  MessageRoute(*policy, {}).record(none);
  MessageRoute().record(none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace connectord::engine
