#include "connectord/mta/held_mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "connectord/net/listener.h"
#include "mta/held_list.h"

namespace connectord::mta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A mail server that holds one message.
class OneHeld : public HeldMail {
 public:
  tl::expected<HeldList, std::string> list() const override {
    if (!problem.empty()) return tl::unexpected(problem);
    return HeldList{{{"4WqX1z2kbRz3Q", true, 1'795'899'600, 512, "eve@example.org", {{"bob@example.net", ""}}}}, 17};
  }
  tl::expected<void, HeldFailure> carry_out(HeldOrder order, const std::string& queue_id) const override {
    if (is_silent) return tl::unexpected(HeldFailure{.words = "postsuper did not end", .is_unknown = true});
    if (queue_id != "4WqX1z2kbRz3Q") return tl::unexpected(HeldFailure{.is_missing = true, .words = "not held"});
    done.push_back(std::string(model::word_of(order)) + " " + queue_id);
    return {};
  }

  std::string problem;
  bool is_silent = false;
  mutable std::vector<std::string> done;
};

TEST(HeldMail, NothingButAQueueIdIsAQueueId) {
  for (const char* good : {"4WqX1z2kbRz3Q", "4A3B2C1D0E", "26BNxxxx000001", "ABCDEF"}) {
    EXPECT_TRUE(is_strict_queue_id(good)) << good;
  }
  for (const char* bad : {"", "ALL", "-", "ABCDE", "4A3B2C1D0E ", "../4A3B2C1D0E", "4A3B2C1D0E\n", "-d4A3B2C1D0E",
                          "4A3B2C1D0E;x", "4WqX1z2kbRz3Q4WqX1z2kbRz3Q4WqX1z2kbRz3Q"}) {
    EXPECT_FALSE(is_strict_queue_id(bad)) << bad;
  }
}

TEST(HeldMail, TheHelperDoesWhatItIsForAndNothingElse) {
  const OneHeld held;
  const auto answer = [&held](std::string_view request) {
    return nlohmann::json::parse(answer_about_held_mail(request, held));
  };
  EXPECT_TRUE(answer("release 4WqX1z2kbRz3Q")["done"]);
  EXPECT_TRUE(answer("delete 4WqX1z2kbRz3Q")["done"]);
  EXPECT_THAT(held.done, ElementsAre("release 4WqX1z2kbRz3Q", "delete 4WqX1z2kbRz3Q"));
  EXPECT_EQ(answer("list")["messages"][0]["recipients"][0], "bob@example.net");
  held.done.clear();
  for (const char* wrong : {"", " ", "release", "release ", "release ALL", "delete ALL deferred", "flush 4WqX1z2kbRz3Q",
                            "release  4WqX1z2kbRz3Q", "RELEASE 4WqX1z2kbRz3Q", "list 4WqX1z2kbRz3Q"}) {
    EXPECT_FALSE(answer(wrong)["done"]) << wrong;
  }
  EXPECT_TRUE(answer("release 4WqX1z2kbRz3R")["missing"]);
  EXPECT_THAT(held.done, IsEmpty());
}

TEST(HeldMail, ItIsSaidHowManyAreLeftOut) {
  EXPECT_EQ(bounded(std::vector<QueuedMessage>(max_held_messages)).left_out, 0U);
  const HeldList list = bounded(std::vector<QueuedMessage>(max_held_messages + 3));
  EXPECT_EQ(list.messages.size(), max_held_messages);
  EXPECT_EQ(list.left_out, 3U);
}

// The other side of the helper's socket, for one connection.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : path_(testing::TempDir() + "held-" + std::to_string(::getpid()) + ".sock"),
        listener_(net::listen_on(net::Endpoint::parse("unix:" + path_).value(), {}).value()),
        thread_([this, answer = std::move(answer)] { serve(answer); }) {}
  ~OneAnswer() {
    thread_.join();
    std::filesystem::remove(path_);
  }
  const std::string& path() const { return path_; }
  std::string asked;

 private:
  void serve(const std::string& answer) {
    base::FileDescriptor connection;
    while (connection.get() < 0) connection = base::FileDescriptor(::accept(listener_.get(), nullptr, nullptr));
    std::string line(max_held_request, '\0');
    line.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(connection.get(), line.data(), line.size(), 0))));
    asked = line;
    [[maybe_unused]] const auto sent = ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  std::string path_;
  base::FileDescriptor listener_;
  std::thread thread_;
};

TEST(HeldMail, ItsClientReadsWhatItAnswers) {
  {
    OneAnswer helper(answer_about_held_mail("list", OneHeld()));
    const auto listed = held_mail_by_helper(helper.path())->list();
    ASSERT_TRUE(listed) << listed.error();
    ASSERT_EQ(listed->messages.size(), 1U);
    EXPECT_EQ(listed->messages.front().sender, "eve@example.org");
    EXPECT_EQ(listed->messages.front().recipients.front().address, "bob@example.net");
    EXPECT_EQ(listed->left_out, 17U);
  }
  {
    OneAnswer helper("{\"done\":false,\"missing\":true,\"error\":\"Postfix does not hold it\"}\n");
    const auto done = held_mail_by_helper(helper.path())->carry_out(HeldOrder::release, "4WqX1z2kbRz3Q");
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().is_missing);
    EXPECT_FALSE(done.error().is_unknown);
    EXPECT_THAT(done.error().words, HasSubstr("Postfix does not hold it"));
  }
  {
    OneHeld held;
    held.is_silent = true;
    OneAnswer helper(answer_about_held_mail("release 4WqX1z2kbRz3Q", held));
    const auto done = held_mail_by_helper(helper.path())->carry_out(HeldOrder::release, "4WqX1z2kbRz3Q");
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().is_unknown);
  }
}

TEST(HeldMail, WhatIsNoAnswerIsNoSuccess) {
  for (const char* answer : {"", "x", "[]", "{}", "{\"done\":1}", "{\"done\":\"true\"}"}) {
    OneAnswer helper(answer);
    const auto done = held_mail_by_helper(helper.path())->carry_out(HeldOrder::remove, "4WqX1z2kbRz3Q");
    ASSERT_FALSE(done) << answer;
    EXPECT_TRUE(done.error().is_unknown) << answer;
  }
  for (const char* answer : {R"({"done":true,"messages":7})", R"({"done":true,"messages":[{"queue_id":7}]})",
                             R"({"done":true,"messages":[{"queue_id":"4WqX1z2kbRz3Q","size":"x"}]})"}) {
    OneAnswer helper(answer);
    EXPECT_FALSE(held_mail_by_helper(helper.path())->list()) << answer;
  }
  const auto nobody = held_mail_by_helper("/nowhere/held.sock")->list();
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error(), HasSubstr("systemctl enable --now connectord-held.socket"));
}

}  // namespace
}  // namespace connectord::mta
