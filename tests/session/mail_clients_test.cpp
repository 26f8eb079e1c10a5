// What rules see in, and do with, messages in the shapes that mail clients give them.
#include "mime/mail_clients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/mime/disclaimer.h"
#include "mime/message.h"
#include "session/content_reader.h"

namespace connectord::session {
namespace {

using model::MessageType;

// The note has no letter of its own language, so that it is found in all charsets.
const mime::Disclaimer note{.html = "<p>Example Net note</p>", .text = "Example Net note", .marker = "m"};

struct Shape {
  const char* name;
  std::string_view text;
  std::vector<MessageType> types;
  const char* phrase;       // in its text, as people read it
  std::size_t notes;        // in its readings: HTML is read as it stands and as people see it
  std::string_view reason;  // why there are none
};

const Shape shapes[] = {
    {"Outlook", mime::test::outlook, {}, "Angebot f\xc3\xbcr M\xc3\xa4rz liegt bei", 3, ""},
    {"Apple Mail", mime::test::apple_mail, {}, "Here they are.", 3, ""},
    {"Gmail", mime::test::gmail, {}, "Gr\xc3\xbc\xc3\x9f\x65 aus M\xc3\xbcnchen", 3, ""},
    {"Thunderbird", mime::test::thunderbird, {}, "This is a paragraph", 1, ""},
    {"mutt", mime::test::mutt, {}, "> Lunch?", 1, ""},
    {"mutt, signed", mime::test::mutt_signed, {MessageType::signed_mail}, "I agree.", 0, "signed"},
    {"Exchange with TNEF", mime::test::exchange_tnef, {}, "Rich text.", 1, ""},
    {"an invitation", mime::test::invitation, {MessageType::calendar}, "Planning, Monday at ten.", 0, "invitation"},
    {"a bounce",
     mime::test::delivery_report,
     {MessageType::auto_submitted, MessageType::delivery_report},
     "This is the mail system",
     0,
     "report"},
    {"a read receipt", mime::test::read_receipt, {MessageType::read_receipt}, "This is a Return Receipt", 0, "report"},
};

model::MessageContent content_of(const mime::test::Message& message) {
  const mime::MemoryBytes body(message.body);
  engine::RuleNeeds needs;
  needs.header = needs.content = needs.texts = true;
  return read_content(message.header, body, mime::read_structure(message.header, body), needs);
}

std::string text_of(const mime::test::Message& message) {
  std::string all;
  for (const std::string& text : content_of(message).texts) all += text;
  return all;
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// The parts without those that people read.
std::string others_of(const mime::test::Message& message) {
  std::string lines;
  const auto structure = mime::test::structure_of(message);
  for (const mime::Part& part : structure.parts) {
    lines += std::string(part.media_type()) + " ";
    const bool is_read = part.media_type() == "text/plain" || part.media_type() == "text/html";
    if (!is_read && part.children.empty() && !part.is_multipart())
      lines += mime::test::decoded_bytes(part, message.body);
    lines += "\n";
  }
  return lines;
}

TEST(MailClients, TheirMessagesAreWhatTheyAre) {
  for (const Shape& shape : shapes) {
    const mime::test::Message message = mime::test::message(mime::test::with_crlf(shape.text));
    const model::MessageContent content = content_of(message);
    EXPECT_EQ(content.unreadable, "") << shape.name;
    EXPECT_THAT(content.types, ::testing::UnorderedElementsAreArray(shape.types)) << shape.name;
    EXPECT_GE(count_of(text_of(message), shape.phrase), 1U) << shape.name << "\n" << text_of(message);
  }
}

TEST(MailClients, ADisclaimerGoesIntoWhatPeopleReadAndNowhereElse) {
  for (const Shape& shape : shapes) {
    const mime::test::Message before = mime::test::message(mime::test::with_crlf(shape.text));
    const auto edit = mime::insert_disclaimer(mime::test::structure_of(before), mime::MemoryBytes(before.body), note);
    ASSERT_EQ(edit.has_value(), shape.notes > 0) << shape.name << ": " << (edit ? "" : to_string(edit.error()));
    if (!edit) {
      EXPECT_NE(std::string(to_string(edit.error())).find(shape.reason), std::string::npos) << shape.name;
      continue;
    }
    const mime::test::Message after = mime::test::edited(before, *edit);
    EXPECT_EQ(count_of(text_of(after), "Example Net note"), shape.notes) << shape.name << "\n" << text_of(after);
    EXPECT_GE(count_of(text_of(after), shape.phrase), 1U) << shape.name;
    EXPECT_EQ(others_of(after), others_of(before)) << shape.name;
    EXPECT_EQ(mime::test::body_undone(before, after, *edit), before.body) << shape.name;
    const auto again = mime::insert_disclaimer(mime::test::structure_of(after), mime::MemoryBytes(after.body), note);
    EXPECT_TRUE(!again && again.error() == mime::NotEdited::already_there) << shape.name;
  }
}

}  // namespace
}  // namespace connectord::session
