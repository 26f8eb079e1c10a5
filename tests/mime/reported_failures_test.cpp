#include <gtest/gtest.h>

#include "connectord/mime/disclaimer.h"
#include "connectord/mime/subject.h"
#include "message.h"

// What went wrong with other programs, by their public reports.

namespace connectord::mime {
namespace {

using test::Message;
using test::message;

const Disclaimer german{.html = "<p>Gr\xc3\xbc\xc3\x9f\x65 aus K\xc3\xb6ln</p>",
                        .text = "Gr\xc3\xbc\xc3\x9f\x65 aus K\xc3\xb6ln"};
const std::string seen = "Gr\xc3\xbc\xc3\x9f\x65 aus K\xc3\xb6ln";

// By which the text is known in decoded text, whatever its charset and form.
std::size_t count_seen(const Message& message) {
  std::size_t count = 0;
  const auto structure = test::structure_of(message);
  for (std::size_t i = 0; i < structure.parts.size(); ++i) {
    if (purpose_of(structure, i) == Purpose::container) continue;
    const auto readings = read_text(structure.parts[i], MemoryBytes(message.body), 1'000'000);
    const bool has = std::any_of(readings.begin(), readings.end(), [](const TextReading& reading) {
      return reading.text.find(seen) != std::string::npos;
    });
    count += has ? 1 : 0;
  }
  return count;
}

std::string list_of_forwarded(int count) {
  std::string text =
      "Content-Type: multipart/mixed; boundary=\"list\"\r\n\r\n--list\r\nContent-Type: text/plain\r\n\r\nSee:\r\n";
  for (int i = 0; i < count; ++i) {
    text += "--list\r\nContent-Type: message/rfc822\r\n\r\nSubject: " + std::to_string(i) +
            "\r\nContent-Type: multipart/mixed; boundary=\"in\"\r\n\r\n--in\r\n\r\nx\r\n--in--\r\n\r\n";
  }
  return text + "--list--\r\n";
}

struct ReportedEdit {
  const char* report;
  std::string text;
  std::size_t leaves;  // that have the text then
};

const ReportedEdit reported_edits[] = {
    {"mailcow#5529: a changed boundary in Content-Type broke the attachments; text behind </html>",
     "Content-Type: multipart/mixed; boundary=\"--=_x\"\r\n\r\n----=_x\r\nContent-Type: "
     "text/html\r\n\r\n<html><body>x</body></html>\r\n"
     "----=_x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: "
     "base64\r\n\r\nJVBERg==\r\n----=_x--\r\n",
     1},
    {"mailcow#5892, rspamd PR#5334: boundaries closed before the attachments",
     "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; "
     "boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\n"
     "Content-Type: text/html\r\n\r\n<p>x</p>\r\n--a--\r\n\r\n--m\r\nContent-Type: "
     "application/pdf\r\n\r\n%PDF\r\n--m--\r\n",
     2},
    {"rspamd#6170: 18 forwarded messages delivered as 5", list_of_forwarded(18), 1},
    {"rspamd#6269: mixed with related closed early, a PDF in the epilogue",
     "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/related; "
     "boundary=r\r\n\r\n--r\r\n"
     "Content-Type: text/html\r\n\r\n<img src=cid:i>\r\n--r\r\nContent-Type: image/png\r\nContent-ID: "
     "<i>\r\n\r\nx\r\n--r--\r\n\r\n--m\r\n"
     "Content-Type: application/pdf\r\n\r\n%PDF\r\n--m--\r\n",
     1},
    {"mailcow#7480: said to be quoted-printable over a 7bit body, so that = was lost",
     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\na=3D b=c "
     "=\r\nhttps://example.com/?a=b\r\n",
     1},
    {"rspamd do_append_footer: Content-ID, name and format=flowed lost",
     "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-ID: <text@example.com>\r\nContent-Type: "
     "text/plain; name=\"t.txt\";\r\n"
     "\tformat=flowed; delsp=yes; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx \r\ny\r\n--m--\r\n",
     1},
    {"alterMIME#12: a character of UTF-8 cut by a soft line break",
     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
         std::string(70, 'x') + "=C3=\r\n=BC\r\n",
     1},
    {"zm-mailbox PR#1755, magma#67: text put behind base64",
     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n", 1},
    {"sympa#1113: umlauts corrupted with a footer",
     "Content-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe "
     "=A4\r\n",
     1},
    {"mailcow#5858: no footer in plain mail", "Subject: plain\r\n\r\nx\r\n", 1},
    {"jabali-panel#233: a charset parameter, so that the type was not text/plain",
     "Content-Type: TEXT/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n", 1},
    {"mailcow#7398: silently skipped for multipart",
     "Content-Type: multipart/alternative;\r\n boundary=\"==a==\"\r\n\r\n--==a==\r\nContent-Type: "
     "text/plain\r\n\r\nx\r\n--==a==\r\n"
     "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+eDwvcD4=\r\n--==a==--\r\n",
     2},
    {"gromox#234: text and HTML",
     "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: "
     "text/html\r\n\r\n<p>x\r\n--a--\r\n",
     2},
};

// All other parts: as many, in the same order, with the same headers and bytes.
void expect_others_unchanged(const ReportedEdit& reported, const Message& before, const Message& after) {
  const auto parts_before = test::structure_of(before).parts;
  const auto parts_after = test::structure_of(after).parts;
  ASSERT_EQ(parts_before.size(), parts_after.size()) << reported.report;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < parts_before.size(); ++i) {
    if (parts_before[i].is_multipart()) continue;
    const auto raw = [](const Part& part, const Message& of) {
      return of.body.substr(part.header.begin, part.body.end - part.header.begin);
    };
    changed += raw(parts_before[i], before) != raw(parts_after[i], after) ? 1 : 0;
  }
  EXPECT_EQ(changed, reported.leaves) << reported.report;
}

TEST(MimeReportedFailures, OfDisclaimersDoNotHappen) {
  for (const auto& one : reported_edits) {
    const Message before = message(one.text);
    const auto edit = insert_disclaimer(test::structure_of(before), MemoryBytes(before.body), german);
    ASSERT_TRUE(edit) << one.report << ": " << to_string(edit.error());
    const Message after = test::edited(before, *edit);
    EXPECT_EQ(count_seen(after), one.leaves) << one.report;
    expect_others_unchanged(one, before, after);
    EXPECT_EQ(test::body_undone(before, after, *edit), before.body) << one.report;
    EXPECT_FALSE(insert_disclaimer(test::structure_of(after), MemoryBytes(after.body), german)) << one.report;
  }
}

TEST(MimeReportedFailures, KeepTheOriginalTextAsItReads) {
  const Message before = message(reported_edits[4].text);
  const auto edit = insert_disclaimer(test::structure_of(before), MemoryBytes(before.body), german);
  const Message after = test::edited(before, *edit);
  EXPECT_TRUE(test::decoded_bytes(test::structure_of(after).parts[0], after.body).starts_with(before.body));
}

TEST(MimeReportedFailures, KeepAllOfAPartsHeader) {
  const Message before = message(reported_edits[5].text);
  const auto edit = insert_disclaimer(test::structure_of(before), MemoryBytes(before.body), german);
  const Message after = test::edited(before, *edit);
  const std::string header = before.body.substr(0, before.body.find("x \r\n"));
  EXPECT_TRUE(after.body.starts_with(header));
}

struct ReportedRefusal {
  const char* report;
  std::string text;
  NotEdited reason;
};

TEST(MimeReportedFailures, OfSealedAndDoubtfulMailDoNotHappen) {
  const ReportedRefusal refusals[] = {
      {"sympa#976: a disclaimer breaks S/MIME",
       "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; "
       "boundary=s\r\n\r\n--s\r\n\r\nx\r\n--s\r\n"
       "Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n",
       NotEdited::signed_mail},
      {"the same for opaque S/MIME",
       "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nx",
       NotEdited::encrypted_mail},
      {"the same for PGP within the text", "\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n", NotEdited::signed_mail},
      {"MS-OXCMAIL 2.1.3.3.8.1: an invitation must keep its form",
       "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: text/calendar; "
       "method=REQUEST\r\n\r\nx\r\n--a--\r\n",
       NotEdited::calendar_mail},
      {"rspamd#1225: a duplicated Content-Type that the recipient's program reads differently",
       "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
       NotEdited::doubtful_structure},
      {"mailcow#5588: again on every reply",
       "Content-Type: text/plain; charset=utf-8\r\n\r\nYes.\r\n\r\n> x\r\n>\r\n> " + seen.substr(0, 9) + "\r\n> " +
           seen.substr(9) + "\r\n",
       NotEdited::already_there},
  };
  for (const auto& one : refusals) {
    const Message before = message(one.text);
    const auto edit = insert_disclaimer(test::structure_of(before), MemoryBytes(before.body), german);
    ASSERT_FALSE(edit) << one.report;
    EXPECT_EQ(to_string(edit.error()), to_string(one.reason)) << one.report;
  }
}

TEST(MimeReportedFailures, OfSubjectMarksDoNotHappen) {
  // rspamd#86, #1897, #5493, rmilter#124: a broken word, base64 left out, all of it replaced, "8".
  for (const char* subject : {"=?utf-8?B?R3LDvMOfZQ==?=", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "8", "a =?utf-8?Q?b?= c"}) {
    EXPECT_EQ(prepend_to_subject(subject, "[SPAM] "), "[SPAM] " + std::string(subject));
  }
  // rspamd#5019, #4006, stalwart#3189: raw bytes beyond ASCII in what was added.
  const auto marked = prepend_to_subject("x", "[\xc3\x84u\xc3\x9f\x65rer Absender]");
  ASSERT_TRUE(marked);
  EXPECT_TRUE(std::all_of(marked->begin(), marked->end(), [](char c) { return c >= ' ' && c < '\x7f'; }));
}

TEST(MimeReportedFailures, OfHiddenNamesDoNotHappen) {
  struct {
    const char* report;
    const char* header;
    const char* name;
  } const cases[] = {
      {"rspamd PR#2852: a percent-encoded name in pieces",
       "Content-Type: application/octet-stream; name=x.txt\r\nContent-Disposition: attachment;\r\n "
       "filename*0*=utf-8''inv%6Fice;\r\n"
       " filename*1*=%2eb; filename*2=at",
       "invoice.bat"},
      {"rspamd#1287: an encoded value", "Content-Type: application/octet-stream; name==?utf-8?b?YS5iYXQ=?=", "a.bat"},
      {"rspamd#1225: two dispositions",
       "Content-Disposition: inline; filename=a.txt\r\nContent-Disposition: attachment; filename=a.bat", "a.bat"},
  };
  for (const auto& one : cases) {
    const auto names = names_of(test::structure_of(message(std::string(one.header) + "\r\n\r\nx")).parts[0]);
    EXPECT_THAT(names, testing::Contains(one.name)) << one.report;
  }
}

TEST(MimeReportedFailures, OfNestedMessagesDoNotHappen) {
  // rspamd#3487, NethServer#5779: what lies within a forwarded message was not looked at.
  const auto given = message(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: "
      "multipart/mixed; boundary=c\r\n"
      "\r\n--c\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: application/zip; "
      "name=a.zip\r\n\r\nPK\r\n--c--\r\n--b--\r\n");
  EXPECT_EQ(names_of(test::structure_of(given).parts.back()), std::vector<std::string>{"a.zip"});
}

}  // namespace
}  // namespace connectord::mime
