#include "connectord/inspect/inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archives.h"
#include "connectord/mime/transfer_encoding.h"
#include "mime/message.h"

namespace connectord::inspect {
namespace {

using model::Encryption;
using model::FileKind;
using model::Inspection;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Inspection inspected(const std::string& text, const Limits& limits = {}) {
  const auto message = mime::test::message(text);
  const mime::MemoryBytes body(message.body);
  return inspect_message(mime::read_structure(message.header, body), body, test::NoUnpacker(), limits);
}

std::string base64_part(const std::string& fields, const std::string& bytes) {
  return "--b\r\n" + fields + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mime::encode_base64(bytes) + "\r\n";
}

std::string mixed(const std::string& parts) {
  return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n" + parts + "--b--\r\n";
}

TEST(Inspector, FindsProgramsWhateverTypeNameOrBytesSay) {
  struct {
    const char* title;
    std::string part;
    const char* why;
  } const cases[] = {
      {"by its name", base64_part("Content-Type: image/png; name=logo.exe", "\x89PNG\r\n\x1a\n"),
       "logo.exe: runs by its name (.exe)"},
      {"renamed", base64_part("Content-Type: text/plain; name=readme.txt", test::program),
       "readme.txt: a program by its bytes (windows_program)"},
      {"by the name of the disposition",
       base64_part("Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.bat", "x"),
       "a.bat: runs by its name (.bat)"},
      {"by pieces of RFC 2231", base64_part("Content-Type: text/plain; name*0*=utf-8''invoice%2E; name*1*=%62at", "x"),
       "invoice.bat: runs by its name (.bat)"},
      {"by an encoded word", base64_part("Content-Type: text/plain; name=\"=?utf-8?B?YS5qcw==?=\"", "x"),
       "a.js: runs by its name (.js)"},
      {"as text without a name",
       "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mime::encode_base64(test::program) + "\r\n",
       "a file without a name: a program by its bytes (windows_program)"},
      {"in an attached message",
       "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: application/x; name=a.vbs\r\n\r\nx\r\n",
       "a.vbs: runs by its name (.vbs)"},
      {"in an attached message in base64",
       base64_part("Content-Type: message/rfc822", "Content-Type: application/x; name=a.vbs\r\n\r\nx\r\n"),
       "a.vbs: runs by its name (.vbs)"},
      {"in a message in a zip",
       base64_part("Content-Type: application/zip",
                   test::zip_of({{"mail.eml", "Content-Type: application/x; name=a.wsf\r\n\r\nx\r\n"}})),
       "a.wsf: runs by its name (.wsf)"},
      {"under a type of messages", "--b\r\nContent-Type: message/rfc822; name=a.com\r\n\r\nSubject: x\r\n\r\nx\r\n",
       "a.com: runs by its name (.com)"},
      {"by the second of two encodings",
       "--b\r\nContent-Type: a/b; name=x\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: "
       "base64\r\n\r\n" +
           mime::encode_base64(test::program) + "\r\n",
       "x: a program by its bytes (windows_program)"},
  };
  for (const auto& one : cases) {
    const auto inspection = inspected(mixed(one.part));
    std::vector<std::string> reasons;
    for (const auto& attachment : inspection.attachments) reasons.push_back(attachment.contents.executable);
    EXPECT_THAT(reasons, Contains(one.why)) << one.title;
  }
}

TEST(Inspector, TellsPicturesOfTheTextFromAttachments) {
  const auto inspection =
      inspected("Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img>\r\n" +
                base64_part("Content-Type: image/png; name=logo.png\r\nContent-ID: <x>", "\x89PNG\r\n\x1a\n") +
                base64_part("Content-Type: application/pdf; name=a.pdf", "%PDF-1.7") + "--b--\r\n");
  ASSERT_EQ(inspection.attachments.size(), 2U);
  EXPECT_TRUE(inspection.attachments[0].is_inline);
  EXPECT_FALSE(inspection.attachments[1].is_inline);
  EXPECT_THAT(inspection.attachments[0].contents.kinds, ElementsAre(FileKind::image));
  EXPECT_EQ(inspection.attachments[0].size, 8U);
}

TEST(Inspector, KnowsNoAttachmentWhereThereIsTextAlone) {
  for (const char* text :
       {"\r\nHello", "Content-Type: text/html\r\n\r\n<p>Hello", "\r\nFrom: bob is how this text begins", "\r\n"}) {
    EXPECT_THAT(inspected(text).attachments, IsEmpty()) << text;
  }
}

TEST(Inspector, TakesAMessageThatIsAFileForAnAttachment) {
  const auto inspection =
      inspected("Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                mime::encode_base64(test::zip_of({{"a.exe", "x"}})));
  ASSERT_EQ(inspection.attachments.size(), 1U);
  EXPECT_TRUE(inspection.attachments[0].contents.is_executable());
}

TEST(Inspector, CallsWhatItCannotReadUninspectable) {
  const std::string zip = test::zip_of({{"letter.txt", std::string(3'000, 'x')}, {"b.txt", "y"}});
  struct {
    const char* title;
    std::string part;
    const char* why;
  } const cases[] = {
      {"an encoding that nobody knows",
       "--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nx\r\n",
       "its transfer encoding is not known"},
      {"base64 that is cut off",
       "--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mime::encode_base64(zip).substr(0, 150) + "\r\n",
       "a.zip: its directory is missing"},
      {"a multipart without a boundary", "--b\r\nContent-Type: multipart/mixed; name=a.zip\r\n\r\nx\r\n", ""},
      {"a format that nobody reads here", base64_part("Content-Type: a/b; name=a.7z", "7z\xbc\xaf\x27\x1c"),
       "nobody unpacks 7z"},
  };
  for (const auto& one : cases) {
    const auto inspection = inspected(mixed(one.part));
    ASSERT_EQ(inspection.attachments.size(), 1U) << one.title;
    EXPECT_EQ(inspection.attachments[0].contents.uninspectable, one.why) << one.title;
  }
}

TEST(Inspector, ReadsTextInItsCharset) {
  const auto inspection =
      inspected(mixed("--b\r\nContent-Type: text/plain; charset=iso-8859-2; name=a.txt\r\n\r\n\xb3\r\n"
                      "--b\r\nContent-Type: text/html; name=a.html\r\n\r\n<html>in<b>vo</b>ice\r\n"));
  ASSERT_EQ(inspection.attachments.size(), 2U);
  EXPECT_THAT(inspection.attachments[0].contents.texts, Contains("\xc5\x82"));
  EXPECT_THAT(inspection.attachments[1].contents.texts, Contains("invoice"));
}

TEST(Inspector, LooksAtPartsThatOnlyOneReadingHas) {
  const auto inspection = inspected(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n--b\r\nContent-Type: a/b; "
      "name=a.exe\r\n\r\nx\r\n--b--\r\n");
  ASSERT_EQ(inspection.attachments.size(), 1U);
  EXPECT_EQ(inspection.attachments[0].reading, 1U);
  EXPECT_TRUE(inspection.attachments[0].contents.is_executable());
}

TEST(Inspector, StopsAtItsLimitsAndSaysSo) {
  const std::string part = base64_part("Content-Type: a/b; name=a.txt", "Hello");
  EXPECT_EQ(inspected(mixed(part + part + part), {.max_attachments = 2}).limit_exceeded,
            "it has more attachments than are looked at");
  EXPECT_EQ(inspected(mixed(part), {.max_attachment_size = 4}).attachments.at(0).contents.limit_exceeded,
            "larger than 4 bytes");
  std::string nested = "x";
  for (int i = 0; i < 30; ++i) nested = "Content-Type: message/rfc822\r\n\r\n" + nested;
  EXPECT_EQ(inspected(nested).limit_exceeded, "it has more parts than are looked at");
}

}  // namespace
}  // namespace connectord::inspect
