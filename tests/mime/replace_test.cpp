#include "connectord/mime/replace.h"

#include <gtest/gtest.h>

#include "message.h"

namespace connectord::mime {
namespace {

using test::Message;
using test::message;

const char* const with_attachment =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
    "Content-Type: application/x-msdownload; name=a.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVo=\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n--c\r\n"
    "Content-Type: image/png\r\n\r\nPNG\r\n--c--\r\n--b--\r\n";

TEST(MimeReplace, PutsATextInThePlaceOfAPart) {
  const Message before = message(with_attachment);
  const auto edit =
      replace_parts(test::structure_of(before), MemoryBytes(before.body),
                    {{.part = 2, .text = "a.exe was taken out: \xc3\xbc"}, {.part = 6, .text = "--c\r\n--b--"}});
  ASSERT_TRUE(edit) << to_string(edit.error());
  const Message after = test::edited(before, *edit);
  EXPECT_EQ(test::outline(test::structure_of(after), after.body),
            "multipart/mixed\n text/plain [Hello]\n text/plain [a.exe was taken out: \xc3\xbc]\n message/rfc822\n"
            "  multipart/mixed\n   text/plain [inner]\n   text/plain [--c\r\n--b--]\n");
  EXPECT_EQ(test::body_undone(before, after, *edit), before.body);
}

TEST(MimeReplace, KeepsTheDelimiterBehindAPartOfNothing) {
  const Message before = message("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b\r\n\r\nx\r\n--b--");
  const auto edit = replace_parts(test::structure_of(before), MemoryBytes(before.body), {{.part = 1, .text = "gone"}});
  ASSERT_TRUE(edit);
  const Message after = test::edited(before, *edit);
  EXPECT_EQ(test::outline(test::structure_of(after), after.body),
            "multipart/mixed\n text/plain [gone]\n text/plain [x]\n");
}

TEST(MimeReplace, LeavesWhatIsSealedAndTheMessageItself) {
  const Message sealed = message(
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: "
      "application/pgp-signature\r\n\r\ny\r\n--b--");
  EXPECT_EQ(replace_parts(test::structure_of(sealed), MemoryBytes(sealed.body), {{.part = 1, .text = ""}}).error(),
            NotEdited::signed_mail);
  const Message whole = message("Content-Type: application/zip\r\n\r\nPK");
  EXPECT_EQ(replace_parts(test::structure_of(whole), MemoryBytes(whole.body), {{.part = 0, .text = ""}}).error(),
            NotEdited::whole_message);
}

TEST(MimeReplace, TakesAPartWithinAReplacedOneAlong) {
  const Message before = message(with_attachment);
  const auto edit = replace_parts(test::structure_of(before), MemoryBytes(before.body),
                                  {{.part = 3, .text = "gone"}, {.part = 6, .text = "also"}});
  ASSERT_TRUE(edit);
  const Message after = test::edited(before, *edit);
  EXPECT_EQ(test::structure_of(after).parts.size(), 4U);
  EXPECT_EQ(after.body.find("also"), std::string::npos);
}

TEST(MimeWrap, MakesTheMessageAnAttachmentWithAllItsBytes) {
  Message before = message(with_attachment);
  before.header.push_back({.name = "Subject", .value = "folded\n subject"});
  const auto edit =
      wrap(before.header, MemoryBytes(before.body), {.form = WrapForm::message, .text = "Beware", .boundary = "W"});
  ASSERT_TRUE(edit);
  const Message after = test::edited(before, *edit);
  const auto structure = test::structure_of(after);
  EXPECT_FALSE(structure.is_doubtful()) << to_string(structure.doubts());
  EXPECT_TRUE(test::outline(structure, after.body)
                  .starts_with("multipart/mixed\n text/plain [Beware]\n message/rfc822\n  multipart/mixed\n"));
  const Part& inner = structure.parts.at(3);
  EXPECT_EQ(after.body.substr(inner.header.begin, inner.header.size()),
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nSubject: folded\r\n subject\r\n\r\n");
  EXPECT_EQ(after.body.substr(inner.body.begin, inner.body.size()), before.body);
  EXPECT_EQ(test::body_undone(before, after, *edit), before.body);
}

TEST(MimeWrap, KeepsASignedPartWithItsSignature) {
  const Message before = message(
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xfc\r\n--b\r\nContent-Type: "
      "application/pgp-signature\r\n\r\ny\r\n--b--\r\n");
  const auto edit =
      wrap(before.header, MemoryBytes(before.body), {.form = WrapForm::part, .text = "Notice", .boundary = "W"});
  ASSERT_TRUE(edit);
  const Message after = test::edited(before, *edit);
  const auto structure = test::structure_of(after);
  EXPECT_TRUE(
      test::outline(structure, after.body).starts_with("multipart/mixed\n text/plain [Notice]\n multipart/signed\n"));
  EXPECT_EQ(after.body.substr(structure.parts[2].body.begin, structure.parts[2].body.size()), before.body);
  EXPECT_EQ(edit->fields, (std::vector<FieldChange>{{"Content-Type", "multipart/signed; boundary=b", {}},
                                                    {"MIME-Version", {}, "1.0"},
                                                    {"Content-Type", {}, "multipart/mixed; boundary=\"W\""},
                                                    {"Content-Transfer-Encoding", {}, "8bit"}}));
}

TEST(MimeWrap, WantsAnotherBoundaryWhereTheBodyHasThisOne) {
  const Message before = message(with_attachment);
  EXPECT_EQ(
      wrap(before.header, MemoryBytes(before.body), {.form = WrapForm::part, .text = "x", .boundary = "b"}).error(),
      NotEdited::would_end_part);
}

}  // namespace
}  // namespace connectord::mime
