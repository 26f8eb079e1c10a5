// What a browser may, and who is logged in.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "api/browser_guard.h"
#include "api/sessions.h"
#include "connectord/api/api.h"
#include "log/recording_log.h"

namespace connectord::api {
namespace {

using Json = nlohmann::ordered_json;

// An API on TCP with a token of each role.
class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    std::filesystem::create_directories(folder_);
    settings_.api_tokens = folder_ + "/tokens";
    settings_.authserv_id = "mx.example.net";
    for (const char* role : {"read", "operate", "admin"}) add_token(role);
  }
  ~ConsoleTest() override { std::filesystem::remove_all(folder_); }

  void add_token(const char* role) {
    NewToken made = make_token(role, *parse_role(role), now_);
    secrets_[role] = made.secret;
    tokens_.push_back(std::move(made.token));
    write_tokens();
  }
  void write_tokens() {
    std::filesystem::remove(settings_.api_tokens);
    std::ofstream(settings_.api_tokens) << format_tokens(tokens_);
    std::filesystem::permissions(settings_.api_tokens, std::filesystem::perms::owner_read);
  }
  Request request(const std::string& method, const std::string& target, const std::string& secret = "") {
    Request made{method, target, secret.empty() ? "" : "Bearer " + secret, "", "", "", {"192.0.2.1", {}}};
    made.host = "localhost:8025";
    return made;
  }
  Api& api() {
    if (!api_) api_.emplace(Api::Setup{services_, reloader_, intake_, {"", 1, 1, settings_}, settings_});
    return *api_;
  }
  Response ask(const std::string& method, const std::string& target, const std::string& secret = "") {
    return api().handle(request(method, target, secret));
  }
  std::string begun(const std::string& secret) {
    const Response response = ask("POST", "/api/session", secret);
    EXPECT_EQ(response.status, 201U) << response.body;
    return Json::parse(response.body).value("secret", "");
  }

  std::int64_t now_ = 1'000'000;
  std::string folder_ = testing::TempDir() + "console-test-" + std::to_string(::getpid());
  model::Server settings_;
  std::map<std::string, std::string> secrets_;
  std::vector<Token> tokens_;
  test::RecordingLog log_;
  runtime::PolicyStore policies_{engine::Policy::compile({}).policy};
  runtime::LiveSessions live_;
  session::InFlight intake_;
  runtime::Services services_{policies_, live_, log_, [this] { return now_; }};
  runtime::Reloader reloader_{"/nonexistent", services_};
  std::optional<Api> api_;
};

std::string header(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_F(ConsoleTest, ASessionMayWhatItsTokenMay) {
  for (const char* role : {"read", "operate", "admin"}) {
    const std::string session = begun(secrets_[role]);
    const Json who = Json::parse(ask("GET", "/api/session", session).body);
    EXPECT_EQ(who["name"], role);
    EXPECT_EQ(who["role"], role);
    EXPECT_EQ(who["ends"], "1970-01-12T21:46:40Z");
    EXPECT_EQ(ask("GET", "/api/tokens", session).status, role == std::string("admin") ? 200U : 403U);
  }
}

TEST_F(ConsoleTest, ASessionEndsByItselfWithItsTokenAndWhenToldTo) {
  const std::string idle = begun(secrets_["read"]);
  now_ += Sessions::idle_seconds - 1;
  EXPECT_EQ(ask("GET", "/api/session", idle).status, 200U);
  now_ += Sessions::idle_seconds;
  EXPECT_EQ(ask("GET", "/api/session", idle).status, 401U);

  const std::string busy = begun(secrets_["read"]);
  const std::int64_t began = now_;
  while (now_ < began + Sessions::longest_seconds) {
    EXPECT_EQ(ask("GET", "/api/session", busy).status, 200U);
    now_ += Sessions::idle_seconds / 2;
  }
  EXPECT_EQ(ask("GET", "/api/session", busy).status, 401U);

  const std::string begun_then = begun(secrets_["read"]);
  EXPECT_EQ(ask("DELETE", "/api/session", begun_then).status, 204U);
  EXPECT_EQ(ask("GET", "/api/session", begun_then).status, 401U);

  const std::string orphan = begun(secrets_["operate"]);
  std::erase_if(tokens_, [](const Token& token) { return token.name == "operate"; });
  write_tokens();
  EXPECT_EQ(ask("GET", "/api/session", orphan).status, 401U);
}

TEST_F(ConsoleTest, NoSessionBegetsAnother) {
  const std::string session = begun(secrets_["admin"]);
  EXPECT_EQ(ask("POST", "/api/session", session).status, 403U);
  EXPECT_EQ(ask("POST", "/api/session/link", session).status, 403U);
  EXPECT_EQ(ask("DELETE", "/api/session", secrets_["admin"]).status, 409U);
}

TEST_F(ConsoleTest, ALinkBeginsOneSessionWithinAMinuteAndDoesNothingElse) {
  const auto link = [this] {
    return Json::parse(ask("POST", "/api/session/link", secrets_["read"]).body).value("secret", "");
  };
  const std::string once = link();
  EXPECT_EQ(ask("GET", "/api/session", once).status, 401U);
  EXPECT_EQ(ask("GET", "/api/session", begun(once)).status, 200U);
  EXPECT_EQ(ask("POST", "/api/session", once).status, 401U);
  const std::string late = link();
  now_ += Sessions::link_seconds;
  EXPECT_EQ(ask("POST", "/api/session", late).status, 401U);
}

TEST_F(ConsoleTest, AnAdministratorEndsSessionsOfOthers) {
  const std::string theirs = begun(secrets_["read"]);
  const Json list = Json::parse(ask("GET", "/api/sessions", secrets_["admin"]).body)["sessions"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["name"], "read");
  EXPECT_EQ(list[0]["own"], false);
  const std::string path = "/api/sessions/" + list[0]["id"].get<std::string>();
  EXPECT_EQ(ask("DELETE", path, secrets_["operate"]).status, 403U);
  EXPECT_EQ(ask("DELETE", path, secrets_["admin"]).status, 204U);
  EXPECT_EQ(ask("DELETE", path, secrets_["admin"]).status, 404U);
  EXPECT_EQ(ask("GET", "/api/session", theirs).status, 401U);
}

TEST_F(ConsoleTest, SecretsStandInNoList) {
  const std::string session = begun(secrets_["admin"]);
  for (const char* path : {"/api/sessions", "/api/tokens"}) {
    const std::string body = ask("GET", path, session).body;
    for (const std::string& secret : {session, secrets_["admin"], tokens_.back().sha256}) {
      EXPECT_EQ(body.find(secret), std::string::npos) << path;
    }
  }
  for (const std::string& line : log_.lines()) EXPECT_EQ(line.find(session), std::string::npos);
}

TEST(Sessions, AreBounded) {
  Sessions sessions;
  const Caller caller{"alice", Role::read};
  const std::string first = sessions.begin(caller, "", 1).secret;
  std::string last;
  for (std::size_t i = 0; i < Sessions::max_sessions; ++i) last = sessions.begin(caller, "", 2).secret;
  EXPECT_EQ(sessions.list(2).size(), Sessions::max_sessions);
  EXPECT_FALSE(sessions.find(first, 2));
  EXPECT_TRUE(sessions.find(last, 2));
  std::string link;
  for (std::size_t i = 0; i <= Sessions::max_links; ++i) link = sessions.make_link(caller, 2);
  EXPECT_TRUE(sessions.redeem(link, 2));
}

TEST_F(ConsoleTest, OtherSitesAndOtherNamesAreRefused) {
  struct Case {
    const char* title;
    const char* host;
    const char* origin;
    const char* site;
    unsigned status;
  };
  const std::vector<Case> cases = {
      {"a program", "localhost:8025", "", "", 200},
      {"a program, by any name", "other.example", "", "", 200},
      {"a page of ours", "localhost:8025", "http://localhost:8025", "same-origin", 200},
      {"by an address", "192.0.2.7:8025", "https://192.0.2.7:8025", "same-origin", 200},
      {"by IPv6", "[::1]:8025", "http://[::1]:8025", "same-origin", 200},
      {"by a name that is written", "MX.example.net", "https://mx.example.net", "same-origin", 200},
      {"typed", "localhost", "", "none", 200},
      {"another port of this host", "localhost:8025", "http://localhost:11334", "same-site", 403},
      {"the origin alone", "localhost:8025", "http://localhost:11334", "", 403},
      {"the site alone", "localhost:8025", "", "cross-site", 403},
      {"a sandboxed page", "localhost:8025", "null", "same-origin", 403},
      {"rebinding", "evil.example:8025", "http://evil.example:8025", "same-origin", 403},
      {"a name that ends as ours", "evil-localhost", "http://evil-localhost", "same-origin", 403},
      {"a name that begins as an address", "127.0.0.1.evil.example", "", "none", 403},
  };
  for (const Case& one : cases) {
    Request asked = request("GET", "/api/exchange/changes", secrets_["read"]);
    asked.host = one.host;
    asked.origin = one.origin;
    asked.fetch_site = one.site;
    EXPECT_EQ(api().handle(asked).status, one.status) << one.title;
  }
}

TEST_F(ConsoleTest, RootsBrowserBehindATunnelNeedsATokenToo) {
  Request asked = request("GET", "/api/session");
  asked.peer = {"unix:0", ::geteuid()};
  EXPECT_EQ(api().handle(asked).status, 200U);
  asked.fetch_site = "same-origin";
  EXPECT_EQ(api().handle(asked).status, 401U);
}

TEST_F(ConsoleTest, ThePagesKeepOtherSitesOut) {
  const Response page = ask("GET", "/");
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
  EXPECT_NE(header(page, "Content-Security-Policy").find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(header(page, "Referrer-Policy"), "no-referrer");
  // A link in a mail may open it, a name of somebody else's may not.
  Request asked = request("GET", "/");
  asked.fetch_site = "cross-site";
  EXPECT_EQ(api().handle(asked).status, 200U);
  asked.host = "evil.example";
  EXPECT_EQ(api().handle(asked).status, 403U);
  EXPECT_EQ(ask("GET", "/assets/nothing.js").status, 404U);
  EXPECT_EQ(ask("POST", "/").status, 404U);
}

}  // namespace
}  // namespace connectord::api
