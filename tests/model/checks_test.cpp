// Holds the sources to the registry of checks: no name twice, and none written anywhere else.
#include "connectord/model/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace connectord::model {
namespace {

std::filesystem::path sources() {
  return CONNECTORD_SOURCE_DIR;
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The name of each constant, and its word.
std::vector<std::pair<std::string, std::string>> registry() {
  static const std::regex constant(R"re(inline constexpr const char\* (\w+) =\s*"([^"]+)";)re");
  const std::string header = text_of(sources() / "include/connectord/model/checks.h");
  std::vector<std::pair<std::string, std::string>> found;
  for (auto each = std::sregex_iterator(header.begin(), header.end(), constant); each != std::sregex_iterator();
       ++each) {
    found.emplace_back((*each)[1], (*each)[2]);
  }
  return found;
}

TEST(Checks, HaveOneConstantEachThatIsCalledAsTheyAre) {
  std::set<std::string> seen;
  for (const auto& [constant, word] : registry()) {
    EXPECT_TRUE(seen.insert(word).second) << word << " stands twice";
    std::string expected = word;
    std::replace(expected.begin(), expected.end(), '.', '_');
    EXPECT_EQ(constant, expected);
  }
  EXPECT_GT(seen.size(), 80U);
}

TEST(Checks, AreWrittenInNoOtherSource) {
  std::size_t files = 0;
  for (const char* folder : {"src", "include"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(sources() / folder)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
      if (entry.path().filename() == "checks.h") continue;
      const std::string text = text_of(entry.path());
      for (const char* use : {"check = \"", "check == \"", "check != \"", "check.starts_with(\""}) {
        EXPECT_EQ(text.find(use), std::string::npos)
            << entry.path() << " writes the name of a check after " << use << "; give it a constant in model/checks.h";
      }
      ++files;
    }
  }
  EXPECT_GT(files, 500U);
}

TEST(Checks, OfOneFamilyAreFoundByIt) {
  EXPECT_TRUE(check::is_requirement(check::require_dkim));
  EXPECT_FALSE(check::is_requirement(check::dkim));
  EXPECT_TRUE(check::is_tls_requirement(check::require_tls));
  EXPECT_TRUE(check::is_tls_requirement(check::require_tls_version));
  EXPECT_FALSE(check::is_tls_requirement(check::require_spf));
  EXPECT_TRUE(check::is_certificate_requirement(check::require_certificate_fingerprints));
  EXPECT_FALSE(check::is_certificate_requirement(check::identify_certificate));
  EXPECT_TRUE(check::is_attribution(check::identify_certificate_fingerprints));
  EXPECT_TRUE(check::is_attribution(check::mail_from));
  EXPECT_FALSE(check::is_attribution(check::mode));
  EXPECT_TRUE(check::is_outbound(check::outbound_route));
  EXPECT_FALSE(check::is_outbound(check::enhanced_filtering));
}

}  // namespace
}  // namespace connectord::model
