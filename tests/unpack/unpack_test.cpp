#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "connectord/base/hexadecimal.h"
#include "connectord/inspect/examination.h"
#include "inspect/archives.h"
#include "samples.h"
#include "unpack/confinement.h"
#include "unpack/libarchive_unpacker.h"

namespace connectord::unpack {
namespace {

using model::Encryption;
using model::FileContents;
using model::FileKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// In this process, and by the program as connectord starts it.
enum class By : std::uint8_t { library, program };

class Unpacking : public testing::TestWithParam<By> {
 protected:
  Unpacking()
      : unpacker_(GetParam() == By::library ? make_libarchive_unpacker()
                                            : inspect::make_process_unpacker(CONNECTORD_INSPECT)) {}

  FileContents contents_of(const std::string& name, const std::string& bytes, const inspect::Limits& limits = {}) {
    return inspect::inspect_file({name}, bytes, *unpacker_, limits);
  }

  std::unique_ptr<inspect::Unpacker> unpacker_;
};
INSTANTIATE_TEST_SUITE_P(By, Unpacking, testing::Values(By::library, By::program),
                         [](const auto& by) { return by.param == By::library ? "Library" : "Program"; });

TEST_P(Unpacking, TellsWhatIsInEachKindOfArchive) {
  for (const auto& [title, kind, bytes] : samples::plain()) {
    const auto contents = contents_of("a.dat", bytes);
    EXPECT_TRUE(contents.has(kind)) << title;
    EXPECT_THAT(contents.inner_names, Contains(testing::EndsWith("letter.txt"))) << title;
    EXPECT_THAT(contents.texts, Contains("Dear Bob, secret plan\n")) << title;
    EXPECT_THAT(contents.executable, HasSubstr("a program by its bytes")) << title;
    EXPECT_EQ(contents.uninspectable + contents.limit_exceeded, "") << title;
    EXPECT_EQ(contents.encrypted, Encryption::no) << title;
  }
}

TEST_P(Unpacking, TellsWhatWantsAPasswordFromWhatCannotBeRead) {
  for (const auto& [title, kind, bytes] : samples::encrypted()) {
    const auto contents = contents_of("a.dat", bytes);
    EXPECT_TRUE(contents.has(kind)) << title;
    EXPECT_EQ(contents.encrypted, Encryption::yes) << title;
    EXPECT_EQ(contents.uninspectable, "") << title;
  }
}

TEST_P(Unpacking, OfWhatIsBrokenIsUninspectable) {
  for (const auto& [title, kind, bytes] : samples::plain()) {
    const auto contents = contents_of("a.dat", bytes.substr(0, bytes.size() / 2));
    EXPECT_NE(contents.uninspectable + contents.limit_exceeded + contents.executable, "") << title;
  }
  EXPECT_NE(contents_of("a.rar", std::string("Rar!\x1a\x07\x01\0xxxxxxxxxxxxxxxxxxxxxxxxxxx", 35)).uninspectable, "");
}

TEST_P(Unpacking, StopsAtTheLimits) {
  const std::string bomb = samples::bomb();
  EXPECT_EQ(contents_of("a.7z", bomb).limit_exceeded, "unpacks to more than 200 times its size");
  EXPECT_THAT(contents_of("a.7z", bomb, {.max_ratio = 1'000'000, .max_unpacked = 10'000}).limit_exceeded,
              HasSubstr("bytes in archives"));
  const std::string nested = samples::nested();
  EXPECT_TRUE(contents_of("a.7z", nested).is_executable());
  EXPECT_THAT(contents_of("a.7z", nested, {.max_depth = 1}).limit_exceeded, HasSubstr("more than"));
}

TEST_P(Unpacking, CountsWhatAllArchivesOfAMessageUnpackTogether) {
  const std::string zip = inspect::test::zip_of({{"a.7z", samples::nested()}, {"b.7z", samples::nested()}});
  EXPECT_EQ(contents_of("a.zip", zip, {.max_entries = 6}).limit_exceeded, "");
  EXPECT_THAT(contents_of("a.zip", zip, {.max_entries = 5}).limit_exceeded, HasSubstr("too many files"));
}

#ifndef CONNECTORD_UNCONFINED
void do_confined(void (*act)()) {
  if (!confine({})) ::_exit(3);
  act();
  ::_exit(0);
}

TEST(ConfinementDeathTest, LetsAProcessDoNothingButReadAndWrite) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(do_confined([] { static_cast<void>(::write(1, "", 0)); }), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(do_confined([] { ::socket(AF_INET, SOCK_STREAM, 0); }), testing::KilledBySignal(SIGSYS), "");
  EXPECT_EXIT(do_confined([] { ::kill(::getppid(), 0); }), testing::KilledBySignal(SIGSYS), "");
  EXPECT_EXIT(do_confined([] { ::execl("/bin/true", "true", nullptr); }), testing::KilledBySignal(SIGSYS), "");
  EXPECT_EXIT(do_confined([] { ::_exit(::open("/etc/passwd", O_RDONLY) < 0 ? 7 : 0); }), testing::ExitedWithCode(7),
              "");
  EXPECT_EXIT(do_confined([] { ::_exit(std::malloc(std::size_t{2} << 30U) == nullptr ? 8 : 0); }),
              testing::ExitedWithCode(8), "");
}
#endif

}  // namespace
}  // namespace connectord::unpack
