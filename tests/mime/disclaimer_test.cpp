#include "connectord/mime/disclaimer.h"

#include <gtest/gtest.h>

#include "message.h"

namespace connectord::mime {
namespace {

using test::Message;
using test::message;

const Disclaimer ascii_notice{.html = "<p>Example Net</p>", .text = "Example Net", .marker = "m"};
const Disclaimer umlaut_notice{
    .html = "<p>Gr\xc3\xbc\xc3\x9f\x65</p>", .text = "Gr\xc3\xbc\xc3\x9f\x65", .marker = "m"};

Disclaimer in_front(Disclaimer disclaimer) {
  disclaimer.position = Position::prepend;
  return disclaimer;
}

tl::expected<Edit, NotEdited> edit_of(const Message& message, const Disclaimer& disclaimer) {
  return insert_disclaimer(test::structure_of(message), MemoryBytes(message.body), disclaimer);
}

struct InsertionCase {
  const char* name;
  std::string text;
  Disclaimer disclaimer;
  std::string body;                      // after it
  std::vector<FieldChange> fields = {};  // of the message's header
};

const std::string utf8_base64 = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
const std::string utf8_quoted =
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
const std::string html_quoted =
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
const std::string html_base64 = "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n";

const InsertionCase insertion_cases[] = {
    {"text", "\r\nHello\r\n", ascii_notice, "Hello\r\n\r\nExample Net\r\n"},
    {"text without a line end", "\r\nHello", ascii_notice, "Hello\r\n\r\nExample Net"},
    {"no text", "\r\n", ascii_notice, "Example Net\r\n"},
    {"in front", "\r\nHello\r\n", in_front(ascii_notice), "Example Net\r\n\r\nHello\r\n"},
    {"text in Latin-1",
     "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n", umlaut_notice,
     "\xe4\r\n\r\nGr\xfc\xdf\x65\r\n"},
    {"UTF-8 in 8bit", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n",
     umlaut_notice, "x\r\n\r\nGr\xc3\xbc\xc3\x9f\x65\r\n"},
    {"UTF-8 in 7bit becomes quoted-printable by insertions",
     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\na=b \r\n" +
         std::string(80, 'x') + "\r\n",
     umlaut_notice,
     "a=3Db =\r\n\r\n" + std::string(75, 'x') + "=\r\nxxxxx\r\n\r\nGr=C3=BC=C3=9Fe\r\n",
     {{"Content-Transfer-Encoding", "7bit", "quoted-printable"}}},
    {"ASCII becomes UTF-8",
     "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"us-ascii\"; x=y\r\n\r\nx\r\n",
     umlaut_notice,
     "x\r\n\r\nGr=C3=BC=C3=9Fe\r\n",
     {{"Content-Type", "text/plain; charset=\"us-ascii\"; x=y", "text/plain; charset=utf-8; x=y"},
      {"Content-Transfer-Encoding", {}, "quoted-printable"}}},
    {"a message without MIME becomes one with",
     "Subject: x\r\n\r\nx\r\n",
     umlaut_notice,
     "x\r\n\r\nGr=C3=BC=C3=9Fe\r\n",
     {{"MIME-Version", {}, "1.0"},
      {"Content-Type", {}, "text/plain; charset=utf-8"},
      {"Content-Transfer-Encoding", {}, "quoted-printable"}}},
    {"Latin-1 without umlauts cannot hold the euro, UTF-8 can",
     "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx\r\n",
     {.html = {}, .text = "\xe2\x82\xac", .marker = "m"},
     "x\r\n\r\n=E2=82=AC\r\n",
     {{"Content-Type", "text/plain; charset=iso-8859-1", "text/plain; charset=utf-8"}}},
    {"format=flowed: stuffed lines, no blanks at their ends",
     "Content-Type: text/plain; format=flowed\r\n\r\nflowed \r\n",
     {.html = {}, .text = "> a  \nFrom b\n c", .marker = "m"},
     "flowed \r\n\r\n > a\r\n From b\r\n  c\r\n"},
    {"quoted-printable", utf8_quoted + "gr=C3=BCn\r\n", umlaut_notice, "gr=C3=BCn\r\n\r\nGr=C3=BC=C3=9Fe\r\n"},
    {"quoted-printable that ends in a soft break", utf8_quoted + "a =\r\n", ascii_notice,
     "a =\r\n\r\n\r\nExample Net=\r\n=\r\n"},
    {"base64 that ends in padding", utf8_base64 + "SGVsbG8=\r\n", ascii_notice, "SGVs\r\nbG8NCg0KRXhhbXBsZSBOZXQ=\r\n"},
    {"base64 without padding", utf8_base64 + "SGVsbG8h\r\n", ascii_notice, "SGVsbG8h\r\nDQoNCkV4YW1wbGUgTmV0\r\n"},
    {"in front of base64", utf8_base64 + "SGVsbG8=\r\n", in_front(ascii_notice),
     "RXhhbXBsZSBOZXQNCg0K\r\nSGVsbG8=\r\n"},
    {"base64 of nothing", utf8_base64, ascii_notice, "RXhhbXBsZSBOZXQNCg=="},
    {"base64 of nothing with its delimiter right behind the header",
     "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b--",
     ascii_notice, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nRXhhbXBsZSBOZXQNCg==\r\n--b--"},
    {"ISO-2022-JP",
     "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$\"\x1b(B\r\n",
     {.html = {}, .text = "\xe3\x81\x84", .marker = "m"},
     "\x1b$B$\"\x1b(B\r\n\r\n\x1b$B$$\x1b(B\r\n"},
    {"HTML", "Content-Type: text/html\r\n\r\n<html><body>x</body></html>\r\n", umlaut_notice,
     "<html><body>x\r\n<!--m--><p>Gr&#252;&#223;e</p>\r\n</body></html>\r\n"},
    {"in front of HTML", "Content-Type: text/html\r\n\r\n<html><body class=a>x</body></html>\r\n",
     in_front(ascii_notice), "<html><body class=a>\r\n<!--m--><p>Example Net</p>\r\nx</body></html>\r\n"},
    {"HTML in quoted-printable", html_quoted + "<p>x =3D y </p></body=\r\n>\r\n", ascii_notice,
     "<p>x =3D y </p>\r\n<!--m--><p>Example Net</p>\r\n</body=\r\n>\r\n"},
    {"HTML in quoted-printable behind a blank", html_quoted + "x </body>", ascii_notice,
     "x =\r\n\r\n<!--m--><p>Example Net</p>\r\n</body>"},
    {"HTML in base64", html_base64 + "eHh4PC9ib2R5Pg==\r\n", ascii_notice,
     "eHh4\r\nDQo8IS0tbS0tPjxwPkV4YW1wbGUgTmV0PC9wPg0K\r\nPC9ib2R5Pg==\r\n"},
    {"HTML in base64 within four characters", html_base64 + "eHg8L2JvZHk+\r\n", ascii_notice,
     "eHgNCjwhLS1tLS0+PHA+RXhhbXBsZSBOZXQ8L3A+DQo8\r\nL2JvZHk+\r\n"},
};

TEST(MimeDisclaimer, IsInsertedInThePartsOwnCharsetAndEncoding) {
  for (const auto& one : insertion_cases) {
    const Message before = message(one.text);
    const auto edit = edit_of(before, one.disclaimer);
    ASSERT_TRUE(edit) << one.name << ": " << to_string(edit.error());
    const Message after = test::edited(before, *edit);
    EXPECT_EQ(after.body, one.body) << one.name;
    EXPECT_EQ(edit->fields, one.fields) << one.name;
    EXPECT_EQ(test::body_undone(before, after, *edit), before.body) << one.name;
    const auto again = edit_of(after, one.disclaimer);
    EXPECT_FALSE(again) << one.name;
    EXPECT_EQ(again.has_value() ? NotEdited::unreadable : again.error(), NotEdited::already_there) << one.name;
  }
}

struct RefusalCase {
  const char* name;
  std::string text;
  NotEdited reason;
  Disclaimer disclaimer = umlaut_notice;
};

std::string multipart(const std::string& subtype, const std::vector<std::string>& parts) {
  std::string text = "MIME-Version: 1.0\r\nContent-Type: multipart/" + subtype + "; boundary=b\r\n\r\n";
  for (const std::string& part : parts) text += "--b\r\n" + part + "\r\n";
  return text + "--b--\r\n";
}

const std::string plain = "Content-Type: text/plain\r\n\r\nHello";
const std::string pdf = "Content-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF";

const RefusalCase refusal_cases[] = {
    {"signed",
     multipart("signed; protocol=\"application/pgp-signature\"",
               {plain, "Content-Type: application/pgp-signature\r\n\r\nx"}),
     NotEdited::signed_mail},
    {"a signed part of a list",
     multipart("mixed", {"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s--", plain}),
     NotEdited::signed_mail},
    {"S/MIME",
     "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Disposition: attachment\r\n\r\nx",
     NotEdited::signed_mail},
    {"S/MIME, encrypted", "Content-Type: application/x-pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD",
     NotEdited::encrypted_mail},
    {"PGP, encrypted", multipart("encrypted", {"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", pdf}),
     NotEdited::encrypted_mail},
    {"PGP within the text", "\r\nHi\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nx\r\n",
     NotEdited::signed_mail},
    {"an invitation", "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n",
     NotEdited::calendar_mail},
    {"an invitation in an alternative",
     multipart("alternative", {plain, "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"}), NotEdited::calendar_mail},
    {"a report",
     multipart("report; report-type=delivery-status", {plain, "Content-Type: message/delivery-status\r\n\r\nx"}),
     NotEdited::report},
    {"attachments alone", multipart("mixed", {pdf}), NotEdited::no_text},
    {"a picture", "Content-Type: image/png\r\n\r\nx", NotEdited::no_text},
    {"two types", "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", NotEdited::doubtful_structure},
    {"no end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx", NotEdited::doubtful_structure},
    {"two readings", multipart("mixed", {plain + "\r--b\rx"}), NotEdited::doubtful_structure},
    {"broken base64", "Content-Transfer-Encoding: base64\r\n\r\nQUJDRA", NotEdited::doubtful_encoding},
    {"broken quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=zz",
     NotEdited::doubtful_encoding},
    {"7bit with a bare LF", "\r\na\nb\r\n", NotEdited::doubtful_encoding},
    {"a charset that nobody knows", "Content-Type: text/plain; charset=x-nobody\r\n\r\nx", NotEdited::unknown_charset},
    {"UTF-16", "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\nAAA=",
     NotEdited::unknown_charset},
    {"UTF-7", "Content-Type: text/html; charset=utf-7\r\n\r\nx", NotEdited::unknown_charset},
    {"UTF-8 that is none", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xfc",
     NotEdited::doubtful_charset},
    {"Latin-1 with umlauts has no euro",
     "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xfc",
     NotEdited::charset_cannot_hold,
     {.html = {}, .text = "\xe2\x82\xac", .marker = "m"}},
    {"HTML that hides its end", "Content-Type: text/html\r\n\r\n<body>x<!--", NotEdited::nowhere_to_be_seen},
    {"a line that cannot be broken",
     "\r\nx",
     NotEdited::line_too_long,
     {.html = {}, .text = std::string(1500, 'x'), .marker = "m"}},
    {"hyphens without end", "\r\n" + std::string(5000, '-'), NotEdited::line_too_long},
    {"equals signs everywhere", "\r\n" + std::string(200'000, '='), NotEdited::too_many_steps},
    {"a boundary that the text contains",
     "Content-Type: multipart/mixed; boundary=----\r\n\r\n------\r\n\r\nx\r\n--------\r\n",
     NotEdited::would_end_part,
     {.html = {}, .text = "a\n--------\nb", .marker = "m"}},
    {"a picture for a text",
     plain,
     NotEdited::nothing_to_insert,
     {.html = "<img src='cid:x'>", .text = {}, .marker = "m"}},
    {"nothing", plain, NotEdited::nothing_to_insert, {.html = " ", .text = "\r\n", .marker = "m"}},
};

TEST(MimeDisclaimer, LeavesAloneWhatIsSealedDoubtfulOrCannotHoldIt) {
  for (const auto& one : refusal_cases) {
    const auto edit = edit_of(message(one.text), one.disclaimer);
    ASSERT_FALSE(edit) << one.name;
    EXPECT_EQ(to_string(edit.error()), to_string(one.reason)) << one.name;
  }
}

TEST(MimeDisclaimer, IsPutIntoWhatPeopleReadAndNothingElse) {
  const std::string html = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>";
  const std::string calendar = "Content-Type: text/calendar\r\nContent-Disposition: attachment\r\n\r\nBEGIN:VCALENDAR";
  const std::string alternative =
      "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n" + plain + "\r\n--a\r\n" + html + "\r\n--a--";
  const std::string related = "Content-Type: multipart/related; boundary=r; start=\"<root>\"\r\n\r\n--r\r\n" + plain +
                              "\r\n--r\r\nContent-ID: <root>\r\n" + html + "\r\n--r--";
  const std::string named = "Content-Type: text/plain; name=body.txt\r\n\r\nHello";
  const std::string log =
      "Content-Type: text/plain; name=a.log\r\nContent-Disposition: inline; filename=a.log\r\n\r\nlog";
  struct {
    std::string text;
    std::vector<std::size_t> edited;  // which parts
  } const cases[] = {
      {multipart("mixed", {plain, pdf}), {1}},
      {multipart("mixed", {pdf, plain}), {2}},
      {multipart("mixed", {plain, pdf, plain}), {1}},
      {multipart("alternative", {plain, html}), {1, 2}},
      {multipart("mixed", {alternative, pdf}), {2, 3}},
      {multipart("mixed", {related, pdf}), {3}},
      {multipart("mixed", {plain, calendar}), {1}},
      {multipart("mixed", {named, pdf}), {1}},
      {multipart("mixed", {log, plain}), {2}},
      {multipart("mixed", {"Content-Type: message/rfc822\r\n\r\n\r\nForwarded", plain}), {3}},
      {multipart("alternative", {plain, "Content-Type: text/x-amp-html\r\n\r\n<html amp4email>"}), {1}},
  };
  for (const auto& one : cases) {
    for (const Disclaimer& disclaimer : {umlaut_notice, in_front(umlaut_notice)}) {
      const Message before = message(one.text);
      const auto edit = edit_of(before, disclaimer);
      ASSERT_TRUE(edit) << one.text << to_string(edit.error());
      const Message after = test::edited(before, *edit);
      const auto parts_before = test::structure_of(before).parts;
      const auto parts_after = test::structure_of(after).parts;
      ASSERT_EQ(parts_before.size(), parts_after.size()) << one.text;
      for (std::size_t i = 0; i < parts_before.size(); ++i) {
        if (parts_before[i].is_multipart()) continue;
        const bool is_edited = std::count(one.edited.begin(), one.edited.end(), i) > 0;
        const std::string decoded = test::decoded_bytes(parts_after[i], after.body);
        EXPECT_EQ(decoded != test::decoded_bytes(parts_before[i], before.body), is_edited) << one.text << i;
        EXPECT_TRUE(!is_edited || decoded.find("Hello") != std::string::npos);
      }
      EXPECT_EQ(test::body_undone(before, after, *edit), before.body);
    }
  }
}

TEST(MimeDisclaimer, IsFoundInRepliesHoweverTheyAreQuotedAndBroken) {
  const Disclaimer disclaimer{
      .html = "<p>Example Net, <b>Main</b> Street 1</p>", .text = "Example Net, Main Street 1", .marker = "m"};
  for (const char* reply :
       {"\r\nYes\r\n> Hello\r\n> Example Net, Main\r\n> Street 1\r\n", "\r\n>>Example  Net,\r\n>>Main Street 1\r\n",
        "Content-Type: text/html\r\n\r\n<blockquote>Example Net, Main<br>Street&nbsp;1</blockquote>",
        "Content-Type: text/html; charset=iso-8859-1\r\n\r\nx<!--m--> y"}) {
    const auto edit = edit_of(message(reply), disclaimer);
    EXPECT_FALSE(edit) << reply;
  }
  Disclaimer always = disclaimer;
  always.repetition = Repetition::always;
  EXPECT_TRUE(edit_of(message("\r\nExample Net, Main Street 1\r\n"), always));
}

TEST(MimeDisclaimer, IsAddedToTheOneFormThatLacksIt) {
  const Message before =
      message(multipart("alternative", {"\r\nExample Net", "Content-Type: text/html\r\n\r\n<p>Hello"}));
  const auto edit = edit_of(before, ascii_notice);
  ASSERT_TRUE(edit);
  const Message after = test::edited(before, *edit);
  EXPECT_THAT(after.body, testing::HasSubstr("--b\r\n\r\nExample Net\r\n--b"));
  EXPECT_THAT(after.body, testing::HasSubstr("<p>Hello\r\n<!--m--><p>Example Net</p>\r\n"));
}

}  // namespace
}  // namespace connectord::mime
