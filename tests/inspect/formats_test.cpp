#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archives.h"
#include "inspect/archive_headers.h"
#include "inspect/xml_text.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileKind;
using test::contents_of;
using test::four;
using test::two;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

struct Stream {
  std::string name;
  std::string content{};
};

// A compound file with sectors of 512 bytes: header, allocation table, directory of one sector for each four streams,
// contents of one sector each.
std::string ole_of(const std::vector<Stream>& streams, const std::string& class_id = std::string(16, '\0')) {
  const std::size_t directories = (streams.size() + 1 + 3) / 4;
  std::string table = four(0xfffffffd);
  for (std::size_t i = 1; i <= directories; ++i) table += four(i < directories ? i + 1 : 0xfffffffe);
  for (std::size_t i = 0; i < streams.size(); ++i) table += four(0xfffffffe);
  table.resize(512, '\xff');
  std::string header = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s + std::string(16, '\0') + two(0x3e) + two(3) + two(0xfffe) +
                       two(9) + two(6) + std::string(6, '\0') + four(0) + four(1) + four(1);
  header += four(0) + four(4096) + four(0xfffffffe) + four(0) + four(0xfffffffe) + four(0) + four(0);
  header.resize(512, '\xff');
  std::string directory;
  const auto entry = [&](const std::string& name, char type, const std::string& id, std::size_t sector) {
    std::string one;
    for (const char c : name) one += std::string(1, c) + '\0';
    one.resize(64, '\0');
    one += two(static_cast<unsigned>(2 * name.size() + 2)) + type + '\1' + std::string(12, '\xff') + id;
    one.resize(116, '\0');
    directory += one + four(sector) + four(512) + four(0);
  };
  entry("Root Entry", 5, class_id, 0);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    entry(streams[i].name, 2, std::string(16, '\0'), 1 + directories + i);
  }
  directory.resize(512 * directories, '\0');
  std::string contents;
  for (const Stream& stream : streams) {
    std::string content = stream.content;
    content.resize(512, '\0');
    contents += content;
  }
  return header + table + directory + contents;
}

TEST(Ole, IsToldApartByItsStreams) {
  const std::string installer = "\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"s;
  const std::string plain_fib = "\xec\xa5"s + std::string(510, '\0');
  std::string secret_fib = plain_fib;
  secret_fib[11] = 1;
  const std::string begin_of_file = two(0x0809) + two(4) + four(0);
  struct {
    const char* title;
    std::string bytes;
    FileKind kind;
    Encryption encryption;
    bool is_executable = false;
  } const cases[] = {
      {"Word", ole_of({{"WordDocument", plain_fib}}), FileKind::ole, Encryption::no},
      {"Word with a password", ole_of({{"WordDocument", secret_fib}}), FileKind::ole, Encryption::yes},
      {"Word with macros", ole_of({{"WordDocument", plain_fib}, {"Macros"}, {"VBA"}}), FileKind::ole_macros,
       Encryption::no},
      {"Excel", ole_of({{"Workbook", begin_of_file + two(0xe1) + two(0)}}), FileKind::ole, Encryption::no},
      {"Excel with a password", ole_of({{"Workbook", begin_of_file + two(0x2f) + two(0)}}), FileKind::ole,
       Encryption::yes},
      {"PowerPoint", ole_of({{"PowerPoint Document"}}), FileKind::ole, Encryption::unknown},
      {"Office Open XML with a password", ole_of({{"EncryptionInfo"}, {"EncryptedPackage"}}), FileKind::ole,
       Encryption::yes},
      {"Windows Installer", ole_of({{"x"}}, installer), FileKind::installer, Encryption::no, true},
      {"a message of Outlook", ole_of({{"__properties_version1.0"}}), FileKind::outlook_message, Encryption::no},
      {"in several sectors of the directory", ole_of({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"EncryptedPackage"}}),
       FileKind::ole, Encryption::yes},
  };
  for (const auto& one : cases) {
    const auto contents = contents_of("a.doc", one.bytes);
    EXPECT_THAT(contents.kinds, ElementsAre(one.kind)) << one.title;
    EXPECT_EQ(contents.encrypted, one.encryption) << one.title;
    EXPECT_EQ(contents.is_executable(), one.is_executable) << one.title;
  }
}

TEST(Ole, WhoseDirectoryTurnsInCirclesEnds) {
  std::string bytes = ole_of({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}});
  bytes.replace(512 + 8, 4, four(1));  // the directory's second sector is followed by its first
  const auto contents = contents_of("a.doc", bytes);
  EXPECT_EQ(contents.uninspectable, "a.doc: its directory cannot be read");
  EXPECT_EQ(contents.encrypted, Encryption::unknown);
}

TEST(Tnef, TellsItsAttachmentsAndLooksIntoThem) {
  const auto contents = contents_of(
      "winmail.dat",
      test::tnef_of({{"letter.txt", "Dear Bob"}, {"a.dat", test::program}, {"b.zip", test::zip_of({{"c.js", "x"}})}}));
  EXPECT_THAT(contents.inner_names, ElementsAre("letter.txt", "a.dat", "b.zip", "c.js"));
  EXPECT_THAT(contents.kinds, ElementsAre(FileKind::tnef, FileKind::text, FileKind::windows_program, FileKind::zip));
  EXPECT_THAT(contents.texts, ElementsAre("Dear Bob", "x"));
  EXPECT_EQ(contents.executable, "a.dat: a program by its bytes (windows_program)");
  EXPECT_EQ(contents.uninspectable, "");
}

TEST(Tnef, HasNamesInPropertiesToo) {
  const std::string name = "e\0v\0i\0l\0.\0e\0x\0e\0\0\0"s;
  const std::string properties = four(2) + two(0x001f) + two(0x3707) + four(1) + four(name.size()) + name + "\0\0"s +
                                 two(0x0102) + two(0x3701) + four(1) + four(5) + "Hello\0\0\0"s;
  const auto contents =
      contents_of("winmail.dat", test::tnef_of({{"EVIL~1.TXT", ""}}) + test::tnef_attribute(0x00069005, properties));
  EXPECT_THAT(contents.inner_names, ElementsAre("EVIL~1.TXT", "evil.exe"));
  EXPECT_EQ(contents.executable, "evil.exe: runs by its name (.exe)");
  EXPECT_THAT(contents.texts, ElementsAre("Hello"));
}

TEST(Tnef, ThatIsCutOffIsUninspectable) {
  const std::string bytes = test::tnef_of({{"letter.txt", "Dear Bob"}});
  EXPECT_EQ(contents_of("winmail.dat", bytes.substr(0, bytes.size() - 5)).uninspectable,
            "TNEF: it ends within an attribute");
}

TEST(Pdf, IsEncryptedWhereItSaysSoInAnySpelling) {
  for (const char* trailer : {"trailer <</Root 1 0 R/Encrypt 5 0 R>>", "<</#45ncrypt 5 0 R>>", "/Encr#79pt<<>>"}) {
    EXPECT_EQ(contents_of("a.pdf", "%PDF-1.7\n"s + trailer).encrypted, Encryption::yes) << trailer;
  }
  for (const char* trailer : {"", "/EncryptMetadata true", "(Encrypt)", "/", "/E"}) {
    EXPECT_EQ(contents_of("a.pdf", "%PDF-1.7\n"s + trailer).encrypted, Encryption::no) << trailer;
  }
}

std::string rar5_block(const std::string& header, const std::string& data = {}) {
  return four(0) + static_cast<char>(header.size()) + header + data;
}
std::string rar5_file(const std::string& name, const std::string& extra, const std::string& data) {
  std::string header = "\x02"s + static_cast<char>((extra.empty() ? 0 : 1) | 2);
  if (!extra.empty()) header += static_cast<char>(extra.size());
  header += static_cast<char>(data.size());
  header += "\0\x01\0\0\0"s + static_cast<char>(name.size()) + name + extra;
  return rar5_block(header, data);
}

TEST(Rar, TellsByItsHeadersWhetherItWantsAPassword) {
  const std::string five = "Rar!\x1a\x07\x01\0"s + rar5_block("\x01\0\0"s);
  const std::string four_begin = "Rar!\x1a\x07\0"s;
  const auto old_block = [](char type, unsigned flags, const std::string& rest) {
    return two(0) + type + two(flags) + two(static_cast<unsigned>(7 + rest.size())) + rest;
  };
  const auto old_file = [&](unsigned flags, const std::string& name) {
    return old_block('\x74', flags,
                     four(3) + four(3) + '\0' + four(0) + four(0) + '\x1d' + '\x30' +
                         two(static_cast<unsigned>(name.size())) + four(0) + name) +
           "abc";
  };
  struct {
    const char* title;
    std::string bytes;
    Encryption encryption;
    std::vector<std::string> names;
  } const cases[] = {
      {"5, plain",
       five + rar5_file("a.exe", "", "abc") + rar5_file("b.txt", "", ""),
       Encryption::no,
       {"a.exe", "b.txt"}},
      {"5, a file encrypted",
       five + rar5_file("a", "", "abc") + rar5_file("b", "\x02\x01\0"s, "abc"),
       Encryption::yes,
       {"a", "b"}},
      {"5, headers encrypted", "Rar!\x1a\x07\x01\0"s + rar5_block("\x04\0\0\0"s) + "xxxx", Encryption::yes, {}},
      {"4, plain",
       four_begin + old_block('\x73', 0, std::string(6, '\0')) + old_file(0, "a.exe") + old_file(0, "b"),
       Encryption::no,
       {"a.exe", "b"}},
      {"4, a file encrypted",
       four_begin + old_block('\x73', 0, std::string(6, '\0')) + old_file(4, "a"),
       Encryption::yes,
       {"a"}},
      {"4, headers encrypted",
       four_begin + old_block('\x73', 0x80, std::string(6, '\0')) + "xxxx",
       Encryption::yes,
       {}},
      {"cut off", "Rar!\x1a\x07\x01\0\1\2"s, Encryption::no, {}},
  };
  for (const auto& one : cases) {
    const auto headers = read_rar_headers(one.bytes, 10);
    EXPECT_EQ(headers.encryption, one.encryption) << one.title;
    EXPECT_EQ(headers.names, one.names) << one.title;
  }
}

TEST(Rar, WithAPasswordIsEncryptedAndNotUninspectableThoughItCannotBeUnpacked) {
  const auto contents =
      contents_of("a.rar", "Rar!\x1a\x07\x01\0"s + rar5_block("\x01\0\0"s) + rar5_file("b.exe", "\x02\x01\0"s, "abc"));
  EXPECT_EQ(contents.encrypted, Encryption::yes);
  EXPECT_EQ(contents.uninspectable, "");
  EXPECT_EQ(contents.executable, "b.exe: runs by its name (.exe)");
}

TEST(Rar, ThatCannotBeUnpackedIsUninspectableAndNotEncrypted) {
  const auto contents = contents_of("a.rar", "Rar!\x1a\x07\x01\0"s + rar5_file("b.txt", "", "abc"));
  EXPECT_EQ(contents.encrypted, Encryption::no);
  EXPECT_EQ(contents.uninspectable, "nobody unpacks rar");
}

TEST(Gzip, HoldsAFileThatIsCalledAsItsHeaderSaysOrAsItIsWithoutItsEnding) {
  EXPECT_EQ(contents_of("setup.exe.gz", "\x1f\x8b\x08\0\0\0\0\0\0\0"s).executable,
            "setup.exe: runs by its name (.exe)");
  EXPECT_EQ(contents_of("a.gz", "\x1f\x8b\x08\x08\0\0\0\0\0\0"s + "b.scr\0"s).executable,
            "b.scr: runs by its name (.scr)");
  EXPECT_EQ(contents_of("a.gz", "\x1f\x8b\x08\x0c\0\0\0\0\0\0\x02\0xxc.com\0"s).executable,
            "c.com: runs by its name (.com)");
}

TEST(XmlText, IsWhatPeopleRead) {
  struct {
    const char* xml;
    const char* text;
  } const cases[] = {
      {"<w:p><w:t>a</w:t><w:t>b</w:t></w:p><w:p>c</w:p>", "ab\nc\n"},
      {"<a:p>x</a:p>", "x\n"},
      {"&lt;&amp;&#65;&#x42;&unknown;&", "<&AB&unknown;&"},
      {"<!-- <w:t>hidden</w:t> --><?xml x?>y", "y"},
      {"<![CDATA[<x>]]>", "<x>"},
      {"<c><v>4111-1111</v></c><c><v>2</v></c>", "4111-1111\n2\n"},
      {"<text:p>a<text:line-break/>b</text:p>", "a\nb\n"},
      {"a<", "a"},
      {"<w:t", ""},
      {"", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(text_of_xml(one.xml), one.text) << one.xml;
  EXPECT_EQ(text_of_xml("\xff\xfe<\0x\0>\0a\0"s), "a");
}

}  // namespace
}  // namespace connectord::inspect
