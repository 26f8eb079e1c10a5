#include "session/kept_body.h"

#include <gtest/gtest.h>

#include "session/content_editor.h"

namespace connectord::session {
namespace {

std::string all_of(const mime::Bytes& bytes) {
  std::string text;
  EXPECT_TRUE(mime::visit(bytes, {0, bytes.size()}, [&text](std::string_view piece) {
    text += piece;
    return true;
  }));
  return text;
}

TEST(KeptBody, GivesBackWhatItWasToldFromMemoryAndFromAFile) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, KeptBody::max_in_memory, KeptBody::max_in_memory + 1,
                                 3 * KeptBody::max_in_memory + 7}) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + "\r\n";
    text.resize(size);
    KeptBody body;
    for (std::size_t at = 0; at < size; at += 65'000) body.add(std::string_view(text).substr(at, 65'000));
    EXPECT_EQ(body.problem(), "");
    ASSERT_EQ(body.size(), size);
    EXPECT_EQ(all_of(body), text);
    if (size > 100) {
      EXPECT_EQ(body.from(size - 5), text.substr(size - 5));
    }
    EXPECT_EQ(body.from(size), "");
  }
}

TEST(ContentEditor, EditsOnTopOfEditsAndLeavesTheRest) {
  auto body = std::make_shared<KeptBody>();
  body->add("Hello.\r\n");
  ContentEditor editor(body, {{"Content-Type", " text/plain"}});
  EXPECT_FALSE(editor.changes_body());
  ASSERT_TRUE(editor.add({"a", "", "First"}));
  ASSERT_TRUE(editor.add({"b", "", "Second"}));
  EXPECT_EQ(all_of(editor.body()), "Hello.\r\n\r\nFirst\r\n\r\nSecond\r\n");
  ASSERT_TRUE(editor.add({"a", "", "First"}));
  EXPECT_EQ(all_of(editor.body()), "Hello.\r\n\r\nFirst\r\n\r\nSecond\r\n");
}

TEST(ContentEditor, SaysWhyAMessageIsLeftAsItIs) {
  auto body = std::make_shared<KeptBody>();
  body->add("--b\r\n\r\nHello.\r\n--b--\r\n");
  ContentEditor editor(body, {{"Content-Type", " multipart/signed; boundary=b"}});
  const auto done = editor.add({"a", "", "First"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), "the message is signed");
  EXPECT_FALSE(editor.changes_body());
}

TEST(ContentEditor, TellsTheChangesOfTheMessagesOwnFields) {
  auto body = std::make_shared<KeptBody>();
  body->add("Hello.\r\n");
  ContentEditor editor(body, {});
  ASSERT_TRUE(editor.add({"a", "", "Grüße"}));
  ASSERT_FALSE(editor.field_changes().empty());
  EXPECT_FALSE(editor.field_changes().front().before);
}

}  // namespace
}  // namespace connectord::session
