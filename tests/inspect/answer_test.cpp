#include "connectord/inspect/answer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "archives.h"

namespace connectord::inspect {
namespace {

using model::FileKind;

Answer some_answer() {
  Answer answer;
  answer.contents.kinds = {FileKind::tar, FileKind::text};
  answer.contents.inner_names = {"a\nb", std::string("\0", 1)};
  answer.contents.extensions = {"txt"};
  answer.contents.texts = {"Dear Bob\n", "x"};
  answer.contents.executable = "a.exe: runs by its name";
  answer.contents.uninspectable = "broken";
  answer.contents.limit_exceeded = "too deep";
  answer.contents.encrypted = model::Encryption::unknown;
  answer.contents.has_unread_text = true;
  answer.contents.text_is_cut = true;
  answer.entries = 7;
  answer.unpacked = 1'000'000'000'000;
  return answer;
}

TEST(Answer, IsReadAsItWasWritten) {
  for (const Answer& answer : {Answer(), some_answer()}) {
    const auto read = read_answer(to_lines(answer));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, answer);
  }
}

TEST(Answer, IsNoneUnlessItIsOneToTheLastByte) {
  for (const char* lines :
       {"", "end", "end\nx", "end\nend\n", "kind nobody\nend\n", "name 4\nend\n", "name zz\nend\n", "name\nend\n",
        "entries -1\nend\n", "entries 1x\nend\n", "entries 99999999999999999999\nend\n", "has wings\nend\n",
        "encrypted maybe\nend\n", "other 1\nend\n", "kind tar\n", "\nend\n"}) {
    EXPECT_FALSE(read_answer(lines)) << lines;
  }
}

TEST(Answer, ToldTheLimitsInOneArgument) {
  const Limits limits{.max_depth = 1,
                      .max_entries = 2,
                      .max_ratio = 3,
                      .max_unpacked = 4,
                      .max_text = 5,
                      .max_names = 6,
                      .max_time = std::chrono::milliseconds(7)};
  EXPECT_EQ(to_argument(limits), "1,2,3,4,5,6,7");
  ASSERT_TRUE(read_limits("1,2,3,4,5,6,7"));
  EXPECT_EQ(to_argument(*read_limits("1,2,3,4,5,6,7")), "1,2,3,4,5,6,7");
  for (const char* text : {"", "1,2,3,4,5,6", "1,2,3,4,5,6,7,8", "1,2,0,4,5,6,7", "1,2,3,4,5,6,x", "-1,2,3,4,5,6,7"}) {
    EXPECT_FALSE(read_limits(text)) << text;
  }
}

// A program in the place of the real one.
class PlayedProgram : public testing::Test {
 protected:
  PlayedProgram() : path_(testing::TempDir() + "connectord-played-unpacker-" + std::to_string(::getpid())) {}
  ~PlayedProgram() override { ::unlink(path_.c_str()); }

  model::FileContents asked(const std::string& script, const Limits& limits = {}) {
    std::ofstream(path_) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path_.c_str(), 0700);
    return inspect_file({"a.7z"}, "7z\xbc\xaf\x27\x1c", *make_process_unpacker(path_), limits);
  }

  std::string path_;
};

TEST_F(PlayedProgram, IsBelievedWhatItSays) {
  const auto contents = asked("printf 'kind elf\\nname 612e657865\\nexecutable 78\\nentries 1\\nunpacked 5\\nend\\n'");
  EXPECT_EQ(contents.inner_names, std::vector<std::string>{"a.exe"});
  EXPECT_EQ(contents.executable, "a.exe: runs by its name (.exe)");
  EXPECT_TRUE(contents.has(FileKind::elf) && contents.has(FileKind::seven_zip));
  EXPECT_EQ(contents.uninspectable, "");
}

TEST_F(PlayedProgram, ThatFailsLeavesTheArchiveUninspectable) {
  const std::string failed = "a.7z: the process that unpacks it has failed";
  for (const char* script : {"exit 1", "kill -9 $$", "kill -SEGV $$", "echo rubbish", "echo end; echo more"}) {
    EXPECT_EQ(asked(script).uninspectable, failed) << script;
  }
  EXPECT_EQ(inspect_file({"a.7z"}, "7z\xbc\xaf\x27\x1c", *make_process_unpacker("/nonexistent")).uninspectable, failed);
}

TEST_F(PlayedProgram, ThatSaysTooMuchIsEnded) {
  EXPECT_EQ(asked("exec yes", {.max_entries = 10, .max_text = 10, .max_names = 10}).uninspectable,
            "a.7z: the process that unpacks it has failed");
}

TEST_F(PlayedProgram, ThatTakesTooLongIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  const auto contents = asked("exec sleep 60", {.max_time = std::chrono::milliseconds(100)});
  EXPECT_EQ(contents.uninspectable, "a.7z: the process that unpacks it has failed");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST_F(PlayedProgram, InheritsNothingButItsTwoFiles) {
  ::setenv("CONNECTORD_SECRET", "x", 1);
  const int open_file = ::dup(0);
  // Its own descriptors are those of the shell: 0, 1, 2 and that of the script or the folder.
  const auto contents = asked("test -z \"$CONNECTORD_SECRET\" && test ! -e /proc/self/fd/" +
                              std::to_string(std::max(open_file, 20)) + " && printf 'entries 0\\nend\\n'");
  ::close(open_file);
  EXPECT_EQ(contents.uninspectable, "");
}

}  // namespace
}  // namespace connectord::inspect
