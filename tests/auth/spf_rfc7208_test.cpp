// The public test suite of RFC 7208, case by case.

#include <gtest/gtest.h>

#include <string>

#include "auth/spf_rfc7208_suite.h"
#include "connectord/auth/spf.h"
#include "dns/zone.h"

namespace connectord::auth::testing {
namespace {

dns::Type type_named(std::string_view name) {
  for (const auto type : {dns::Type::a, dns::Type::aaaa, dns::Type::mx, dns::Type::ptr, dns::Type::cname}) {
    if (dns::to_string(type) == name) return type;
  }
  return dns::Type::txt;
}

void add(dns::testing::Zone& zone, const SuiteRecord& record) {
  if (record.type == "TXT") zone.txt(record.name, std::string(record.value));
  if (record.type == "A" || record.type == "AAAA") zone.address(record.name, record.value);
  if (record.type == "MX") zone.mx(record.name, static_cast<std::uint16_t>(record.preference), record.value);
  if (record.type == "PTR") zone.ptr(record.name, record.value);
  if (record.type == "CNAME") zone.cname(record.name, record.value);
  if (record.type == "EXISTS") zone.exists(record.name);
  if (record.type == "TIMEOUT") zone.timeout(record.name, type_named(record.value));
}

dns::testing::Zone zone_of(std::string_view scenario) {
  dns::testing::Zone zone;
  for (const auto& record : suite_records) {
    if (record.scenario == scenario) add(zone, record);
  }
  return zone;
}

class Rfc7208Suite : public ::testing::TestWithParam<SuiteCase> {};

TEST_P(Rfc7208Suite, GivesTheResultOfTheRfc) {
  const SuiteCase& expected = GetParam();
  SpfQuery query;
  query.client = *net::IpAddress::parse(expected.client);
  query.helo = expected.helo;
  query.mail_from = expected.mail_from;
  query.receiver = "receiver.example";
  const auto outcome = dns::testing::run(zone_of(expected.scenario),
                                         [&](dns::DnsAnswers& answers) { return check_spf(query, answers); });
  const std::string result(model::to_string(outcome.result));
  EXPECT_NE(expected.results.find(result + " "), std::string_view::npos)
      << result << ", not " << expected.results << "; " << outcome.problem;
  // What goes on where it stood comes to the same as what begins anew with each answer.
  SpfCheck whole(query);
  const auto resumed =
      dns::testing::run(zone_of(expected.scenario), [&](dns::DnsAnswers& answers) { return whole.run(answers); });
  EXPECT_EQ(resumed.result, outcome.result);
  EXPECT_EQ(resumed.mechanism, outcome.mechanism);
  EXPECT_EQ(resumed.problem, outcome.problem);
  EXPECT_EQ(resumed.explanation, outcome.explanation);
  if (expected.explanation.empty()) return;
  EXPECT_EQ(outcome.explanation, expected.explanation == "DEFAULT" ? "" : expected.explanation);
}

std::string identifier(const ::testing::TestParamInfo<SuiteCase>& info) {
  std::string name;
  for (const char c : info.param.name) name += c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Spf, Rfc7208Suite, ::testing::ValuesIn(suite_cases), identifier);

}  // namespace
}  // namespace connectord::auth::testing
