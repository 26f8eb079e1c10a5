#include "engine/rule_attachments.h"

#include <gtest/gtest.h>

#include "builder.h"

namespace connectord::engine {
namespace {

using model::RuleConditions;
using test::from;

TEST(IsLike, ComparesNamesWithStarsAndQuestionMarks) {
  struct Case {
    std::string_view name, pattern;
    bool expected;
  };
  const Case cases[] = {
      {"invoice.html", "invoice.html", true},
      {"INVOICE.html", "invoice.HTML", true},
      {"invoice 7.html", "invoice*.html", true},
      {"my invoice.html", "invoice*", false},
      {"my invoice.html", "*invoice*", true},
      {"a.b.exe", "*.exe", true},
      {"a.exe.b", "*.exe", false},
      {"a1.exe", "a?.exe", true},
      {"a.exe", "a?.exe", false},
      {"", "*", true},
      {"", "?", false},
      {std::string_view("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), "*a*a*a*a*a*a*a*a*c", false},
  };
  for (const Case& c : cases) EXPECT_EQ(is_like(c.name, c.pattern), c.expected) << c.name << " " << c.pattern;
}

model::Attachment named(const std::string& name, std::uint64_t size = 1) {
  model::Attachment made;
  made.names = {name};
  made.size = size;
  made.contents.extensions = {name.substr(name.rfind('.') + 1)};
  return made;
}

// "yes", "no" or "unknown" of a rule with these conditions.
std::string asked(const std::function<void(RuleConditions&)>& when, std::vector<model::Attachment> attachments,
                  const std::string& limit_exceeded = "") {
  model::Configuration made = test::configuration({});
  model::Rule rule;
  rule.name = "r";
  rule.stop = true;
  when(rule.when.emplace());
  made.rules = {rule};
  model::Facts facts = from("192.0.2.99", "a@x.example");
  facts.stage = model::Facts::Stage::message;
  facts.header.emplace();
  facts.content.emplace().inspection.attachments = std::move(attachments);
  facts.content->inspection.limit_exceeded = limit_exceeded;
  const model::Decision decision = decide(*test::compile(std::move(made)), facts);
  if (decision.rules.empty()) return "no";
  return decision.rules[0].matched ? "yes" : "unknown";
}

TEST(RuleAttachments, AnyAttachmentMayHaveWhatAKeySays) {
  const auto by_name = [](RuleConditions& c) { c.attachment_names = {"*.pdf"}; };
  EXPECT_EQ(asked(by_name, {named("a.txt"), named("b.PDF")}), "yes");
  EXPECT_EQ(asked(by_name, {named("a.txt")}), "no");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_extensions = {"exe"}; }, {named("a.exe")}), "yes");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_size_over = 10; }, {named("a.b", 10)}), "no");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_size_over = 10; }, {named("a.b", 11)}), "yes");
}

TEST(RuleAttachments, TheirBytesAndTheirTextAreAskedToo) {
  model::Attachment picture = named("a.txt");
  picture.contents.kinds = {model::FileKind::zip, model::FileKind::pdf};
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_kinds = {model::FileKind::pdf}; }, {named("b"), picture}),
            "yes");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_kinds = {model::FileKind::rar}; }, {picture}), "no");
  model::Attachment letter = named("a.docx");
  letter.contents.texts = {"Dear Carol,", "the secret plan 4711-9"};
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_words = {"Secret Plan"}; }, {named("b"), letter}), "yes");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_words = {"secret pla"}; }, {letter}), "no");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_patterns = {R"(\d{4}-\d)"}; }, {letter}), "yes");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_patterns = {R"(^\d)"}; }, {letter}), "no");
  letter.contents.has_unread_text = true;
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_words = {"nothing"}; }, {letter}), "unknown");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_words = {"secret plan"}; }, {letter}), "yes");
}

TEST(RuleAttachments, OneWithAPasswordIsEncrypted) {
  const auto encrypted = [](RuleConditions& c) { c.attachment_encrypted = true; };
  model::Attachment locked = named("a.zip");
  locked.contents.encrypted = model::Encryption::yes;
  EXPECT_EQ(asked(encrypted, {named("b.zip"), locked}), "yes");
  EXPECT_EQ(asked(encrypted, {named("b.zip")}), "no");
}

TEST(RuleAttachments, NamesWithinArchivesCountToo) {
  model::Attachment zip = named("a.zip");
  zip.contents.inner_names = {"deep/virus.exe"};
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_names = {"*.exe"}; }, {zip}), "yes");
}

TEST(RuleAttachments, WhatCannotBeLookedIntoIsNotKnown) {
  const auto executable = [](RuleConditions& c) { c.attachment_executable = true; };
  model::Attachment broken = named("a.rar");
  broken.contents.uninspectable = "a.rar: broken";
  EXPECT_EQ(asked(executable, {broken}), "unknown");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_uninspectable = true; }, {broken}), "yes");
  EXPECT_EQ(asked(executable, {named("a.txt")}, "more than 200 attachments"), "unknown");
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_limit_exceeded = true; }, {}, "more than 200 attachments"),
            "yes");
  model::Attachment program = named("a.exe");
  program.contents.executable = "a.exe: a program";
  EXPECT_EQ(asked(executable, {broken, program}), "yes");
  model::Attachment unclear = named("a.7z");
  unclear.contents.encrypted = model::Encryption::unknown;
  EXPECT_EQ(asked([](RuleConditions& c) { c.attachment_encrypted = true; }, {unclear}), "unknown");
}

TEST(RuleAttachments, FalseMeansThatNoneHasIt) {
  const auto none = [](RuleConditions& c) { c.attachment_executable = false; };
  EXPECT_EQ(asked(none, {named("a.txt")}), "yes");
  model::Attachment program = named("a.exe");
  program.contents.executable = "a.exe: a program";
  EXPECT_EQ(asked(none, {program}), "no");
}

TEST(RuleAttachments, MeantAreThoseWithAllKeysOrAllThatBelongToNoText) {
  model::Inspection inspection;
  inspection.attachments = {named("a.exe"), named("b.txt"), named("logo.png")};
  for (std::size_t i = 0; i < 3; ++i) inspection.attachments[i].part = i + 1;
  inspection.attachments[2].is_inline = true;
  RuleConditions keys;
  EXPECT_EQ(attachments_meant(&keys, inspection), (std::vector<std::size_t>{1, 2}));
  keys.attachment_extensions = {"exe", "png"};
  EXPECT_EQ(attachments_meant(&keys, inspection), (std::vector<std::size_t>{1, 3}));
}

}  // namespace
}  // namespace connectord::engine
