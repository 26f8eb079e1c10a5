#include "connectord/mail/placeholders.h"

#include <gtest/gtest.h>

namespace connectord::mail {
namespace {

const PlaceholderValues values{.sender = "alice@contoso.com",
                               .recipients = {"bob@example.net", "carol@example.net"},
                               .subject = "<b>\"Hi\" & \xc3\xbc</b>",
                               .rule = "no programs",
                               .message_id = "<a@b>",
                               .unix_time = 1'795'000'000};

TEST(Placeholders, AreFilledInAndOtherBracesStay) {
  struct {
    const char* text;
    const char* filled;
  } const cases[] = {
      {"{sender} to {recipients}", "alice@contoso.com to bob@example.net, carol@example.net"},
      {"{rule}: {message_id}, {date}", "no programs: <a@b>, Wed, 18 Nov 2026 11:06:40 +0000"},
      {"{subject}", "<b>\"Hi\" & \xc3\xbc</b>"},
      {"{{sender}}", "{alice@contoso.com}"},
      {"p { color: red } {nobody} {", "p { color: red } {nobody} {"},
      {"", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(fill_placeholders(one.text, values, PlaceholderForm::text), one.filled);
  EXPECT_EQ(fill_placeholders("<i>{subject}</i>", values, PlaceholderForm::html),
            "<i>&lt;b&gt;&quot;Hi&quot; &amp; \xc3\xbc&lt;/b&gt;</i>");
}

TEST(Placeholders, KeepTheNullSenderAndManyRecipientsReadable) {
  PlaceholderValues many;
  for (int i = 0; i < 12; ++i) many.recipients.push_back("r" + std::to_string(i));
  EXPECT_EQ(fill_placeholders("{sender}: {recipients}", many, PlaceholderForm::text),
            "<>: r0, r1, r2, r3, r4, r5, r6, r7, r8, r9 and 2 more");
}

TEST(Placeholders, LetNoValueAddALineOrAnotherPlaceholder) {
  struct {
    std::string subject;
    std::string filled;
  } const cases[] = {
      {"a\r\nBcc: eve@example.org", "a  Bcc: eve@example.org"},
      {std::string("a\0b", 3), "a b"},
      {"a\xe2\x80\xae"
       "b\xe2\x80\xa8"
       "c",
       "a b c"},
      {"a\xff", "a?"},
      {"{sender}", "{sender}"},
      {std::string(600, 'x'), std::string(500, 'x') + "..."},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(fill_placeholders("{subject}", {.subject = one.subject}, PlaceholderForm::text), one.filled);
  }
}

TEST(Placeholders, ThatAreNoneAreNamedForErrors) {
  EXPECT_EQ(unknown_placeholder("{sender} {recipient}"), "recipient");
  EXPECT_EQ(unknown_placeholder("{sender} p { color: red } {} {"), "");
}

}  // namespace
}  // namespace connectord::mail
