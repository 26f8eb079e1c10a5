#include "connectord/api/api.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "log/recording_log.h"

namespace connectord::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* main_text = R"(
[server]
milter = "unix:/run/m.sock"
include = ["d/*.toml"]
[authentication]
spf = false
dkim = false
dmarc = "off"
[[inbound]]
name = "contoso"
scenario = "internet"
identify = { sender_domains = ["contoso.com"] }
)";

const Json fabrikam = Json::parse(R"({"name": "fabrikam", "direction": "inbound", "scenario": "partner",
    "identify": {"sender_domains": ["fabrikam.example"]}, "require": {"tls": true}})");

// The API of a process that is not there, on a configuration in a temporary folder. Root asks over the unix socket.
class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/d");
    std::ofstream(main_) << main_text;
    policies_.replace(runtime::load_policy(main_, {"mx.example.net"}).policy);
    settings_.audit_log = folder_ + "/audit.log";
    settings_.api_tokens = folder_ + "/tokens";
  }
  ~ApiTest() override { std::filesystem::remove_all(folder_); }

  Response ask(const std::string& method, const std::string& target, const Json& body = nullptr,
               const std::string& if_match = "") {
    const std::string text = body.is_null() ? "" : body.dump();
    return api().handle({method, target, "", "application/json", if_match, text, {"unix:0", ::geteuid()}});
  }
  Response send(const std::string& target, const std::string& body) {
    return api().handle({"POST", target, "", "application/json", "", body, {"unix:0", ::geteuid()}});
  }
  Api& api() {
    if (!api_)
      api_.emplace(Api::Setup{services_, reloader_, intake_, {main_, 1, 1, settings_}, settings_, validations_});
    return *api_;
  }
  static std::string header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  std::string folder_ = testing::TempDir() + "api-test-" + std::to_string(::getpid());
  std::string main_ = folder_ + "/main.toml";
  model::Server settings_;
  test::RecordingLog log_;
  runtime::PolicyStore policies_{engine::Policy::compile({}).policy};
  runtime::LiveSessions live_;
  session::Intake intake_;
  runtime::Services services_{policies_, live_, log_};
  runtime::Reloader reloader_{main_, services_};
  Validations validations_;
  std::optional<Api> api_;
};

TEST_F(ApiTest, ValidatesByWhatTheProcessGivesIt) {
  validations_.validate = [](const Validations::Question& question) -> tl::expected<Json, Validations::Refused> {
    if (question.recipient.empty()) return tl::unexpected(Validations::Refused{"another one is under way", 5});
    return Json{{"connector", question.connector}, {"inbound", question.inbound}, {"sender", question.sender}};
  };
  const std::string path = "/api/exchange/connectors/contoso/validate";
  const Response done = ask("POST", path + "?rcpt_to=a@example.net&mail_from=b@contoso.com");
  EXPECT_EQ(done.status, 200U) << done.body;
  EXPECT_EQ(Json::parse(done.body),
            Json::parse(R"({"connector": "contoso", "inbound": true, "sender": "b@contoso.com"})"));
  const Response busy = ask("POST", path);
  EXPECT_EQ(busy.status, 429U);
  EXPECT_EQ(header(busy, "Retry-After"), "5");
  EXPECT_EQ(ask("POST", "/api/exchange/connectors/nobody/validate").status, 404U);
}

TEST_F(ApiTest, NamesTheParameterThatAValidationCannotUse) {
  validations_.validate = [](const Validations::Question&) -> tl::expected<Json, Validations::Refused> {
    return tl::unexpected(Validations::Refused{"is no address", 0, "rcpt_to"});
  };
  const Response answer = ask("POST", "/api/exchange/connectors/contoso/validate?rcpt_to=x");
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(Json::parse(answer.body)["errors"][0]["field"], "rcpt_to");
}

TEST_F(ApiTest, ListsWhatTheLastValidationFound) {
  validations_.results = []() -> Validations::Last {
    return [](bool inbound, std::string_view name) {
      return inbound && name == "contoso" ? Json{{"result", "passed"}} : Json();
    };
  };
  const Json list = Json::parse(ask("GET", "/api/exchange/connectors").body);
  EXPECT_EQ(list["connectors"][0]["validated"]["result"], "passed");
}

TEST_F(ApiTest, HasTheRoutesThatItsDescriptionHas) {
  const Json description = Json::parse(Api::description());
  std::set<std::string> described;
  for (const auto& [path, item] : description["paths"].items()) {
    for (const char* method : {"get", "put", "post", "delete"}) {
      if (!item.contains(method)) continue;
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      std::string role = item[method]["description"];
      role = role == "Anybody may do this." ? "nobody" : role.substr(15, role.size() - 16);
      described.insert(upper + " " + path + " " + role);
    }
  }
  std::set<std::string> routes;
  for (const auto& route : Api::routes()) {
    routes.insert(std::string(route.method) + " " + std::string(route.path) + " " + std::string(to_string(route.role)));
  }
  EXPECT_EQ(described, routes);
}

TEST_F(ApiTest, AChangeIsInForceAtOnceAndStandsInAFileOfItsOwn) {
  const Response made = ask("POST", "/api/exchange/connectors", fabrikam);
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(header(made, "Location"), "/api/exchange/connectors/fabrikam?direction=inbound");
  EXPECT_NE(policies_.current().policy->find("fabrikam"), nullptr);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/d/api-inbound-fabrikam.toml"));
  EXPECT_EQ(runtime::load_policy(main_, {"mx.example.net"}).policy->configuration().inbound.size(), 2U);
  const Response gone = ask("DELETE", "/api/exchange/connectors/fabrikam", nullptr, header(made, "ETag"));
  EXPECT_EQ(gone.status, 204U) << gone.body;
  EXPECT_EQ(policies_.current().policy->find("fabrikam"), nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
}

TEST_F(ApiTest, AChangeThatDoesNotLoadLeavesNothing) {
  Json wrong = fabrikam;
  wrong["require"]["tls_version"] = "SSLv2";
  const Response refused = ask("POST", "/api/exchange/connectors", wrong);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(Json::parse(refused.body)["errors"][0]["field"], "require.tls_version");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/audit.log"));
  EXPECT_EQ(policies_.current().number, 2U);
}

TEST_F(ApiTest, AConnectorOfPeoplesFilesIsSwitchedInPlace) {
  EXPECT_EQ(ask("PUT", "/api/exchange/connectors/contoso/status", {{"enabled", false}}).status, 200U);
  EXPECT_EQ(policies_.current().policy->find("contoso"), nullptr);
  EXPECT_EQ(ask("PUT", "/api/exchange/connectors/contoso/status", {{"enabled", false}}).status, 200U);
  const Response refused = ask("DELETE", "/api/exchange/connectors/contoso", nullptr, "*");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_NE(refused.body.find(main_ + " line 9"), std::string::npos) << refused.body;
}

TEST_F(ApiTest, AFileBehindASymbolicLinkIsLeftToPeople) {
  const std::string target = folder_ + "/elsewhere";
  const std::string link = folder_ + "/d/api-inbound-fabrikam.toml";
  ASSERT_EQ(ask("POST", "/api/exchange/connectors", fabrikam).status, 201U);
  std::filesystem::rename(link, target);
  std::filesystem::create_symlink(target, link);
  reloader_.reload();
  for (const Response& refused : {ask("PUT", "/api/exchange/connectors/fabrikam/status", {{"enabled", false}}),
                                  ask("PUT", "/api/exchange/connectors/fabrikam", fabrikam, "*"),
                                  ask("DELETE", "/api/exchange/connectors/fabrikam", nullptr, "*")}) {
    EXPECT_EQ(refused.status, 409U) << refused.body;
    EXPECT_NE(refused.body.find("is a symbolic link"), std::string::npos) << refused.body;
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_TRUE(policies_.current().policy->find("fabrikam")->enabled);
}

TEST_F(ApiTest, TargetsAreReadInOneWayOnly) {
  for (const char* target : {"", "x", "*", "http://a/health", "//health", "/health/../metrics", "/api/./openapi.json",
                             "/%", "/%z", "/a%2fb", "/a%5cb", "/a%00", "/health?a=%", "/health/", "/health?a=1&a=2",
                             "/api/exchange/connectors?direction=inbound&direction=outbound"}) {
    EXPECT_EQ(ask("GET", target).status, 400U) << target;
  }
  EXPECT_EQ(ask("GET", "/api/exchange/connectors/contoso").status, 200U);
  EXPECT_EQ(ask("GET", "/api/exchange/connectors/%63ontoso").status, 200U);
  EXPECT_EQ(ask("GET", "/api/exchange/connectors/Contoso").status, 404U);
  EXPECT_EQ(ask("GET", "/").status, 404U);
  EXPECT_EQ(ask("GET", "/api/exchange/connectors?page=1").status, 400U);
}

TEST_F(ApiTest, BodiesAreReadInOneWayOnly) {
  const std::string deep(100'000, '[');
  for (const std::string& body : {std::string(), std::string("{"), std::string("[]"), std::string("null"), deep,
                                  std::string("{\"a\": 1, \"a\": 2}"), std::string("{\"x\": {\"a\": 1, \"a\": 2}}"),
                                  std::string("{} {}"), std::string("{\"a\": \"\xff\"}"), std::string("// c\n{}")}) {
    EXPECT_EQ(send("/api/exchange/connectors", body).status, 400U) << body.substr(0, 40);
  }
  EXPECT_EQ(send("/api/exchange/connectors", "{}").status, 422U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
}

TEST_F(ApiTest, NamesThatAreNoNamesMakeNoFiles) {
  for (const char* name : {"..", "...", "../x", "a/b", "a\\b", "a b", "ü", "-", ".", ".toml"}) {
    Json connector = fabrikam;
    connector["name"] = name;
    const Response answer = ask("POST", "/api/exchange/connectors", connector);
    const std::string text(name);
    const std::string file = folder_ + "/d/api-inbound-" + text + ".toml";
    const bool harmless = text == "-" || text == ".toml";
    EXPECT_EQ(answer.status, harmless ? 201U : 422U) << name << answer.body;
    // What can be made can be had.
    EXPECT_EQ(ask("GET", "/api/exchange/connectors/" + text).status == 200U, harmless) << name;
    EXPECT_EQ(std::filesystem::remove(file), harmless) << file;
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d")) << name;
    reloader_.reload();
  }
}

TEST_F(ApiTest, StrangersLearnThatItLivesAndNothingElse) {
  const Peer stranger{"192.0.2.1", {}};
  for (const auto& route : Api::routes()) {
    const Response answer =
        api().handle({std::string(route.method), std::string(route.path), "", "", "", "", stranger});
    EXPECT_EQ(answer.status, route.role == Role::nobody ? 200U : 401U) << route.path;
  }
  EXPECT_EQ(Json::parse(api().handle({"GET", "/health", "", "", "", "", stranger}).body), Json({{"status", "ok"}}));
}

TEST_F(ApiTest, MetricsTellOfTheConfigurationAndItsFailures) {
  std::ofstream(main_, std::ios::app) << "[[inbound]]\n";
  EXPECT_FALSE(reloader_.reload().loaded);
  const std::string text = ask("GET", "/metrics").body;
  for (const char* line :
       {"connectord_configuration_failed_loads_total 1\n", "connectord_connectors{direction=\"inbound\"} 1\n",
        "connectord_configuration_last_reload_successful 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }
  EXPECT_EQ(Json::parse(ask("GET", "/health").body)["status"], "degraded");
}

}  // namespace
}  // namespace connectord::api
