// A trace of an earlier version is brought to this one with all that is in it.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "trace/fixture.h"
#include "trace/spool_record.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

// What is new since, the other way round.
constexpr const char* back_to_version_4 = R"(
DROP TABLE feed;
ALTER TABLE delivery DROP COLUMN protection;
DROP TABLE delivery_volume;
PRAGMA user_version = 4;
)";

constexpr const char* back_to_version_3 = R"(
ALTER TABLE message DROP COLUMN rules;
DROP TABLE rule_volume;
PRAGMA user_version = 3;
)";

constexpr const char* back_to_version_1 = R"(
ALTER TABLE delivery DROP COLUMN times;
ALTER TABLE message DROP COLUMN connected;
ALTER TABLE message DROP COLUMN began;
UPDATE message SET details = json_set(coalesce(details, '{}'), '$.connected', 2001, '$.began', 1001);
ALTER TABLE posting RENAME COLUMN segment TO bucket;
ALTER TABLE posting RENAME COLUMN term TO hash;
ALTER TABLE posting RENAME COLUMN offset TO low;
ALTER TABLE posting RENAME TO term;
UPDATE state SET name = 'spooled_to' WHERE name = 'last_ingested';
PRAGMA user_version = 1;
)";

class TraceSchema : public TraceTest {
 protected:
  void leave_version_1() { leave({back_to_version_4, back_to_version_3, back_to_version_1}); }
  void leave(std::vector<const char*> changes) {
    open();
    append(Mail().queued_as("OLD").to({"a@example.net", "b@example.net"}));
    store_.reset();
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
    for (const char* one : changes) {
      EXPECT_EQ(sqlite3_exec(handle, one, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    }
    sqlite3_close(handle);
  }
};

TEST_F(TraceSchema, OfVersionOneIsMigratedByTheDaemonAlone) {
  leave_version_1();
  EXPECT_NE(open_sqlite_archive(path()).error().find("is of an earlier version"), std::string::npos);
  open();
  append(Mail().queued_as("NEW"));
  EXPECT_EQ(found(), "NEW OLD OLD");
}

TEST_F(TraceSchema, OfVersionOneKeepsItsTimesAndItsIndex) {
  leave_version_1();
  open();
  Query query;
  query.recipient = "b@example.net";
  const Page page = search(query);
  ASSERT_EQ(page.rows.size(), 1U);
  const Message& old = *page.rows[0].message;
  EXPECT_EQ(old.connected, old.time - 2 * second);
  EXPECT_EQ(old.began, old.time - second);
  append(Mail().queued_as("NEW"));
  EXPECT_EQ(search().rows.at(0).message->began, noon - second);
  LogBatch batch;
  batch.deliveries = {delivery("OLD", "b@example.net", Status::delivered, noon + second)};
  record(batch);
  EXPECT_EQ(search(query).rows.at(0).status, Status::delivered);
}

TEST_F(TraceSchema, OfVersionFourCountsDeliveriesFromNowOn) {
  leave({back_to_version_4});
  open();
  LogBatch batch;
  batch.deliveries = {delivery("OLD", "a@example.net", Status::delivered, noon + second)};
  batch.deliveries[0].protection = Protection::mta_sts;
  record(batch);
  const Report made = report({Grouping::protection, Interval::whole, noon, noon + hour});
  ASSERT_EQ(made.volumes.size(), 1U);
  EXPECT_EQ(made.volumes[0].group, "mta-sts");
}

TEST_F(TraceSchema, OfVersionThreeGetsRulesFromNowOn) {
  leave({back_to_version_4, back_to_version_3});
  open();
  append(Mail().queued_as("NEW").matching("mark", {"prepend_subject"}));
  store_.reset();
  open();
  Query query;
  query.rule = "mark";
  EXPECT_EQ(found(query), "NEW");
  EXPECT_EQ(found(), "NEW OLD OLD");
  EXPECT_TRUE(search().rows.back().message->rules.empty());
  EXPECT_EQ(archive()->rules().value(), (std::vector<std::string>{"mark"}));
}

TEST_F(TraceSchema, OfVersionOneIngestsNothingOfTheSpoolTwice) {
  leave_version_1();
  std::string record = spool_record(encode(Mail().queued_as("AGAIN").entry()));
  number_record(record, static_cast<std::uint64_t>(noon) * 1000);
  std::ofstream(path() + "-spool", std::ios::binary) << record;
  open();
  EXPECT_EQ(found(), "OLD OLD");
}

}  // namespace
}  // namespace connectord::trace
