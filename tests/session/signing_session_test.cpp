#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "auth/dkim_signing.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/session/session.h"
#include "engine/builder.h"
#include "log/recording_log.h"

namespace connectord::session {
namespace {

using auth::testing::Message;
using ::testing::HasSubstr;
using ::testing::Not;

const auth::DkimPrivateKey& signing_key() {
  static const auth::DkimPrivateKey made = *auth::DkimPrivateKey::make(auth::DkimAlgorithm::ed25519_sha256);
  return made;
}

model::Configuration signing_configuration() {
  auto made = engine::test::configuration({});
  made.signing = {{net::DomainPattern::parse("example.com").value(), "sel", "/k", {}, {}}};
  return made;
}

class SigningSessionTest : public ::testing::Test {
 protected:
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;
  runtime::PolicyStore policies_{engine::test::compile(signing_configuration()), nullptr,
                                 runtime::Secrets{nullptr,
                                                  std::make_shared<runtime::SigningKeys>(
                                                      runtime::SigningKeys{{"example.com", "sel", {}, signing_key()}}),
                                                  nullptr}};
  Session session_{{policies_, live_, log_, [] { return auth::testing::now; }}, intake_};

  EndOfMessageResult play(const Message& message, const std::string& user = "carol") {
    session_.connected({"client.example", net::IpAddress::parse("192.0.2.1"), 25000, 25, false});
    session_.mail_from("<joe@example.com>", user);
    session_.rcpt_to("<user@example.net>", "");
    for (const auto& [name, value] : message.headers) session_.header(name, value);
    session_.end_of_headers();
    for (const char c : message.body) session_.body({&c, 1});
    return session_.end_of_message("4X");
  }
};

TEST_F(SigningSessionTest, PutsASignatureOnTopThatVerifies) {
  Message message = auth::testing::plain_message();
  message.headers.push_back({"X-Connector", " forged"});
  const EndOfMessageResult ending = play(message);
  ASSERT_EQ(ending.header_changes.size(), 2U);
  EXPECT_EQ(ending.header_changes[0].kind, model::HeaderChange::Kind::remove);
  const model::HeaderChange& change = ending.header_changes[1];
  EXPECT_EQ(change.name, "DKIM-Signature");
  EXPECT_EQ(change.position, 0U);
  message.headers.pop_back();
  message.headers.insert(message.headers.begin(), {change.name, " " + change.value});
  const auto result = auth::testing::verify_one(message, auth::testing::zone_with(signing_key().record()));
  EXPECT_EQ(result.result, model::DkimResult::pass) << result.problem;
  EXPECT_THAT(log_.lines().back(), HasSubstr("signing=\"signed for example.com with selector sel\""));
}

TEST_F(SigningSessionTest, DoesNotSignForStrangers) {
  EXPECT_TRUE(play(auth::testing::plain_message(), "").header_changes.empty());
  EXPECT_THAT(log_.lines().back(), HasSubstr("not signed: it comes from elsewhere"));
}

TEST_F(SigningSessionTest, DoesNotSignWhatAProgramPassesOn) {
  const auto handed_in = [this](const std::vector<std::pair<std::string, std::string>>& received) {
    session_.connected({"localhost", net::IpAddress::parse("127.0.0.1"), 0, 0, true});
    session_.mail_from("<joe@example.com>", "");
    session_.rcpt_to("<user@example.net>", "");
    for (const auto& [name, value] : received) session_.header(name, value);
    for (const auto& [name, value] : auth::testing::plain_message().headers) session_.header(name, value);
    session_.end_of_headers();
    return session_.end_of_message("4X").header_changes.size();
  };
  EXPECT_EQ(handed_in({}), 1U);
  EXPECT_EQ(handed_in({{"Received", " from a.example by b.example; date"}}), 0U);
  EXPECT_THAT(log_.lines().back(), HasSubstr("handed it in with a Received field"));
  EXPECT_EQ(handed_in({{"RECEIVED ", " anything"}}), 0U) << "obsolete syntax";
  EXPECT_EQ(handed_in({}), 1U) << "the next message is another one";
}

TEST_F(SigningSessionTest, SignsTheNextMessageOfAConnectionAnew) {
  const std::string first = play(auth::testing::plain_message()).header_changes.at(0).value;
  Message other = auth::testing::plain_message();
  other.body = "Another.\r\n";
  EXPECT_NE(play(other).header_changes.at(0).value, first);
  EXPECT_EQ(play(auth::testing::plain_message()).header_changes.at(0).value, first);
}

TEST_F(SigningSessionTest, DefersWithoutTheBodyThatItNeeds) {
  EXPECT_TRUE(Session::wants_body(*policies_.current().policy));
  session_.set_has_body(false);
  EXPECT_EQ(session_.mail_from("<a@example.com>", "carol").action, model::Action::defer);
}

TEST_F(SigningSessionTest, TellsWhatItWouldSignWhereThereAreNoKeys) {
  policies_.replace(engine::test::compile(signing_configuration()));
  const EndOfMessageResult ending = play(auth::testing::plain_message());
  EXPECT_TRUE(ending.header_changes.empty());
  EXPECT_EQ(ending.decision.signatures.size(), 1U);
}

// A configuration with one key, in files.
class SigningKeysTest : public ::testing::Test {
 protected:
  SigningKeysTest() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-signing-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0755);
    std::ofstream(folder_ / "connectord.toml") << "[server]\nmilter = \"unix:/run/m\"\n[[signing]]\ndomain = "
                                                  "\"example.com\"\nselector = \"sel\"\nkey_file = \""
                                               << (folder_ / "key.pem").string() << "\"\n";
    write_key(signing_key().to_pem());
  }
  ~SigningKeysTest() override { std::filesystem::remove_all(folder_); }

  void write_key(const std::string& pem, mode_t mode = 0600) const {
    std::ofstream(folder_ / "key.pem") << pem;
    ::chmod((folder_ / "key.pem").c_str(), mode);
  }
  runtime::LoadedPolicy load(runtime::SecretFiles files = runtime::SecretFiles::read) const {
    return runtime::load_policy((folder_ / "connectord.toml").string(), {"mx.example.net"}, files);
  }

  std::filesystem::path folder_;
};

TEST_F(SigningKeysTest, AreLoadedWithTheConfiguration) {
  const runtime::LoadedPolicy loaded = load();
  ASSERT_TRUE(loaded.policy);
  ASSERT_TRUE(loaded.secrets.signing_keys);
  EXPECT_EQ(loaded.secrets.signing_keys->at(0).key.record(), signing_key().record());
}

TEST_F(SigningKeysTest, ThatDoNotLoadMeanThatTheConfigurationDoesNot) {
  const std::string pem = signing_key().to_pem();
  const std::string secret = pem.substr(pem.find('\n') + 1, 20);
  for (const auto& [content, mode, words] :
       {std::tuple{pem, 0644U, "others may use the file"}, std::tuple{pem.substr(0, 60), 0600U, "no private key"},
        std::tuple{std::string(), 0600U, "this is not PEM"}}) {
    write_key(content, mode);
    const runtime::LoadedPolicy loaded = load();
    EXPECT_FALSE(loaded.policy) << words;
    EXPECT_FALSE(loaded.secrets.signing_keys) << words;
    ASSERT_EQ(loaded.problems.size(), 1U) << words;
    EXPECT_EQ(loaded.problems[0].key, "signing.key_file");
    EXPECT_EQ(loaded.problems[0].location.line, 3U);
    EXPECT_THAT(loaded.problems[0].message, HasSubstr(words));
    EXPECT_THAT(loaded.problems[0].message, Not(HasSubstr(secret)));
  }
}

TEST_F(SigningKeysTest, AreLeftAloneWhereNobodySigns) {
  std::filesystem::remove(folder_ / "key.pem");
  EXPECT_FALSE(load().policy);
  EXPECT_TRUE(load(runtime::SecretFiles::leave).policy);
}

}  // namespace
}  // namespace connectord::session
