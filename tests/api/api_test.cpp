#include "connectord/api/api.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "connectord/config/fleet_copy.h"
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
      api_.emplace(
          Api::Setup{services_, reloader_, intake_, {main_, 1, 1, settings_}, settings_, validations_, examinations_});
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
  session::InFlight intake_;
  runtime::Services services_{policies_, live_, log_};
  runtime::Reloader reloader_{main_, services_};
  Validations validations_;
  Examinations examinations_;
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

// Of the query, by path; and all of them.
using Names = std::set<std::string>;
std::map<std::string, Names> described_parameters(Names& all) {
  std::map<std::string, Names> found;
  const Json description = Json::parse(Api::description());
  for (const auto& [path, item] : description["paths"].items()) {
    if (!item.contains("get")) continue;
    Names& names = found[path];
    for (const Json& place :
         {item.value("parameters", Json::array()), item["get"].value("parameters", Json::array())}) {
      for (const Json& one : place) {
        if (one.at("in") == "query") names.insert(one.at("name").get<std::string>());
      }
    }
    all.insert(names.begin(), names.end());
  }
  return found;
}

TEST_F(ApiTest, TakesTheParametersThatItsDescriptionHasAndNoOther) {
  Names all;
  for (const auto& [path, described] : described_parameters(all)) {
    const auto id = path.find("{id}");
    const std::string target = id == std::string::npos ? path : path.substr(0, id) + "x" + path.substr(id + 4);
    for (const std::string& name : all) {
      const bool is_refused =
          ask("GET", target + "?" + name + "=").body.find("there is no such parameter") != std::string::npos;
      EXPECT_NE(is_refused, described.contains(name)) << path << " " << name;
    }
  }
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
  EXPECT_EQ(ask("GET", "/nowhere").status, 404U);
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
    // What stands in the place of the code there is none of ours.
    const bool wants_code = route.path.starts_with("/approval/");
    EXPECT_EQ(answer.status, wants_code ? 400U : route.role == Role::nobody ? 200U : 401U) << route.path;
  }
  EXPECT_EQ(Json::parse(api().handle({"GET", "/health", "", "", "", "", stranger}).body), Json({{"status", "ok"}}));
}

TEST_F(ApiTest, AConnectorIsTriedOutWithoutBeingMade) {
  const Json checked = Json::parse(ask("POST", "/api/exchange/connectors/check", fabrikam).body);
  EXPECT_EQ(checked["file"], folder_ + "/d/api-inbound-fabrikam.toml");
  EXPECT_NE(checked["toml"].get<std::string>().find("[[inbound]]"), std::string::npos);
  Json wrong = fabrikam;
  wrong["require"]["tls_version"] = "SSLv2";
  const Response refused = ask("POST", "/api/exchange/connectors/check", wrong);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(Json::parse(refused.body)["errors"][0]["field"], "require.tls_version");
  Json taken = fabrikam;
  taken["name"] = "contoso";
  EXPECT_EQ(ask("POST", "/api/exchange/connectors/check", taken).status, 409U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
  EXPECT_EQ(policies_.current().number, 2U);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/audit.log"));
}

TEST_F(ApiTest, AConnectorsPlaceSaysWhoseFileItIs) {
  ASSERT_EQ(ask("POST", "/api/exchange/connectors", fabrikam).status, 201U);
  EXPECT_EQ(Json::parse(ask("GET", "/api/exchange/connectors/contoso/place").body),
            (Json{{"file", main_}, {"line", 9}, {"written_by", "people"}}));
  EXPECT_EQ(Json::parse(ask("GET", "/api/exchange/connectors/fabrikam/place").body)["written_by"], "api");
}

TEST_F(ApiTest, ListsWhichDmarcReportsOfADayWereSent) {
  std::ofstream(main_, std::ios::app) << "[reports]\nstate = \"" << folder_ << "/reports\"\n";
  policies_.replace(runtime::load_policy(main_, {"mx.example.net"}).policy);
  const std::string path = "/api/exchange/reports/dmarc";
  EXPECT_EQ(Json::parse(ask("GET", path).body), Json::parse(R"({"day": null, "days": [], "total": 0, "reports": []})"));
  std::filesystem::create_directory(folder_ + "/reports");
  std::ofstream(folder_ + "/reports/dmarc-2026-11-27.jsonl") << "";
  std::ofstream(folder_ + "/reports/dmarc-2026-11-28.jsonl")
      << R"({"domain":"a.example","to":"d@a.example","status":"sent","time":1795910400,"attempts":1,"words":"250 Ok"})"
      << "\n"
      << R"({"domain":"b.example","to":"","status":"left","time":1795910400,"attempts":1,"words":"no rua"})"
      << "\n";
  const Json newest = Json::parse(ask("GET", path + "?limit=1").body);
  EXPECT_EQ(newest["day"], "2026-11-28");
  EXPECT_EQ(newest["days"], Json({"2026-11-28", "2026-11-27"}));
  EXPECT_EQ(newest["total"], 2);
  ASSERT_EQ(newest["reports"].size(), 1U);
  EXPECT_EQ(newest["reports"][0]["to"], "d@a.example");
  EXPECT_EQ(newest["reports"][0]["status"], "sent");
  EXPECT_EQ(Json::parse(ask("GET", path + "?day=2026-11-27").body)["total"], 0);
  const Response refused = ask("GET", path + "?day=yesterday");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(Json::parse(refused.body)["errors"][0]["field"], "day");
}

TEST_F(ApiTest, TheAuditLogIsReadFromItsEnd) {
  ASSERT_EQ(ask("POST", "/api/exchange/connectors", fabrikam).status, 201U);
  std::ofstream(folder_ + "/audit.log", std::ios::app) << "no line of ours\n\n";
  ASSERT_EQ(ask("DELETE", "/api/exchange/connectors/fabrikam", nullptr, "*").status, 204U);
  const Json all = Json::parse(ask("GET", "/api/exchange/audit").body)["entries"];
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["action"], "delete");
  EXPECT_EQ(all[1]["action"], "create");
  EXPECT_EQ(Json::parse(ask("GET", "/api/exchange/audit?limit=1").body)["entries"].size(), 1U);
  for (const char* limit : {"0", "1001", "x", "1x", ""}) {
    EXPECT_EQ(ask("GET", std::string("/api/exchange/audit?limit=") + limit).status, 400U) << limit;
  }
}

TEST_F(ApiTest, ExaminesByWhatTheProcessGivesIt) {
  EXPECT_EQ(ask("GET", "/api/exchange/doctor").status, 501U);
  examinations_.doctor = [] { return tl::expected<Json, std::string>(Json{{"result", "ok"}}); };
  examinations_.certificates = []() -> tl::expected<Json, std::string> { return tl::unexpected(std::string("no")); };
  api_.reset();
  EXPECT_EQ(Json::parse(ask("GET", "/api/exchange/doctor").body), Json({{"result", "ok"}}));
  EXPECT_EQ(ask("GET", "/api/exchange/certificates").status, 503U);
}

TEST_F(ApiTest, ABacktestOfADirectionThatIsNoneNamesTheField) {
  for (const Json& direction : {Json::array({Json::array()}), Json("up"), Json(7), Json(nullptr)}) {
    const Response answer = ask("POST", "/api/exchange/backtest", {{"name", "x"}, {"direction", direction}});
    EXPECT_EQ(answer.status, 422U) << answer.body;
    EXPECT_NE(answer.body.find("write inbound or outbound"), std::string::npos) << answer.body;
  }
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

const Json external = Json::parse(R"({"name": "no programs!", "when": {"subject_words": ["lottery"]},
    "action": [{"do": "reject", "text": "No lottery"}]})");
constexpr const char* external_path = "/api/exchange/rules/no%20programs%21";

TEST_F(ApiTest, ARuleIsMadeChangedSwitchedAndDeletedAsAConnectorIs) {
  const Response made = ask("POST", "/api/exchange/rules", external);
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(header(made, "Location"), external_path);
  Json rule = Json::parse(made.body);
  EXPECT_EQ(rule["priority"], 10);
  EXPECT_EQ(policies_.current().policy->configuration().rules.size(), 1U);
  EXPECT_EQ(ask("POST", "/api/exchange/rules", external).status, 409U);
  EXPECT_EQ(header(ask("GET", external_path), "ETag"), header(made, "ETag"));
  rule["mode"] = "audit";
  EXPECT_EQ(ask("PUT", external_path, rule).status, 428U);
  EXPECT_EQ(ask("PUT", external_path, rule, "\"x\"").status, 412U);
  const Response changed = ask("PUT", external_path, rule, header(made, "ETag"));
  EXPECT_EQ(changed.status, 200U) << changed.body;
  EXPECT_EQ(Json::parse(changed.body)["mode"], "audit");
  rule["name"] = "another";
  EXPECT_EQ(ask("PUT", external_path, rule, "*").status, 422U);
  EXPECT_EQ(ask("PUT", std::string(external_path) + "/status", {{"enabled", false}}).status, 200U);
  EXPECT_FALSE(policies_.current().policy->configuration().rules.at(0).enabled);
  const Json listed = Json::parse(ask("GET", "/api/exchange/rules?status=disabled").body)["rules"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["actions"], Json::array({"reject"}));
  EXPECT_EQ(Json::parse(ask("GET", "/api/exchange/rules?mode=enforce").body)["rules"].size(), 0U);
  EXPECT_EQ(ask("DELETE", external_path, nullptr, "*").status, 204U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
  const std::string log = [this] {
    std::ostringstream all;
    all << std::ifstream(folder_ + "/audit.log").rdbuf();
    return all.str();
  }();
  for (const char* part : {"\"action\":\"create\",\"rule\":\"no programs!\",\"file\"", "\"action\":\"delete\""}) {
    EXPECT_NE(log.find(part), std::string::npos) << log;
  }
}

TEST_F(ApiTest, ARuleThatIsWrongNamesItsFieldAndChangesNothing) {
  Json wrong = external;
  wrong["when"]["subject_patterns"] = {"("};
  const Response refused = ask("POST", "/api/exchange/rules", wrong);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(Json::parse(refused.body)["errors"][0]["field"], "when.subject_patterns") << refused.body;
  const Response checked = ask("POST", "/api/exchange/rules/check", wrong);
  EXPECT_EQ(checked.status, 200U) << checked.body;
  const Json found = Json::parse(checked.body);
  EXPECT_EQ(found["ok"], false);
  EXPECT_EQ(found["problems"][0]["field"], "when.subject_patterns") << checked.body;
  EXPECT_EQ(Json::parse(ask("POST", "/api/exchange/rules/check", external).body),
            Json::parse(R"({"ok": true, "problems": []})"));
  EXPECT_EQ(ask("POST", "/api/exchange/rules/check", Json::object()).status, 422U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
  EXPECT_EQ(policies_.current().number, 2U);
  const Response unknown = ask("GET", "/api/exchange/rules/nothing");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_NE(unknown.body.find("there is no rule"), std::string::npos);
}

TEST_F(ApiTest, ARuleIsTriedWithAMessageBeforeItIsThere) {
  Json question{{"client_ip", "192.0.2.9"},
                {"mail_from", "eve@example.org"},
                {"rcpt_to", {"bob@example.net"}},
                {"message", "From: eve@example.org\nSubject: Lottery\n\nHi\n"}};
  EXPECT_EQ(Json::parse(ask("POST", "/api/exchange/rules/test", question).body)["rules"].size(), 0U);
  question["rule"] = external;
  const Response tried = ask("POST", "/api/exchange/rules/test", question);
  ASSERT_EQ(tried.status, 200U) << tried.body;
  const Json answer = Json::parse(tried.body);
  EXPECT_EQ(answer["action"], "reject");
  EXPECT_EQ(answer["rules"][0]["rule"], "no programs!");
  question.erase("message");
  question["message_base64"] = "RnJvbTogZXZlQGV4YW1wbGUub3JnClN1YmplY3Q6IEhp/QoKSGkK";
  EXPECT_EQ(Json::parse(ask("POST", "/api/exchange/rules/test", question).body)["rules"].size(), 0U);
  question["message_base64"] = "!";
  EXPECT_EQ(ask("POST", "/api/exchange/rules/test", question).status, 422U);
  question["rule"]["action"] = Json::parse(R"([{"do": "nothing"}])");
  EXPECT_EQ(ask("POST", "/api/exchange/rules/test", question).status, 422U);
  EXPECT_TRUE(policies_.current().policy->configuration().rules.empty());
}

TEST_F(ApiTest, ARuleOfPeoplesFilesIsSwitchedInPlaceAndTriedFromThere) {
  const std::string rule = "\n[[rule]]\nname = \"theirs\"  # of people\npriority = 3\nall = true\nstop = true\n";
  std::ofstream(main_, std::ios::app) << rule;
  reloader_.reload();
  EXPECT_EQ(ask("DELETE", "/api/exchange/rules/theirs", nullptr, "*").status, 409U);
  EXPECT_EQ(ask("PUT", "/api/exchange/rules/theirs/status", {{"enabled", false}}).status, 200U);
  std::ostringstream all;
  all << std::ifstream(main_).rdbuf();
  EXPECT_EQ(all.str(),
            std::string(main_text) +
                "\n[[rule]]\nenabled = false\nname = \"theirs\"  # of people\npriority = 3\nall = true\nstop = "
                "true\n");
  const Json draft = Json::parse(R"({"name": "theirs", "all": true, "stop": true, "mode": "audit"})");
  EXPECT_EQ(Json::parse(ask("POST", "/api/exchange/rules/check", draft).body)["ok"], true);
}

// A member of a fleet whose hosts have a connector and a rule in common already; changes go to whoever stands for the
// database, who does as fleet::Follower would.
class ApiOfAMember : public ApiTest {
 protected:
  ApiOfAMember() {
    std::ofstream(main_, std::ios::app) << "[fleet]\ndatabase = \"postgresql:///connectord\"\nstate = \"" << folder_
                                        << "/f\"\n";
    std::filesystem::create_directories(folder_ + "/f");
    keep(1,
         "# of all\n[[inbound]]\nname = \"shared\"  # why\nscenario = \"partner\"\nidentify.sender_domains = "
         "[\"shared.example\"]\n[[rule]]\nname = \"r\"\npriority = 5\nall = true\nstop = true\n");
    reloader_.reload();
    Api::Setup setup{services_, reloader_, intake_, {main_, 1, 1, settings_}, settings_, validations_, examinations_};
    setup.change_fleet = [this](const fleet::Database::Change& change) -> tl::expected<void, std::string> {
      if (!refusal_.empty()) return tl::unexpected(refusal_);
      last_ = change;
      keep(change.made_from + 1, change.document);
      return {};
    };
    api_.emplace(setup);
  }

  void keep(std::int64_t n, const std::string& document) const {
    std::ofstream(config::fleet_copy_path(folder_ + "/f", n)) << document;
    std::filesystem::remove(folder_ + "/f/current");
    std::filesystem::create_symlink("generation-" + std::to_string(n) + ".toml", folder_ + "/f/current");
  }

  std::string refusal_;
  fleet::Database::Change last_;
};

TEST_F(ApiOfAMember, NewConnectorsAreForAllHosts) {
  const Response made = ask("POST", "/api/exchange/connectors", fabrikam);
  ASSERT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(last_.made_from, 1);
  EXPECT_EQ(last_.comment, "create fabrikam");
  EXPECT_NE(last_.document.find("stop = true\n\n[[inbound]]\nname = \"fabrikam\"\n"), std::string::npos)
      << last_.document;
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/d"));
  EXPECT_EQ(ask("GET", "/api/exchange/connectors/fabrikam").status, 200U);
  const Json place = Json::parse(ask("GET", "/api/exchange/connectors/fabrikam/place").body);
  EXPECT_EQ(place["file"], folder_ + "/f/generation-2.toml");
  EXPECT_EQ(place["written_by"], "fleet");
}

TEST_F(ApiOfAMember, WhatAllHostsHaveIsChangedForAllAndItsCommentsStay) {
  Json connector = Json::parse(ask("GET", "/api/exchange/connectors/shared").body);
  connector["require"] = {{"tls", true}};
  ASSERT_EQ(ask("PUT", "/api/exchange/connectors/shared", connector, "*").status, 200U);
  EXPECT_EQ(last_.made_from, 1);
  EXPECT_NE(last_.document.find("name = \"shared\"  # why\n"), std::string::npos) << last_.document;
  EXPECT_NE(last_.document.find("require.tls = true\n"), std::string::npos) << last_.document;
  ASSERT_EQ(ask("PUT", "/api/exchange/rules/r/status", {{"enabled", false}}).status, 200U);
  EXPECT_EQ(last_.made_from, 2);
  ASSERT_EQ(ask("DELETE", "/api/exchange/rules/r", nullptr, "*").status, 204U);
  EXPECT_EQ(last_.document.find("[[rule]]"), std::string::npos) << last_.document;
  EXPECT_TRUE(last_.document.starts_with("# of all\n")) << last_.document;
  EXPECT_EQ(ask("GET", "/api/exchange/rules/r").status, 404U);
}

TEST_F(ApiOfAMember, WhatTheDatabaseDoesNotTakeIsNoChange) {
  refusal_ = "the fleet has generation 9 by now, and the change was made from generation 1";
  const Response refused = ask("POST", "/api/exchange/connectors", fabrikam);
  EXPECT_EQ(refused.status, 409U);
  EXPECT_NE(refused.body.find(refusal_), std::string::npos) << refused.body;
  EXPECT_EQ(ask("GET", "/api/exchange/connectors/fabrikam").status, 404U);
  Json twice = fabrikam;
  twice["name"] = "shared";
  EXPECT_EQ(ask("POST", "/api/exchange/connectors", twice).status, 409U);
}

TEST_F(ApiOfAMember, WhatStandsInTheHostsOwnFilesIsTheHosts) {
  EXPECT_EQ(ask("PUT", "/api/exchange/connectors/contoso/status", {{"enabled", false}}).status, 200U);
  EXPECT_TRUE(last_.document.empty());
  EXPECT_EQ(ask("DELETE", "/api/exchange/connectors/contoso", nullptr, "*").status, 409U);
}

TEST_F(ApiOfAMember, ACheckSaysWhatTheConnectorAloneWouldBe) {
  const Json checked = Json::parse(ask("POST", "/api/exchange/connectors/check", fabrikam).body);
  EXPECT_EQ(checked["file"], folder_ + "/f/generation-2.toml");
  EXPECT_EQ(checked["toml"].get<std::string>().find("shared"), std::string::npos) << checked;
  EXPECT_TRUE(last_.document.empty());
}

}  // namespace
}  // namespace connectord::api
