#include "fleet/trace_batch.h"

#include <gtest/gtest.h>

#include "connectord/base/time.h"
#include "connectord/trace/row_name.h"
#include "fleet/array_text.h"
#include "fleet/joint_rows.h"
#include "fleet/joint_search.h"

namespace connectord::fleet {
namespace {

using namespace std::string_literals;

constexpr std::int64_t today = 20'000 * base::day_ms;

BatchPlace place() {
  return {.host = 3, .epoch = 2, .base = 1'000, .now = today + 5'000, .oldest = today - 90 * base::day_ms};
}

TEST(FleetCopyRows, AreAsPostgresqlReadsThem) {
  CopyRows rows(6);
  EXPECT_TRUE(rows.is_empty());
  rows.begin_row();
  rows.add(std::int16_t{-2}).add(std::int32_t{1}).add(std::int64_t{258}).add("ab").add("").add_text("");
  EXPECT_EQ(rows.rows(), 1U);
  EXPECT_EQ(rows.finish(),
            "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s
            "\0\6"
            "\0\0\0\2\377\376"
            "\0\0\0\4\0\0\0\1"
            "\0\0\0\10\0\0\0\0\0\0\1\2"
            "\0\0\0\2ab"
            "\377\377\377\377"
            "\0\0\0\0"
            "\377\377"s);
  rows.clear();
  EXPECT_TRUE(rows.is_empty());
  EXPECT_EQ(rows.add(std::optional<std::int32_t>()).size(), 23U);
}

TEST(FleetArrayText, QuotesWhatPostgresqlWouldReadOtherwise) {
  ArrayText texts;
  EXPECT_EQ(ArrayText().finish(), "{}");
  texts.add("a,b");
  texts.add("\"\\{}");
  texts.add("");
  texts.add_null();
  EXPECT_EQ(texts.finish(), R"({"a,b","\"\\{}","",NULL})");
}

TEST(FleetTraceBatch, WhatCannotBeOfItsTimeStandsAtThePresent) {
  const TraceBatch batch(place());
  for (const std::int64_t time : {today, today - 90 * base::day_ms, today + base::day_ms})
    EXPECT_EQ(batch.place_in_time(time), time);
  for (const std::int64_t time :
       {std::int64_t{0}, today - 91 * base::day_ms, today + 2 * base::day_ms, today + 366 * base::day_ms}) {
    EXPECT_EQ(batch.place_in_time(time), today + 5'000);
  }
}

TEST(FleetTraceBatch, CountsEachMessageOnceByTheHour) {
  TraceBatch batch(place());
  trace::KeptMessage message;
  message.time = today;
  message.recipients = 3;
  message.size = 10;
  message.connector = "con\xfftoso";
  const std::vector<std::string> rules = {"rule"};
  trace::MessageTerms terms;
  terms.others = {7, 8};
  for (std::int64_t id : {1, 4}) {
    message.id = id;
    batch.take(message, terms, rules);
  }
  EXPECT_EQ(batch.messages.rows(), 2U);
  EXPECT_EQ(batch.terms.rows(), 4U);
  ASSERT_EQ(batch.volumes.size(), 1U);
  const auto& [key, sums] = *batch.volumes.begin();
  EXPECT_EQ(std::get<0>(key), today / 3'600'000);
  EXPECT_EQ(std::get<2>(key), "con\xef\xbf\xbdtoso");
  EXPECT_EQ(sums.messages, 2);
  EXPECT_EQ(sums.recipients, 6);
  EXPECT_EQ(sums.bytes, 20);
  EXPECT_EQ(batch.rule_volumes.at({today / 3'600'000, "rule"}).messages, 2);
  EXPECT_EQ(batch.days(), (std::set<std::int64_t>{today / base::day_ms}));
  batch.take(trace::KeptStatus{4, today, trace::Status::failed, today});
  EXPECT_EQ(batch.statuses.at(0).row, 1'004);
}

TEST(FleetTraceBatch, CountsDeliveriesToOtherHostsByTheirProtection) {
  TraceBatch batch(place());
  trace::KeptDelivery delivery;
  delivery.message_time = today;
  delivery.time = today + 3'600'000;
  batch.take(delivery);
  EXPECT_TRUE(batch.delivery_volumes.empty());
  delivery.protection = trace::Protection::dane;
  batch.take(delivery);
  batch.take(delivery);
  EXPECT_EQ(batch.deliveries.rows(), 3U);
  EXPECT_EQ(batch.delivery_volumes.at({today / 3'600'000 + 1, 5}), 2);
}

TEST(FleetJointRows, BytesAreReadFromTheirText) {
  EXPECT_EQ(bytes_of("\\x00ffA1"), "\x00\xff\xa1"s);
  EXPECT_EQ(bytes_of(""), "");
  EXPECT_EQ(bytes_of("\\x0"), "");
}

TEST(FleetJointPosition, IsReadAsItIsWritten) {
  const JointPosition position{1'795'262'400'000, 3, 4711};
  EXPECT_EQ(JointPosition::parse(position.to_string()), position);
  for (const char* wrong : {"", "1", "1.2", "1.2.", "1.2.3.4", "a.b.c", "1.2.3 ", "99999999999999999999.1.1"}) {
    EXPECT_FALSE(JointPosition::parse(wrong)) << wrong;
  }
}

TEST(FleetRowName, HasHostAndNumber) {
  auto message = std::make_shared<trace::Message>();
  trace::Row row{.id = 4711, .rcpt_to = "", .message = message};
  EXPECT_EQ(trace::row_name(row), "4711");
  message->host = "mx-1";
  row.id = trace::joint_row(300, 4711);
  EXPECT_EQ(trace::row_name(row), "mx-1-4711");
  EXPECT_LT(trace::joint_row(8'191, (std::int64_t{1} << 40) - 1), std::int64_t{1} << 53);
}

}  // namespace
}  // namespace connectord::fleet
