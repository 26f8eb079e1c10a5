#include "connectord/session/session.h"

#include <gtest/gtest.h>

#include <thread>

#include "connectord/session/policy_request_handler.h"
#include "engine/builder.h"
#include "log/recording_log.h"

namespace connectord::session {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors
using model::Action;

const std::string key(64, 'a');

model::Configuration contoso() {
  return configuration({partner("contoso").from_domains({"contoso.com"}).tls(),
                        partner("pinned")
                            .from_domains({"pinned.example"})
                            .require_certificate(certificate("", "", {"spki-sha256:" + key}))});
}

class SessionTest : public testing::Test {
 protected:
  runtime::PolicyStore policies_{engine::test::compile(contoso())};
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;
  runtime::Services services_{policies_, live_, log_, [] { return std::int64_t{0}; }};
  Session session_{services_, intake_};

  void connect(std::uint16_t port = 25000) {
    session_.connected({"mail.example.org", net::IpAddress::parse("192.0.2.1"), port, 25, false});
    session_.helo("mail.example.org");
  }
  void secure() { session_.secured(model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "", 256}, {}); }

  PolicyRequest request(const std::string& public_key, std::uint16_t port = 25000) const {
    PolicyRequest made;
    made.facts.client_address = net::IpAddress::parse("192.0.2.1");
    made.facts.client_port = port;
    made.facts.mail_from = mail::parse_reverse_path("a@pinned.example");
    made.facts.recipients = {"user@example.net"};
    made.facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "", 256};
    made.facts.certificate.sha256 = "";
    made.facts.certificate.public_key_sha256 = public_key;
    made.server_port = 25;
    made.instance = "1.2.3";
    return made;
  }
  std::string answer_to_rcpt(const std::string& sender) {
    session_.mail_from("<" + sender + ">", "");
    const Answer answer = session_.rcpt_to("<user@example.net>", "");
    return answer.reply ? std::to_string(answer.reply->code) + " " + answer.reply->enhanced : "go on";
  }
};

TEST_F(SessionTest, TagsAMessageAndRemovesEveryTagThatCameWithItLastToFirst) {
  connect();
  secure();
  EXPECT_EQ(answer_to_rcpt("a@contoso.com"), "go on");
  for (const char* name :
       {"Subject", "X-Connector", "x-connector", "X-CONNECTOR ", "X-Connector\t", "X-Connector-Not"}) {
    session_.header(name, "evil");
  }
  const EndOfMessageResult ending = session_.end_of_message("4X");
  std::vector<std::uint32_t> removed;
  for (const auto& change : ending.header_changes) {
    if (change.kind == model::HeaderChange::Kind::remove) removed.push_back(change.position);
  }
  EXPECT_EQ(removed, (std::vector<std::uint32_t>{4, 3, 2, 1}));
  EXPECT_EQ(ending.header_changes.back().kind, model::HeaderChange::Kind::insert);
  EXPECT_EQ(ending.header_changes.back().value, "contoso");
}

TEST_F(SessionTest, RemovesForgedTagsFromMailOfNoConnectorToo) {
  connect();
  EXPECT_EQ(answer_to_rcpt("a@other.example"), "go on");
  session_.header("X-Connector", "contoso");
  const EndOfMessageResult ending = session_.end_of_message("4X");
  ASSERT_EQ(ending.header_changes.size(), 1U);
  EXPECT_EQ(ending.header_changes[0].kind, model::HeaderChange::Kind::remove);
}

TEST_F(SessionTest, RefusesAMessageOfMoreForgedFieldsThanAnHonestOneHasAndChangesNothing) {
  struct Case {
    const char* title;
    std::size_t fields;
    const char* other;
    std::size_t bytes_before;
    const char* answer;
  };
  for (const Case& c : {Case{"as many as may be", 50, "X-Connector", 0, "accept contoso"},
                        Case{"one too many", 51, "X-Connector", 0, "550 5.6.0 contoso"},
                        Case{"of several names", 51, "X-Connector-Route", 0, "550 5.6.0 contoso"},
                        Case{"by the hundred thousand", 100'000, "x-connector ", 0, "550 5.6.0 contoso"},
                        Case{"a few behind a long header", 4, "X-Connector", 1'000'000, "accept contoso"},
                        Case{"many behind a long header", 5, "X-Connector", 1'000'000, "550 5.6.0 contoso"}}) {
    connect();
    secure();
    EXPECT_EQ(answer_to_rcpt("a@contoso.com"), "go on");
    session_.header("Subject", std::string(c.bytes_before, 'x'));
    for (std::size_t i = 0; i < c.fields; ++i) session_.header(i % 2 == 0 ? "X-Connector" : c.other, "a");
    const EndOfMessageResult ending = session_.end_of_message("4X");
    EXPECT_EQ(summary(ending.decision), c.answer) << c.title;
    const bool refused = ending.answer.action == Action::reject;
    EXPECT_EQ(ending.header_changes.size(), refused ? 0 : c.fields + 1) << c.title;
    EXPECT_EQ(ending.decision.findings.front().check == "forged_fields", refused) << c.title;
  }
}

TEST_F(SessionTest, RefusesSubmissionsOfTooManyForgedFieldsTooAndForgetsThemForTheNextMessage) {
  connect();
  session_.mail_from("<a@example.net>", "alice");
  session_.rcpt_to("<user@example.net>", "");
  for (int i = 0; i < 51; ++i) session_.header("X-Connector", "a");
  EXPECT_EQ(summary(session_.end_of_message("4X").decision), "550 5.6.0 -");
  session_.mail_from("<a@example.net>", "alice");
  session_.rcpt_to("<user@example.net>", "");
  session_.header("X-Connector", "a");
  EXPECT_EQ(summary(session_.end_of_message("4Y").decision), "accept -");
}

TEST_F(SessionTest, DecidesEachMessageOfAConnectionByItself) {
  connect();
  EXPECT_EQ(answer_to_rcpt("a@contoso.com"), "550 5.7.10");
  EXPECT_EQ(answer_to_rcpt("a@other.example"), "go on");
  session_.header("X-Connector", "x");
  session_.abort();
  EXPECT_EQ(answer_to_rcpt("a@other.example"), "go on");
  EXPECT_TRUE(session_.end_of_message("4X").header_changes.empty()) << "the aborted message's headers are gone";
  secure();
  EXPECT_EQ(answer_to_rcpt("a@contoso.com"), "go on") << "after STARTTLS, told at MAIL";
}

TEST_F(SessionTest, JoinsThePolicyServicesFingerprints) {
  connect();
  secure();
  EXPECT_EQ(answer_to_rcpt("a@pinned.example"), "451 4.7.1") << "no policy request yet";
  PolicyRequestHandler inquirer(services_);
  EXPECT_EQ(inquirer.ask(request(key)).action, Action::accept) << "the milter answers";
  EXPECT_EQ(session_.rcpt_to("<user@example.net>", "").action, Action::accept)
      << "the same message, now that it is known";
  EXPECT_EQ(inquirer.ask(request(std::string(64, 'b'))).action, Action::accept);
  EXPECT_EQ(answer_to_rcpt("a@pinned.example"), "550 5.7.1") << "another certificate";
}

TEST_F(SessionTest, BelievesNoFingerprintOfAnotherConnection) {
  connect(25000);
  secure();
  PolicyRequestHandler inquirer(services_);
  EXPECT_EQ(inquirer.ask(request(key)).action, Action::accept);
  connect(25000);
  secure();
  EXPECT_EQ(answer_to_rcpt("a@pinned.example"), "451 4.7.1") << "the same address and port, a later connection";
  PolicyRequest other_port = request(key);
  other_port.server_port = 587;
  EXPECT_EQ(inquirer.ask(other_port).action, Action::accept) << "decided alone";
  EXPECT_EQ(answer_to_rcpt("a@pinned.example"), "451 4.7.1") << "another port of ours";
}

TEST_F(SessionTest, ForgetsWhatWasToldBeforeTls) {
  connect();
  PolicyRequestHandler inquirer(services_);
  PolicyRequest plain = request(key);
  plain.facts.tls.reset();
  inquirer.ask(plain);
  secure();
  EXPECT_EQ(answer_to_rcpt("a@pinned.example"), "451 4.7.1");
}

TEST_F(SessionTest, LetsThePolicyServiceDecideWhereNoMilterSessionLives) {
  PolicyRequestHandler inquirer(services_);
  EXPECT_EQ(inquirer.ask(request(key, 1)).action, Action::accept);
  const Answer refused = inquirer.ask(request("", 1));
  ASSERT_TRUE(refused.reply);
  EXPECT_EQ(refused.reply->enhanced, "5.7.1");
  inquirer.ask(request("", 1));
  EXPECT_EQ(log_.lines().size(), 1U) << "one line a message, however many recipients it has";
}

TEST_F(SessionTest, KeepsAMessageToTheConfigurationItBeganWith) {
  connect();
  session_.mail_from("<a@contoso.com>", "");
  policies_.replace(engine::test::compile(configuration({})));
  EXPECT_EQ(session_.rcpt_to("<user@example.net>", "").action, Action::reject);
  EXPECT_EQ(answer_to_rcpt("a@contoso.com"), "go on");
  EXPECT_EQ(policies_.current().number, 2U);
}

TEST_F(SessionTest, DefersNewMessagesWhenItStopsAndLetsOthersEnd) {
  connect();
  EXPECT_EQ(answer_to_rcpt("a@other.example"), "go on");
  EXPECT_EQ(intake_.messages(), 1);
  intake_.close();
  EXPECT_EQ(session_.end_of_message("4X").answer.action, Action::accept);
  EXPECT_EQ(intake_.messages(), 0);
  EXPECT_EQ(session_.mail_from("<a@other.example>", "").reply->enhanced, "4.3.2");
}

TEST_F(SessionTest, AsksForTheRestOfTooManyRecipientsAgain) {
  connect();
  session_.mail_from("<a@other.example>", "");
  const std::string large(1 << 20, 'x');
  Action last = Action::accept;
  for (int i = 0; i < 5 && last == Action::accept; ++i) last = session_.rcpt_to(large, "").action;
  EXPECT_EQ(last, Action::defer);
  EXPECT_EQ(session_.end_of_message("4X").answer.action, Action::accept) << "those before it are delivered";
}

TEST_F(SessionTest, DefersEventsThatComeWithoutAMessage) {
  connect();
  EXPECT_EQ(session_.rcpt_to("<a@b>", "").action, Action::defer);
  EXPECT_EQ(session_.end_of_message("4X").answer.action, Action::defer);
}

TEST_F(SessionTest, LogsOneLineAMessageQueueIdFirst) {
  connect();
  answer_to_rcpt("a@contoso.com");
  session_.rcpt_to("<b@example.net>", "");
  answer_to_rcpt("a@other.example");
  session_.end_of_message("4WqX1z2");
  const auto lines = log_.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with(
      "NOQUEUE: client=mail.example.org[192.0.2.1]:25000, helo=mail.example.org, from=<a@contoso.com>"));
  EXPECT_NE(lines[0].find("connector=contoso, action=reject, reply=\"550 5.7.10"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("finding=\"require.tls(contoso): expected TLS, seen no TLS\""), std::string::npos)
      << lines[0];
  EXPECT_TRUE(lines[1].starts_with("4WqX1z2: client=")) << lines[1];
}

TEST(ThreadedSessions, ShareEverythingWithoutARace) {
  runtime::PolicyStore policies{engine::test::compile(contoso())};
  runtime::LiveSessions live;
  test::RecordingLog log;
  InFlight intake;
  const runtime::Services services{policies, live, log, [] { return std::int64_t{0}; }};
  const auto client = [&](std::uint16_t first_port) {
    Session session(services, intake);
    PolicyRequestHandler inquirer(services);
    for (std::uint16_t i = 0; i < 200; ++i) {
      const auto port = static_cast<std::uint16_t>(first_port + i);
      session.connected({"x", net::IpAddress::parse("192.0.2.1"), port, 25, false});
      session.secured(model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "", 256}, {});
      PolicyRequest request;
      request.facts.client_address = net::IpAddress::parse("192.0.2.1");
      request.facts.client_port = port;
      request.facts.tls = model::Tls{};
      request.facts.certificate.public_key_sha256 = key;
      inquirer.ask(request);
      session.mail_from("<a@pinned.example>", "");
      EXPECT_EQ(session.rcpt_to("<b@example.net>", "").action, Action::accept);
      session.end_of_message("4X");
    }
  };
  std::vector<std::jthread> threads;
  for (std::uint16_t i = 0; i < 4; ++i) threads.emplace_back(client, static_cast<std::uint16_t>(1000 * (i + 1)));
  for (int i = 0; i < 50; ++i) policies.replace(engine::test::compile(contoso()));
  threads.clear();
  EXPECT_EQ(log.lines().size(), 800U);
  EXPECT_EQ(live.size(), 0U);
  EXPECT_EQ(intake.messages(), 0);
}

TEST_F(SessionTest, BelievesNoPolicyRequestThatAnyUserOfThisMachineCouldMake) {
  auto made = configuration({partner("contoso")
                                 .from_domains({"contoso.com"})
                                 .require_certificate(certificate("mail.contoso.com", "Contoso CA"))});
  const auto answer_over = [&](const std::string& listener, std::optional<std::vector<net::AddressRange>> clients) {
    made.server.policy = net::Endpoint::parse(listener).value();
    made.server.inet_clients = std::move(clients);
    policies_.replace(engine::test::compile(made));
    connect();
    PolicyRequest forged = request("");
    forged.facts.mail_from = mail::parse_reverse_path("a@contoso.com");
    forged.facts.certificate.subject_common_name = "mail.contoso.com";
    forged.facts.certificate.issuer_common_name = "Contoso CA";
    PolicyRequestHandler(services_).ask(forged);
    return answer_to_rcpt("a@contoso.com");
  };
  EXPECT_EQ(answer_over("unix:/run/p.sock", std::nullopt), "go on");
  EXPECT_EQ(answer_over("inet:127.0.0.1:8892", std::nullopt), "550 5.7.10");
  EXPECT_EQ(answer_over("inet:127.0.0.1:8892", networks({"192.0.2.25"})), "go on");
}

}  // namespace
}  // namespace connectord::session
