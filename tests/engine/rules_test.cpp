#include "connectord/engine/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "builder.h"
#include "connectord/engine/rule_book.h"

namespace connectord::engine {
namespace {

using model::Direction;
using model::RuleActionKind;
using model::RuleConditions;
using test::FactsBuilder;
using test::from;
using test::summary;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::RuleAction action(RuleActionKind kind, std::vector<std::string> to = {}) {
  model::RuleAction made;
  made.kind = kind;
  made.to = std::move(to);
  return made;
}

model::RuleAction set_header(const std::string& name, const std::string& value) {
  model::RuleAction made = action(RuleActionKind::set_header);
  made.header = name;
  made.value = value;
  return made;
}

class RuleBuilder {
 public:
  explicit RuleBuilder(const std::string& name) { rule_.name = name; }
  RuleBuilder& when(const std::function<void(RuleConditions&)>& fill) {
    fill(rule_.when.emplace());
    return *this;
  }
  RuleBuilder& unless(const std::function<void(RuleConditions&)>& fill) {
    fill(rule_.unless.emplace());
    return *this;
  }
  RuleBuilder& does(model::RuleAction one) {
    rule_.actions.push_back(std::move(one));
    return *this;
  }
  RuleBuilder& stop() {
    rule_.stop = true;
    return *this;
  }
  RuleBuilder& audit() {
    rule_.mode = model::Mode::audit;
    return *this;
  }
  RuleBuilder& ignoring_errors() {
    rule_.on_error = model::OnRuleError::ignore;
    return *this;
  }
  RuleBuilder& between(std::optional<std::int64_t> first, std::optional<std::int64_t> last) {
    rule_.activate_at = first;
    rule_.expire_at = last;
    return *this;
  }
  operator model::Rule() const { return rule_; }  // NOLINT: reads well in a list of rules

 private:
  model::Rule rule_;
};

RuleBuilder rejecting(const std::string& name) {
  return RuleBuilder(name).does(action(RuleActionKind::reject));
}

// In this order.
std::shared_ptr<const Policy> with_rules(std::vector<model::Rule> rules) {
  model::Configuration made = test::configuration({test::on_premises("plant").from_networks({"192.0.2.7"})});
  made.organization.accepted_domains = test::domains({"example.net"});
  for (std::size_t i = 0; i < rules.size(); ++i) rules[i].priority = static_cast<std::int32_t>(i);
  made.rules = std::move(rules);
  return test::compile(std::move(made));
}

model::Facts at_end(model::Facts facts, std::vector<model::MessageField> header = {}) {
  facts.stage = model::Facts::Stage::message;
  facts.header = std::move(header);
  return facts;
}

model::MessageField field(const std::string& name, const std::string& text) {
  return {name, " " + text, text};
}

std::vector<std::string> hits(const model::Decision& decision) {
  std::vector<std::string> names;
  for (const model::RuleHit& hit : decision.rules) names.push_back(hit.rule);
  return names;
}

bool matches(const std::function<void(RuleConditions&)>& when, const model::Facts& facts) {
  return !hits(decide(*with_rules({RuleBuilder("r").when(when).stop()}), facts)).empty();
}

std::vector<std::string> mail_of(const model::Decision& decision) {
  std::vector<std::string> texts;
  for (const model::WrittenMail& mail : decision.mail) {
    texts.push_back(std::string(model::word_of(mail.kind)) + " by " + mail.rule + " to " + mail.to.front());
  }
  return texts;
}

TEST(Rules, HaveMailWrittenAboutAMessage) {
  const auto to_carol = [](RuleConditions& c) { c.recipient = {"carol@example.net"}; };
  const auto policy = with_rules({
      RuleBuilder("j").does(action(RuleActionKind::journal, {"j@archive.example"})),
      RuleBuilder("n").when(to_carol).does(action(RuleActionKind::notify)),
      RuleBuilder("watched").audit().does(action(RuleActionKind::journal, {"w@archive.example"})),
      RuleBuilder("i")
          .does(action(RuleActionKind::reject))
          .does(action(RuleActionKind::incident_report, {"sec@x.example"})),
  });
  model::Facts mail = at_end(from("192.0.2.99", "alice@contoso.com"));
  mail.recipients = {"user@example.net", "Carol@example.net"};
  const model::Decision decision = decide(*policy, mail);
  EXPECT_EQ(summary(decision), "550 5.7.1 -");
  EXPECT_THAT(mail_of(decision), ElementsAre("journal by j to j@archive.example", "notify by n to Carol@example.net",
                                             "incident_report by i to sec@x.example"));
  EXPECT_THAT(hits(decision), ElementsAre("j", "n", "watched", "i"));
}

TEST(Rules, MakeNoReportOfMailToTheJournalItself) {
  const auto policy =
      with_rules({RuleBuilder("j").does(action(RuleActionKind::journal, {"j@archive.example", "k@archive.example"}))});
  model::Facts mail = at_end(from("192.0.2.99", ""));
  mail.recipients = {"J@archive.example"};
  EXPECT_THAT(mail_of(decide(*policy, mail)), IsEmpty());
  mail.recipients.push_back("user@example.net");
  EXPECT_THAT(mail_of(decide(*policy, mail)), ElementsAre("journal by j to j@archive.example"));
}

TEST(Rules, AreNotAskedAboutMailOfOurOwn) {
  const auto policy = with_rules({rejecting("all")});
  model::Facts mail = at_end(from("192.0.2.99", ""));
  mail.is_own_mail = true;
  EXPECT_EQ(summary(decide(*policy, mail)), "accept -");
  EXPECT_THAT(hits(decide(*policy, mail)), IsEmpty());
}

TEST(Rules, ARefusalThatIsReportedWaitsForTheMessage) {
  const auto refusal = [](model::RuleAction with) {
    const auto policy = with_rules({RuleBuilder("hr")
                                        .when([](auto& c) { c.recipient = {"user@example.net"}; })
                                        .does(action(RuleActionKind::reject))
                                        .does(std::move(with))});
    model::Decision so_far;
    return refusal_by_rule(*policy, from("192.0.2.99", "a@x.example"), "user@example.net", so_far).has_value();
  };
  EXPECT_TRUE(refusal(set_header("X", "y")));
  EXPECT_FALSE(refusal(action(RuleActionKind::incident_report, {"sec@x.example"})));
}

TEST(Rules, RecipientsThatARuleTellsApartAreInDifferentGroups) {
  model::Rule apart =
      RuleBuilder("apart").when([](auto& c) { c.recipient = {"boss@example.net"}; }).does(set_header("X", "y"));
  apart.split = "split";
  const auto group = [&](const std::string& recipient, FactsBuilder facts = from("192.0.2.99", "a@x.example")) {
    return split_group(*with_rules({apart}), facts, recipient, {});
  };
  EXPECT_NE(group("boss@example.net"), group("user@example.net"));
  EXPECT_EQ(group("user@example.net"), group("other@example.net"));
  EXPECT_EQ(group("Boss@example.net"), group("boss@example.net"));
  // Programs of people who have logged in give up.
  EXPECT_EQ(group("boss@example.net", from("192.0.2.99", "a@x.example").user("a")), "");
  EXPECT_EQ(group("boss@example.net", from("127.0.0.1", "a@x.example").local()), "");
  // It may hold by what only the message shows.
  apart.when->subject_words = {"secret"};
  EXPECT_NE(group("boss@example.net"), group("user@example.net"));
  apart.mode = model::Mode::audit;
  EXPECT_EQ(group("boss@example.net"), group("user@example.net"));
}

TEST(Rules, RecipientsOfCopiesAreTheOthers) {
  model::Rule apart =
      RuleBuilder("apart").when([](auto& c) { c.recipient = {"boss@example.net"}; }).does(set_header("X", "y"));
  apart.split = "copy";
  const auto meant = [&apart](std::vector<std::string> recipients) {
    model::Facts facts = at_end(from("192.0.2.99", "a@x.example"), {field("Subject", "secret plans")});
    facts.recipients = std::move(recipients);
    return meant_by_copies(*with_rules({apart}), facts, {});
  };
  EXPECT_THAT(meant({"a@example.net", "boss@example.net", "b@example.net"}), ElementsAre(1));
  EXPECT_THAT(meant({"boss@example.net"}), IsEmpty());
  EXPECT_THAT(meant({"a@example.net"}), IsEmpty());
  apart.when->subject_words = {"secret"};
  EXPECT_THAT(meant({"a@example.net", "boss@example.net"}), ElementsAre(1));
  apart.when->subject_words = {"lunch"};
  EXPECT_THAT(meant({"a@example.net", "boss@example.net"}), IsEmpty());
}

TEST(Rules, NoRuleIsForWhoGetsTheMessageApart) {
  const auto policy = with_rules(
      {RuleBuilder("boss").when([](auto& c) { c.recipient = {"boss@example.net"}; }).does(set_header("X", "y")),
       RuleBuilder("all").does(action(RuleActionKind::remove)).when([](auto& c) {
         c.direction = {Direction::inbound};
       })});
  model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
  facts.recipients = {"a@example.net", "boss@example.net"};
  facts.apart = {1};
  const model::Decision decision = decide(*policy, facts);
  EXPECT_THAT(hits(decision), ElementsAre("all"));
  EXPECT_EQ(decision.action, model::Action::discard);
}

TEST(Rules, ApproversAreAskedAboutWhatNothingElseHolds) {
  model::RuleAction ask = action(RuleActionKind::hold_for_approval);
  ask.approvers = {"boss@example.net"};
  const auto asked = [&ask](std::vector<model::Rule> others) {
    others.insert(others.begin(), RuleBuilder("ask").does(ask));
    return decide(*with_rules(others), at_end(from("192.0.2.99", "a@x.example")));
  };
  const model::Decision alone = asked({});
  EXPECT_EQ(alone.action, model::Action::quarantine);
  EXPECT_EQ(alone.quarantine, "rule ask wants approval");
  ASSERT_EQ(alone.mail.size(), 1U);
  EXPECT_THAT(alone.mail[0].to, ElementsAre("boss@example.net"));
  EXPECT_EQ(alone.mail[0].expire, 2 * 86'400);
  for (const auto kind : {RuleActionKind::quarantine, RuleActionKind::remove, RuleActionKind::reject}) {
    EXPECT_THAT(asked({RuleBuilder("other").does(action(kind))}).mail, IsEmpty()) << model::word_of(kind);
  }
  EXPECT_EQ(asked({RuleBuilder("other").does(action(RuleActionKind::quarantine))}).action, model::Action::quarantine);
}

TEST(Rules, MailFromOutsideThatIsChangedIsSealed) {
  const auto seals = [](model::RuleAction one, bool sealing, model::Facts facts) {
    model::Configuration made = test::configuration({});
    made.rules = {RuleBuilder("r").does(std::move(one))};
    if (sealing) made.sealing = model::Sealing{net::DomainPattern::parse("example.net").value(), "s", "/k", {}};
    facts = at_end(std::move(facts), {field("Subject", "x")});
    return decide(*test::compile(std::move(made)), facts).seals;
  };
  const model::Facts outside = from("192.0.2.99", "a@x.example");
  EXPECT_TRUE(seals(set_header("X", "y"), true, outside));
  EXPECT_FALSE(seals(set_header("X", "y"), false, outside));
  EXPECT_FALSE(seals(action(RuleActionKind::bcc, {"b@x.example"}), true, outside));
  EXPECT_FALSE(seals(action(RuleActionKind::reject), true, outside));
  EXPECT_FALSE(seals(set_header("X", "y"), true, from("192.0.2.99", "a@x.example").user("a")));
}

TEST(Rules, EachConditionMatchesWhatItSays) {
  const model::Facts mail =
      at_end(from("192.0.2.99", "Alice@Contoso.COM").tls(),
             {field("From", "Alice <alice@contoso.com>"), field("To", "Carol <carol@example.net>, d@example.net"),
              field("Cc", "team@example.net"), field("Subject", "Quarterly Figures"), field("X-Spam", "yes")});
  struct Case {
    std::string_view title;
    std::function<void(RuleConditions&)> when;
    bool expected;
  };
  const Case cases[] = {
      {"sender", [](auto& c) { c.sender = {"alice@contoso.com"}; }, true},
      {"another sender", [](auto& c) { c.sender = {"bob@contoso.com"}; }, false},
      {"sender's domain", [](auto& c) { c.sender_domains = test::domains({"*.com"}); }, true},
      {"a domain above", [](auto& c) { c.sender_domains = test::domains({"*.tcontoso.com"}); }, false},
      {"sender's words", [](auto& c) { c.sender_words = {"ALICE"}; }, true},
      {"a part of a word", [](auto& c) { c.sender_words = {"lic"}; }, false},
      {"sender's patterns", [](auto& c) { c.sender_patterns = {"^a.*com$"}; }, true},
      {"recipient", [](auto& c) { c.recipient = {"user@example.net"}; }, true},
      {"recipient's domain", [](auto& c) { c.recipient_domains = test::domains({"example.org"}); }, false},
      {"recipient's words", [](auto& c) { c.recipient_words = {"user"}; }, true},
      {"recipient inside", [](auto& c) { c.recipient_scope = model::Scope::internal; }, true},
      {"recipient outside", [](auto& c) { c.recipient_scope = model::Scope::external; }, false},
      {"sender outside", [](auto& c) { c.sender_scope = model::Scope::external; }, true},
      {"inbound", [](auto& c) { c.direction = {Direction::inbound}; }, true},
      {"outbound",
       [](auto& c) {
         c.direction = {Direction::outbound, Direction::internal};
       },
       false},
      {"client", [](auto& c) { c.client_networks = test::networks({"192.0.2.0/24"}); }, true},
      {"another client", [](auto& c) { c.client_networks = test::networks({"198.51.100.0/24"}); }, false},
      {"TLS", [](auto& c) { c.tls = true; }, true},
      {"no TLS", [](auto& c) { c.tls = false; }, false},
      {"authenticated", [](auto& c) { c.authenticated = true; }, false},
      {"To", [](auto& c) { c.to_header = {"carol@example.net"}; }, true},
      {"not in To", [](auto& c) { c.to_header = {"team@example.net"}; }, false},
      {"Cc", [](auto& c) { c.cc_header = {"team@example.net"}; }, true},
      {"words in To", [](auto& c) { c.to_header_words = {"carol"}; }, true},
      {"subject's words", [](auto& c) { c.subject_words = {"quarterly figures"}; }, true},
      {"subject's patterns", [](auto& c) { c.subject_patterns = {"figures?$"}; }, true},
      {"a field",
       [](auto& c) {
         c.header = {{"x-spam", {}, {}, {}}};
       },
       true},
      {"a field's words",
       [](auto& c) {
         c.header = {{"X-Spam", {"no", "yes"}, {}, {}}};
       },
       true},
      {"other words",
       [](auto& c) {
         c.header = {{"X-Spam", {"no"}, {}, {}}};
       },
       false},
      {"another field",
       [](auto& c) {
         c.header = {{"X-Other", {}, {}, {}}};
       },
       false},
      {"keys are all asked",
       [](auto& c) {
         c.tls = true;
         c.subject_words = {"nothing"};
       },
       false},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(c.when, mail), c.expected) << c.title;
}

model::Facts mail_with_content() {
  model::Facts mail = at_end(from("192.0.2.7", "alice@contoso.com"),
                             {field("From", "alice@contoso.com"), field("To", "Carol <carol@example.net>"),
                              field("Cc", "Blue Team <team@example.net>"), field("Subject", "Quarterly Figures"),
                              field("X-Spam", "no"), field("X-Spam", "score=12.5")});
  model::MessageContent& content = mail.content.emplace();
  content.size = 2000;
  content.texts = {"The plan is top\r\nsecret, call 1234-5678.", "<b>Another reading</b>"};
  content.charsets = {"utf-8", "KOI8-R"};
  content.types = {model::MessageType::signed_mail, model::MessageType::list};
  mail.authentication.spf.emplace().result = model::SpfResult::softfail;
  mail.authentication.dkim.emplace().resize(2);
  mail.authentication.dkim->back().result = model::DkimResult::pass;
  mail.authentication.arc.emplace().result = model::ArcResult::fail;
  return mail;
}

TEST(Rules, EachConditionOnFieldsContentAndResultsMatchesWhatItSays) {
  const model::Facts mail = mail_with_content();
  struct Case {
    std::string_view title;
    std::function<void(RuleConditions&)> when;
    bool expected;
  };
  const Case cases[] = {
      {"connector",
       [](auto& c) {
         c.inbound_connectors = {"contoso", "plant"};
       },
       true},
      {"another connector", [](auto& c) { c.inbound_connectors = {"contoso"}; }, false},
      {"recipient's patterns", [](auto& c) { c.recipient_patterns = {"^USER@"}; }, true},
      {"other patterns of the recipient", [](auto& c) { c.recipient_patterns = {"^ser@"}; }, false},
      {"patterns in To", [](auto& c) { c.to_header_patterns = {"^carol <"}; }, true},
      {"other patterns in To", [](auto& c) { c.to_header_patterns = {"team"}; }, false},
      {"words in Cc", [](auto& c) { c.cc_header_words = {"blue team"}; }, true},
      {"words that are in To", [](auto& c) { c.cc_header_words = {"carol"}; }, false},
      {"patterns in Cc", [](auto& c) { c.cc_header_patterns = {"team@.*net"}; }, true},
      {"other patterns in Cc", [](auto& c) { c.cc_header_patterns = {"^team"}; }, false},
      {"patterns in the second of two fields",
       [](auto& c) {
         c.header = {{"X-Spam", {}, {R"(score=1\d\.)"}, {}}};
       },
       true},
      {"patterns of another field",
       [](auto& c) {
         c.header = {{"Subject", {}, {R"(score=1\d\.)"}, {}}};
       },
       false},
      {"words of the text, over a line end", [](auto& c) { c.body_or_subject_words = {"top secret"}; }, true},
      {"words of another reading", [](auto& c) { c.body_or_subject_words = {"another reading"}; }, true},
      {"words of the subject", [](auto& c) { c.body_or_subject_words = {"figures"}; }, true},
      {"a part of a word of the text", [](auto& c) { c.body_or_subject_words = {"secre"}; }, false},
      {"patterns of the text", [](auto& c) { c.body_or_subject_patterns = {R"(\b\d{4}-\d{4}\b)"}; }, true},
      {"patterns of the subject", [](auto& c) { c.body_or_subject_patterns = {"^quarterly"}; }, true},
      {"other patterns", [](auto& c) { c.body_or_subject_patterns = {R"(\d{5})"}; }, false},
      {"any charset that a part has", [](auto& c) { c.charset_words = {"koi8-r"}; }, true},
      {"another charset", [](auto& c) { c.charset_words = {"koi8-u"}; }, false},
      {"any type",
       [](auto& c) {
         c.message_types = {model::MessageType::calendar, model::MessageType::list};
       },
       true},
      {"another type", [](auto& c) { c.message_types = {model::MessageType::encrypted}; }, false},
      {"size", [](auto& c) { c.message_size_over = 1999; }, true},
      {"just that size", [](auto& c) { c.message_size_over = 2000; }, false},
      {"SPF",
       [](auto& c) {
         c.spf = {model::SpfResult::fail, model::SpfResult::softfail};
       },
       true},
      {"another result of SPF", [](auto& c) { c.spf = {model::SpfResult::pass}; }, false},
      {"a DKIM signature that is good", [](auto& c) { c.dkim = {model::DkimResult::pass}; }, true},
      {"one that is none, beside a good one", [](auto& c) { c.dkim = {model::DkimResult::none}; }, false},
      {"ARC", [](auto& c) { c.arc = {model::ArcResult::fail}; }, true},
      {"another result of ARC",
       [](auto& c) {
         c.arc = {model::ArcResult::pass, model::ArcResult::none};
       },
       false},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(c.when, mail), c.expected) << c.title;
}

TEST(Rules, ImportanceIsWhatEitherFieldSaysAndElseNormal) {
  using model::Importance;
  struct Case {
    std::string_view title;
    std::vector<model::MessageField> header;
    Importance expected;
  };
  const Case cases[] = {
      {"nothing", {}, Importance::normal},
      {"the field", {field("Importance", "High")}, Importance::high},
      {"in another case", {field("importance", "LOW")}, Importance::low},
      {"a word that is none", {field("Importance", "urgent")}, Importance::normal},
      {"an older field", {field("X-Priority", "1 (Highest)")}, Importance::high},
      {"an older field's middle", {field("X-Priority", "3")}, Importance::normal},
      {"an older field's end", {field("X-Priority", "5")}, Importance::low},
      {"both", {field("X-Priority", "5"), field("Importance", "high")}, Importance::high},
  };
  for (const Case& c : cases) {
    const model::Facts mail = at_end(from("192.0.2.99", "a@x.example"), c.header);
    for (const Importance one : {Importance::low, Importance::normal, Importance::high}) {
      EXPECT_EQ(matches([one](RuleConditions& k) { k.importance = {one}; }, mail), one == c.expected)
          << c.title << " " << model::word_of(one);
    }
  }
}

TEST(Rules, SendersAreLookedForWhereTheRuleSays) {
  const model::Facts mail = at_end(from("192.0.2.99", "bounce@list.example"), {field("From", "carol@example.org")});
  const auto found = [&mail](const std::string& sender, model::SenderLocation location) {
    return matches(
        [&](RuleConditions& c) {
          c.sender = {sender};
          c.sender_location = location;
        },
        mail);
  };
  EXPECT_TRUE(found("bounce@list.example", model::SenderLocation::either));
  EXPECT_TRUE(found("carol@example.org", model::SenderLocation::either));
  EXPECT_TRUE(found("carol@example.org", model::SenderLocation::header));
  EXPECT_FALSE(found("carol@example.org", model::SenderLocation::envelope));
  EXPECT_FALSE(found("bounce@list.example", model::SenderLocation::header));
}

TEST(Rules, AnyKeyOfUnlessPrevents) {
  const auto policy = with_rules({rejecting("r").unless([](RuleConditions& c) {
    c.tls = true;
    c.subject_words = {"please"};
  })});
  EXPECT_EQ(summary(decide(*policy, at_end(from("192.0.2.99", "a@x.example")))), "550 5.7.1 -");
  EXPECT_EQ(summary(decide(*policy, at_end(from("192.0.2.99", "a@x.example").tls()))), "accept -");
  EXPECT_EQ(summary(decide(*policy, at_end(from("192.0.2.99", "a@x.example"), {field("Subject", "Please!")}))),
            "accept -");
}

TEST(Rules, AreAskedInOrderUntilOneStops) {
  const auto all = [](const std::string& name) { return RuleBuilder(name).does(set_header("X-" + name, "1")); };
  const auto policy = with_rules({all("a"), all("b").audit().stop(), all("c").stop(), all("d")});
  const model::Decision decision = decide(*policy, at_end(from("192.0.2.99", "a@x.example")));
  EXPECT_THAT(hits(decision), ElementsAre("a", "b", "c"));
  ASSERT_EQ(decision.changes.fields.size(), 2U);
  EXPECT_EQ(decision.changes.fields[0].name, "X-a");
  EXPECT_EQ(decision.changes.fields[1].name, "X-c");
}

TEST(Rules, OfTheFinalActionsTheStrongestCounts) {
  const auto doing = [](RuleActionKind kind) {
    return RuleBuilder(std::string(model::word_of(kind))).does(action(kind));
  };
  const auto reject = doing(RuleActionKind::reject);
  const auto defer = doing(RuleActionKind::defer);
  const auto remove = doing(RuleActionKind::remove);
  const auto hold = doing(RuleActionKind::quarantine);
  struct Case {
    std::vector<model::Rule> rules;
    std::string_view expected;
  };
  const Case cases[] = {
      {{hold, remove, defer, reject}, "550 5.7.1 -"}, {{reject, defer}, "550 5.7.1 -"}, {{hold, defer}, "451 4.7.1 -"},
      {{defer, hold, remove}, "451 4.7.1 -"},         {{hold, remove}, "discard -"},    {{hold}, "quarantine -"},
  };
  for (const Case& c : cases) {
    const model::Decision decision = decide(*with_rules(c.rules), at_end(from("192.0.2.99", "a@x.example")));
    EXPECT_EQ(summary(decision), c.expected) << c.rules.size();
    const bool goes_on = decision.action == model::Action::quarantine;
    EXPECT_EQ(decision.quarantine.empty(), !goes_on);
    EXPECT_TRUE(decision.changes.removed_recipients.empty());
  }
}

TEST(Rules, ALaterRuleSeesWhatAnEarlierOneChanged) {
  const auto by_field = [](RuleConditions& c) { c.header = {{"X-Step", {"one"}, {}, {}}}; };
  const auto policy =
      with_rules({rejecting("before").when(by_field), RuleBuilder("sets").does(set_header("X-Step", "one")),
                  RuleBuilder("redirects").when(by_field).does(action(RuleActionKind::redirect, {"new@x.example"})),
                  rejecting("gone").when([](RuleConditions& c) { c.recipient = {"user@example.net"}; }),
                  RuleBuilder("added")
                      .when([](RuleConditions& c) { c.recipient = {"new@x.example"}; })
                      .does(set_header("X-New", "1"))});
  const model::Decision decision = decide(*policy, at_end(from("192.0.2.99", "a@x.example")));
  EXPECT_THAT(hits(decision), ElementsAre("sets", "redirects", "added"));
  EXPECT_THAT(decision.changes.removed_recipients, ElementsAre(0));
  EXPECT_THAT(decision.changes.added_recipients, ElementsAre(model::AddedRecipient{"new@x.example", false}));
}

TEST(Rules, ActionsOnRecipientsAreForThoseThatMatch) {
  model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
  facts.recipients = {"a@example.net", "B@example.net", "c@example.net"};
  const auto policy =
      with_rules({RuleBuilder("r")
                      .when([](RuleConditions& c) { c.recipient_domains = test::domains({"example.net"}); })
                      .unless([](RuleConditions& c) { c.recipient = {"b@example.net"}; })
                      .does(action(RuleActionKind::remove)),
                  RuleBuilder("copy").does(action(RuleActionKind::bcc, {"b@EXAMPLE.net", "x@y.example"}))});
  const model::Decision decision = decide(*policy, facts);
  EXPECT_THAT(decision.changes.removed_recipients, ElementsAre(0, 2));
  EXPECT_THAT(decision.changes.added_recipients, ElementsAre(model::AddedRecipient{"x@y.example", true}));
  EXPECT_EQ(decision.action, model::Action::accept);
}

TEST(Rules, AMessageThatNobodyIsLeftForIsThrownAway) {
  const auto policy = with_rules({RuleBuilder("r")
                                      .when([](RuleConditions& c) { c.recipient = {"user@example.net"}; })
                                      .does(action(RuleActionKind::remove))});
  EXPECT_EQ(summary(decide(*policy, at_end(from("192.0.2.99", "a@x.example")))), "discard -");
}

TEST(Rules, HoldFromOneTimeToAnother) {
  const auto policy = with_rules({rejecting("r").between(100, 200)});
  const auto at = [&policy](std::int64_t time) {
    model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
    facts.unix_time = time;
    return decide(*policy, facts).action == model::Action::reject;
  };
  EXPECT_FALSE(at(99));
  EXPECT_TRUE(at(100));
  EXPECT_TRUE(at(199));
  EXPECT_FALSE(at(200));
}

TEST(Rules, WhatCannotBeAskedIsDeferredOrPassedOver) {
  model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
  facts.header_incomplete = "its header is larger than rules look at";
  const auto by_subject = [](RuleConditions& c) { c.subject_words = {"x"}; };
  const auto strict = rejecting("r").when(by_subject);
  EXPECT_EQ(summary(decide(*with_rules({RuleBuilder("all")
                                            .when([](RuleConditions& c) { c.message_size_over = 1; })
                                            .does(action(RuleActionKind::reject))}),
                           facts)),
            "451 4.7.1 -");
  const model::Decision ignored = decide(*with_rules({RuleBuilder(strict).ignoring_errors()}), facts);
  EXPECT_EQ(summary(ignored), "accept -");
}

TEST(Rules, WhatIsKnownInPartIsNotChanged) {
  model::RuleAction disclaimer = action(RuleActionKind::disclaimer);
  disclaimer.text = "x";
  const auto footer = RuleBuilder("footer").does(disclaimer);
  model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
  facts.content.emplace();
  EXPECT_EQ(decide(*with_rules({footer}), facts).changes.disclaimers.size(), 1U);
  facts.content->unreadable = "the message is larger than is kept to be looked at";
  EXPECT_EQ(summary(decide(*with_rules({footer}), facts)), "451 4.7.1 -");
  const model::Decision ignored = decide(*with_rules({RuleBuilder(footer).ignoring_errors()}), facts);
  EXPECT_EQ(summary(ignored), "accept -");
  EXPECT_THAT(ignored.changes.disclaimers, IsEmpty());
  facts.header_incomplete = "its header is larger than rules look at";
  EXPECT_EQ(summary(decide(*with_rules({RuleBuilder("set").does(set_header("X", "1"))}), facts)), "451 4.7.1 -");
}

TEST(Rules, RefuseRecipientsByTheEnvelopeAlone) {
  const auto to_hr = [](RuleConditions& c) { c.recipient = {"hr@example.net"}; };
  const auto by_subject = [](RuleConditions& c) { c.subject_words = {"x"}; };
  const auto hr = rejecting("hr").when(to_hr);
  struct Case {
    std::string_view title;
    std::vector<model::Rule> rules;
    bool refused;
  };
  const Case cases[] = {
      {"alone", {hr}, true},
      {"behind a rule that changes something", {RuleBuilder("a").does(set_header("X", "1")), hr}, true},
      {"behind one that may stop", {RuleBuilder("a").when(by_subject).stop(), hr}, false},
      {"behind one that stops", {RuleBuilder("a").when([](RuleConditions& c) { c.tls = false; }).stop(), hr}, false},
      {"behind one that would stop other mail",
       {RuleBuilder("a").when([](RuleConditions& c) { c.tls = true; }).stop(), hr},
       true},
      {"behind one that takes the recipient away",
       {RuleBuilder("a").when(to_hr).does(action(RuleActionKind::redirect, {"x@y.example"})), hr},
       false},
      {"in audit", {rejecting("hr").when(to_hr).audit()}, false},
      {"a header is asked for too",
       {rejecting("hr").when([](RuleConditions& c) {
         c.recipient = {"hr@example.net"};
         c.subject_words = {"x"};
       })},
       false},
      {"with an exception that is not known",
       {rejecting("hr").when(to_hr).unless([](RuleConditions& c) { c.subject_words = {"x"}; })},
       false},
  };
  for (const Case& c : cases) {
    const auto policy = with_rules(c.rules);
    const model::Facts facts = from("192.0.2.99", "a@x.example");
    const model::Decision so_far = decide(*policy, facts);
    EXPECT_EQ(refusal_by_rule(*policy, facts, "HR@example.net", so_far).has_value(), c.refused) << c.title;
    EXPECT_FALSE(refusal_by_rule(*policy, facts, "other@example.net", so_far)) << c.title;
  }
}

TEST(Rules, DirectionIsByWhoSendsAndWhoGetsIt) {
  struct Case {
    std::string_view title;
    model::Facts facts;
    std::string recipient;
    Direction expected;
  };
  const Case cases[] = {
      {"a stranger", from("192.0.2.99", "a@x.example"), "b@example.net", Direction::inbound},
      {"a stranger in our name", from("192.0.2.99", "a@example.net"), "b@x.example", Direction::inbound},
      {"a user", from("192.0.2.99", "a@example.net").user("a"), "b@x.example", Direction::outbound},
      {"a user to us", from("192.0.2.99", "a@example.net").user("a"), "b@EXAMPLE.net", Direction::internal},
      {"a host of ours", from("192.0.2.7", "a@example.net"), "b@x.example", Direction::outbound},
      {"a program of ours", from("127.0.0.1", "a@example.net").local(), "root", Direction::internal},
  };
  for (const Case& c : cases) {
    for (const Direction direction : {Direction::inbound, Direction::outbound, Direction::internal}) {
      model::Facts facts = at_end(c.facts);
      facts.recipients = {c.recipient};
      EXPECT_EQ(matches([direction](RuleConditions& k) { k.direction = {direction}; }, facts), direction == c.expected)
          << c.title << " " << model::word_of(direction);
    }
  }
}

TEST(Rules, ResultsOfAuthenticationAreLookedAt) {
  model::Facts facts = at_end(from("192.0.2.99", "a@x.example"));
  const auto by_dmarc = [](RuleConditions& c) { c.dmarc = {model::DmarcResult::fail, model::DmarcResult::none}; };
  EXPECT_FALSE(matches(by_dmarc, facts));
  facts.authentication.dmarc.emplace().result = model::DmarcResult::fail;
  EXPECT_TRUE(matches(by_dmarc, facts));
  facts.authentication.dmarc->result = model::DmarcResult::pass;
  EXPECT_FALSE(matches(by_dmarc, facts));
}

TEST(Rules, SayWhyTheyMatched) {
  const auto policy = with_rules({rejecting("no lottery").when([](RuleConditions& c) {
    c.subject_words = {"lottery"};
    c.recipient = {"user@example.net"};
  })});
  const model::Decision decision =
      decide(*policy, at_end(from("192.0.2.99", "a@x.example"), {field("Subject", "Win the lottery")}));
  ASSERT_EQ(decision.rules.size(), 1U);
  EXPECT_EQ(decision.rules[0].because, "subject_words (Win the lottery), recipient (user@example.net)");
  const model::Finding* finding = test::find(decision, model::check::rule);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->outcome, model::Outcome::fail);
  EXPECT_EQ(finding->expected, "nothing that rule \"no lottery\" keeps back (reject)");
}

TEST(Rules, NeedNothingOfMessagesThatNoneAsksFor) {
  const auto policy = with_rules({rejecting("r").when([](RuleConditions& c) {
    c.sender = {"a@x.example"};
    c.sender_location = model::SenderLocation::envelope;
  })});
  const RuleNeeds& needs = policy->rules().needs();
  EXPECT_FALSE(needs.header || needs.size || needs.content || needs.recipients);
}

TEST(Rules, AreMeasuredByTheClockThatIsLent) {
  static std::int64_t now = 0;
  const auto policy = with_rules({RuleBuilder("passes by").when([](auto& when) { when.subject_words = {"no"}; }),
                                  RuleBuilder("matches").audit().when([](auto& when) { when.sender_words = {"a"}; })});
  const model::Facts facts = at_end(from("192.0.2.99", "a@b.example"), {field("From", "a@b.example")});
  const auto measured = decide(*policy, facts, [] { return now += 2'500; });
  ASSERT_EQ(measured.rules.size(), 1U);
  EXPECT_EQ(measured.rules[0].microseconds, 3);
  EXPECT_EQ(decide(*policy, facts).rules.at(0).microseconds, 0);
}

}  // namespace
}  // namespace connectord::engine
