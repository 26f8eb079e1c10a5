#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "connectord/auth/dkim_private_key.h"
#include "ctl/run_connectorctl.h"

namespace connectord::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class DkimCommandTest : public ::testing::Test {
 protected:
  DkimCommandTest() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-dkim-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0755);
    std::ofstream(folder_ / "connectord.toml") << "[server]\nmilter = \"unix:/run/m\"\n";
  }
  ~DkimCommandTest() override { std::filesystem::remove_all(folder_); }

  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"dkim", "new"});
    arguments.insert(arguments.end(),
                     {"--config", (folder_ / "connectord.toml").string(), "--dir", (folder_ / "dkim").string()});
    return run_connectorctl(arguments);
  }
  std::string key(const std::string& name) const {
    std::ifstream file(folder_ / "dkim" / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

TEST_F(DkimCommandTest, MakesAKeyThatOnlyItsOwnerCanReadAndPrintsWhatToPublish) {
  const Ran made = run({"*.Example.net", "--selector", "S1"});
  ASSERT_EQ(made.status, 0) << made.error;
  const auto parsed = auth::DkimPrivateKey::parse(key("example.net.s1.pem"));
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(parsed->bits(), 2048U);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "dkim" / "example.net.s1.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_THAT(made.out, HasSubstr("\ns1._domainkey.example.net. IN TXT ( \"v=DKIM1; k=rsa; p="));
  EXPECT_THAT(made.out, HasSubstr("[[signing]]\ndomain   = \"*.example.net\"\nselector = \"s1\"\nkey_file = \""));
  EXPECT_THAT(made.out, Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(DkimCommandTest, SplitsTheRecordIntoStringsThatDnsCanCarry) {
  const Ran made = run({"example.net", "--selector", "s1", "--bits", "4096", "--json"});
  ASSERT_EQ(made.status, 0) << made.error;
  const auto object = nlohmann::json::parse(made.out);
  const std::string line = object["zone_line"];
  std::string joined;
  for (std::size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at + 1)) {
    const auto end = line.find('"', at + 1);
    EXPECT_LE(end - at - 1, 255U);
    joined += line.substr(at + 1, end - at - 1);
    at = end;
  }
  EXPECT_EQ(joined, object["dns_txt"].get<std::string>());
  EXPECT_EQ(joined, auth::DkimPrivateKey::parse(key("example.net.s1.pem"))->record());
  EXPECT_EQ(object["dns_name"], "s1._domainkey.example.net");
  EXPECT_EQ(object["algorithm"], "rsa-sha256");
}

TEST_F(DkimCommandTest, MakesEd25519KeysAndNamesThemByTheDay) {
  const Ran made = run({"example.net", "--ed25519", "--json"});
  ASSERT_EQ(made.status, 0) << made.error;
  const auto object = nlohmann::json::parse(made.out);
  EXPECT_EQ(object["algorithm"], "ed25519-sha256");
  EXPECT_THAT(std::string(object["selector"]), MatchesRegex("ed[0-9]{8}"));
}

TEST_F(DkimCommandTest, NeverWritesOverAKey) {
  ASSERT_EQ(run({"example.net", "--selector", "s1"}).status, 0);
  const std::string before = key("example.net.s1.pem");
  const Ran again = run({"example.net", "--selector", "s1"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.error, HasSubstr("there already"));
  EXPECT_EQ(key("example.net.s1.pem"), before);
  // Nor through a link to somewhere else.
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "dkim" / "example.net.s2.pem");
  EXPECT_EQ(run({"example.net", "--selector", "s2"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(DkimCommandTest, RefusesWhatCannotWork) {
  for (const auto& [arguments, status] :
       std::vector<std::pair<std::vector<std::string>, int>>{{{"*"}, 1},
                                                             {{"not a domain"}, 1},
                                                             {{"example.net", "--selector", "../s"}, 1},
                                                             {{"example.net", "--selector", "a b"}, 1},
                                                             {{"example.net", "--bits", "1024"}, 2},
                                                             {{"example.net", "--bits", "16384"}, 2},
                                                             {{"example.net", "--bits", "2048", "--ed25519"}, 2},
                                                             {{}, 2}}) {
    const Ran refused = run(arguments);
    EXPECT_EQ(refused.status, status) << (arguments.empty() ? "" : arguments.back());
    EXPECT_FALSE(refused.error.empty());
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "dkim"));
}

}  // namespace
}  // namespace connectord::ctl
