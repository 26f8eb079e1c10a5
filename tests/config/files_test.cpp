#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "problem_cases.h"

namespace connectord::config {
namespace {

namespace fs = std::filesystem;

class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "connectord-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(std::string_view name) const { return (directory_ / name).string(); }

  void write(std::string_view name, std::string_view text) const {
    fs::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }

  void write_main(std::string_view include) const {
    write("main.toml", with_server("include = [" + std::string(include) + "]\n"));
  }

  void write_connector(std::string_view file, std::string_view name) const {
    write(file, "[[inbound]]\nname = \"" + std::string(name) +
                    "\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n");
  }

  Loaded load_main() const { return load(path("main.toml"), {"mx.example.net"}); }

  // The only problem, as "file:line:column: error: key: message" with the file's name alone.
  std::string only_problem() const {
    const Loaded loaded = load_main();
    if (loaded.problems.size() != 1) return listed(loaded.problems);
    std::string text = to_string(loaded.problems[0]);
    for (auto at = text.find(directory_.string() + "/"); at != std::string::npos;
         at = text.find(directory_.string() + "/")) {
      text.erase(at, directory_.string().size() + 1);
    }
    return text;
  }

  fs::path directory_;
};

TEST_F(ConfigFiles, AreToldAndHaveADigestThatAnyEditChanges) {
  write_main("\"d/*.toml\"");
  write_connector("d/10.toml", "first");
  const model::Sources before = load_main().configuration.sources;
  EXPECT_EQ(before.files, (std::vector{path("main.toml"), path("d/10.toml")}));
  EXPECT_EQ(load_main().configuration.sources.sha256, before.sha256);
  write("d/10.toml", "# A comment.\n");
  EXPECT_NE(load_main().configuration.sources.sha256, before.sha256);
}

TEST_F(ConfigFiles, IncludedConnectorsComeInTheOrderOfTheirFiles) {
  write_main("\"d/*.toml\", \"last.toml\", \"none/*.toml\"");
  write_connector("d/20.toml", "second");
  write_connector("d/10.toml", "first");
  write_connector("d/ignored.txt", "never");
  write_connector("last.toml", "third");
  const Loaded loaded = load_main();
  EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
  std::vector<std::string> names;
  for (const auto& connector : loaded.configuration.inbound) names.push_back(connector.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(*loaded.configuration.inbound[0].location.file, path("d/10.toml"));
}

TEST_F(ConfigFiles, ErrorsOfAllFilesAreTold) {
  write_main("\"d/*.toml\"");
  write("d/a.toml", "[[inbound]\n");
  write("d/b.toml", "[[inbound]]\nnmae = \"b\"\n");
  write_connector("d/c.toml", "c");
  write_connector("d/d.toml", "c");
  const std::string all = listed(load_main().problems);
  EXPECT_NE(all.find("a.toml:1:"), std::string::npos) << all;
  EXPECT_NE(all.find("b.toml:2:1: error: inbound.nmae: unknown key; did you mean \"name\"?"), std::string::npos) << all;
  EXPECT_NE(all.find("d.toml:1:1: error: inbound.name: there is a connector \"c\" already"), std::string::npos) << all;
}

TEST_F(ConfigFiles, OurDomainsStandInAFileToo) {
  write("main.toml", with_server("[organization]\nreject_direct_send = true\naccepted_domains = [\"example.net\"]\n"
                                 "accepted_domains_file = \"" +
                                 path("domains") + "\"\n"));
  write("domains",
        "\xef\xbb\xbf# ours\n\nexample.org\r\n  *.Example.COM\t# and below\n#\nb\xc3\xbc"
        "cher.example\nexample.net\nlast.example");
  const Loaded loaded = load_main();
  EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
  std::vector<std::string> domains;
  for (const auto& pattern : loaded.configuration.organization.accepted_domains) domains.push_back(pattern.to_string());
  EXPECT_EQ(domains, (std::vector<std::string>{"example.net", "example.org", "*.example.com", "xn--bcher-kva.example",
                                               "example.net", "last.example"}));
}

TEST_F(ConfigFiles, WhatIsWrongWithTheFileOfOurDomainsIsToldWithItsLine) {
  write("main.toml", with_server("[organization]\naccepted_domains_file = \"" + path("domains") + "\"\n"));
  constexpr std::string_view one_a_line =
      " is not a domain; write one a line and nothing else, such as example.net or "
      "*.example.net";
  struct Case {
    const char* title;
    std::string text;
    std::string problem;
  };
  const std::string key = " error: organization.accepted_domains_file: ";
  for (const Case& c :
       {Case{"in quotes", "a.example\n \"b.example\",\n",
             "domains:2:2:" + key + "\"\"b.example\",\"" + std::string(one_a_line)},
        Case{"two on a line", "a.example b.example\n",
             "domains:1:1:" + key + "\"a.example b.example\"" + std::string(one_a_line)},
        Case{"no domain", "# x\n\na..example\n", "domains:3:1:" + key + "\"a..example\" is not a domain"},
        Case{"binary", std::string("a.example\0", 10), "domains:" + key + "the file is binary, not a list of domains"},
        Case{"empty", "", "domains:1:1:" + key + "the file names no domain; write one a line"},
        Case{"only comments", "# none\n\n", "domains:1:1:" + key + "the file names no domain; write one a line"},
        Case{"too large", std::string((std::size_t{16} << 20) + 1, '#'),
             "main.toml:4:1:" + key + "\"domains\": the file is larger than 16 MiB; write *.example.net in place"}}) {
    write("domains", c.text);
    EXPECT_EQ(only_problem().substr(0, c.problem.size()), c.problem) << c.title;
  }
  fs::remove(path("domains"));
  EXPECT_EQ(only_problem(), "main.toml:4:1:" + key + "\"domains\": cannot open the file: No such file or directory");
  fs::create_directory(path("domains"));
  EXPECT_EQ(only_problem(), "main.toml:4:1:" + key +
                                "\"domains\": this is a directory; write the name of a file with one domain a line");
}

TEST_F(ConfigFiles, AMillionOfOurDomainsAreEnough) {
  write("main.toml", with_server("[organization]\naccepted_domains_file = \"" + path("domains") + "\"\n"));
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "a.example\n";
  write("domains", text);
  const Loaded loaded = load_main();
  EXPECT_TRUE(loaded.ok()) << listed(loaded.problems);
  EXPECT_EQ(loaded.configuration.organization.accepted_domains.size(), 1'000'000U);
  write("domains", text + "more.example\n");
  EXPECT_EQ(only_problem().substr(0, 20), "domains:1000001:1: e");
}

TEST_F(ConfigFiles, AMissingMainFileIsAnError) {
  EXPECT_EQ(only_problem(), "main.toml: error: cannot open the file: No such file or directory");
}

TEST_F(ConfigFiles, AnUnreadableMainFileIsAnError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  write_main("");
  ::chmod(path("main.toml").c_str(), 0);
  EXPECT_EQ(only_problem(), "main.toml: error: cannot open the file: Permission denied");
}

TEST_F(ConfigFiles, AFileThatFailsWhileItIsReadIsAnError) {
  const Loaded loaded = load("/proc/self/mem", {"mx.example.net"});
  ASSERT_EQ(loaded.problems.size(), 1U) << listed(loaded.problems);
  EXPECT_EQ(to_string(loaded.problems[0]), "/proc/self/mem: error: cannot read the file: Input/output error");
}

TEST_F(ConfigFiles, AnEmptyMainFileIsAnError) {
  write("main.toml", " \n\n");
  EXPECT_EQ(only_problem().substr(0, 40), "main.toml:1:1: error: the file is empty;");
}

TEST_F(ConfigFiles, ABinaryFileIsAnError) {
  write("main.toml", std::string_view("\x7f"
                                      "ELF\0\0",
                                      6));
  EXPECT_EQ(only_problem(), "main.toml: error: the file is binary, not TOML: it has a NUL at byte 5");
}

TEST_F(ConfigFiles, ADirectoryIsNoFile) {
  fs::create_directory(path("main.toml"));
  EXPECT_EQ(only_problem(), "main.toml: error: this is a directory; write a file, or dir/*.toml");
}

TEST_F(ConfigFiles, APipeIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(path("main.toml").c_str(), 0600), 0);
  EXPECT_EQ(only_problem(), "main.toml: error: this is no regular file");
}

TEST_F(ConfigFiles, AHugeFileIsNotRead) {
  write("main.toml", "");
  fs::resize_file(path("main.toml"), std::uintmax_t{65} << 20);
  EXPECT_EQ(only_problem().substr(0, 55), "main.toml: error: the file is larger than 64 MiB; divid");
}

TEST_F(ConfigFiles, APlainNameInIncludeMustExist) {
  write_main("\"absent.toml\"");
  EXPECT_EQ(only_problem(),
            "main.toml:4:12: error: server.include: \"absent.toml\": cannot open the file: No such file or directory");
}

TEST_F(ConfigFiles, ADirectoryInIncludeIsAnError) {
  write_main("\"d\"");
  fs::create_directory(path("d"));
  EXPECT_EQ(only_problem(),
            "main.toml:4:12: error: server.include: \"d\": this is a directory; write a file, or dir/*.toml");
}

TEST_F(ConfigFiles, AFileThatIncludesItselfIsAnError) {
  write_main("\"*.toml\"");
  EXPECT_EQ(only_problem(),
            "main.toml:4:12: error: server.include: \"main.toml\" is this file itself; write only the names of "
            "others, such as \"connectors.d/*.toml\"");
}

TEST_F(ConfigFiles, AnIncludeInAnIncludedFileIsAnError) {
  write_main("\"d/*.toml\"");
  write("d/a.toml", "[server]\ninclude = [\"a.toml\"]\n");
  EXPECT_EQ(only_problem(),
            "d/a.toml:2:11: error: server.include: an included file can't include others; name them all in the main "
            "file's server.include");
}

TEST_F(ConfigFiles, AnIncludedFileHoldsConnectorsOnly) {
  write_main("\"d/*.toml\"");
  write("d/a.toml", "[log]\nformat = \"json\"\n");
  EXPECT_EQ(only_problem(),
            "d/a.toml:1:1: error: log: an included file can hold [[inbound]], [[outbound]] and [[rule]] only; write "
            "[log] in the main "
            "file");
}

TEST_F(ConfigFiles, ABinaryIncludedFileIsAnError) {
  write_main("\"a.toml\"");
  write("a.toml", std::string_view("a\0", 2));
  EXPECT_EQ(only_problem(), "a.toml: error: the file is binary, not TOML: it has a NUL at byte 2");
}

TEST_F(ConfigFiles, AFileThatTwoPatternsMatchIsReadOnce) {
  write_main("\"d/*.toml\", \"d/a.toml\"");
  write_connector("d/a.toml", "a");
  EXPECT_EQ(only_problem(),
            "main.toml:4:24: warning: server.include: \"d/a.toml\" is included already; it is read once");
  EXPECT_EQ(load_main().configuration.inbound.size(), 1U);
}

TEST_F(ConfigFiles, AnEmptyIncludedFileDoesNoHarm) {
  write_main("\"a.toml\"");
  write("a.toml", "");
  const Loaded loaded = load_main();
  EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
}

}  // namespace
}  // namespace connectord::config
