// What a process that was killed had kept: it is in the trace, once, whoever looks first.
#include "trace/spool.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <zlib.h>

#include <cstring>
#include <fstream>
#include <limits>

#include "trace/fixture.h"
#include "trace/spool_record.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

void put(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

class TraceSpool : public TraceTest {
 protected:
  std::string spool() const { return path() + "-spool"; }

  // As the files are when a process is killed that has one entry in the trace's file and two in the spool.
  void leave_as_killed() {
    open();
    append_and_look(Mail().queued_as("1"));
    const auto killed = folder_ / "killed";
    std::filesystem::create_directory(killed);
    {
      sqlite3* handle = nullptr;
      ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
      constexpr int milliseconds = 10'000;
      sqlite3_busy_timeout(handle, milliseconds);
      ASSERT_EQ(sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
      append(Mail().queued_as("2"));
      append(Mail().queued_as("3"));
      for (const char* suffix : {"", "-wal", "-spool"}) {
        std::filesystem::copy_file(path() + suffix, killed / (std::string("trace.db") + suffix));
      }
      sqlite3_close(handle);
    }
    store_.reset();
    for (const char* suffix : {"", "-wal", "-spool"}) {
      std::filesystem::remove(path() + suffix);
      std::filesystem::copy_file(killed / (std::string("trace.db") + suffix), path() + suffix);
    }
  }
};

TEST_F(TraceSpool, IsIngestedByTheNextProcess) {
  leave_as_killed();
  open();
  EXPECT_EQ(found(), "3 2 1");
  reopen();
  EXPECT_EQ(found(), "3 2 1");
}

TEST_F(TraceSpool, IsIngestedByWhoeverReadsTheTrace) {
  leave_as_killed();
  EXPECT_EQ(found(), "3 2 1");
  EXPECT_EQ(content_of(spool()), "");
  EXPECT_EQ(found(), "3 2 1");
  open();
  append(Mail().queued_as("4"));
  EXPECT_EQ(found(), "4 3 2 1");
}

TEST_F(TraceSpool, IsNotIngestedTwiceWhereItCouldNotBeEmptied) {
  leave_as_killed();
  const std::string left = content_of(spool());
  EXPECT_EQ(found(), "3 2 1");
  put(spool(), left);
  EXPECT_EQ(found(), "3 2 1");
  put(spool(), left);
  open();
  append(Mail().queued_as("4"));
  EXPECT_EQ(found(), "4 3 2 1");
}

TEST_F(TraceSpool, EndsAtARecordThatIsNotWholeAndTheLogSaysSo) {
  leave_as_killed();
  const std::string left = content_of(spool());
  put(spool(), left.substr(0, left.size() - 1));
  open();
  EXPECT_EQ(found(), "2 1");
  EXPECT_TRUE(logged("the end of the spool cannot be read and was cut off"));
  append(Mail().queued_as("4"));
  EXPECT_EQ(found(), "4 2 1");
}

TEST_F(TraceSpool, OfOtherBytesIsCutOff) {
  open();
  append(Mail().queued_as("1"));
  store_.reset();
  put(spool(), std::string(100, 'x'));
  open();
  append(Mail().queued_as("2"));
  EXPECT_EQ(found(), "2 1");
}

TEST_F(TraceSpool, ThatClaimsToBeEndlessIsReadToTheEndOfItsRecords) {
  leave_as_killed();
  std::filesystem::resize_file(spool(), std::uintmax_t{1} << 40U);
  EXPECT_EQ(found(), "3 2 1");
  EXPECT_EQ(std::filesystem::file_size(spool()), 0U);
}

TEST_F(TraceSpool, WithARecordThatClaimsToBeEndlessIsReadUpToThat) {
  leave_as_killed();
  std::string record = spool_record(encode(Mail().entry()));
  number_record(record, std::numeric_limits<std::int64_t>::max());
  record.replace(4, 4, "\xff\xff\xff\x7f");  // its length
  put(spool(), content_of(spool()) + record);
  std::filesystem::resize_file(spool(), std::uintmax_t{1} << 40U);
  EXPECT_EQ(found(), "3 2 1");
}

TEST_F(TraceSpool, ThatIsALinkIsNotFollowed) {
  leave_as_killed();
  const auto other = folder_ / "other";
  std::filesystem::rename(spool(), other);
  const std::string before = content_of(other);
  std::filesystem::create_symlink(other, spool());
  EXPECT_EQ(found(), "1");
  open();
  EXPECT_FALSE(store_->append(Mail().entry()).has_value());
  EXPECT_EQ(content_of(other), before);
}

TEST_F(TraceSpool, StaysTheProcesssOwnWhileTheProcessReadsIt) {
  open();
  append(Mail().queued_as("1"));
  EXPECT_EQ(found(), "1");
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  SqliteStore second(with, log_);
  second.start();
  EXPECT_FALSE(second.append(Mail().entry()).has_value());
}

TEST_F(TraceSpool, IsMadeAgainWhereSomebodyRemovedIt) {
  open();
  append(Mail().queued_as("1"));
  std::filesystem::remove(spool());
  EXPECT_TRUE(eventually([this] { return std::filesystem::exists(spool()); }));
  append(Mail().queued_as("2"));
  EXPECT_EQ(found(), "2 1");
}

TEST_F(TraceSpool, IsForItsOwnerAloneAndEmptyAtTheEnd) {
  open();
  append(Mail());
  struct stat status {};
  ASSERT_EQ(::stat(spool().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  store_.reset();
  EXPECT_EQ(content_of(spool()), "");
}

TEST_F(TraceSpool, HoldsWhatManyThreadsAppendBeyondItsLength) {
  open();
  constexpr int threads = 4;
  constexpr int each = 3'000;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([this, &failed] {
        for (int i = 0; i < each; ++i) {
          if (!store_->append(Mail().entry())) ++failed;
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
  store_.reset();
  Query all;
  all.limit = 1'000'000;
  EXPECT_EQ(search(all).rows.size(), static_cast<std::size_t>(threads * each));
}

StoredEntry some_entry() {
  StoredEntry entry = encode(Mail().to({"a@example.net", "b@example.net"}).of("contoso").over("TLSv1.3").entry());
  entry.findings = {{"[\"tls\"]", "TLSv1.3"}, {"[\"spf\"]", ""}};
  entry.outbound_connectors = {"out", ""};
  entry.rules = {{R"(["mark","enforce",1,"",["bcc"]])", 12, "", {}},
                 {R"(["watch","audit",0,"high",[]])", 3, "too large", {"a@example.net"}}};
  return entry;
}

TEST(SpoolRecord, IsReadAsItWasWritten) {
  std::string records;
  for (std::uint64_t sequence : {7U, 9U}) {
    std::string record = spool_record(some_entry());
    number_record(record, sequence);
    records += record;
  }
  std::vector<std::uint64_t> numbers;
  const std::size_t whole = read_records(records, [&numbers](std::uint64_t sequence, std::string_view content) {
    StoredEntry entry;
    EXPECT_TRUE(read_entry(content, entry));
    EXPECT_EQ(spool_record(entry), spool_record(some_entry()));
    numbers.push_back(sequence);
  });
  EXPECT_EQ(whole, records.size());
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{7, 9}));
}

// As a version wrote it that had so many numbers less at the end.
std::string record_without(std::size_t numbers, const StoredEntry& entry) {
  std::string record = spool_record(entry);
  record.resize(record.size() - numbers * sizeof(std::int64_t));
  const std::string content = record.substr(spool_record_head);
  const auto length = static_cast<std::uint32_t>(content.size());
  const auto checksum = static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
  std::memcpy(record.data() + 4, &length, sizeof length);
  std::memcpy(record.data() + 16, &checksum, sizeof checksum);
  number_record(record, std::numeric_limits<std::int64_t>::max());
  return record;
}

// The number of rules and two times are missing; the times lie in its details.
std::string record_of_version_1() {
  StoredEntry entry = encode(Mail().queued_as("OLD").entry());
  entry.details = R"({"connected":2001,"began":1001})";
  return record_without(3, entry);
}

TEST_F(TraceSpool, OfVersionThreeIsIngestedWithoutRules) {
  open();
  append(Mail().queued_as("1"));
  store_.reset();
  put(spool(), record_without(1, encode(Mail().queued_as("OLD").entry())));
  open();
  EXPECT_EQ(found(), "OLD 1");
  EXPECT_EQ(search().rows.at(0).message->began, noon - second);
  EXPECT_TRUE(search().rows.at(0).message->rules.empty());
}

TEST_F(TraceSpool, OfTheVersionBeforeIsIngestedWithItsTimes) {
  open();
  append(Mail().queued_as("1"));
  store_.reset();
  put(spool(), record_of_version_1());
  open();
  EXPECT_EQ(found(), "OLD 1");
  const Page page = search();
  EXPECT_EQ(page.rows.at(0).message->connected, noon - 2 * second);
  EXPECT_EQ(page.rows.at(0).message->began, noon - second);
}

TEST(SpoolRecord, IsNotWholeWhereAnyOfItsBytesIsMissingOrOther) {
  std::string record = spool_record(some_entry());
  number_record(record, 1);
  const auto count = [](std::string_view bytes) {
    int found = 0;
    read_records(bytes, [&found](std::uint64_t sequence, std::string_view) { found += sequence == 1 ? 1 : 0; });
    return found;
  };
  ASSERT_EQ(count(record), 1);
  for (std::size_t i = 0; i < record.size(); ++i) {
    EXPECT_EQ(count(record.substr(0, i)), 0) << i;
    std::string other = record;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_EQ(count(other), 0) << i;
  }
}

TEST(SpoolRecord, ThatClaimsMoreRecipientsThanAMessageCanHaveIsNone) {
  StoredEntry entry = some_entry();
  entry.outbound_connectors.clear();
  entry.recipients.assign(100'001, "");
  const std::string record = spool_record(entry);
  StoredEntry read;
  EXPECT_FALSE(read_entry(std::string_view(record).substr(spool_record_head), read));
}

TEST(SpoolRecord, WithANumberThatDoesNotRiseEndsTheSpool) {
  std::string record = spool_record(some_entry());
  number_record(record, 1);
  std::size_t count = 0;
  EXPECT_EQ(read_records(record + record, [&count](std::uint64_t, std::string_view) { ++count; }), record.size());
  EXPECT_EQ(count, 1U);
}

}  // namespace
}  // namespace connectord::trace
