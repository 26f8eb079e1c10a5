#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "run_connectorctl.h"

namespace connectord::ctl {
namespace {

std::set<std::string> offered(std::vector<std::string> words) {
  words.insert(words.begin(), "__complete");
  std::set<std::string> offered;
  std::istringstream lines(run_connectorctl(words).out);
  for (std::string line; std::getline(lines, line);) offered.insert(line.substr(0, line.find('\t')));
  return offered;
}

struct Case {
  const char* title;
  std::vector<std::string> words;
  std::set<std::string> offered;
};

TEST(Completion, OffersWhatMayStandThere) {
  const std::vector<Case> cases = {
      {"a command that is begun", {"back"}, {"backtest"}},
      {"a command below a command", {"token", ""}, {"add", "list", "remove"}},
      {"an option that is begun", {"trace", "--rec"}, {"--recipient"}},
      {"an option behind another with its value", {"trace", "--sender", "show", "--rec"}, {"--recipient"}},
      {"an option of the command below", {"dkim", "new", "--ed"}, {"--ed25519"}},
      {"the words of an option", {"trace", "--direction", ""}, {"inbound", "outbound", "validation"}},
      {"the words of an option that takes many", {"trace", "--action", "q"}, {"quarantine"}},
      {"nothing where a file's name comes", {"trace", "--file", ""}, {}},
      {"nothing for what is not known", {"nonsense", "--nothing", "x"}, {}},
  };
  for (const Case& one : cases) EXPECT_EQ(offered(one.words), one.offered) << one.title;
}

TEST(Completion, OffersTheConnectorsOfTheConfigurationThatIsNamed) {
  const std::string file = testing::TempDir() + "completion-" + std::to_string(::getpid()) + ".toml";
  std::ofstream(file) << R"([[inbound]]
name = "contoso"
scenario = "partner"
[inbound.identify]
sender_domains = ["contoso.com"]
)";
  EXPECT_EQ(offered({"--config", file, "show", ""}), std::set<std::string>{"contoso"});
  std::filesystem::remove(file);
  EXPECT_EQ(offered({"--config", file, "show", ""}), std::set<std::string>{});
}

}  // namespace
}  // namespace connectord::ctl
