#include "connectord/session/validation_mark.h"

#include <gtest/gtest.h>

namespace connectord::session {
namespace {

constexpr std::int64_t moment = 1'795'903'200;
const outbox::Key our_key(std::string(64, 'k'));
const outbox::Key other_key(std::string(64, 'o'));

TEST(ValidationMark, OfADialogueIsAnEnvelopeIdentifierForThatSenderAndMoment) {
  const std::string mark = dialogue_mark(our_key, "alice@contoso.com", moment);
  EXPECT_LE(mark.size(), 100U) << "RFC 3461, 5.4";
  EXPECT_EQ(mark.find_first_of(" =\t"), std::string::npos) << "xtext: " << mark;
  EXPECT_TRUE(is_dialogue_mark(our_key, mark, "alice@contoso.com", moment + 60));
  EXPECT_FALSE(is_dialogue_mark(our_key, mark, "bob@contoso.com", moment));
  EXPECT_FALSE(is_dialogue_mark(our_key, mark, "alice@contoso.com", moment + 601)) << "seen once, and used again later";
  EXPECT_FALSE(is_dialogue_mark(other_key, mark, "alice@contoso.com", moment));
  for (const std::string& made_up : {std::string(), std::string("v1"), mark + "0", mark.substr(1), mark + mark}) {
    EXPECT_FALSE(is_dialogue_mark(our_key, made_up, "alice@contoso.com", moment)) << made_up;
  }
}

TEST(ValidationMark, OfAMessageIsForItsMessageIdAlone) {
  const std::string mark = message_mark(our_key, "1@mx.example.net", moment);
  EXPECT_TRUE(is_message_mark(our_key, " " + mark, " <1@mx.example.net>", moment));
  EXPECT_FALSE(is_message_mark(our_key, mark, "<2@mx.example.net>", moment));
  EXPECT_FALSE(is_message_mark(other_key, mark, "<1@mx.example.net>", moment));
  EXPECT_FALSE(is_message_mark(our_key, "", "<1@mx.example.net>", moment));
}

TEST(ValidationMark, OfOneKindIsNoneOfTheOther) {
  EXPECT_FALSE(is_message_mark(our_key, our_key.token("dialogue", "x", moment), "x", moment));
  EXPECT_FALSE(is_dialogue_mark(our_key, message_mark(our_key, "x", moment), "x", moment));
}

}  // namespace
}  // namespace connectord::session
