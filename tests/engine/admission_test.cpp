#include "connectord/engine/admission.h"

#include <gtest/gtest.h>

#include "engine/builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors

const std::string key(64, 'a');

model::Configuration plain() {
  auto made = configuration({partner("contoso").from_domains({"contoso.com"}).tls()});
  made.server.policy = net::Endpoint::parse("inet:127.0.0.1:8892").value();
  return made;
}

model::Configuration pinned() {
  auto made = plain();
  made.inbound.push_back(
      partner("pinned").from_domains({"pinned.example"}).require_certificate(certificate("", "", {"sha256:" + key})));
  return made;
}

model::Configuration signs() {
  auto made = plain();
  made.signing.push_back({net::DomainPattern::parse("example.net").value(), "s", "/k", {}, {}});
  return made;
}

// Which of the three services may be used from there: "mps".
std::string open_to(const model::Configuration& made, const std::string& client) {
  const auto policy = compile(made);
  const auto address = net::IpAddress::parse(client).value();
  std::string open;
  if (may_connect(*policy, Service::milter, address)) open += 'm';
  if (may_connect(*policy, Service::policy, address)) open += 'p';
  if (may_connect(*policy, Service::socketmap, address)) open += 's';
  return open;
}

TEST(Admission, IsTheLoopbacksUnlessItsUsersWouldBeBelieved) {
  for (const std::string loopback : {"127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_EQ(open_to(plain(), loopback), "mps") << loopback;
    EXPECT_EQ(open_to(pinned(), loopback), "ms") << loopback;
    EXPECT_EQ(open_to(signs(), loopback), "ps") << loopback;
  }
  EXPECT_EQ(open_to(plain(), "192.0.2.1"), "");
  EXPECT_EQ(open_to(plain(), "::ffff:192.0.2.1"), "");
}

TEST(Admission, IsWhomTheConfigurationNames) {
  for (auto made : {plain(), pinned(), signs()}) {
    made.server.inet_clients = networks({"192.0.2.0/28", "2001:db8::25"});
    for (const std::string named : {"192.0.2.1", "192.0.2.15", "::ffff:192.0.2.1", "2001:db8::25"}) {
      EXPECT_EQ(open_to(made, named), "mps") << named;
    }
    EXPECT_EQ(open_to(made, "192.0.2.16"), "");
    EXPECT_EQ(open_to(made, "2001:db8::26"), "");
  }
  auto made = pinned();
  made.server.inet_clients = networks({"192.0.2.0/28"});
  EXPECT_EQ(open_to(made, "127.0.0.1"), "ms") << "beside these, the loopback may what gains nobody anything";
  made.server.inet_clients = networks({"127.0.0.0/8"});
  EXPECT_EQ(open_to(made, "127.0.0.1"), "mps");
  made.server.inet_clients.emplace();
  EXPECT_EQ(open_to(made, "127.0.0.1"), "ms") << "nobody";
}

TEST(Admission, DoesNotMindTheFingerprintsOfADisabledConnector) {
  auto made = pinned();
  made.inbound.back().enabled = false;
  EXPECT_EQ(open_to(made, "127.0.0.1"), "mps");
}

TEST(Admission, SaysWhetherPolicyRequestsCanBeBelieved) {
  auto made = plain();
  EXPECT_FALSE(believes_policy_requests(*compile(made)));
  made.server.inet_clients = networks({"192.0.2.25"});
  EXPECT_TRUE(believes_policy_requests(*compile(made)));
  made = plain();
  made.server.policy = net::Endpoint::parse("unix:/run/p.sock").value();
  EXPECT_TRUE(believes_policy_requests(*compile(made)));
  made.server.policy.reset();
  EXPECT_TRUE(believes_policy_requests(*compile(made))) << "none comes";
}

}  // namespace
}  // namespace connectord::engine
