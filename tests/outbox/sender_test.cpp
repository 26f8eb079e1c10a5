#include "connectord/outbox/sender.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "probe/scripted_network.h"

namespace connectord::outbox {
namespace {

std::string key_file(const std::string& name) {
  return testing::TempDir() + name + std::to_string(::getpid());
}

TEST(Sender, HasOneKeyThatIsMadeWhereThereIsNone) {
  const std::string path = key_file("connectord-sender-key-");
  Sender sender(path, "", std::make_shared<probe::testing::ScriptedNetwork>());
  const auto first = sender.key();
  ASSERT_TRUE(first) << first.error();
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
  EXPECT_EQ(*sender.key(), *first);
}

TEST(Sender, SaysWhyThereIsNoKeyAndTriesAgain) {
  const std::string path = key_file("connectord-no-folder-") + "/key";
  Sender sender(path, "", std::make_shared<probe::testing::ScriptedNetwork>());
  const auto none = sender.key();
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().starts_with("server.mail_key: " + path)) << none.error();
  std::filesystem::create_directory(std::filesystem::path(path).parent_path());
  EXPECT_TRUE(sender.key());
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}

TEST(Sender, HasFewPlacesAndGivesThemBack) {
  Sender sender("/none", "", std::make_shared<probe::testing::ScriptedNetwork>());
  const auto now = std::chrono::steady_clock::now();
  std::vector<Sender::Place> places;
  while (auto place = sender.place(now)) places.push_back(std::move(*place));
  EXPECT_EQ(places.size(), 8U);
  places.pop_back();
  EXPECT_TRUE(sender.place(now));
}

}  // namespace
}  // namespace connectord::outbox
