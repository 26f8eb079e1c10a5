#include "inspect/file_kind.h"

#include <gtest/gtest.h>

namespace connectord::inspect {
namespace {

using model::FileKind;
using namespace std::string_literals;

TEST(FileKind, IsToldByTheFirstBytesWhateverTheNameIs) {
  struct {
    const char* title;
    std::string head;
    FileKind kind;
  } const cases[] = {
      {"program of Windows", "MZ\x90\0\x03\0\0\0"s, FileKind::windows_program},
      {"text that begins as one", "MZ is a postal code", FileKind::text},
      {"program of Linux",
       "\x7f"
       "ELF\x02\x01\x01\0"s,
       FileKind::elf},
      {"Mach-O for several processors", "\xca\xfe\xba\xbe\0\0\0\x02"s, FileKind::mach_o},
      {"class of Java 17", "\xca\xfe\xba\xbe\0\0\0\x3d"s, FileKind::java_class},
      {"script", "#!/bin/sh\n", FileKind::script},
      {"shortcut", "L\0\0\0\x01\x14\x02\0\0\0\0\0"s, FileKind::shortcut},
      {"compound file", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"s, FileKind::ole},
      {"zip", "PK\x03\x04\x14\0"s, FileKind::zip},
      {"empty zip", "PK\x05\x06"s + std::string(18, '\0'), FileKind::zip},
      {"7z", "7z\xbc\xaf\x27\x1c\0\x04"s, FileKind::seven_zip},
      {"RAR 5", "Rar!\x1a\x07\x01\0"s, FileKind::rar},
      {"gzip", "\x1f\x8b\x08\0"s, FileKind::gzip},
      {"tar", std::string(257, 'a') + "ustar\0"s + "00", FileKind::tar},
      {"image of a disc", std::string(32'769, '\0') + "CD001\x01", FileKind::iso},
      {"PDF", "%PDF-1.7\n", FileKind::pdf},
      {"RTF as Word takes it", "{\\rtx", FileKind::rtf},
      {"winmail.dat", "\x78\x9f\x3e\x22\x01\0"s, FileKind::tnef},
      {"PNG", "\x89PNG\r\n\x1a\n", FileKind::image},
      {"bitmap", "BM\x36\0\0\0\0\0\0\0\x36\0"s, FileKind::image},
      {"text that begins as a bitmap", "BM is a car", FileKind::text},
      {"HTML behind a mark", "\xef\xbb\xbf\n<!DOCTYPE HTML><p>", FileKind::html},
      {"message", "Received: from mail\r\n", FileKind::message},
      {"text", "Hello", FileKind::text},
      {"text in UTF-16", "\xff\xfeH\0"s, FileKind::text},
      {"nothing", "", FileKind::unknown},
      {"rubbish", "\x01\x02\x03", FileKind::unknown},
  };
  for (const auto& one : cases) EXPECT_EQ(word_of(kind_of(one.head)), word_of(one.kind)) << one.title;
}

TEST(FileKind, OfAnOldTarIsToldByTheSumOfItsHeader) {
  std::string header(512, '\0');
  header.replace(0, 5, "a.txt");
  unsigned sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i)
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  header.replace(148, 6, digits);
  EXPECT_EQ(kind_of(header), FileKind::tar);
  header[0] = 'b';
  EXPECT_NE(kind_of(header), FileKind::tar);
}

TEST(Extension, IsTheOneByWhichTheSystemOpensTheFile) {
  struct {
    std::string name;
    const char* extension;
  } const cases[] = {
      {"invoice.EXE", "exe"},
      {"invoice.pdf.exe", "exe"},
      {"invoice.exe. . ", "exe"},
      {"invoice.exe\t", "exe"},
      {"invoice.exe\xc2\xa0", "exe"},
      {"invoice.exe\xe2\x80\x8b", "exe"},
      {"invoice\xe2\x80\xae"
       "fdp.exe",
       "exe"},
      {"invoice.e\xe2\x80\xaexe", "exe"},
      {"invoice.exe::$DATA", "exe"},
      {"folder.d/invoice", ""},
      {"C:\\folder\\invoice.exe", "exe"},
      {"invoice", ""},
      {"", ""},
      {".bat", "bat"},
      {"a.tar.gz", "gz"},
      {"a.ex\xe2\xe2\x80\x8b\x80\x8b"
       "e",
       "exe"},
      {"a.abcdefghijklmnopqrstuvwxyz12345 6", "abcdefghijklmnopqrstuvwxyz12345"},
      {".:exe", ""},
      {".e:exe", "e"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(extension_of(one.name), one.extension) << one.name;
    EXPECT_EQ(extension_of("x." + extension_of(one.name)), one.extension) << one.name;
  }
}

TEST(Extension, OfWhatRunsWhenItIsOpenedIsKnown) {
  for (const char* extension : {"exe",
                                "EXE",
                                "com",
                                "scr",
                                "pif",
                                "bat",
                                "cmd",
                                "js",
                                "vbs",
                                "jar",
                                "hta",
                                "msi",
                                "lnk",
                                "ps1",
                                "wsf",
                                "cpl",
                                "dll",
                                "url",
                                "settingcontent-ms",
                                "sh",
                                "dmg",
                                "zsh"}) {
    EXPECT_TRUE(is_executable_extension(extension)) << extension;
  }
  for (const char* extension : {"", "txt", "pdf", "doc", "zip", "png", "ex", "exee"}) {
    EXPECT_FALSE(is_executable_extension(extension)) << extension;
  }
}

}  // namespace
}  // namespace connectord::inspect
