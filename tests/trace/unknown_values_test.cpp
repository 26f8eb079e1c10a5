// What a version of connectord finds in a file into which a newer one has written values that it does not know.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "connectord/trace/trace_json.h"
#include "fixture.h"
#include "trace/spool_record.h"

namespace connectord::trace {
namespace {

using test::Mail;

class UnknownValues : public test::TraceTest {
 protected:
  // One message with results of all protocols and two recipients, of which one has a delivery.
  std::int64_t keep_a_message() {
    open();
    Mail mail;
    mail.to({"a@example.net", "b@example.net"}).of("contoso");
    mail.decision.identified_by = model::IdentifiedBy::certificate;
    mail.decision.findings.push_back({.check = "mode", .outcome = model::Outcome::fail, .seen = "seen"});
    model::Authentication& results = mail.facts.authentication;
    results.spf.emplace().result = model::SpfResult::softfail;
    results.dkim.emplace().emplace_back().result = model::DkimResult::neutral;
    results.dmarc.emplace().result = model::DmarcResult::fail;
    results.dmarc->policy = model::DmarcPolicy::quarantine;
    results.arc.emplace().result = model::ArcResult::pass;
    const std::int64_t row = append_and_look(mail);
    LogBatch batch;
    batch.deliveries = {test::delivery("4X", "a@example.net", Status::delivered, test::noon + 1)};
    record(std::move(batch));
    store_.reset();
    return row;
  }

  void change(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    EXPECT_GT(sqlite3_total_changes(handle), 0) << sql << " finds nothing";
    sqlite3_close(handle);
  }

  // What the API says of it, by the path of the value.
  std::string shown(std::int64_t row, const std::string& pointer) {
    return to_json(detail(row)).at(nlohmann::ordered_json::json_pointer(pointer)).get<std::string>();
  }
};

TEST_F(UnknownValues, OfRowsAreReportedWithTheirNumbers) {
  const std::int64_t row = keep_a_message();
  struct Case {
    std::string change;
    std::string place;
    std::string shown;
  };
  const std::vector<Case> cases = {
      {"UPDATE message SET stage = 9", "/rows/0/stage", "unknown (9)"},
      {"UPDATE message SET direction = 3", "/rows/0/direction", "unknown (3)"},
      {"UPDATE message SET action = 5", "/rows/0/action", "unknown (5)"},
      {"UPDATE message SET action = 4", "/rows/0/action", "discard"},
      {"UPDATE message SET action = -1", "/rows/0/action", "unknown"},
      {"UPDATE message SET action = 1000", "/rows/0/action", "unknown"},
      {"UPDATE recipient SET status = 6", "/rows/1/status", "unknown (6)"},
      {"UPDATE delivery SET status = 77", "/attempts/0/status", "unknown (77)"},
  };
  for (const auto& [sql, place, expected] : cases) {
    change(sql);
    EXPECT_EQ(shown(row, place), expected) << sql;
  }
}

TEST_F(UnknownValues, OfDetailsAreReported) {
  const std::int64_t row = keep_a_message();
  struct Case {
    std::string from;
    std::string to;
    std::string place;
    std::string shown;
  };
  const std::vector<Case> cases = {
      {R"("by":3)", R"("by":4)", "/rows/0/identified_by", "unknown (4)"},
      {R"("softfail")", R"("newfail")", "/rows/0/authentication/spf/result", "unknown"},
      {R"("neutral")", R"("newfail")", "/rows/0/authentication/dkim/0/result", "unknown"},
      {R"("dmarc":["fail")", R"("dmarc":["newfail")", "/rows/0/authentication/dmarc/result", "unknown"},
      {R"("quarantine")", R"("redirect")", "/rows/0/authentication/dmarc/policy", "unknown"},
      {R"("arc":["pass")", R"("arc":["newpass")", "/rows/0/authentication/arc/result", "unknown"},
  };
  for (const auto& [from, to, place, expected] : cases) {
    change("UPDATE message SET details = replace(details, '" + from + "', '" + to + "') WHERE instr(details, '" + from +
           "') > 0");
    EXPECT_EQ(shown(row, place), expected) << from;
  }
  change(R"(UPDATE message SET details = '{"spf":["pass","contoso.com",7,"","",""]}')");
  EXPECT_EQ(shown(row, "/rows/0/authentication/spf/identity"), "unknown (7)");
}

TEST_F(UnknownValues, OfFindingsAreReported) {
  const std::int64_t row = keep_a_message();
  change(R"(UPDATE message SET findings = '[[["mode","contoso",8,"expected","hint"],"seen"]]')");
  EXPECT_EQ(shown(row, "/rows/0/findings/0/outcome"), "unknown (8)");
}

TEST_F(UnknownValues, OfAnActionAreCountedUnderTheirNumber) {
  keep_a_message();
  change("UPDATE message SET action = 6");
  change("UPDATE volume SET action = 6");
  const Report report =
      this->report({.by = Grouping::action, .since = test::noon - test::day, .until = test::noon + test::day});
  ASSERT_FALSE(report.volumes.empty());
  EXPECT_EQ(report.volumes.front().group, "unknown (6)");
}

TEST_F(UnknownValues, OfTheVersionAreRefusedByReaderAndWriter) {
  keep_a_message();
  change("UPDATE state SET value = value; PRAGMA user_version = -1");
  const auto archive = open_sqlite_archive(path());
  ASSERT_FALSE(archive.has_value());
  EXPECT_THAT(archive.error(), testing::HasSubstr("has a version that no connectord writes"));
  open();
  const auto kept = store_->append(Mail().entry());
  ASSERT_FALSE(kept.has_value());
  EXPECT_THAT(kept.error(), testing::HasSubstr("has a version that no connectord writes"));
}

TEST_F(UnknownValues, StayInTheSpoolWhatTheyAre) {
  StoredEntry entry;
  entry.stage = static_cast<Stage>(9);
  entry.direction = static_cast<Direction>(8);
  entry.action = static_cast<model::Action>(7);
  entry.status = static_cast<Status>(6);
  entry.recipients.emplace_back("user@example.net");
  std::string record = spool_record(entry);
  number_record(record, 1);
  StoredEntry again;
  read_records(
      record, [&](std::uint64_t, std::string_view content) { EXPECT_TRUE(read_entry(content, again)); }, 0);
  EXPECT_EQ(to_string(again.stage), "unknown (9)");
  EXPECT_EQ(to_string(again.direction), "unknown (8)");
  EXPECT_EQ(to_string(again.action), "unknown (7)");
  EXPECT_EQ(to_string(again.status), "unknown (6)");
}

}  // namespace
}  // namespace connectord::trace
