#include <gtest/gtest.h>

#include "builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors and facts
using model::ArcResult;
using model::DkimResult;
using model::DmarcPolicy;
using model::DmarcResult;
using model::SpfResult;

model::SpfOutcome spf(SpfResult result) {
  model::SpfOutcome outcome;
  outcome.result = result;
  outcome.domain = "contoso.com";
  return outcome;
}

model::DkimSignature signature(DkimResult result, const std::string& domain = "contoso.com", bool limited = false) {
  model::DkimSignature made;
  made.result = result;
  made.domain = domain;
  made.body_length_limited = limited;
  return made;
}

model::DmarcOutcome dmarc(DmarcResult result, DmarcPolicy policy = DmarcPolicy::reject) {
  model::DmarcOutcome outcome;
  outcome.result = result;
  outcome.from_domain = "contoso.com";
  outcome.record_domain = "contoso.com";
  outcome.policy = policy;
  return outcome;
}

// Facts of a message of which everything is known.
model::Facts message(model::Authentication authentication, const std::string& client = "192.0.2.1") {
  model::Facts facts = from(client, "a@contoso.com");
  facts.stage = model::Facts::Stage::message;
  facts.authentication = std::move(authentication);
  return facts;
}

struct RequirementCase {
  std::string title;
  model::Authentication results;
  std::string expected;
};

TEST(RequiredAuthentication, HasTheStatusOfItsRegistry) {
  model::InboundConnector all = partner("p").from_domains({"contoso.com"});
  all.require.spf = model::Requirement::pass;
  all.require.dkim = model::Requirement::aligned;
  all.require.dmarc = model::Requirement::pass;
  const auto only = [&](auto member) {
    model::InboundConnector one = all;
    for (auto each : {&model::Require::spf, &model::Require::dkim, &model::Require::dmarc}) {
      if (each != member) one.require.*each = model::Requirement::none;
    }
    return compile(configuration({one}));
  };
  using Signatures = std::vector<model::DkimSignature>;
  const auto by_spf = only(&model::Require::spf);
  for (const auto& [result, expected] :
       std::vector<std::pair<SpfResult, std::string>>{{SpfResult::pass, "accept p"},
                                                      {SpfResult::fail, "550 5.7.23 p"},
                                                      {SpfResult::softfail, "550 5.7.23 p"},
                                                      {SpfResult::neutral, "550 5.7.23 p"},
                                                      {SpfResult::none, "550 5.7.23 p"},
                                                      {SpfResult::permerror, "550 5.7.23 p"},
                                                      {SpfResult::temperror, "451 4.7.24 p"}}) {
    EXPECT_EQ(summary(decide(*by_spf, message({spf(result), {}, {}, {}}))), expected) << to_string(result);
  }
  const auto by_dkim = only(&model::Require::dkim);
  for (const RequirementCase& one : std::vector<RequirementCase>{
           {"none", {{}, Signatures{}, dmarc(DmarcResult::none), {}}, "550 5.7.20 p"},
           {"the author's", {{}, Signatures{signature(DkimResult::pass)}, dmarc(DmarcResult::none), {}}, "accept p"},
           {"a broken one",
            {{}, Signatures{signature(DkimResult::fail)}, dmarc(DmarcResult::none), {}},
            "550 5.7.20 p"},
           {"somebody else's",
            {{}, Signatures{signature(DkimResult::pass, "esp.example")}, dmarc(DmarcResult::none), {}},
            "550 5.7.22 p"},
           {"a part of the body",
            {{}, Signatures{signature(DkimResult::pass, "contoso.com", true)}, dmarc(DmarcResult::none), {}},
            "550 5.7.21 p"},
           {"no key now",
            {{}, Signatures{signature(DkimResult::temperror)}, dmarc(DmarcResult::none), {}},
            "451 4.7.20 p"},
           {"one of two",
            {{},
             Signatures{signature(DkimResult::temperror), signature(DkimResult::pass)},
             dmarc(DmarcResult::none),
             {}},
            "accept p"},
           {"not known without the message", {}, "accept p"}}) {
    EXPECT_EQ(summary(decide(*by_dkim, message(one.results))), one.expected) << one.title;
  }
  const auto by_dmarc = only(&model::Require::dmarc);
  for (const auto& [result, expected] :
       std::vector<std::pair<DmarcResult, std::string>>{{DmarcResult::pass, "accept p"},
                                                        {DmarcResult::fail, "550 5.7.26 p"},
                                                        {DmarcResult::none, "550 5.7.26 p"},
                                                        {DmarcResult::temperror, "451 4.7.26 p"}}) {
    EXPECT_EQ(summary(decide(*by_dmarc, message({{}, {}, dmarc(result, DmarcPolicy::none), {}}))), expected)
        << to_string(result);
  }
  const auto by_all = compile(configuration({all}));
  EXPECT_EQ(
      summary(decide(*by_all,
                     message({spf(SpfResult::fail), Signatures{}, dmarc(DmarcResult::fail, DmarcPolicy::none), {}}))),
      "550 5.7.26 p");
}

TEST(RequiredAuthentication, IsNotAskedBeforeTheMessageIsThere) {
  model::InboundConnector connector = partner("p").from_domains({"contoso.com"});
  connector.require.spf = model::Requirement::pass;
  const auto policy = compile(configuration({connector}));
  EXPECT_EQ(summary(decide(*policy, from("192.0.2.1", "a@contoso.com"))), "accept p");
}

model::Configuration enforcing(std::vector<model::InboundConnector> connectors = {}) {
  model::Configuration made = configuration(std::move(connectors));
  made.authentication = {};
  return made;
}

struct DmarcCase {
  std::string title;
  model::DmarcOutcome outcome;
  std::string expected;
};

TEST(Dmarc, IsFollowedAsTheDomainAsks) {
  const auto policy = compile(enforcing());
  for (const DmarcCase& one :
       std::vector<DmarcCase>{{"pass", dmarc(DmarcResult::pass), "accept -"},
                              {"none", dmarc(DmarcResult::none), "accept -"},
                              {"reject", dmarc(DmarcResult::fail), "550 5.7.1 -"},
                              {"quarantine", dmarc(DmarcResult::fail, DmarcPolicy::quarantine), "quarantine -"},
                              {"p=none", dmarc(DmarcResult::fail, DmarcPolicy::none), "accept -"},
                              {"DNS", dmarc(DmarcResult::temperror), "451 4.7.1 -"},
                              {"no author", dmarc(DmarcResult::permerror, DmarcPolicy::none), "550 5.7.1 -"}}) {
    const auto decision = decide(*policy, message({{}, {}, one.outcome, {}}));
    EXPECT_EQ(summary(decision), one.expected) << one.title;
    EXPECT_NE(find(decision, "dmarc"), nullptr) << one.title;
  }
  const auto refused = decide(*policy, message({{}, {}, dmarc(DmarcResult::fail), {}}));
  EXPECT_NE(refused.reply->text.find("contoso.com"), std::string::npos);
}

TEST(Dmarc, AnAuthorThatIsNotCertainPassesWithAFindingWhereThereIsNoPolicy) {
  const auto policy = compile(enforcing());
  model::DmarcOutcome nobodys = dmarc(DmarcResult::none, DmarcPolicy::none);
  nobodys.from_domain.clear();
  nobodys.record_domain.clear();
  nobodys.problem = "From field: mailboxes of several domains: a.example and b.example";
  const auto passed = decide(*policy, message({{}, {}, nobodys, {}}));
  EXPECT_EQ(summary(passed), "accept -");
  ASSERT_NE(find(passed, "author"), nullptr);
  EXPECT_EQ(find(passed, "author")->seen, nobodys.problem);
  EXPECT_EQ(find(decide(*policy, message({{}, {}, dmarc(DmarcResult::none), {}})), "author"), nullptr);

  nobodys.result = DmarcResult::temperror;
  const auto deferred = decide(*policy, message({{}, {}, nobodys, {}}));
  EXPECT_EQ(summary(deferred), "451 4.7.1 -");
  EXPECT_NE(deferred.reply->text.find(nobodys.problem), std::string::npos) << deferred.reply->text;
}

TEST(Dmarc, QuarantinesInAHeaderWhereThatIsAsked) {
  auto made = enforcing();
  made.authentication.quarantine = model::Quarantine::header;
  const auto decision =
      decide(*compile(made), message({{}, {}, dmarc(DmarcResult::fail, DmarcPolicy::quarantine), {}}));
  EXPECT_EQ(decision.action, model::Action::accept);
  EXPECT_FALSE(decision.quarantine.empty());
}

TEST(Dmarc, NamesWhyAPolicyIsNotFollowed) {
  auto made = enforcing({internet("gateway").from_networks({"192.0.2.10"}).trusted_path(),
                         internet("audited").from_networks({"192.0.2.11"}).audit(),
                         internet("plain").from_networks({"192.0.2.12"})});
  const auto policy = compile(made);
  const model::Authentication failed{{}, {}, dmarc(DmarcResult::fail), {}};
  EXPECT_EQ(decide(*policy, message(failed, "192.0.2.10")).dmarc_override, "the connector's path is trusted");
  EXPECT_EQ(decide(*policy, message(failed, "192.0.2.11")).dmarc_override, "the connector is in audit mode");
  EXPECT_EQ(summary(decide(*policy, message(failed, "192.0.2.12"))), "550 5.7.1 plain");
  made.authentication.dmarc = model::DmarcMode::report;
  EXPECT_EQ(summary(decide(*compile(made), message(failed))), "accept -");
}

TEST(Dmarc, IsNotSwitchedOffByAMailFromThatAnybodyCanWrite) {
  const auto audited = compile(enforcing({partner("partner").from_domains({"contoso.com"}).audit()}));
  model::DmarcOutcome others = dmarc(DmarcResult::fail);
  others.from_domain = "victim.example";
  model::DmarcOutcome nobodys = dmarc(DmarcResult::permerror);
  nobodys.from_domain.clear();
  EXPECT_EQ(summary(decide(*audited, message({{}, {}, dmarc(DmarcResult::fail), {}}))), "accept partner");
  EXPECT_EQ(summary(decide(*audited, message({{}, {}, others, {}}))), "550 5.7.1 partner");
  EXPECT_EQ(summary(decide(*audited, message({{}, {}, nobodys, {}}))), "550 5.7.1 partner");
  const auto trusted = compile(enforcing({internet("path").from_domains({"contoso.com"}).trusted_path()}));
  EXPECT_EQ(summary(decide(*trusted, message({{}, {}, others, {}}))), "550 5.7.1 path");
}

TEST(Dmarc, BelievesAnArcSealerOnlyWhereItIsTrustedAndSawAPass) {
  auto made = enforcing();
  made.authentication.arc = true;
  made.authentication.arc_trusted_sealers = domains({"*.sealer.example"});
  const auto policy = compile(made);
  const auto sealed = [](ArcResult result, const std::string& sealer, const std::string& results) {
    model::Authentication made_up{{}, {}, dmarc(DmarcResult::fail), model::ArcOutcome{}};
    made_up.arc->result = result;
    made_up.arc->sets.push_back({1, "first.example", "s", "first.example; dmarc=fail"});
    made_up.arc->sets.push_back({2, sealer, "s", results});
    return message(made_up);
  };
  const std::string saw_pass = "mx.sealer.example; dmarc=pass header.from=contoso.com";
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::pass, "sealer.example", saw_pass))), "accept -");
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::fail, "sealer.example", saw_pass))), "550 5.7.1 -");
  for (const auto& [result, expected] : std::vector<std::pair<DmarcResult, std::string>>{
           {DmarcResult::permerror, "550 5.7.1 -"}, {DmarcResult::temperror, "451 4.7.1 -"}}) {
    for (const std::string seen :
         {"x; dmarc=pass", "x; dmarc=pass header.from=contoso.com", "x; dmarc=pass header.from="}) {
      model::Facts uncertain = sealed(ArcResult::pass, "sealer.example", seen);
      uncertain.authentication.dmarc->result = result;
      uncertain.authentication.dmarc->from_domain.clear();
      EXPECT_EQ(summary(decide(*policy, uncertain)), expected) << "an author that is not certain: " << seen;
    }
  }
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::pass, "evil.example", saw_pass))), "550 5.7.1 -");
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::pass, "sealer.example", "x; spf=pass smtp.mailfrom=dmarc=pass"))),
            "550 5.7.1 -");
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::pass, "sealer.example", "mx.sealer.example; dmarc=pass"))),
            "550 5.7.1 -");
  EXPECT_EQ(summary(decide(*policy, sealed(ArcResult::pass, "sealer.example",
                                           "mx.sealer.example; dmarc=pass header.from = other.example"))),
            "550 5.7.1 -");
}

TEST(Dmarc, IsNeverOverriddenByASealerWhereFromNamesNoOneAuthor) {
  auto made = enforcing();
  made.authentication.arc = true;
  made.authentication.arc_trusted_sealers = domains({"sealer.example"});
  const auto policy = compile(made);
  for (const std::string& author : {std::string(), std::string("contoso.com")}) {
    for (const std::string& results : {std::string("mx; dmarc=pass header.from=contoso.com"),
                                       std::string("mx; dmarc=pass header.from=\"\""), std::string("mx; dmarc=pass")}) {
      model::Authentication made_up{{}, {}, dmarc(DmarcResult::permerror), model::ArcOutcome{}};
      made_up.dmarc->from_domain = author;
      made_up.arc->result = ArcResult::pass;
      made_up.arc->sets.push_back({1, "sealer.example", "s", results});
      EXPECT_EQ(summary(decide(*policy, message(made_up))), "550 5.7.1 -") << author << " " << results;
    }
  }
}

// What stands for each message that is taken although it fails: why, and what would refuse it.
struct AdmissionCase {
  std::string title;
  model::Configuration configuration;
  model::Authentication results;
  std::string why;
  std::string remedy;
};

class Admissions : public testing::Test {
 protected:
  static model::Authentication results(SpfResult spf_result, DmarcResult dmarc_result,
                                       DmarcPolicy policy = DmarcPolicy::none) {
    return {spf(spf_result), {}, dmarc(dmarc_result, policy), {}};
  }
  static model::Configuration reporting() {
    auto made = enforcing();
    made.authentication.dmarc = model::DmarcMode::report;
    return made;
  }
  static model::Configuration ours(bool refuses) {
    auto made = enforcing();
    made.organization.accepted_domains = domains({"contoso.com"});
    made.organization.reject_direct_send = refuses;
    return made;
  }
  static model::Configuration with(const model::InboundConnector& connector) {
    auto made = enforcing();
    made.inbound = {connector};
    return made;
  }
};

TEST_F(Admissions, AreExplainedWithWhatWouldRefuseThem) {
  const auto failing = results(SpfResult::fail, DmarcResult::fail);
  auto testing = results(SpfResult::softfail, DmarcResult::fail, DmarcPolicy::quarantine);
  testing.dmarc->published = DmarcPolicy::reject;
  testing.dmarc->testing = true;
  auto signature_too = failing;
  signature_too.dkim = {signature(DkimResult::fail)};
  const std::string partner_remedy =
      "a partner connector for the domain, with [inbound.require] dmarc = \"pass\", would refuse it";
  const std::vector<AdmissionCase> cases = {
      {"no policy of the author's", enforcing(), failing, "SPF and DMARC fail, since contoso.com's policy is none",
       partner_remedy},
      {"a broken signature too", enforcing(), signature_too,
       "SPF, DKIM and DMARC fail, since contoso.com's policy is none", partner_remedy},
      {"no record", enforcing(), results(SpfResult::fail, DmarcResult::none),
       "SPF fails, since contoso.com publishes no DMARC policy", partner_remedy},
      {"our own domain", ours(false), failing, "SPF and DMARC fail, since contoso.com's policy is none",
       "reject_direct_send = true in [organization] would refuse it"},
      {"only reported", reporting(), results(SpfResult::fail, DmarcResult::fail, DmarcPolicy::reject),
       "SPF and DMARC fail, since authentication.dmarc is \"report\"",
       "dmarc = \"enforce\" in [authentication] would follow the author's policy"},
      {"a connector", with(partner("p").from_networks({"192.0.2.0/24"})), failing,
       "SPF and DMARC fail, since contoso.com's policy is none",
       "[inbound.require] dmarc = \"pass\" in the connector would refuse it"},
      {"a connector in audit mode", with(partner("p").from_networks({"192.0.2.0/24"}).audit()),
       results(SpfResult::fail, DmarcResult::fail, DmarcPolicy::reject),
       "SPF and DMARC fail, since the connector is in audit mode",
       "mode = \"enforce\" in the connector would follow the author's policy, and what it requires"},
  };
  for (const AdmissionCase& one : cases) {
    const auto decision = decide(*compile(one.configuration), message(one.results));
    const auto* finding = find(decision, "admission");
    ASSERT_NE(finding, nullptr) << one.title;
    EXPECT_EQ(finding->outcome, model::Outcome::result);
    EXPECT_EQ(finding->seen, "let in although " + one.why) << one.title;
    EXPECT_EQ(finding->hint, one.remedy) << one.title;
  }
}

TEST_F(Admissions, AreNotExplainedWhereNothingSpokeAgainstTheMessageOrItIsRefused) {
  const auto is_explained = [](const model::Configuration& configuration, const model::Authentication& results) {
    return find(decide(*compile(configuration), message(results)), "admission") != nullptr;
  };
  EXPECT_FALSE(is_explained(enforcing(), results(SpfResult::pass, DmarcResult::pass)));
  EXPECT_FALSE(is_explained(enforcing(), results(SpfResult::fail, DmarcResult::pass))) << "a signature vouches for it";
  EXPECT_FALSE(is_explained(enforcing(), results(SpfResult::none, DmarcResult::none)));
  EXPECT_FALSE(is_explained(enforcing(), results(SpfResult::fail, DmarcResult::fail, DmarcPolicy::reject)));
  EXPECT_FALSE(is_explained(ours(true), results(SpfResult::fail, DmarcResult::fail)));
  EXPECT_FALSE(is_explained(enforcing(), {}));
}

TEST(Results, AreNoChecksThatDoNotApply) {
  model::Authentication all{spf(SpfResult::pass), std::vector<model::DkimSignature>{}, dmarc(DmarcResult::none), {}};
  const auto decision = decide(*compile(enforcing()), message(all));
  for (const char* check : {"spf", "dkim", "dmarc"}) {
    ASSERT_NE(find(decision, check), nullptr) << check;
    EXPECT_EQ(find(decision, check)->outcome, model::Outcome::result) << check;
    EXPECT_EQ(find(decision, check)->expected, "") << check;
  }
}

}  // namespace
}  // namespace connectord::engine
