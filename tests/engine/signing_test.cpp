#include "connectord/engine/signing.h"

#include <gmock/gmock.h>

#include "engine/builder.h"

namespace connectord::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace test;  // NOLINT: short forms of connectors

model::Signing signing(const std::string& domain, const std::string& selector) {
  return {net::DomainPattern::parse(domain).value(), selector, "/etc/connectord/" + selector + ".pem", {}, {}};
}

model::Configuration signing_configuration() {
  auto made =
      configuration({on_premises("plant").from_networks({"192.0.2.0/24"}).from_domains({"plant.example"}).tls().audit(),
                     partner("contoso").from_networks({"198.51.100.0/24"})});
  made.signing = {signing("*.example.net", "tree"), signing("example.net", "rsa"), signing("example.net", "ed"),
                  signing("*.dept.example.net", "dept"), signing("plant.example", "plant")};
  return made;
}

// The facts of a message at its end, of a user of ours.
model::Facts submission(const std::string& author_domain) {
  model::Facts facts;
  facts.stage = model::Facts::Stage::message;
  facts.sasl_username = "carol";
  facts.author = model::Author{author_domain, {}};
  return facts;
}

model::Facts from_client(const std::string& address, const std::string& mail_from) {
  model::Facts facts = submission("example.net");
  facts.sasl_username.clear();
  facts.client_address = net::IpAddress::parse(address);
  facts.mail_from = mail::parse_reverse_path(mail_from);
  return facts;
}

std::vector<std::string> selectors(const Policy& policy, const model::Decision& decision) {
  std::vector<std::string> found;
  for (const auto number : decision.signatures) found.push_back(policy.configuration().signing.at(number).selector);
  return found;
}

std::string seen(const model::Decision& decision) {
  std::string text;
  for (const auto& finding : decision.findings) {
    if (finding.check == "signing") text += finding.seen + "; ";
  }
  return text;
}

class SigningTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Policy> policy_ = compile(signing_configuration());

  std::vector<std::string> signed_by(const model::Facts& facts) const {
    return selectors(*policy_, decide(*policy_, facts));
  }
  std::string why(const model::Facts& facts) const { return seen(decide(*policy_, facts)); }
};

TEST_F(SigningTest, TakesAllKeysOfTheMostSpecificPattern) {
  EXPECT_THAT(signed_by(submission("example.net")), ElementsAre("rsa", "ed"));
  EXPECT_THAT(signed_by(submission("a.example.net")), ElementsAre("tree"));
  EXPECT_THAT(signed_by(submission("dept.example.net")), ElementsAre("dept"));
  EXPECT_THAT(signed_by(submission("a.dept.example.net")), ElementsAre("dept"));
  EXPECT_THAT(signed_by(submission("notexample.net")), IsEmpty());
  EXPECT_EQ(why(submission("a.example.net")), "signed for example.net with selector tree; ");
}

TEST_F(SigningTest, LooksAtTheMessageOnlyAtItsEnd) {
  model::Facts facts = submission("example.net");
  facts.stage = model::Facts::Stage::envelope;
  EXPECT_THAT(signed_by(facts), IsEmpty());
  EXPECT_EQ(why(facts), "");
}

TEST_F(SigningTest, SignsWhatTheSendmailCommandHandsIn) {
  model::Facts facts = submission("example.net");
  facts.sasl_username.clear();
  facts.local_submission = true;
  EXPECT_THAT(signed_by(facts), ElementsAre("rsa", "ed"));
}

TEST_F(SigningTest, SignsWhatAProgramOnlyPassesOnWhereTheConfigurationSaysSo) {
  auto made = signing_configuration();
  model::Facts facts = submission("example.net");
  facts.sasl_username.clear();
  facts.local_submission = facts.forwarded = true;
  EXPECT_THAT(signed_by(facts), IsEmpty());
  EXPECT_EQ(why(facts),
            "not signed: the sendmail command handed it in with a Received field, so anybody may have written it; ");
  made.signing[2].forwarded = true;
  const auto policy = compile(made);
  EXPECT_THAT(selectors(*policy, decide(*policy, facts)), ElementsAre("ed"));
  facts.forwarded = false;
  EXPECT_THAT(selectors(*policy, decide(*policy, facts)), ElementsAre("rsa", "ed"));
}

TEST_F(SigningTest, SignsMailThroughAGatewayOnlyIfItSetOutFromAMachineOfOurs) {
  auto made = configuration({on_premises("gateway").from_networks({"203.0.113.8/29"}),
                             on_premises("other gateway").from_networks({"203.0.113.16/29"}),
                             on_premises("plant").from_networks({"192.0.2.0/24", "10.1.0.0/16"}),
                             partner("contoso").from_networks({"192.0.2.128/25"})});
  made.inbound[0].enhanced_filtering.emplace().skip_networks = networks({"203.0.113.10"});
  made.inbound[1].enhanced_filtering.emplace().skip_last = true;
  made.signing = {signing("example.net", "rsa")};
  const auto policy = compile(made);
  const auto why_not = [&](std::optional<model::OriginalClient> original) {
    model::Facts facts = from_client("203.0.113.10", "a@example.net");
    facts.original = std::move(original);
    return seen(decide(*policy, facts));
  };
  const auto client = [](const std::string& address, bool moved, const std::string& origin) {
    model::OriginalClient made_up;
    made_up.address = net::IpAddress::parse(address).value();
    made_up.moved = moved;
    if (!origin.empty()) made_up.origin = net::IpAddress::parse(origin);
    return made_up;
  };
  const std::string good = "signed for example.net with selector rsa; ";
  EXPECT_EQ(why_not(client("192.0.2.1", true, "192.0.2.1")), good) << "a server of ours";
  EXPECT_EQ(why_not(client("203.0.113.10", false, "10.1.2.3")), good) << "a machine of ours behind the gateway";
  EXPECT_EQ(why_not(client("203.0.113.10", false, "203.0.113.10")), good) << "nothing to be looked through";
  EXPECT_THAT(why_not(client("198.51.100.7", true, "198.51.100.7")),
              HasSubstr("original client 198.51.100.7 is in no"));
  EXPECT_THAT(why_not(client("192.0.2.129", true, "192.0.2.129")), HasSubstr("is in no client_networks")) << "contoso";
  EXPECT_THAT(why_not(client("203.0.113.10", false, "10.2.0.1")), HasSubstr("10.2.0.1 is in no client_networks"));
  EXPECT_EQ(why_not(client("203.0.113.11", true, "203.0.113.11")), good) << "beside the gateway, and no gateway itself";
  EXPECT_THAT(why_not(client("203.0.113.17", true, "203.0.113.17")), HasSubstr("is in no")) << "another gateway";
  EXPECT_THAT(why_not(client("203.0.113.10", false, "")), HasSubstr("not known for certain"));
  EXPECT_THAT(why_not(std::nullopt), HasSubstr("was not looked for")) << "another recipient than the pilot group";
}

TEST_F(SigningTest, SaysWhyAMessageOfOursIsNotSigned) {
  model::Facts facts = submission("");
  facts.author->unsignable = "two From fields";
  EXPECT_EQ(why(facts), "not signed: two From fields; ");
  facts = submission("example.net");
  facts.author->unsignable = "too many fields";
  EXPECT_THAT(signed_by(facts), IsEmpty());
  EXPECT_EQ(why(facts), "not signed: too many fields; ");
  EXPECT_EQ(why(submission("example.org")), "not signed: there is no [[signing]] for example.org; ");
}

TEST_F(SigningTest, SignsOnPremisesMailThatIsKnownByMoreThanAName) {
  model::Facts facts = from_client("192.0.2.1", "a@example.net");
  facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "", 256};
  EXPECT_THAT(signed_by(facts), ElementsAre("rsa", "ed"));
  EXPECT_EQ(decide(*policy_, facts).tag, "plant");
  facts.tls.reset();
  EXPECT_THAT(signed_by(facts), IsEmpty());
  EXPECT_THAT(why(facts), HasSubstr("it does not fulfil what connector plant requires"));
  facts = from_client("203.0.113.1", "a@plant.example");
  facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "", 256};
  EXPECT_EQ(decide(*policy_, facts).connector, "plant");
  EXPECT_THAT(signed_by(facts), IsEmpty());
  EXPECT_THAT(why(facts), HasSubstr("which anybody can write"));
}

TEST_F(SigningTest, SignsNothingFromElsewhere) {
  EXPECT_THAT(why(from_client("203.0.113.1", "a@example.net")), HasSubstr("it comes from elsewhere"));
  EXPECT_THAT(why(from_client("198.51.100.1", "a@example.net")), HasSubstr("over connector contoso, not from us"));
  model::Facts others = from_client("203.0.113.1", "a@example.org");
  others.author->domain = "example.org";
  EXPECT_EQ(why(others), "");
  others.author = model::Author{"", "no From"};
  EXPECT_EQ(why(others), "");
}

TEST_F(SigningTest, SignsNothingThatIsRefusedOrSetAside) {
  auto made = signing_configuration();
  made.inbound[0].mode = model::Mode::enforce;
  const auto strict = compile(made);
  EXPECT_THAT(decide(*strict, from_client("192.0.2.1", "a@example.net")).signatures, IsEmpty());

  made = signing_configuration();
  made.inbound[0].require = {};
  made.inbound[0].mode = model::Mode::enforce;
  made.authentication.dmarc = model::DmarcMode::enforce;
  for (const auto quarantine : {model::Quarantine::hold, model::Quarantine::header}) {
    made.authentication.quarantine = quarantine;
    const auto policy = compile(made);
    model::Facts facts = from_client("192.0.2.1", "a@example.net");
    EXPECT_THAT(selectors(*policy, decide(*policy, facts)), ElementsAre("rsa", "ed"));
    facts.authentication.dmarc = model::DmarcOutcome{};
    facts.authentication.dmarc->result = model::DmarcResult::fail;
    facts.authentication.dmarc->policy = model::DmarcPolicy::quarantine;
    EXPECT_THAT(decide(*policy, facts).signatures, IsEmpty());
  }
}

}  // namespace
}  // namespace connectord::engine
