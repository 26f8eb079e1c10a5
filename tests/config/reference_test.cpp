#include "config/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "connectord/config/fleet_keys.h"
#include "problem_cases.h"

namespace connectord::config {
namespace {

constexpr std::string_view begin_mark = "<!-- reference: begin -->\n";
constexpr std::string_view end_mark = "<!-- reference: end -->\n";

std::filesystem::path project() {
  return CONNECTORD_SOURCE_DIR;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// With CONNECTORD_RENEW_REFERENCE=1 in the environment the test writes what it would otherwise ask for.
TEST(ConfigReference, TheDocumentationHasTheReferenceAsTheCodeTellsIt) {
  const auto file = project() / "docs" / "configuration.md";
  std::string text = content(file);
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << file << " has no marks for the reference";
  const std::string before = text.substr(0, begin + begin_mark.size());
  const std::string current = before + reference_markdown() + "\n" + text.substr(end);
  if (std::getenv("CONNECTORD_RENEW_REFERENCE") != nullptr) {
    std::ofstream(file, std::ios::binary) << current;
    text = current;
  }
  EXPECT_TRUE(text == current) << file << " is not up to date; to renew it, run\n"
                               << "CONNECTORD_RENEW_REFERENCE=1 build/tests/config_tests "
                                  "--gtest_filter='ConfigReference.*'";
}

TEST(ConfigReference, EveryTableAndKeyIsInIt) {
  const std::string text = reference_markdown();
  for (const std::string_view part :
       {"### `[server]`", "| `milter` | a listener |", "| `name` | a name | **required** |", "### `[[inbound]]`",
        "### `[inbound.require.certificate]`", "### `[outbound.tls]`",
        "| `priority` | an integer from 0 to 1000000 | `100` |"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

// Every block of TOML that the documentation shows, but pieces of one ("..."), loads without a complaint.
TEST(ConfigReference, TheExamplesOfTheDocumentationLoad) {
  constexpr std::string_view fence = "```toml\n";
  const std::string text = content(project() / "docs" / "configuration.md");
  int examples = 0;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
    const auto first = at + fence.size();
    const std::string example = text.substr(first, text.find("```", first) - first);
    const Loaded loaded = parse_text(example);
    EXPECT_TRUE(loaded.problems.empty()) << example << listed(loaded.problems);
    ++examples;
  }
  EXPECT_GT(examples, 0);
}

TEST(ConfigReference, TheSampleConfigurationLoads) {
  const Loaded loaded = load((project() / "etc" / "connectord.toml").string(), {"mx.example.net"});
  EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
}

// integration/run has them in use; here, that each is good by itself.
TEST(ConfigReference, TheExamplesLoad) {
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(project() / "etc" / "examples")) {
    if (entry.path().extension() != ".toml") continue;
    const Loaded loaded = load(entry.path().string(), {"mx.example.net"});
    EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
    ++examples;
  }
  EXPECT_GT(examples, 0);
}

TEST(ConfigReference, TheDocumentationSaysWhatIsTheFleetsAsTheCodeDoes) {
  const auto file = project() / "docs" / "fleet.md";
  std::string text = content(file);
  constexpr std::string_view begin_owners = "<!-- key owners: begin -->\n";
  const auto begin = text.find(begin_owners);
  const auto end = text.find("<!-- key owners: end -->\n");
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << file << " has no marks for the list";
  const std::string current =
      text.substr(0, begin + begin_owners.size()) + "\n" + key_owners_markdown() + "\n" + text.substr(end);
  if (std::getenv("CONNECTORD_RENEW_REFERENCE") != nullptr) {
    std::ofstream(file, std::ios::binary) << current;
    text = current;
  }
  EXPECT_TRUE(text == current) << file << " is not up to date; run this test with CONNECTORD_RENEW_REFERENCE=1";
}

}  // namespace
}  // namespace connectord::config
