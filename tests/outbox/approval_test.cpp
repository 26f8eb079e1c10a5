#include "connectord/outbox/approval.h"

#include <gtest/gtest.h>

#include "connectord/outbox/copy.h"

namespace connectord::outbox {
namespace {

constexpr std::int64_t asked = 1'795'903'200;
const Key& some_key() {
  static const Key key(std::string(64, 'k'));
  return key;
}

Approval approval() {
  return {.queue_id = "4WqX1z2kbRz3Q", .approver = "boss@example.net", .asked = asked, .valid = 7200};
}

TEST(Approval, ACodeSaysWhatItIsFor) {
  const std::string code = approval_code(approval(), some_key());
  EXPECT_EQ(code.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ."),
            std::string::npos);
  const auto read = read_approval_code(code, some_key(), asked + 60);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->queue_id, "4WqX1z2kbRz3Q");
  EXPECT_EQ(read->approver, "boss@example.net");
  EXPECT_EQ(read->asked, asked);
}

TEST(Approval, ItEndsInTime) {
  const std::string code = approval_code(approval(), some_key());
  EXPECT_TRUE(read_approval_code(code, some_key(), asked + 7200));
  EXPECT_FALSE(read_approval_code(code, some_key(), asked + 7201));
}

TEST(Approval, NoOtherSignWillDo) {
  const std::string code = approval_code(approval(), some_key());
  for (std::size_t i = 0; i < code.size(); ++i) {
    std::string other = code;
    other[i] = other[i] == '1' ? '2' : '1';
    EXPECT_FALSE(read_approval_code(other, some_key(), asked + 60)) << i;
    EXPECT_FALSE(read_approval_code(code.substr(0, i), some_key(), asked + 60)) << i;
  }
  EXPECT_FALSE(read_approval_code(code + ".", some_key(), asked + 60));
  EXPECT_FALSE(read_approval_code(code, Key(std::string(64, 'x')), asked + 60));
}

TEST(Approval, ItsPartsAreDividedInOneWay) {
  Approval odd = approval();
  odd.approver = "9 boss@example.net";
  std::string code = approval_code(odd, some_key());
  ASSERT_TRUE(read_approval_code(code, some_key(), asked + 5));
  const std::string sign = code.substr(code.rfind('.'));
  Approval shifted{.queue_id = "4WqX1z2kbRz3Q 7200", .approver = "boss@example.net", .asked = asked, .valid = 9};
  code = approval_code(shifted, some_key());
  ASSERT_EQ(code.substr(code.rfind('.')), sign);  // so it would be taken
  EXPECT_FALSE(read_approval_code(code, some_key(), asked + 5));
}

TEST(Copy, IsKnownByItsEnvelopeAndItsBytes) {
  const std::vector<mail::HeaderField> header{{"Message-ID", " <a@x.example>"}, {"Subject", " x"}};
  const mime::MemoryBytes body("Hello\r\n");
  const auto copy = compose_copy({.header = header, .body = body}, "a@x.example", {"Bob@example.net", "c@example.net"},
                                 CopyOf::ours, some_key(), asked);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->sender, "a@x.example");
  const std::string& content = copy->content;
  const std::size_t colon = content.find(':');
  std::vector<mail::HeaderField> arrived{
      {content.substr(0, colon), content.substr(colon + 1, content.find("\r\n") - colon - 1)}};
  arrived.insert(arrived.end(), header.begin(), header.end());
  EXPECT_EQ(content.substr(content.find("\r\n") + 2), "Message-ID: <a@x.example>\r\nSubject: x\r\n\r\nHello\r\n");
  // SHA-256 of the body.
  const std::string sha = "05ade08fcfb104f40b2536a14dfcd6e916d643f5cf8044b19028b607ae8f4908";
  const auto read = [&](const std::string& sender, std::vector<std::string> to, const std::string& digest,
                        std::int64_t now) {
    return read_copy(arrived, digest, {.sender = sender, .recipients = std::move(to)}, some_key(), now);
  };
  EXPECT_EQ(read("a@x.example", {"C@example.net", "bob@example.net"}, sha, asked + 60), CopyOf::ours);
  EXPECT_FALSE(read("a@x.example", {"bob@example.net"}, sha, asked + 60));
  EXPECT_FALSE(read("b@x.example", {"bob@example.net", "c@example.net"}, sha, asked + 60));
  EXPECT_FALSE(read("a@x.example", {"bob@example.net", "c@example.net"}, std::string(64, '0'), asked + 60));
  EXPECT_FALSE(read("a@x.example", {"bob@example.net", "c@example.net"}, sha, asked + 601));
  arrived.erase(arrived.begin() + 1);
  EXPECT_FALSE(read("a@x.example", {"bob@example.net", "c@example.net"}, sha, asked + 60));
}

}  // namespace
}  // namespace connectord::outbox
