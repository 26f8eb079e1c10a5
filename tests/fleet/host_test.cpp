#include "fleet/host.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "connectord/config/fleet_copy.h"
#include "fleet/copy.h"

namespace connectord::fleet {
namespace {

class FleetFolder : public testing::Test {
 protected:
  FleetFolder() {
    std::string name = "/tmp/connectord-fleet-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~FleetFolder() override { std::filesystem::remove_all(path_); }

  model::Configuration member() const {
    model::Configuration configuration;
    configuration.server.host_name = "mx1.example.net";
    configuration.fleet.emplace().state = path_;
    return configuration;
  }
  std::string content(const std::string& name) const {
    std::ifstream in(path_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string path_;
};

TEST_F(FleetFolder, AHostIsTheSameOneAtEachStart) {
  const auto first = identity_of_host(member());
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->uuid.size(), 36U);
  EXPECT_EQ(first->name, "mx1.example.net");
  EXPECT_EQ(identity_of_host(member())->uuid, first->uuid);
  std::filesystem::remove(path_ + "/host-id");
  EXPECT_NE(identity_of_host(member())->uuid, first->uuid);
}

TEST_F(FleetFolder, ANumberThatIsNoneIsReported) {
  std::ofstream(path_ + "/host-id") << "mx1\n";
  const auto identity = identity_of_host(member());
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().find("host-id has no host's number; remove it"), std::string::npos) << identity.error();
}

TEST(FleetHost, ACopyOfAMachineIsRefusedByName) {
  const HostIdentity identity{.uuid = "5c8a5b7e-0000-4000-8000-000000000000",
                              .machine_id = "machine b",
                              .boot_id = "boot b",
                              .name = "mx2",
                              .version = "0.2.0",
                              .file = "/state/host-id"};
  EXPECT_EQ(why_another_machine(identity, "machine b", "mx1"), "");
  const std::string reason = why_another_machine(identity, "machine a", "mx1");
  for (const char* words : {"a copy of mx1", "/state/host-id", "remove that file"}) {
    EXPECT_NE(reason.find(words), std::string::npos) << reason;
  }
}

TEST(FleetHost, OfTwoAtTheSameTimeTheSecondIsRefused) {
  HostIdentity identity;
  identity.boot_id = "boot b";
  identity.file = "/state/host-id";
  EXPECT_EQ(why_two_at_once(identity, "boot b", "mx1", 1), "");
  EXPECT_EQ(why_two_at_once(identity, "boot a", "mx1", 60), "");
  const std::string reason = why_two_at_once(identity, "boot a", "mx1", 14);
  for (const char* words : {"as mx1, and was there 14 s ago", "/state/host-id", "this ends within a minute"}) {
    EXPECT_NE(reason.find(words), std::string::npos) << reason;
  }
}

TEST_F(FleetFolder, TheCopyThatCountsIsReplacedWhole) {
  EXPECT_EQ(config::current_fleet_copy(path_).value(), std::nullopt);
  ASSERT_TRUE(keep_copy(path_, 3, "a = 1\n"));
  ASSERT_TRUE(keep_copy(path_, 4, "a = 2\n"));
  EXPECT_EQ(config::current_fleet_copy(path_).value(), 4);
  EXPECT_EQ(content("current"), "a = 2\n");
  EXPECT_EQ(content("generation-3.toml"), "a = 1\n");
  // Back, as after a canary.
  ASSERT_TRUE(keep_copy(path_, 3, "a = 1\n"));
  EXPECT_EQ(config::current_fleet_copy(path_).value(), 3);
}

TEST_F(FleetFolder, AFewCopiesOfBeforeStay) {
  for (int n = 1; n <= 9; ++n) ASSERT_TRUE(keep_copy(path_, n, ""));
  for (int n = 1; n <= 9; ++n) {
    EXPECT_EQ(std::filesystem::exists(config::fleet_copy_path(path_, n)), n >= 4) << n;
  }
}

TEST_F(FleetFolder, ALinkThatLeadsElsewhereIsNotFollowed) {
  for (const char* target : {"/etc/shadow", "../generation-1.toml", "generation-01.toml", "host-id"}) {
    std::filesystem::remove(path_ + "/current");
    std::filesystem::create_symlink(target, path_ + "/current");
    EXPECT_FALSE(config::current_fleet_copy(path_)) << target;
  }
}

TEST_F(FleetFolder, WhereNothingCanBeWrittenTheOneBeforeCounts) {
  const auto kept = keep_copy(path_ + "/missing", 1, "");
  ASSERT_FALSE(kept);
  EXPECT_NE(kept.error().find("missing"), std::string::npos) << kept.error();
}

}  // namespace
}  // namespace connectord::fleet
