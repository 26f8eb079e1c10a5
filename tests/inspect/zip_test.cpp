#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archives.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileContents;
using model::FileKind;
using test::contents_of;
using test::File;
using test::zip_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Zip, TellsTheNamesOfItsFilesAndWhatTheyAre) {
  const auto contents =
      contents_of("a.zip", zip_of({{"docs/letter.txt", "Dear Bob"}, {"logo.png", "\x89PNG\r\n\x1a\n"}}));
  EXPECT_THAT(contents.inner_names, ElementsAre("docs/letter.txt", "logo.png"));
  EXPECT_THAT(contents.extensions, ElementsAre("zip", "txt", "png"));
  EXPECT_THAT(contents.kinds, ElementsAre(FileKind::zip, FileKind::text, FileKind::image));
  EXPECT_THAT(contents.texts, ElementsAre("Dear Bob"));
  EXPECT_EQ(contents.executable + contents.uninspectable + contents.limit_exceeded, "");
  EXPECT_EQ(contents.encrypted, Encryption::no);
}

TEST(Zip, IsExecutableWhereAnyNameOrAnyBytesInItAre) {
  struct {
    const char* title;
    std::string bytes;
    const char* why;
  } const cases[] = {
      {"by name", zip_of({{"invoice.pdf.exe", "x"}}), "invoice.pdf.exe: runs by its name (.exe)"},
      {"by bytes", zip_of({{"invoice.txt", test::program}}), "invoice.txt: a program by its bytes (windows_program)"},
      {"by the local header's name alone", zip_of({{"a.txt", "x", "a.exe"}}), "a.exe: runs by its name (.exe)"},
      {"by the directory's name alone", zip_of({{"a.exe", "x", "a.txt"}}), "a.exe: runs by its name (.exe)"},
      {"stored", zip_of({{.name = "a", .content = test::program, .packs = false}}),
       "a: a program by its bytes (windows_program)"},
      {"in a zip within", zip_of({{"b.zip", zip_of({{"c.js", "x"}})}}), "c.js: runs by its name (.js)"},
      {"in a file that the directory does not list", test::local_of({"hidden.bat", "x"}) + zip_of({{"a.txt", "x"}}),
       "hidden.bat: runs by its name (.bat)"},
      {"within what a file says to be its content",
       zip_of({{.name = "a.dat", .content = "x" + test::local_of({"b.scr", "x"}), .packs = false}}),
       "b.scr: runs by its name (.scr)"},
      {"behind other bytes", "GIF89a" + std::string(100, 'x') + zip_of({{"a.cmd", "x"}}),
       "a.cmd: runs by its name (.cmd)"},
      {"a jar", zip_of({{"META-INF/MANIFEST.MF", "x"}}), "a.dat: a program by its bytes (jar)"},
      {"with a zero in its name", zip_of({{std::string("a.exe\0.txt", 10), "x"}}), "a.exe: runs by its name (.exe)"},
      {"whose headers differ in the method",
       [] {
         std::string bytes = zip_of({{"a.txt", test::program}});
         bytes[bytes.find("PK\x01\x02") + 10] = 0;
         return bytes;
       }(),
       "a.txt: a program by its bytes (windows_program)"},
  };
  for (const auto& one : cases) EXPECT_EQ(contents_of("a.dat", one.bytes).executable, one.why) << one.title;
}

TEST(Zip, WithAPasswordIsEncryptedAndNotUninspectable) {
  for (const File& file :
       {File{.name = "a.txt", .content = "x", .flags = 1}, File{.name = "a.txt", .content = "x", .flags = 0x41},
        File{.name = "a.txt", .content = "x", .method = 99}}) {
    const auto contents = contents_of("a.zip", zip_of({file}));
    EXPECT_EQ(contents.encrypted, Encryption::yes);
    EXPECT_EQ(contents.uninspectable, "");
    EXPECT_THAT(contents.inner_names, ElementsAre("a.txt"));
  }
}

TEST(Zip, InZipIsLookedIntoThreeDeep) {
  std::string bytes = test::program;
  std::string name = "a.txt";
  for (int depth = 1; depth <= 12; ++depth) {
    bytes = zip_of({{name, bytes}});
    name = "z" + std::to_string(depth) + ".zip";
    const auto contents = contents_of("a.zip", bytes);
    EXPECT_EQ(contents.is_executable(), depth <= 3) << depth;
    EXPECT_EQ(contents.exceeds_limit(), depth > 3) << depth;
  }
}

TEST(Zip, ThatUnpacksToFarMoreIsNotUnpacked) {
  std::string inner = zip_of({{"0.txt", "from: " + std::string(5'000'000, 'a')}});
  const auto contents = contents_of("42.zip", zip_of({{"0.zip", inner}, {"1.zip", inner}, {"2.zip", inner}}));
  EXPECT_EQ(contents.limit_exceeded, "unpacks to more than 200 times its size");
}

TEST(Zip, IsLookedIntoUpToTheLimits) {
  const auto many = [] {
    std::vector<File> files;
    for (int i = 0; i < 20; ++i)
      files.push_back({"f" + std::to_string(i), std::string(100, static_cast<char>('a' + i))});
    return zip_of(files);
  }();
  struct {
    const char* title;
    Limits limits;
    const char* why;
  } const cases[] = {
      {"entries", {.max_entries = 10}, "a.zip: too many files"},
      {"bytes", {.max_unpacked = 500}, "more than 500 bytes in archives"},
      {"names", {.max_names = 10}, "names of files in archives, more than are kept"},
      {"time", {.max_time = std::chrono::milliseconds(0)}, "looking into it takes too long"},
  };
  for (const auto& one : cases) EXPECT_EQ(contents_of("a.zip", many, one.limits).limit_exceeded, one.why) << one.title;
  const auto cut = contents_of("a.zip", many, {.max_text = 1'000});
  EXPECT_TRUE(cut.text_is_cut);
  EXPECT_EQ(cut.limit_exceeded, "");
}

TEST(Zip, WithFilesThatShareTheirContentIsCountedByWhatItUnpacks) {
  // As in a bomb whose files all point to the same packed bytes.
  const std::string content(1'000'000, 'a');
  const std::string local = test::local_of({"a", content});
  std::string directory;
  const std::string one = zip_of({{"a", content}});
  const auto begin = one.find("PK\x01\x02");
  const std::string entry = one.substr(begin, one.find("PK\x05\x06") - begin);
  constexpr unsigned count = 500;
  for (unsigned i = 0; i < count; ++i) directory += entry;
  const std::string bomb = local + directory + "PK\x05\x06" + test::two(0) + test::two(0) + test::two(count) +
                           test::two(count) + test::four(directory.size()) + test::four(local.size()) + test::two(0);
  EXPECT_THAT(contents_of("a.zip", bomb).limit_exceeded, HasSubstr("bytes in archives"));
}

TEST(Zip, ThatIsBrokenIsUninspectable) {
  const std::string good = zip_of({{"a.txt", std::string(1'000, 'x') + "y"}, {"b.txt", "x"}});
  struct {
    const char* title;
    std::string bytes;
    const char* why;
  } const cases[] = {
      {"cut off", good.substr(0, good.size() - 30), "a.zip: its directory is missing"},
      {"no zip at all", std::string("\x01\x02\x03", 3), "a.zip: is not what its name says"},
      {"packed by a method that nobody knows", zip_of({{.name = "a", .content = "x", .method = 12}}),
       "nobody unpacks zip"},
      {"packed wrongly", zip_of({{.name = "a", .content = "\xff\xff\xff", .packs = false, .method = 8}}),
       "a.zip: a file in it is broken"},
      {"with a wrong count",
       [&] {
         std::string bytes = good;
         bytes[bytes.size() - 12] = 7;
         return bytes;
       }(),
       "a.zip: its directory has another number of members than it says"},
  };
  for (const auto& one : cases) EXPECT_EQ(contents_of("a.zip", one.bytes).uninspectable, one.why) << one.title;
}

TEST(Office, TextIsTakenOutOfItsParts) {
  const auto contents = contents_of(
      "a.docx",
      zip_of({{"[Content_Types].xml", "<Types/>"},
              {"word/document.xml",
               "<w:p><w:r><w:t>in</w:t></w:r><w:r><w:t>voice &amp; more</w:t></w:r></w:p><w:p><w:t>next</w:t></w:p>"},
              {"xl/sharedStrings.xml", "<si><t>Bob</t></si><si><t>Alice</t></si>"},
              {"word/media/image1.png", "\x89PNG"},
              {"word/styles.xml", "<x>not this</x>"}}));
  EXPECT_THAT(contents.kinds, ElementsAre(FileKind::office));
  EXPECT_THAT(contents.texts, ElementsAre("invoice & more\nnext\n", "Bob\nAlice\n"));
  EXPECT_THAT(contents.inner_names, IsEmpty());
  EXPECT_EQ(contents.uninspectable + contents.limit_exceeded, "");
}

TEST(Office, WithMacrosIsAKindOfItsOwn) {
  const auto contents =
      contents_of("a.docx", zip_of({{"[Content_Types].xml", "<Types/>"}, {"word/vbaProject.bin", "\xd0\xcf\x11\xe0"}}));
  EXPECT_THAT(contents.kinds, ElementsAre(FileKind::office_macros));
}

TEST(Office, WithFilesThatDoNotBelongToItIsAnArchiveToo) {
  const std::string bytes = zip_of({{"[Content_Types].xml", "<Types/>"}, {"evil.exe", "x"}, {"letter.txt", "x"}});
  const auto contents = contents_of("a.docx", bytes);
  EXPECT_THAT(contents.inner_names, ElementsAre("evil.exe", "letter.txt"));
  EXPECT_TRUE(contents.is_executable());
}

TEST(Office, WithinThreeArchivesIsStillRead) {
  std::string bytes = zip_of({{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<w:p>secret</w:p>"}});
  for (int i = 0; i < 3; ++i) bytes = zip_of({{"a.bin", bytes}});
  const auto contents = contents_of("a.zip", bytes);
  EXPECT_THAT(contents.texts, ElementsAre("secret\n"));
  EXPECT_EQ(contents.limit_exceeded, "");
}

}  // namespace
}  // namespace connectord::inspect
