// Connectors changed by root where connectord has no API.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ctl/run_connectorctl.h"

namespace connectord::ctl {
namespace {

class LocalChanges : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root changes the configuration without an API";
    std::string pattern = testing::TempDir() + "local-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    configure("include = [\"connectors.d/*.toml\"]\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void configure(const std::string& more) const {
    std::ofstream(folder_ / "c.toml") << "[server]\nmilter = \"unix:/run/m.sock\"\n" << more;
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--config", (folder_ / "c.toml").string()});
    return run_connectorctl(arguments);
  }
  Ran create(const std::string& name) const {
    return run({"create", name, "--direction", "inbound", "--scenario", "partner", "--set",
                "identify.sender_domains=[\"" + name + ".example\"]", "--set", "require.tls=true"});
  }
  std::string file() const { return (folder_ / "connectors.d" / "api-inbound-contoso.toml").string(); }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(file()).rdbuf();
    return all.str();
  }

  std::filesystem::path folder_;
};

TEST_F(LocalChanges, MakeTheFolderAndTheFileAndSayWhere) {
  const Ran made = create("contoso");
  EXPECT_EQ(made.status, 0) << made.error;
  EXPECT_NE(made.out.find("contoso: created; in " + file() + "; not running yet: connectord does not run with"),
            std::string::npos)
      << made.out;
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  EXPECT_NE(run({"list"}).out.find("contoso.example"), std::string::npos);
  EXPECT_EQ(run({"check"}).status, 0);
}

TEST_F(LocalChanges, ReachEveryKeyAndLeaveNothingHalfDone) {
  create("contoso");
  EXPECT_EQ(run({"disable", "contoso"}).status, 0);
  EXPECT_NE(run({"list"}).out.find("disabled"), std::string::npos);
  EXPECT_EQ(run({"enable", "contoso"}).status, 0);
  const std::string before = text();
  const Ran wrong = run({"update", "contoso", "--set", "require.tls_version=TLSv9"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.error.find("require.tls_version: "), std::string::npos) << wrong.error;
  EXPECT_EQ(text(), before);
  EXPECT_EQ(run({"update", "contoso", "--set", "require.tls_version=TLSv1.3"}).status, 0);
  EXPECT_NE(text().find("TLSv1.3"), std::string::npos);
  const Ran twice = create("contoso");
  EXPECT_EQ(twice.status, 1);
  EXPECT_NE(twice.error.find("there is a connector \"contoso\" already"), std::string::npos) << twice.error;
  EXPECT_NE(run({"disable", "contso"}).error.find("did you mean \"contoso\"?"), std::string::npos);
  EXPECT_EQ(run({"delete", "contoso"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(LocalChanges, AreNotMadeWhereNothingWouldReadThem) {
  configure("");
  const Ran made = create("contoso");
  EXPECT_EQ(made.status, 1);
  EXPECT_NE(made.error.find("write include = [\"connectors.d/*.toml\"] in [server]"), std::string::npos) << made.error;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "connectors.d"));
  configure("include = 5\n");
  EXPECT_NE(create("contoso").error.find("the configuration does not load, so nothing was changed"), std::string::npos);
}

TEST_F(LocalChanges, ShowWhatTheyWouldDoToAFileThatPeopleWroteAndDoItWhereThatIsWished) {
  const std::string connector =
      "\n[[inbound]]\nname = \"contoso\"  # the partner\nscenario = \"partner\"\n"
      "[inbound.identify]\nsender_domains = [\n  \"contoso.com\",  # since May\n]\n";
  configure(connector);
  const auto written = [this] {
    std::ostringstream all;
    all << std::ifstream(folder_ / "c.toml").rdbuf();
    return all.str();
  };
  const std::string before = written();
  const std::vector<std::string> update = {"update", "contoso", "--add", "identify.sender_domains=contoso.example"};
  const Ran shown = run(update);
  EXPECT_EQ(shown.status, 0) << shown.error;
  EXPECT_NE(shown.out.find("\n+  \"contoso.example\",\n"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("nothing was changed yet, since people wrote"), std::string::npos) << shown.out;
  EXPECT_EQ(written(), before);
  auto with_yes = update;
  with_yes.emplace_back("--yes");
  EXPECT_NE(run(with_yes).out.find("contoso: updated in " + (folder_ / "c.toml").string() + "; not running yet"),
            std::string::npos);
  std::string expected = before;
  expected.insert(expected.find("]\n", expected.find("since May")), "  \"contoso.example\",\n");
  EXPECT_EQ(written(), expected);
  EXPECT_NE(run(with_yes).out.find("nothing to change"), std::string::npos);
  const Ran wrong = run({"update", "contoso", "--set", "require.tls_version=TLSv9", "--yes"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.error.find("the configuration would not load with this change; nothing was changed"),
            std::string::npos);
  EXPECT_EQ(written(), expected);
}

TEST_F(LocalChanges, OfRulesGoTheSameWay) {
  const Ran made = run({"rule", "create", "no lottery", "--set", "when.subject_words=[\"lottery\"]", "--set",
                        "action=[{do=\"reject\", text=\"No lottery\"}]"});
  EXPECT_EQ(made.status, 0) << made.error;
  EXPECT_NE(made.out.find("no lottery: created; in " + (folder_ / "connectors.d" / "api-rule-no-lottery-").string()),
            std::string::npos)
      << made.out;
  EXPECT_NE(run({"rule", "list"}).out.find("10        no lottery  enabled"), std::string::npos)
      << run({"rule", "list"}).out;
  EXPECT_EQ(run({"rule", "update", "no lottery", "--set", "mode=audit", "--add", "when.subject_words=jackpot"}).status,
            0);
  EXPECT_NE(run({"rule", "show", "no lottery"}).out.find("subject_words = [\"lottery\", \"jackpot\"]"),
            std::string::npos);
  EXPECT_EQ(run({"rule", "disable", "no lottery"}).status, 0);
  EXPECT_NE(run({"rule", "list"}).out.find("disabled"), std::string::npos);
  EXPECT_NE(run({"rule", "enable", "no lotery"}).error.find("did you mean \"no lottery\"?"), std::string::npos);
  EXPECT_EQ(run({"rule", "delete", "no lottery"}).status, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "connectors.d"));
}

TEST_F(LocalChanges, OfARuleThatPeopleWroteKeepTheirComments) {
  const std::string rule =
      "\n[[rule]]\nname = \"mark\"\npriority = 1\nall = true\n[[rule.action]]\ndo = \"prepend_subject\"\n"
      "text = \"[EXT] \"  # short\n";
  configure(rule);
  const Ran done = run({"rule", "update", "mark", "--set", "mode=audit", "--yes"});
  EXPECT_EQ(done.status, 0) << done.error;
  std::ostringstream all;
  all << std::ifstream(folder_ / "c.toml").rdbuf();
  EXPECT_NE(all.str().find("[[rule]]\nmode = \"audit\"\nname = \"mark\"\n"), std::string::npos) << all.str();
  EXPECT_NE(all.str().find("# short"), std::string::npos);
}

TEST_F(LocalChanges, RulesAreTriedWithAMessageAndADraft) {
  configure("include = [\"connectors.d/*.toml\"]\n[authentication]\nspf = false\ndkim = false\ndmarc = \"off\"\n");
  std::ofstream(folder_ / "draft.toml") << "[[rule]]\nname = \"no lottery\"\n[rule.when]\nsubject_words = "
                                           "[\"lottery\"]\n[[rule.action]]\ndo = \"reject\"\n";
  std::ofstream(folder_ / "mail.eml") << "From: eve@example.org\nSubject: A lottery\n\nHi.\n";
  std::vector<std::string> test = {
      "rule",      "test",           "--message", (folder_ / "mail.eml").string(), "--mail-from", "eve@example.org",
      "--rcpt-to", "bob@example.net"};
  EXPECT_EQ(run(test).out, "no rule matches\naction: accept\n") << run(test).error;
  test.insert(test.end(), {"--file", (folder_ / "draft.toml").string()});
  const Ran tried = run(test);
  EXPECT_NE(tried.out.find("no lottery: reject; matched "), std::string::npos) << tried.out << tried.error;
  EXPECT_NE(tried.out.find("action: reject, 550 5.7.1 "), std::string::npos) << tried.out;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "connectors.d"));
}

}  // namespace
}  // namespace connectord::ctl
