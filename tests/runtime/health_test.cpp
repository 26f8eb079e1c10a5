#include "connectord/runtime/health.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "log/recording_log.h"

namespace connectord::runtime {
namespace {

class Health : public testing::Test {
 protected:
  test::RecordingLog log_;
  PolicyStore policies_{engine::Policy::compile({}).policy};
  LiveSessions live_;
  Services services_{policies_, live_, log_};
  Process process_{"/etc/connectord/connectord.toml", 4711, 1'700'000'000, {}};

  nlohmann::json document() const { return nlohmann::json::parse(health_document(process_, services_)); }
};

TEST_F(Health, TellsWhatNobodyHasAskedYetAsNull) {
  const nlohmann::json document = this->document();
  EXPECT_EQ(document["milter"], nlohmann::json::parse(R"({"sessions": 0, "last": null})"));
  EXPECT_EQ(document["policy"], nlohmann::json::parse(R"({"requests": 0, "last": null})"));
  EXPECT_EQ(document["socketmap"], nlohmann::json::parse(R"({"lookups": 0, "last": null})"));
  EXPECT_EQ(document["mta"], nlohmann::json::parse(R"({"version": null, "host": null})"));
  EXPECT_EQ(document["listeners"],
            nlohmann::json::parse(R"({"milter": null, "policy": null, "socketmap": null, "api": null})"));
}

TEST_F(Health, TellsWhoAskedWhatHowOftenAndWhen) {
  process_.server.milter = net::Endpoint::parse("unix:/run/milter.sock").value();
  services_.activity->milter_sessions.count(1'700'000'001);
  services_.activity->milter_sessions.count(1'700'000'060);
  services_.activity->policy_requests.count(1'700'000'061);
  services_.activity->seen_mta("Postfix 3.7.11", "mx.example.net");
  const nlohmann::json document = this->document();
  EXPECT_EQ(document["started"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(document["milter"], nlohmann::json::parse(R"({"sessions": 2, "last": "2023-11-14T22:14:20Z"})"));
  EXPECT_EQ(document["policy"], nlohmann::json::parse(R"({"requests": 1, "last": "2023-11-14T22:14:21Z"})"));
  EXPECT_EQ(document["mta"], nlohmann::json::parse(R"({"version": "Postfix 3.7.11", "host": "mx.example.net"})"));
  EXPECT_EQ(document["listeners"]["milter"], "unix:/run/milter.sock");
}

class FakeStore : public trace::Store {
 public:
  tl::expected<void, std::string> append(const trace::Entry&) override { return {}; }
  tl::expected<trace::Recorded, std::string> record(const trace::LogBatch&) override { return trace::Recorded{}; }
  tl::expected<std::string, std::string> position() override { return std::string(); }
  std::size_t waiting() const override { return 7; }
  trace::Condition condition() const override { return now; }

  trace::Condition now;
};

TEST_F(Health, TellsWhetherTheTraceCanBeWrittenAndWhetherItsFilesWereLost) {
  EXPECT_EQ(document()["trace"], nullptr);
  FakeStore store;
  services_.trace = &store;
  EXPECT_EQ(document()["trace"],
            nlohmann::json::parse(R"({"writable": true, "waiting": 7, "files_lost": {"times": 0, "last": null}})"));
  store.now = {"the disk is full", 1'700'000'000, 2, 1'700'000'060};
  EXPECT_EQ(document()["trace"], nlohmann::json::parse(R"({"writable": false, "since": "2023-11-14T22:13:20Z",
      "reason": "the disk is full", "waiting": 7, "files_lost": {"times": 2, "last": "2023-11-14T22:14:20Z"}})"));
}

TEST_F(Health, TellsOfTheLastReloadWhetherItFailedAndWhy) {
  services_.activity->loaded(1'700'000'000);
  EXPECT_EQ(document()["reload"], nlohmann::json::parse(R"({"failed": false})"));
  services_.activity->load_failed(1'700'000'060, {"file:1:1: error: a: b"});
  EXPECT_EQ(document()["reload"],
            nlohmann::json::parse(
                R"({"failed": true, "at": "2023-11-14T22:14:20Z", "problems": ["file:1:1: error: a: b"]})"));
  EXPECT_EQ(document()["configuration"]["loaded"], "2023-11-14T22:13:20Z");
  services_.activity->loaded(1'700'000'120);
  EXPECT_EQ(document()["reload"], nlohmann::json::parse(R"({"failed": false})"));
}

TEST_F(Health, IsBoundedAndIsJsonWhateverTheMailServerCallsItself) {
  services_.activity->seen_mta(std::string(100'000, 'x'), "\xff\"\n");
  services_.activity->load_failed(1, std::vector<std::string>(1000, std::string(10'000, 'y')));
  EXPECT_LT(health_document(process_, services_).size(), 10'000U);
  EXPECT_EQ(document()["mta"]["host"], "\xef\xbf\xbd\"\n");
}

TEST(HealthSocketName, IsTheSameHoweverTheFileIsNamedAndAnotherForAnotherFile) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "health-socket-name";
  std::filesystem::create_directories(folder / "real");
  std::ofstream(folder / "real" / "a.toml") << "";
  std::filesystem::remove(folder / "link");
  std::filesystem::create_directory_symlink(folder / "real", folder / "link");
  const std::string name = health_socket_name(folder / "real" / "a.toml");
  EXPECT_EQ(health_socket_name(folder / "link" / "a.toml"), name);
  EXPECT_EQ(health_socket_name(folder / "real" / ".." / "real" / "a.toml"), name);
  EXPECT_NE(health_socket_name(folder / "real" / "b.toml"), name);
  EXPECT_LE(name.size(), 107U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace connectord::runtime
