#include "connectord/outbox/restraint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "connectord/base/digest.h"
#include "connectord/outbox/compose.h"
#include "mime/message.h"

namespace connectord::outbox {
namespace {

const Key token_key(std::string(32, 'k'));
constexpr std::int64_t restraint_now = 1'795'000'000;

std::string why(const std::string& header, std::string_view sender = "alice@contoso.com") {
  return why_not_answered(sender, mime::test::message(header + "\r\n\r\n").header);
}

TEST(Restraint, KeepsUsFromAnsweringPrograms) {
  struct {
    const char* header;
    const char* why;
  } const cases[] = {
      {"Auto-Submitted: auto-replied", "a program sent it (Auto-Submitted)"},
      {"Auto-Submitted: no\r\nAuto-Submitted: auto-replied", "a program sent it (Auto-Submitted)"},
      {"Precedence: bulk", "it was sent to many (List-*, Precedence)"},
      {"List-Id: <x.example.org>", "it was sent to many (List-*, Precedence)"},
      {"Content-Type: multipart/report; report-type=delivery-status; boundary=b", "it is a report (multipart/report)"},
      {"Content-Type: Multipart/Report", "it is a report (multipart/report)"},
      {"Auto-Submitted: no", ""},
      {"Auto-Submitted:\r\n No (by hand)", ""},
      {"Precedence: first-class", ""},
      {"Subject: auto-replied", ""},
      {"Content-Type: multipart/mixed; boundary=report", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(why(one.header), one.why) << one.header;
  EXPECT_EQ(why("Subject: x", ""), "it has the null sender");
}

TEST(Restraint, KnowsItsOwnMailByItsToken) {
  const Author author{.host_name = "mx.example.net", .address = "postmaster@example.net", .name = {}};
  const Mail mail = compose_notice({.subject = "s", .text = "t", .html = {}}, {.unix_time = restraint_now}, {"b@c.d"},
                                   author, token_key);
  auto header = mime::test::message(mail.content).header;
  const std::string body = base::sha256_hex(std::string_view(mail.content).substr(mail.content.find("\r\n\r\n") + 4));
  EXPECT_TRUE(is_own_mail(header, body, token_key, restraint_now));
  EXPECT_FALSE(is_own_mail(header, base::sha256_hex("other words\r\n"), token_key, restraint_now));
  EXPECT_FALSE(is_own_mail(header, body, Key(std::string(32, 'x')), restraint_now));
  EXPECT_FALSE(is_own_mail(header, body, token_key, restraint_now + max_written_age + 1));
  for (auto& field : header) {
    if (field.name == "Message-ID") field.value = "<other@mx.example.net>";
  }
  EXPECT_FALSE(is_own_mail(header, body, token_key, restraint_now));
}

TEST(Token, IsGoodForOnePurposeOneThingAndSomeTime) {
  const std::string token = token_key.token("copy", "<a@b>", restraint_now);
  EXPECT_TRUE(token_key.verify(token, "copy", "<a@b>", restraint_now, 60));
  EXPECT_TRUE(token_key.verify(token, "copy", "<a@b>", restraint_now + 60, 60));
  EXPECT_TRUE(token_key.verify("  " + token + " ", "copy", "<a@b>", restraint_now, 60));
  EXPECT_FALSE(token_key.verify(token, "copy", "<a@b>", restraint_now + 61, 60));
  EXPECT_FALSE(token_key.verify(token, "copy", "<a@b>", restraint_now - 301, 60));
  EXPECT_FALSE(token_key.verify(token, "written", "<a@b>", restraint_now, 60));
  EXPECT_FALSE(token_key.verify(token, "copy", "<c@d>", restraint_now, 60));
  EXPECT_FALSE(token_key.verify(token + "0", "copy", "<a@b>", restraint_now, 60));
  EXPECT_FALSE(token_key.verify(token + " x", "copy", "<a@b>", restraint_now, 60));
  for (const char* value : {"", "v1", "v1 copy", "v1 copy x y", "v2 copy 1 2", "v1 copy 99999999999999999999 00"}) {
    EXPECT_FALSE(token_key.verify(value, "copy", "<a@b>", restraint_now, 60)) << value;
  }
}

TEST(Key, IsMadeOnceForOneReader) {
  const std::string path = testing::TempDir() + "connectord-token_key-" + std::to_string(::getpid());
  const config::SecretReader reader{.name = "self", .uid = ::geteuid(), .gid = ::getegid()};
  const auto made = Key::load_or_make(path, reader);
  ASSERT_TRUE(made) << made.error();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto again = Key::load_or_make(path, reader);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->verify(made->token("p", "x", restraint_now), "p", "x", restraint_now, 1));
  std::ofstream(path) << "short\n";
  const auto broken = Key::load_or_make(path, reader);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error(), path + ": is no key of connectord's; remove it, and another one is made");
  std::filesystem::remove(path);
}

TEST(NoticeLimit, LetsSoManyThroughInAnHourForEachRule) {
  NoticeLimit limit(2);
  EXPECT_TRUE(limit.take("a", restraint_now));
  EXPECT_TRUE(limit.take("a", restraint_now + 10));
  EXPECT_FALSE(limit.take("a", restraint_now + 20));
  EXPECT_TRUE(limit.take("b", restraint_now + 20));
  EXPECT_FALSE(limit.take("a", restraint_now + 3599));
  EXPECT_TRUE(limit.take("a", restraint_now + 3600));
  EXPECT_FALSE(limit.take("a", restraint_now + 3601));
}

}  // namespace
}  // namespace connectord::outbox
