#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/dkim_signing.h"
#include "connectord/auth/arc.h"
#include "connectord/session/session.h"
#include "engine/builder.h"
#include "log/recording_log.h"
#include "session/rule_changes.h"

namespace connectord::session {
namespace {

using model::FieldEdit;
using model::HeaderChange;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

model::RuleAction prepending(const std::string& text) {
  model::RuleAction action;
  action.kind = model::RuleActionKind::prepend_subject;
  action.text = text;
  return action;
}

model::Rule rule(const std::string& name, model::RuleAction action) {
  model::Rule made;
  made.name = name;
  made.actions = {std::move(action)};
  return made;
}

class RulesSessionTest : public ::testing::Test {
 protected:
  EndOfMessageResult play(const model::Configuration& configuration, const std::vector<std::string>& recipients,
                          const auth::testing::Message& message = auth::testing::plain_message()) {
    runtime::PolicyStore policies(engine::test::compile(configuration),
                                  std::make_shared<dns::testing::ZoneResolver>(zone_), secrets_);
    runtime::Services services{policies, live_, log_, [] { return auth::testing::now; }};
    Session session(services, intake_);
    session.connected({"client.example", net::IpAddress::parse("192.0.2.1"), 25000, 25, false});
    session.mail_from("<joe@example.com>", user_);
    answers_.clear();
    for (const std::string& recipient : recipients) answers_.push_back(session.rcpt_to(recipient, "4X"));
    for (const auto& [name, value] : message.headers) session.header(name, value);
    session.end_of_headers();
    session.body(message.body);
    return session.end_of_message("4X");
  }

  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;
  runtime::Secrets secrets_;
  dns::testing::Zone zone_;
  std::vector<Answer> answers_;
  std::string user_ = "joe";  // who has logged in
};

TEST_F(RulesSessionTest, AMessageIsSignedAsItLeaves) {
  const auth::DkimPrivateKey key = *auth::DkimPrivateKey::make(auth::DkimAlgorithm::ed25519_sha256);
  secrets_.signing_keys = std::make_shared<runtime::SigningKeys>(runtime::SigningKeys{{"example.com", "sel", {}, key}});
  auto configuration = engine::test::configuration({});
  configuration.signing = {{net::DomainPattern::parse("example.com").value(), "sel", "/k", {}, {}}};
  configuration.rules = {rule("mark", prepending("[Grüße] "))};
  auth::testing::Message message = auth::testing::plain_message();
  const EndOfMessageResult ending = play(configuration, {"<user@example.net>"}, message);
  ASSERT_EQ(ending.header_changes.size(), 2U);
  const HeaderChange& marked = ending.header_changes[0];
  EXPECT_EQ(marked.kind, HeaderChange::Kind::replace);
  for (auto& [name, value] : message.headers) {
    if (name == "Subject") value = " " + marked.value;
  }
  const HeaderChange& signature = ending.header_changes[1];
  message.headers.insert(message.headers.begin(), {signature.name, " " + signature.value});
  const auto result = auth::testing::verify_one(message, auth::testing::zone_with(key.record()));
  EXPECT_EQ(result.result, model::DkimResult::pass) << result.problem;
  EXPECT_THAT(log_.lines().back(), HasSubstr("rule=\"mark: prepend_subject\""));
}

TEST_F(RulesSessionTest, RecipientsAreTakenAwayAsRcptHadThem) {
  auto configuration = engine::test::configuration({});
  model::Rule redirect = rule("away", {});
  redirect.actions[0].kind = model::RuleActionKind::redirect;
  redirect.actions[0].to = {"deputy@example.net"};
  redirect.when.emplace().recipient = {"away@example.net"};
  configuration.rules = {redirect};
  const EndOfMessageResult ending =
      play(configuration, {"<a@example.net>", "<\"away\"@example.net>", "<Away@EXAMPLE.net>"});
  EXPECT_THAT(ending.removed_recipients, ElementsAre("<Away@EXAMPLE.net>"));
  EXPECT_THAT(ending.added_recipients, ElementsAre(model::AddedRecipient{"deputy@example.net", false}));
  EXPECT_THAT(ending.header_changes, IsEmpty());
}

TEST_F(RulesSessionTest, RecipientsThatARuleTellsApartComeInMessagesOfTheirOwn) {
  auto configuration = engine::test::configuration({});
  model::Rule apart = rule("apart", prepending("[Boss] "));
  apart.when.emplace().recipient = {"boss@example.net"};
  apart.split = "split";
  configuration.rules = {apart};
  user_ = "";
  play(configuration, {"<a@example.net>", "<boss@example.net>", "<b@example.net>"});
  EXPECT_EQ(answers_[0].action, model::Action::accept);
  ASSERT_TRUE(answers_[1].reply);
  EXPECT_EQ(to_string(*answers_[1].reply),
            "452 4.5.3 A rule treats this recipient differently; send it in another message");
  EXPECT_EQ(answers_[2].action, model::Action::accept);
  user_ = "joe";
  play(configuration, {"<a@example.net>", "<boss@example.net>"});
  EXPECT_EQ(answers_[1].action, model::Action::accept);
}

TEST_F(RulesSessionTest, AMessageIsWrappedAsItIs) {
  auto configuration = engine::test::configuration({});
  model::RuleAction wrapping;
  wrapping.kind = model::RuleActionKind::wrap;
  wrapping.text = "Look at it with care.";
  configuration.rules = {rule("wrap", wrapping)};
  const auth::testing::Message message = auth::testing::plain_message();
  const EndOfMessageResult ending = play(configuration, {"<a@example.net>"}, message);
  ASSERT_NE(ending.body, nullptr);
  std::string body;
  mime::visit(*ending.body, {0, ending.body->size()}, [&body](std::string_view piece) {
    body += piece;
    return true;
  });
  std::string original;
  for (const auto& [name, value] : message.headers) original += name + ":" + value + "\r\n";
  EXPECT_THAT(body, HasSubstr("Look at it with care."));
  EXPECT_THAT(body, HasSubstr("Content-Type: message/rfc822\r\n\r\n" + original + "\r\n" + message.body));
}

// More of them than may be in memory at one time: each makes room for the next.
TEST_F(RulesSessionTest, WordsAreFoundInLargeMessagesOneAfterTheOther) {
  auto configuration = engine::test::configuration({});
  model::Rule secret = rule("secret", {});
  secret.actions[0].kind = model::RuleActionKind::reject;
  secret.when.emplace().body_or_subject_words = {"top secret"};
  configuration.rules = {secret};
  auth::testing::Message message = auth::testing::plain_message();
  message.body.clear();
  for (int line = 0; line < 10'000; ++line) message.body += "A line of text that goes on.\r\n";
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(play(configuration, {"<a@example.net>"}, message).answer.action, model::Action::accept);
  }
  message.body += "This is Top\r\nSecret.\r\n";
  EXPECT_EQ(play(configuration, {"<a@example.net>"}, message).answer.action, model::Action::reject);
}

TEST_F(RulesSessionTest, WhatIsChangedOfAStrangersMailIsSealed) {
  const auth::DkimPrivateKey key = *auth::DkimPrivateKey::make(auth::DkimAlgorithm::rsa_sha256);
  secrets_.sealing =
      std::make_shared<auth::DkimSigningIdentity>(auth::DkimSigningIdentity{"example.net", "sel", {}, key});
  auto configuration = engine::test::configuration({});
  configuration.authentication.arc = true;
  configuration.sealing = model::Sealing{net::DomainPattern::parse("example.net").value(), "sel", "/k", {}};
  configuration.rules = {rule("mark", prepending("[X] "))};
  user_ = "";
  auth::testing::Message message = auth::testing::plain_message();
  const EndOfMessageResult ending = play(configuration, {"<a@example.net>"}, message);
  for (const HeaderChange& change : ending.header_changes) {
    if (change.kind == HeaderChange::Kind::insert) {
      message.headers.insert(message.headers.begin(), {change.name, " " + change.value});
      continue;
    }
    for (auto& [name, value] : message.headers) {
      if (name == change.name) value = " " + change.value;
    }
  }
  EXPECT_EQ(message.headers[0].first, "ARC-Seal");
  auth::ArcVerifier verifier({}, auth::testing::now);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  verifier.body(message.body);
  dns::testing::Zone zone;
  zone.txt("sel._domainkey.example.net", key.record());
  const auto outcome = dns::testing::run(zone, [&](dns::DnsAnswers& answers) { return verifier.finish(answers); });
  EXPECT_EQ(outcome.result, model::ArcResult::pass) << outcome.problem;
  EXPECT_THAT(log_.lines().back(), HasSubstr("sealing=\"sealed for example.net with selector sel as set 1\""));
}

TEST_F(RulesSessionTest, ARecipientThatARuleRefusesIsNoneOfTheMessages) {
  auto configuration = engine::test::configuration({});
  model::Rule refusing = rule("hr", {});
  refusing.actions[0].kind = model::RuleActionKind::reject;
  refusing.when.emplace().recipient = {"hr@example.net"};
  configuration.rules = {refusing};
  const EndOfMessageResult ending = play(configuration, {"<hr@example.net>", "<a@example.net>"});
  EXPECT_EQ(answers_[0].reply->code, 550);
  EXPECT_EQ(answers_[1].action, model::Action::accept);
  EXPECT_EQ(ending.answer.action, model::Action::accept);
}

TEST_F(RulesSessionTest, AFieldThatOnlyWeWriteIsNoConditionForAStranger) {
  auto configuration = engine::test::configuration({});
  model::Rule refusing = rule("forged", {});
  refusing.actions[0].kind = model::RuleActionKind::reject;
  refusing.when.emplace().header = {{"X-Connector", {}, {}, {}}};
  configuration.rules = {refusing};
  auth::testing::Message message = auth::testing::plain_message();
  message.headers.push_back({"X-Connector", " contoso"});
  EXPECT_EQ(play(configuration, {"<a@example.net>"}, message).answer.action, model::Action::accept);
}

std::string written(const HeaderChange& change) {
  const char* kind = change.kind == HeaderChange::Kind::remove    ? "remove"
                     : change.kind == HeaderChange::Kind::replace ? "replace"
                                                                  : "insert";
  return std::string(kind) + " " + change.name + " " + std::to_string(change.position) +
         (change.value.empty() ? "" : " " + change.value);
}

std::vector<std::string> changes(const model::RuleChanges& wanted,
                                 const std::vector<std::pair<std::string, std::string>>& header) {
  std::vector<model::MessageField> fields;
  for (const auto& [name, value] : header) fields.push_back({name, value, value});
  HeaderScribe scribe(fields);
  for (const FieldEdit& edit : wanted.fields) scribe.carry_out(edit);
  for (const std::string& mark : wanted.subject_prefixes) scribe.mark_subject(mark);
  std::vector<std::string> texts;
  for (const HeaderChange& change : scribe.changes()) texts.push_back(written(change));
  return texts;
}

TEST(ChangeHeader, NamesFieldsByTheirPlacesAtEachMoment) {
  model::RuleChanges wanted;
  wanted.fields = {{FieldEdit::Kind::add, "X", "new"},
                   {FieldEdit::Kind::set, "x", "one"},
                   {FieldEdit::Kind::remove, "Y", {}},
                   {FieldEdit::Kind::set, "Y", "two"},
                   {FieldEdit::Kind::append_address, "To", "b@x.example"},
                   {FieldEdit::Kind::append_address, "Cc", "c@x.example"}};
  EXPECT_THAT(changes(wanted, {{"X", " a"}, {"y", " b"}, {"X", " c"}, {"Y", " d"}, {"To", " a@x.example"}}),
              ElementsAre("insert X 0 new", "remove x 3", "remove x 2", "replace x 1 one", "remove Y 2", "remove Y 1",
                          "insert Y 0 two", "replace To 1 a@x.example,\n b@x.example", "insert Cc 0 c@x.example"));
}

TEST(ChangeHeader, MarksEverySubjectAndMakesOne) {
  model::RuleChanges wanted;
  wanted.subject_prefixes = {"[EXT] "};
  EXPECT_THAT(changes(wanted, {{"Subject", " a"}, {"SUBJECT", "b"}, {"Subject", " Re: [EXT] c"}}),
              ElementsAre("replace Subject 1 [EXT] a", "replace Subject 2 [EXT] b"));
  EXPECT_THAT(changes(wanted, {}), ElementsAre("insert Subject 0 [EXT]"));
}

TEST(FieldValue, IsEncodedAndFolded) {
  EXPECT_EQ(field_value("plain"), "plain");
  EXPECT_EQ(field_value("Grüße"), "=?utf-8?b?R3LDvMOfZQ==?=");
  const std::string folded = field_value(std::string(70, 'a') + " " + std::string(70, 'b'));
  EXPECT_EQ(folded, std::string(70, 'a') + "\n " + std::string(70, 'b'));
  const std::string encoded = field_value(std::string(200, 'a') + "ü");
  for (std::size_t begin = 0; begin < encoded.size();) {
    const auto end = std::min(encoded.find('\n', begin), encoded.size());
    EXPECT_LE(end - begin, 78U);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace connectord::session
