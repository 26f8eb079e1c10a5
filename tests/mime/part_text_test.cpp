#include "connectord/mime/part_text.h"

#include <gtest/gtest.h>

#include "message.h"

namespace connectord::mime {
namespace {

using test::message;

std::vector<std::string> texts_of(const test::Message& given, std::size_t limit = 1000) {
  std::vector<std::string> texts;
  for (const auto& reading : read_text(test::structure_of(given).parts[0], MemoryBytes(given.body), limit)) {
    texts.push_back(reading.text);
  }
  return texts;
}

TEST(MimePartText, IsOfferedInAllReadingsThatDiffer) {
  using Texts = std::vector<std::string>;
  struct {
    const char* text;
    Texts texts;
  } const cases[] = {
      {"\r\nHello", {"Hello"}},
      {"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=", {"Hello"}},
      {"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xfc", {"\xc3\xbc"}},
      {"\r\n\xfc", {"\xef\xbf\xbd", "\xc3\xbc"}},
      {"Content-Type: text/plain; charset=us-ascii\r\n\r\n\xc3\xbc", {"\xef\xbf\xbd\xef\xbf\xbd", "\xc3\xbc"}},
      {"Content-Type: text/plain; charset=x-nobody\r\n\r\n\xfc", {"\xc3\xbc"}},
      {"Content-Type: text/plain; charset=utf-7\r\n\r\n+AOQ-", {"\xc3\xa4"}},
      {"Content-Type: text/html\r\n\r\n<p>in<b>vo</b>ice</p>", {"<p>in<b>vo</b>ice</p>", "invoice"}},
      {"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=", {"SGVsbG8=", "Hello"}},
      {"Content-Type: text/plain; charset=utf-8\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>x", {"<p>x", "x"}},
  };
  for (const auto& one : cases) EXPECT_EQ(texts_of(message(one.text)), one.texts) << one.text;
}

TEST(MimePartText, IsCutAtItsLimitAndSaysSo) {
  const auto given = message("\r\n" + std::string(200'000, 'x'));
  const auto readings = read_text(test::structure_of(given).parts[0], MemoryBytes(given.body), 100);
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].text, std::string(100, 'x'));
  EXPECT_TRUE(readings[0].is_cut);
}

TEST(MimePurpose, TellsTextPicturesOfItAndAttachmentsApart) {
  const auto given = message(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/related; "
      "boundary=r\r\n\r\n--r\r\n"
      "Content-Type: text/html\r\n\r\n<img>\r\n--r\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: "
      "<x>\r\n\r\nx\r\n--r--\r\n"
      "--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nx\r\n--b\r\nContent-Type: "
      "application/ms-tnef\r\n\r\nx\r\n--b\r\n"
      "Content-Type: image/png\r\nContent-ID: <y>\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--");
  const auto structure = test::structure_of(given);
  std::vector<Purpose> purposes;
  for (std::size_t i = 0; i < structure.parts.size(); ++i) purposes.push_back(purpose_of(structure, i));
  EXPECT_EQ(purposes, (std::vector<Purpose>{Purpose::container, Purpose::container, Purpose::body, Purpose::related,
                                            Purpose::attachment, Purpose::attachment, Purpose::attachment}));
}

TEST(MimeNames, AreThoseOfAllFieldsInAllSpellings) {
  const auto given = message(
      "Content-Type: application/zip; name=\"=?utf-8?q?a=2Ezip?=\"\r\nContent-Disposition: attachment; filename*0=b.; "
      "filename*1=bat\r\nContent-Disposition: inline; filename=c.exe\r\n\r\nx");
  EXPECT_THAT(names_of(test::structure_of(given).parts[0]),
              testing::IsSupersetOf({std::string("a.zip"), std::string("b.bat"), std::string("c.exe")}));
}

}  // namespace
}  // namespace connectord::mime
