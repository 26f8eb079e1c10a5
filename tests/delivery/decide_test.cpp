#include "connectord/delivery/decide.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace connectord::delivery {
namespace {

using Dane = sts::DaneFinding::State;
using Kind = Advice::Kind;
using Mode = sts::StsPolicy::Mode;
using model::DaneUse;
using model::StsUse;
using model::TlsLevel;

sts::StsPolicy policy_of(Mode mode) {
  return {.domain = "contoso.com",
          .mode = mode,
          .mx = {"mx.contoso.com", "*.mail.contoso.com"},
          .max_age = std::chrono::hours(24)};
}

const std::string enforced_answer = "secure match=mx.contoso.com:.mail.contoso.com servername=hostname";

TEST(DeliveryDecision, HasDaneBeforeMtaStsAndNothingWhereNothingIsPublished) {
  const Wish both{.dane = true, .mta_sts = true};
  const Wish required{.dane = true, .mta_sts = true, .must_have_policy = true};
  struct Case {
    const char* name;
    Wish wish;
    Dane dane;
    StsFinding::State sts;
    Mode mode;
    Kind kind;
    std::string policy;
  };
  const auto none = StsFinding::State::none;
  const auto kept = StsFinding::State::kept;
  const auto unknown = StsFinding::State::unknown;
  const std::vector<Case> cases = {
      {"nothing", both, Dane::absent, none, Mode::none, Kind::nothing, ""},
      {"records", both, Dane::present, none, Mode::none, Kind::dane, "dane-only"},
      {"records and a policy", both, Dane::present, kept, Mode::enforce, Kind::dane, "dane-only"},
      {"a policy", both, Dane::absent, kept, Mode::enforce, Kind::sts, enforced_answer},
      {"a policy that is tested", both, Dane::absent, kept, Mode::testing, Kind::nothing, ""},
      {"a policy that was withdrawn", both, Dane::absent, kept, Mode::none, Kind::nothing, ""},
      {"a policy must not override what is not known of DANE", both, Dane::unknown, kept, Mode::enforce, Kind::wait,
       ""},
      {"a policy that is not known", both, Dane::absent, unknown, Mode::none, Kind::wait, ""},
      {"DANE does without it", both, Dane::present, unknown, Mode::none, Kind::dane, "dane-only"},
      {"only policies count", {.mta_sts = true}, Dane::present, kept, Mode::enforce, Kind::sts, enforced_answer},
      {"only policies count, unknown", {.mta_sts = true}, Dane::unknown, none, Mode::none, Kind::nothing, ""},
      {"only DANE counts", {.dane = true}, Dane::absent, kept, Mode::enforce, Kind::nothing, ""},
      {"required and there", required, Dane::absent, kept, Mode::enforce, Kind::sts, enforced_answer},
      {"required, and DANE is better", required, Dane::present, none, Mode::none, Kind::dane, "dane-only"},
      {"required and not there", required, Dane::absent, none, Mode::none, Kind::wait, ""},
      {"required and tested only", required, Dane::absent, kept, Mode::testing, Kind::wait, ""},
  };
  for (const Case& one : cases) {
    const sts::StsPolicy policy = policy_of(one.mode);
    const Advice advice =
        decide(one.wish, {one.dane, "what DNS said", {}}, {one.sts, one.sts == kept ? &policy : nullptr, "why none"});
    EXPECT_EQ(advice.kind, one.kind) << one.name;
    EXPECT_EQ(advice.policy, one.policy) << one.name;
    EXPECT_NE(advice.why, "") << one.name;
  }
}

TEST(DeliveryDecision, IsNeverWeakerThanACheckedCertificate) {
  for (const Dane dane : {Dane::absent, Dane::present, Dane::unknown}) {
    for (const Mode mode : {Mode::none, Mode::testing, Mode::enforce}) {
      const sts::StsPolicy policy = policy_of(mode);
      const Advice advice =
          decide({.dane = true, .mta_sts = true}, {dane, "", {}}, {StsFinding::State::kept, &policy, ""});
      const bool is_strong = advice.policy.starts_with("secure ") || advice.policy == "dane-only";
      EXPECT_TRUE(advice.policy.empty() || is_strong) << advice.policy;
    }
  }
}

TEST(DeliveryDecision, HasWhatReportsNeedWhereThatIsAskedFor) {
  const sts::StsPolicy policy = policy_of(Mode::enforce);
  const StsFinding kept{StsFinding::State::kept, &policy, ""};
  EXPECT_EQ(
      decide({.mta_sts = true, .tlsrpt = true}, {}, kept).policy,
      enforced_answer +
          " policy_type=sts policy_domain=contoso.com mx_host_pattern=mx.contoso.com "
          "mx_host_pattern=*.mail.contoso.com { policy_string = version: STSv1 } { policy_string = mode: enforce } "
          "{ policy_string = mx: mx.contoso.com } { policy_string = mx: *.mail.contoso.com } "
          "{ policy_string = max_age: 86400 }");
  // Of DANE, Postfix knows by itself.
  EXPECT_EQ(decide({.dane = true, .mta_sts = true, .tlsrpt = true}, {Dane::present, "", {}}, kept).policy, "dane-only");
}

TEST(DeliveryWish, IsTheConnectorsBeforeThatOfDelivery) {
  struct Case {
    TlsLevel level;
    std::optional<DaneUse> dane;
    std::optional<StsUse> mta_sts;
    bool delivery;  // dane and mta_sts of [delivery]
    Wish wish;
  };
  const Wish both{.dane = true, .mta_sts = true};
  const std::vector<Case> cases = {
      {TlsLevel::opportunistic, {}, {}, true, both},
      {TlsLevel::require, {}, {}, true, both},
      {TlsLevel::opportunistic, {}, {}, false, {}},
      {TlsLevel::opportunistic, DaneUse::opportunistic, StsUse::opportunistic, false, both},
      {TlsLevel::opportunistic, DaneUse::none, StsUse::none, true, {}},
      {TlsLevel::require, DaneUse::none, {}, true, {.mta_sts = true}},
      {TlsLevel::opportunistic, DaneUse::mandatory, {}, true, {}},
      {TlsLevel::verify, {}, {}, true, {}},
      {TlsLevel::match, {}, {}, true, {}},
      {TlsLevel::dane, {}, {}, true, {}},
      {TlsLevel::sts, {}, {}, false, {.mta_sts = true, .must_have_policy = true}},
      {TlsLevel::sts, {}, {}, true, {.dane = true, .mta_sts = true, .must_have_policy = true}},
      {TlsLevel::sts, DaneUse::none, {}, true, {.mta_sts = true, .must_have_policy = true}},
  };
  for (const Case& one : cases) {
    model::Configuration configuration;
    configuration.delivery.dane = one.delivery;
    configuration.delivery.mta_sts = one.delivery;
    model::OutboundConnector connector;
    connector.tls.emplace();
    connector.tls->level = one.level;
    connector.tls->dane = one.dane;
    connector.tls->mta_sts = one.mta_sts;
    EXPECT_EQ(wish_of(configuration, &connector), one.wish) << to_string(one.level) << ", case " << &one - cases.data();
    connector.route.smart_hosts.push_back({.host = "mx.contoso.com", .port = std::nullopt, .implicit_tls = true});
    EXPECT_FALSE(wish_of(configuration, &connector).mta_sts);
  }
  model::Configuration configuration;
  configuration.delivery.dane = true;
  EXPECT_EQ(wish_of(configuration, nullptr), (Wish{.dane = true}));
  const model::OutboundConnector plain;
  EXPECT_EQ(wish_of(configuration, &plain), (Wish{.dane = true}));
}

TEST(DeliveryNextHop, IsReadAsPostfixAsksForIt) {
  struct Case {
    const char* text;
    const char* read;  // nullptr: nothing can be published there
  };
  for (const Case& one : std::vector<Case>{{"contoso.com", "contoso.com"},
                                           {"Contoso.COM", "contoso.com"},
                                           {"contoso.com:587", "contoso.com:587"},
                                           {"[mx.contoso.com]", "[mx.contoso.com]"},
                                           {"[mx.contoso.com]:465", "[mx.contoso.com]:465"},
                                           {"m\xc3\xbcller.example", "xn--mller-kva.example"},
                                           {"[192.0.2.1]", nullptr},
                                           {"[192.0.2.1]:25", nullptr},
                                           {"192.0.2.1", nullptr},
                                           {"[2001:db8::1]", nullptr},
                                           {"[IPv6:2001:db8::1]", nullptr},
                                           {"localhost", nullptr},
                                           {".contoso.com", nullptr},
                                           {"contoso.com:smtp", nullptr},
                                           {"contoso.com:0", nullptr},
                                           {"contoso.com:65536", nullptr},
                                           {"contoso.com:", nullptr},
                                           {"[mx.contoso.com", nullptr},
                                           {"[mx.contoso.com]x", nullptr},
                                           {"user@contoso.com", nullptr},
                                           {"", nullptr}}) {
    const auto read = parse_next_hop(one.text);
    EXPECT_EQ(read ? to_string(*read) : "none", one.read == nullptr ? "none" : one.read) << one.text;
  }
}

TEST(DeliveryNextHop, HasAPolicyOnlyWhereItIsADomain) {
  const Wish both{.dane = true, .mta_sts = true};
  EXPECT_TRUE(question_about("contoso.com", both)->wish.mta_sts);
  EXPECT_FALSE(question_about("[mx.contoso.com]", both)->wish.mta_sts);
  EXPECT_FALSE(question_about("[mx.contoso.com]", {.mta_sts = true}));
  EXPECT_FALSE(question_about("contoso.com", {}));
}

}  // namespace
}  // namespace connectord::delivery
