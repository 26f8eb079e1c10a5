#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/auth/spf.h"

namespace connectord::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SpfQuery query_of(std::string mail_from, std::string helo) {
  SpfQuery query;
  query.client = *net::IpAddress::parse("192.0.2.1");
  query.mail_from = std::move(mail_from);
  query.helo = std::move(helo);
  query.receiver = "mx.example.org";
  return query;
}

model::SpfOutcome outcome_of(model::SpfResult result, std::string domain) {
  model::SpfOutcome outcome;
  outcome.result = result;
  outcome.domain = std::move(domain);
  return outcome;
}

TEST(ReceivedSpf, SaysWhatWasCheckedAndHow) {
  auto outcome = outcome_of(model::SpfResult::pass, "example.com");
  outcome.mechanism = "ip4:192.0.2.0/24";
  EXPECT_EQ(received_spf(query_of("a@example.com", "client.example.com"), outcome),
            "pass (mx.example.org: example.com permits this client to send)\n"
            "\tclient-ip=192.0.2.1;\n"
            "\tenvelope-from=\"a@example.com\";\n"
            "\thelo=client.example.com;\n"
            "\tidentity=mailfrom;\n"
            "\treceiver=mx.example.org;\n"
            "\tmechanism=\"ip4:192.0.2.0/24\"");
}

TEST(ReceivedSpf, LetsNothingFromOutsideLeaveItsPlace) {
  auto outcome = outcome_of(model::SpfResult::permerror, "a) (b.example");
  outcome.problem = "quote \" backslash \\ newline\r\nX-Injected: yes";
  const auto value = received_spf(query_of("\"x\r\nX-Injected: yes\"@example.com",
                                           "(;\r\n\xff"
                                           "helo"),
                                  outcome);
  EXPECT_THAT(value, HasSubstr("permerror (mx.example.org: the sender has an SPF record that is in error)"));
  EXPECT_THAT(value, HasSubstr("envelope-from=\"\\\"x??X-Injected: yes\\\"@example.com\""));
  EXPECT_THAT(value, HasSubstr("helo=\"(;???helo\""));
  EXPECT_THAT(value, HasSubstr("problem=\"quote \\\" backslash \\\\ newline??X-Injected: yes\""));
  EXPECT_THAT(value, Not(HasSubstr("\r")));
  EXPECT_THAT(value, Not(HasSubstr("\nX-")));
}

TEST(ReceivedSpf, CutsWhatIsTooLong) {
  const auto value = received_spf(query_of(std::string(10'000, 'x') + "@example.com", std::string(10'000, 'y')),
                                  outcome_of(model::SpfResult::none, "example.com"));
  EXPECT_LT(value.size(), 1200U);
}

TEST(ReceivedSpf, WritesAnEmptySenderAsAnEmptyString) {
  EXPECT_THAT(received_spf(query_of("", "h.example"), outcome_of(model::SpfResult::none, "h.example")),
              HasSubstr("envelope-from=\"\";"));
}

}  // namespace
}  // namespace connectord::auth
