#include "connectord/outbox/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/mime/encoded_word.h"
#include "mime/message.h"

namespace connectord::outbox {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Key key(std::string(32, 'k'));
const Author author{.host_name = "mx.example.net", .address = "postmaster@example.net", .name = "Example Net"};
constexpr std::int64_t now = 1'795'000'000;

std::string value_of(const mime::test::Message& message, std::string_view name) {
  for (const auto& field : message.header) {
    if (mail::is_named(field.name, name)) return field.value;
  }
  return "(none)";
}

// A message of ours as another program reads it.
struct Read {
  explicit Read(const Mail& mail)
      : message(mime::test::message(mail.content)), structure(mime::test::structure_of(message)) {}

  std::vector<std::string> types() const {
    std::vector<std::string> found;
    for (const auto& part : structure.parts) found.emplace_back(part.media_type());
    return found;
  }
  std::string text(std::size_t part) const { return mime::test::decoded_bytes(structure.parts.at(part), message.body); }
  std::string raw(std::size_t part) const {
    const auto& range = structure.parts.at(part).body;
    return message.body.substr(range.begin, range.size());
  }

  mime::test::Message message;
  mime::Structure structure;
};

const std::string original_text =
    "Received: from a\r\n\tby b\r\nFrom: alice@contoso.com\r\nTo: Bob <bob@example.net>, dave@example.net.example\r\n"
    "Cc: carol@example.net\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <abc@contoso.com>\r\n\r\n"
    "Hello\r\n--x\r\n.\r\n\xfc";

struct Journaled {
  explicit Journaled(const Envelope& envelope, const std::string& rule = "journal of legal",
                     const std::string& text = original_text)
      : original(mime::test::message(text)) {
    const mime::MemoryBytes body(original.body);
    mail =
        *compose_journal_report({original.header, body}, envelope, rule, {"journal@archive.example"}, author, key, now);
  }
  mime::test::Message original;
  Mail mail;
};

const Envelope incoming{.sender = "alice@contoso.com",
                        .recipients = {"bob@example.net", "Carol@example.net", "dave@example.net"}};

TEST(JournalReport, HasTheFieldsAndTheOriginalByteForByte) {
  const Journaled journaled(incoming);
  const Read report(journaled.mail);
  EXPECT_THAT(report.types(), ElementsAre("multipart/mixed", "text/plain", "message/rfc822", "text/plain"));
  EXPECT_EQ(report.text(1),
            "Sender: alice@contoso.com\r\nSubject: Gr\xc3\xbc\xc3\x9f"
            "e\r\nMessage-Id: <abc@contoso.com>\r\n"
            "Recipient: bob@example.net\r\nRecipient: Carol@example.net\r\nRecipient: dave@example.net\r\n");
  EXPECT_EQ(report.raw(2), original_text);
  EXPECT_EQ(value_of(report.message, "X-MS-Journal-Report"), "");
  EXPECT_EQ(mime::decode_header_text(value_of(report.message, "Subject")),
            "Gr\xc3\xbc\xc3\x9f"
            "e");
  EXPECT_EQ(value_of(report.message, "Auto-Submitted"), "auto-generated");
  EXPECT_EQ(journaled.mail.sender, "");
  EXPECT_TRUE(journaled.mail.is_8bit);
  EXPECT_FALSE(report.structure.is_doubtful());
}

TEST(JournalReport, TellsToCcAndBccApartWhereTheSenderIsKnown) {
  Envelope envelope = incoming;
  envelope.is_authenticated = true;
  EXPECT_THAT(Read(Journaled(envelope).mail).text(1),
              HasSubstr("\r\nTo: bob@example.net\r\nCc: Carol@example.net\r\nBcc: dave@example.net\r\n"));
}

TEST(JournalReport, OfTheSameIsTheSameAndOfAnythingElseIsAnother) {
  const std::string id = Journaled(incoming).mail.message_id;
  EXPECT_EQ(Journaled(incoming).mail.message_id, id);
  EXPECT_EQ(Journaled(incoming).mail.content, Journaled(incoming).mail.content);
  Envelope other = incoming;
  other.recipients.pop_back();
  EXPECT_NE(Journaled(other).mail.message_id, id);
  EXPECT_NE(Journaled(incoming, "another rule").mail.message_id, id);
  EXPECT_NE(Journaled(incoming, "journal of legal", original_text + "x").mail.message_id, id);
}

TEST(JournalReport, KeepsItsShapeWhateverTheOriginalSays) {
  // The boundary of a report about another message does not help.
  const std::string boundary =
      std::string(Read(Journaled(incoming).mail).structure.parts[0].types[0].find("boundary")->value);
  const std::string text = "Subject: x\r\nMessage-ID: <a@b>\x0b\x0d<c@d>\r\n\r\n--" + boundary + "--\r\n\r\n--" +
                           boundary + "\r\n\r\nforged";
  const Read report(Journaled({.sender = "", .recipients = {"bob@example.net"}}, "r", text).mail);
  EXPECT_THAT(report.types(), ElementsAre("multipart/mixed", "text/plain", "message/rfc822", "text/plain"));
  EXPECT_THAT(report.text(1), StartsWith("Sender: <>\r\nSubject: x\r\n"));
}

TEST(Notice, CanHaveNothingAddedByWhatAStrangerWrites) {
  const mail::PlaceholderValues about{.sender = "a\r\nBcc: eve@example.org\r\n\r\nbody",
                                      .recipients = {"bob@example.net"},
                                      .subject = std::string("<script>\r\nX: y\0\xe2\x80\xa8z", 19),
                                      .rule = "no programs",
                                      .message_id = "<a@b>",
                                      .unix_time = now};
  const Mail mail =
      compose_notice({.subject = "{rule}: {subject}", .text = "{sender}\n{subject}", .html = "<p>{subject}</p>"}, about,
                     {"bob@example.net"}, author, key);
  const Read read(mail);
  std::vector<std::string> names;
  for (const auto& field : read.message.header) names.push_back(field.name);
  EXPECT_THAT(names, ElementsAre("From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", Key::token_header,
                                 "MIME-Version", "Content-Type"));
  EXPECT_THAT(read.types(), ElementsAre("multipart/alternative", "text/plain", "text/html"));
  EXPECT_EQ(read.text(1), "a  Bcc: eve@example.org    body\r\n<script>  X: y  z\r\n");
  EXPECT_EQ(read.text(2), "<p>&lt;script&gt;  X: y  z</p>\r\n");
  EXPECT_EQ(value_of(read.message, "Subject"), "no programs: <script>  X: y  z");
}

TEST(Notice, IsWrittenInAsciiAndShortLinesWhateverItSays) {
  const mail::PlaceholderValues about{.subject = std::string(300, 'x') + "\xc3\xbc", .rule = "r", .unix_time = now};
  const Author umlaut{.host_name = "mx.example.net", .address = "postmaster@example.net", .name = "M\xc3\xbcller"};
  const Mail mail = compose_notice({.subject = "{subject}",
                                    .text = "Gr\xc3\xbc\xc3\x9f"
                                            "e\n{subject}",
                                    .html = {}},
                                   about, {"bob@example.net", "carol@example.net"}, umlaut, key);
  EXPECT_FALSE(mail.is_8bit);
  for (std::string_view rest = mail.content; !rest.empty();) {
    const auto end = rest.find("\r\n");
    ASSERT_NE(end, std::string_view::npos);
    EXPECT_LE(end, 200U);
    rest.remove_prefix(end + 2);
  }
  const Read read(mail);
  EXPECT_THAT(read.types(), ElementsAre("text/plain"));
  EXPECT_THAT(read.text(0), StartsWith("Gr\xc3\xbc\xc3\x9f"
                                       "e\r\nxxx"));
  EXPECT_THAT(mime::decode_header_text(value_of(read.message, "Subject")), EndsWith("x\xc3\xbc"));
  EXPECT_THAT(mime::decode_header_text(value_of(read.message, "From")), StartsWith("M\xc3\xbcller <"));
  EXPECT_EQ(value_of(read.message, "To"), "undisclosed-recipients:;");
}

TEST(Notice, QuotesWhatIsNoAtomInItsAuthorsName) {
  const Author quoted{.host_name = "h", .address = "a@example.net", .name = "A \"B\" <x@y>\r\nBcc: z"};
  const Mail mail =
      compose_notice({.subject = "=?utf-8?q?x?=", .text = "t", .html = {}}, {.unix_time = now}, {"b@c.d"}, quoted, key);
  const Read read(mail);
  EXPECT_EQ(value_of(read.message, "From"), "\"A \\\"B\\\" <x@y>  Bcc: z\" <a@example.net>");
  EXPECT_EQ(mime::decode_header_text(value_of(read.message, "Subject")), "=?utf-8?q?x?=");
}

TEST(IncidentReport, HasWhatWasChosen) {
  const auto original = mime::test::message(original_text);
  const mime::MemoryBytes body(original.body);
  const Incident incident{.about = {.sender = "alice@contoso.com",
                                    .recipients = {"bob@example.net"},
                                    .subject = "Figures",
                                    .rule = "no cards",
                                    .message_id = "<a@b>",
                                    .unix_time = now},
                          .severity = "high",
                          .findings = {"body_or_subject_patterns: 4111\r\nRule: forged"},
                          .header_recipients = {},
                          .connector = "contoso"};
  using Content = IncidentContent;
  const auto composed = [&](const std::vector<Content>& content) {
    return Read(*compose_incident_report(incident, content, {original.header, body}, {"soc@example.net"}, author, key));
  };
  const Read few = composed({Content::sender, Content::rule, Content::findings});
  EXPECT_THAT(few.types(), ElementsAre("text/plain"));
  EXPECT_EQ(few.text(0),
            "Rule: no cards\r\nSender: alice@contoso.com\r\nFinding: body_or_subject_patterns: 4111  Rule: forged\r\n");
  const Read all = composed({Content::sender, Content::recipients, Content::subject, Content::message_id, Content::date,
                             Content::connector, Content::severity, Content::rule, Content::findings, Content::headers,
                             Content::original});
  EXPECT_THAT(all.types(),
              ElementsAre("multipart/mixed", "text/plain", "text/rfc822-headers", "message/rfc822", "text/plain"));
  EXPECT_THAT(all.text(1), HasSubstr("Severity: high\r\n"));
  EXPECT_EQ(all.raw(3), original_text);
}

}  // namespace
}  // namespace connectord::outbox
