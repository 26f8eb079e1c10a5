#include "daemon/delivery_log.h"

#include <gtest/gtest.h>

namespace connectord::daemon {
namespace {

using delivery::ToldBy;
using trace::Protection;

constexpr std::int64_t noon = 1'000'000;

model::OutboundConnector to_contoso(const std::string& smart_host) {
  model::OutboundConnector connector;
  connector.name = "contoso";
  connector.recipient_domains = {net::DomainPattern::parse("contoso.com").value()};
  connector.route.smart_hosts = {{.host = smart_host, .look_up_mx = true, .port = std::nullopt}};
  return connector;
}

// Of a delivery to a@contoso.com over mx.contoso.com, port 25.
std::optional<Protection> asked_for(const delivery::Told& told, const model::Configuration& configuration = {}) {
  maillog::DeliveryAttempt attempt;
  attempt.relay = {.name = "mx.contoso.com", .address = "192.0.2.1", .port = 25};
  return protection_asked_for(told, engine::Policy(configuration), attempt, "a@contoso.com", noon * 1000);
}

TEST(DeliveryLog, KnowsWhatWasAskedForByTheNextHopThatPostfixAskedAbout) {
  struct {
    const char* next_hop;
    ToldBy by;
    std::optional<Protection> expected;
  } const cases[] = {{"contoso.com", ToldBy::dane, Protection::dane},
                     {"contoso.com", ToldBy::mta_sts, Protection::mta_sts},
                     {"contoso.com", ToldBy::nobody, std::nullopt},
                     {"[mx.contoso.com]", ToldBy::connector, Protection::connector},
                     {"[mx.contoso.com]:25", ToldBy::connector, Protection::connector},
                     {"[mx.contoso.com]:587", ToldBy::connector, std::nullopt},
                     {"fabrikam.com", ToldBy::dane, std::nullopt}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.next_hop);
    delivery::Told told;
    told.note(one.next_hop, one.by, noon);
    EXPECT_EQ(asked_for(told), one.expected);
  }
}

TEST(DeliveryLog, KnowsItByTheRouteOfAConnectorToo) {
  delivery::Told told;
  told.note("provider.example", ToldBy::connector, noon);
  EXPECT_EQ(asked_for(told), std::nullopt);
  model::Configuration configuration;
  configuration.outbound = {to_contoso("provider.example")};
  EXPECT_EQ(asked_for(told, configuration), Protection::connector);
  // Some of the domain's mail seems to go another way.
  told.note("contoso.com", ToldBy::dane, noon);
  EXPECT_EQ(asked_for(told, configuration), std::nullopt);
}

}  // namespace
}  // namespace connectord::daemon
