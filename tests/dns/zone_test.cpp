#include "dns/zone.h"

#include <gtest/gtest.h>

namespace connectord::dns::testing {
namespace {

TEST(Zone, TellsANameWithoutRecordsFromOneThatDoesNotExist) {
  Zone zone;
  zone.txt("a.b.example.com", "text").exists("bare.example");
  EXPECT_EQ(zone.answer({"a.b.example.com", Type::txt}).status, Status::found);
  EXPECT_EQ(zone.answer({"A.B.Example.com", Type::mx}).status, Status::nodata);
  EXPECT_EQ(zone.answer({"b.example.com", Type::txt}).status, Status::nodata) << "an empty non-terminal";
  EXPECT_EQ(zone.answer({"bare.example", Type::txt}).status, Status::nodata);
  EXPECT_EQ(zone.answer({"x.a.b.example.com", Type::txt}).status, Status::nxdomain);
  EXPECT_EQ(zone.answer({"a..example.com", Type::txt}).status, Status::invalid);
  EXPECT_EQ(zone.answer({"example.com.", Type::txt}).status, Status::invalid) << "as the real resolver has it";
}

TEST(Zone, FollowsAliasesUpToALimit) {
  Zone zone;
  zone.cname("www.example", "host.example").address("host.example", "192.0.2.1");
  zone.cname("loop1.example", "loop2.example").cname("loop2.example", "loop1.example");
  zone.cname("dangling.example", "nowhere.example");
  EXPECT_EQ(zone.answer({"www.example", Type::a}).addresses.size(), 1U);
  EXPECT_EQ(zone.answer({"www.example", Type::aaaa}).status, Status::nodata);
  EXPECT_EQ(zone.answer({"loop1.example", Type::a}).status, Status::error);
  EXPECT_EQ(zone.answer({"dangling.example", Type::a}).status, Status::nxdomain);
}

TEST(Zone, RunsAStepUntilNothingIsMissing) {
  Zone zone;
  zone.cname("first.example", "second.example").txt("second.example", "end").timeout("slow.example", Type::mx);
  std::size_t asked = 0;
  const auto text = run(
      zone,
      [](DnsAnswers& answers) -> std::optional<std::string> {
        const Answer* one = answers.ask({"first.example", Type::txt});
        const Answer* two = answers.ask({"slow.example", Type::mx});
        if (one == nullptr || two == nullptr) return std::nullopt;
        return one->texts.front() + std::string(to_string(two->status));
      },
      &asked);
  EXPECT_EQ(text, "endtimeout");
  EXPECT_EQ(asked, 2U);
}

TEST(DnsAnswers, NotesEachMissingQuestionOnce) {
  DnsAnswers answers;
  const Question question{"example.com", Type::txt};
  EXPECT_EQ(answers.ask(question), nullptr);
  EXPECT_EQ(answers.ask(question), nullptr);
  EXPECT_EQ(answers.take_missing(), std::vector<Question>{question});
  EXPECT_TRUE(answers.take_missing().empty());
  EXPECT_EQ(answers.ask(question), nullptr);
  EXPECT_EQ(answers.take_missing(), std::vector<Question>{question}) << "still unknown, so noted again";
  EXPECT_EQ(answers.ask(question), nullptr);
  answers.add(question, std::make_shared<Answer>());
  EXPECT_TRUE(answers.take_missing().empty());
  EXPECT_NE(answers.ask(question), nullptr);
}

}  // namespace
}  // namespace connectord::dns::testing
