#include "connectord/runtime/configuration_history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "connectord/base/accounts.h"

namespace connectord::runtime {
namespace {

config::SourceTexts connector(const std::string& more) {
  return {{"c.toml", "[[inbound]]\nname = \"contoso\"\n" + more}};
}

TEST(ConfigurationHistory, TellsAnotherProcessWhatRunsAndWhatEachLoadHasChanged) {
  ConfigurationHistory history;
  EXPECT_TRUE(history.loaded({1, 100, "the start"}, connector(""), {}));
  EXPECT_EQ(history.last_change(), "");
  EXPECT_TRUE(history.loaded({2, 200, "a reload"}, connector("mode = \"audit\"\n"), {}));
  EXPECT_TRUE(history.loaded({3, 300, "a reload"}, connector("mode = \"audit\"\n"), {}));
  EXPECT_TRUE(history.loaded({4, 400, "alice"}, connector("priority = 5\n"), {"server.api"}));
  EXPECT_EQ(history.last_change(), "inbound contoso: mode from \"audit\" to nothing, and 1 more, by alice");
  const auto running = read_running_configuration(history.document());
  ASSERT_TRUE(running) << running.error();
  EXPECT_EQ(running->generation, 4U);
  EXPECT_EQ(running->files, connector("priority = 5\n"));
  EXPECT_EQ(running->waits_for_restart, std::vector<std::string>{"server.api"});
  ASSERT_EQ(running->loads.size(), 2U) << "one changed nothing";
  EXPECT_EQ(running->loads.front().generation, 2U);
  EXPECT_EQ(running->loads.back().who, "alice");
  EXPECT_EQ(running->loads.back().changes, history.loads().back().changes);
}

TEST(ConfigurationHistory, KeepsABoundedNumberOfLoads) {
  ConfigurationHistory history;
  for (std::uint64_t i = 1; i < 300; ++i) {
    EXPECT_TRUE(history.loaded({i, 0, "a reload"}, connector("priority = " + std::to_string(i) + "\n"), {}));
  }
  EXPECT_EQ(history.loads().size(), 100U);
  EXPECT_EQ(history.loads().back().generation, 299U);
}

class KeptHistory : public testing::Test {
 protected:
  KeptHistory() {
    std::string name = testing::TempDir() + "history-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~KeptHistory() override { std::filesystem::remove_all(folder_); }
  std::string file() const { return (folder_ / "changes.json").string(); }
  // A process that starts with these files.
  tl::expected<void, std::string> start(ConfigurationHistory& history, const std::string& more) const {
    EXPECT_TRUE(history.loaded({1, 100, "the start"}, connector(more), {}));
    return history.keep_in(file());
  }
  static std::vector<std::string> changes(const ConfigurationHistory& history) {
    std::vector<std::string> lines;
    for (const auto& load : history.loads()) {
      lines.push_back(std::to_string(load.generation) + " " + load.who + ": " + to_string(load.changes.front()));
    }
    return lines;
  }

  std::filesystem::path folder_;
};

TEST_F(KeptHistory, IsTakenUpByTheNextProcessWithWhatWasEditedMeanwhile) {
  {
    ConfigurationHistory history;
    ASSERT_TRUE(start(history, ""));
    ASSERT_TRUE(history.loaded({2, 200, "a reload"}, connector("priority = 5\n"), {}));
  }
  struct stat info {};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U) << "it has what the files say";
  ConfigurationHistory next;
  ASSERT_TRUE(start(next, "priority = 6\n"));
  const std::vector<std::string> expected = {"0 a reload: inbound contoso: priority from nothing to 5",
                                             "1 the start: inbound contoso: priority from 5 to 6"};
  EXPECT_EQ(changes(next), expected);
  ConfigurationHistory last;
  ASSERT_TRUE(start(last, "priority = 6\n"));
  EXPECT_EQ(changes(last), (std::vector<std::string>{"0 a reload: inbound contoso: priority from nothing to 5",
                                                     "0 the start: inbound contoso: priority from 5 to 6"}));
}

TEST_F(KeptHistory, IsBounded) {
  {
    ConfigurationHistory history;
    ASSERT_TRUE(start(history, ""));
    const std::string large = "# " + std::string(ConfigurationHistory::max_kept_texts, 'x') + "\n";
    for (std::uint64_t i = 2; i < 40; ++i) {
      const std::string more = "priority = " + std::to_string(i) + "\n";
      ASSERT_TRUE(history.loaded({i, 0, std::string(50'000, 'w')}, connector(i == 39 ? more + large : more), {}));
    }
  }
  EXPECT_LE(std::filesystem::file_size(file()), 2 * ConfigurationHistory::max_kept_loads);
  ConfigurationHistory next;
  ASSERT_TRUE(start(next, "priority = 1\n"));
  EXPECT_GT(next.loads().size(), 10U);
  EXPECT_NE(next.loads().back().who, "the start") << "texts so large are not kept, so nothing is compared";
}

TEST_F(KeptHistory, ThatCannotBeReadIsToldAndBegunAnew) {
  std::ofstream(file()) << "{";
  {
    ConfigurationHistory history;
    const auto started = start(history, "");
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().find("changes.json"), std::string::npos);
    ASSERT_TRUE(history.loaded({2, 200, "a reload"}, connector("priority = 5\n"), {}));
  }
  ConfigurationHistory next;
  EXPECT_TRUE(start(next, "priority = 5\n"));
  EXPECT_EQ(next.loads().size(), 1U);
}

TEST_F(KeptHistory, HasWhatEachFileSaysOfItself) {
  const std::string path = (folder_ / "c.toml").string();
  std::ofstream(path) << "x";
  const config::SettingChange change{"inbound", "contoso", "mode", "", "", path};
  const config::SettingChange gone{"inbound", "fabrikam", "", "there", "", (folder_ / "gone.toml").string()};
  const auto marks = file_marks({change, change, gone});
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_EQ(marks[0].path, path);
  EXPECT_EQ(marks[0].owner, base::find_account(::geteuid()) ? base::find_account(::geteuid())->name
                                                            : "uid " + std::to_string(::geteuid()));
  EXPECT_GT(marks[0].modified, 1'500'000'000);
}

TEST(ConfigurationHistory, WhatIsToldOddlyIsAnError) {
  for (const char* text :
       {"", "[]", "{}", R"({"generation": "x", "files": [], "loads": [], "waits_for_restart": []})"}) {
    EXPECT_FALSE(read_running_configuration(text)) << text;
  }
}

}  // namespace
}  // namespace connectord::runtime
