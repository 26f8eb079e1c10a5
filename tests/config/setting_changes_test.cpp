#include "connectord/config/setting_changes.h"

#include <gtest/gtest.h>

namespace connectord::config {
namespace {

std::string changes(const SourceTexts& before, const SourceTexts& after, std::size_t most = 100) {
  std::string text;
  for (const SettingChange& change : setting_changes(before, after, most)) {
    text += change.file + ": " + to_string(change) + "\n";
  }
  return text;
}

std::string connector(const std::string& name, const std::string& more = "") {
  return "[[inbound]]\nname = \"" + name + "\"\n" + more;
}

TEST(SettingChanges, AreToldKeyByKeyWithWhatWasAndWhatIs) {
  struct {
    const char* what;
    SourceTexts before;
    SourceTexts after;
    std::string expected;
  } const cases[] = {
      {"nothing", {{"m", "[server]\n"}}, {{"m", "[server]\n"}}, ""},
      {"a comment", {{"m", "[server]\n"}}, {{"m", "# c\n[server]\n"}}, ""},
      {"a key",
       {{"m", connector("a", "[inbound.require]\ntls = true\n") + connector("b")}},
       {{"m", connector("a", "[inbound.require]\ntls = false\nspf = \"pass\"\n") + connector("b")}},
       "m: inbound a: require.spf from nothing to \"pass\"\nm: inbound a: require.tls from true to false\n"},
      {"a connector that moves to another file",
       {{"m", connector("a") + connector("b")}},
       {{"m", connector("b")}, {"n", connector("a")}},
       ""},
      {"a connector of a new file, and one that is gone",
       {{"m", connector("a")}},
       {{"m", "[server]\n"}, {"n", connector("b")}},
       "m: inbound a is gone\nn: inbound b is new\n"},
      {"a list, and a table that was not there",
       {{"m", "[organization]\naccepted_domains = [\"a\"]\n"}},
       {{"m", "[organization]\naccepted_domains = [\"a\", \"b\"]\n[trace]\nkeep = \"9d\"\n"}},
       "m: [organization]: accepted_domains from [\"a\"] to [\"a\", \"b\"]\nm: [trace]: keep from nothing to \"9d\"\n"},
      {"a list of domains",
       {{"d", "a.example\nb.example\n"}},
       {{"d", "a.example\n"}},
       "d: file d: lines from 2 to 1\n"},
  };
  for (const auto& one : cases) EXPECT_EQ(changes(one.before, one.after), one.expected) << one.what;
}

TEST(SettingChanges, AreBounded) {
  std::string many;
  for (int i = 0; i < 50; ++i) many += connector("c" + std::to_string(i));
  EXPECT_EQ(setting_changes({{"m", "[server]\n"}}, {{"m", many}}, 7).size(), 7U);
}

}  // namespace
}  // namespace connectord::config
