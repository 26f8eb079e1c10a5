#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/model/checks.h"
#include "insights/made_up_weeks.h"

namespace connectord::insights {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeUpWeeks;
using testing::monday;
using ::testing::Pair;

// Of our domains example.net and example.org.
class DomainInsights : public ::testing::Test {
 protected:
  DomainInsights() {
    for (const char* domain : {"example.net", "example.org"})
      day_.configuration().organization.accepted_domains.push_back(net::DomainPattern::parse(domain).value());
    day_.configuration().inbound.clear();
  }

  probe::KnownExchangers& exchangers(const std::string& domain, const std::vector<std::string>& hosts) {
    auto& known = day_.seen().exchangers[domain];
    known.hosts = hosts;
    known.since = monday - 30 * base::day_seconds;
    return known;
  }

  void changed(const std::string& domain, const std::vector<std::string>& hosts, const std::vector<std::string>& before,
               std::int64_t days_ago = 2) {
    auto& known = exchangers(domain, hosts);
    known.before = before;
    known.has_changed = true;
    known.since = monday - days_ago * base::day_seconds;
  }

  static trace::Message in_the_name_of(const std::string& domain, const std::string& signed_by = "") {
    trace::Message made;
    made.mail_from = "bounce@service.example";
    made.from = "Newsletter <news@" + domain + ">";
    made.client_address = "203.0.113.9";
    made.authentication.dmarc.emplace();
    made.authentication.dmarc->from_domain = domain;
    made.authentication.dmarc->organizational_domain = domain;
    made.authentication.dkim.emplace();
    if (signed_by.empty()) return made;
    made.authentication.dkim->emplace_back();
    made.authentication.dkim->back().domain = signed_by;
    return made;
  }

  static trace::Message leaving(const std::string& from, bool is_signed) {
    trace::Message made;
    made.direction = trace::Direction::outbound;
    made.sasl_username = "alice";
    made.mail_from = from;
    made.from = from;
    made.findings = {{.check = model::check::signing,
                      .outcome = is_signed ? model::Outcome::pass : model::Outcome::not_applicable,
                      .seen = is_signed ? "signed for example.net" : "not signed: there is no [[signing]]"}};
    return made;
  }

  MadeUpWeeks day_{monday};
};

TEST_F(DomainInsights, OfMailThatComesHereTellNothing) {
  exchangers("example.net", {"mx.example.net"}).is_here = true;
  exchangers("example.org", {"mx.example.net"}).is_here = true;
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(DomainInsights, TellWhereADomainsMailGoesNow) {
  changed("example.net", {"mx.elsewhere.example"}, {"mx.example.net"});
  day_.message(in_the_name_of("other.example"), "bob@Example.NET");
  ASSERT_THAT(day_.ids(), ElementsAre("mx_changed:example.net"));
  const Insight insight = day_.judged().front();
  EXPECT_EQ(insight.severity, Severity::warning);
  EXPECT_EQ(insight.variant, "changed");
  EXPECT_THAT(insight.what,
              HasSubstr("goes to mx.elsewhere.example since 2026-11-21T00:00:00Z; before it went to mx."));
  EXPECT_EQ(insight.evidence.front().count, 1U);
  EXPECT_THAT(insight.search, Contains(Pair("recipient", "example.net")));
  EXPECT_EQ(insight.write, "connectorctl dns example.net");
}

TEST_F(DomainInsights, AreCriticalWhereNobodyTakesADomainsMailAnyMore) {
  changed("example.net", {}, {"mx.example.net"});
  ASSERT_THAT(day_.ids(), ElementsAre("mx_changed:example.net"));
  EXPECT_EQ(day_.judged().front().severity, Severity::critical);
  EXPECT_EQ(day_.judged().front().variant, "gone");
}

TEST_F(DomainInsights, ForgetAChangeThatIsOldOrOfAStrangersDomain) {
  changed("example.net", {"mx2.example.net"}, {"mx.example.net"}, 15);
  changed("formerly.example", {"mx2.example.net"}, {"mx.example.net"});
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(DomainInsights, NameADomainWhoseMailNeverComes) {
  exchangers("example.net", {"mx.example.net"}).is_here = true;
  exchangers("example.org", {"mx.elsewhere.example"});
  ASSERT_THAT(day_.ids(), ElementsAre("mx_elsewhere:example.org"));
  // A gateway hands it over.
  day_.message(in_the_name_of("other.example"), "bob@example.org");
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(DomainInsights, DoNotGuessWhereNoDomainLeadsHereOrNothingIsKnownOfMail) {
  exchangers("example.org", {"mx.elsewhere.example"});
  EXPECT_THAT(day_.ids(), IsEmpty());
  exchangers("example.net", {"mx.example.net"}).is_here = true;
  day_.seen().began.reset();
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(DomainInsights, NameASourceThatDoesNotSignAsUs) {
  for (int i = 0; i < 5; ++i) day_.message(in_the_name_of("example.net", i < 2 ? "service.example" : ""));
  for (int i = 0; i < 3; ++i) day_.message(in_the_name_of("example.net", "mail.example.net"));
  ASSERT_THAT(day_.ids(), ElementsAre("own_mail_unsigned:arrives.203.0.113.9"));
  const Insight insight = day_.judged().front();
  EXPECT_EQ(insight.evidence.front().count, 5U);
  EXPECT_EQ(insight.evidence.front().all, 8U);
  EXPECT_THAT(insight.search,
              ElementsAre(Pair("client", "203.0.113.9"), Pair("author", "example.net"), Pair("since", "24h")));
  EXPECT_EQ(insight.write, "connectorctl dns example.net");
}

TEST_F(DomainInsights, LeaveStrangersNamesRefusalsAndWhatWeSignOurselvesOut) {
  for (int i = 0; i < 6; ++i) {
    day_.message(in_the_name_of("stranger.example"));
    trace::Message refused = in_the_name_of("example.net");
    refused.action = model::Action::reject;
    day_.message(refused);
    trace::Message relayed = in_the_name_of("example.net");
    relayed.findings = {{.check = model::check::signing, .outcome = model::Outcome::pass}};
    day_.message(relayed);
    trace::Message unchecked = in_the_name_of("example.net");
    unchecked.authentication.dkim.reset();
    day_.message(unchecked);
  }
  EXPECT_THAT(day_.ids(), IsEmpty());
}

TEST_F(DomainInsights, NameADomainOfOursThatLeavesUnsigned) {
  for (int i = 0; i < 5; ++i) day_.message(leaving("alice@example.org", false), "bob@contoso.com");
  for (int i = 0; i < 5; ++i) day_.message(leaving("alice@example.net", true), "bob@contoso.com");
  for (int i = 0; i < 5; ++i) day_.message(leaving("alice@stranger.example", false), "bob@contoso.com");
  ASSERT_THAT(day_.ids(), ElementsAre("own_mail_unsigned:leaves.example.org"));
  EXPECT_EQ(day_.judged().front().write, "connectorctl dkim new example.org");
}

}  // namespace
}  // namespace connectord::insights
