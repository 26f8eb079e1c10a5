#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectord/mail/path.h"
#include "connectord/trace/sqlite_store.h"
#include "log/recording_log.h"

namespace connectord::trace::test {

constexpr std::int64_t second = 1000;
constexpr std::int64_t hour = 3600 * second;
constexpr std::int64_t day = 24 * hour;
// 2026-11-21 12:00 UTC
constexpr std::int64_t noon = 1'795'262'400'000;

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One message as a session would have it, with short ways to say what a test is about.
struct Mail {
  model::Facts facts;
  model::Decision decision;
  std::vector<std::string> recipients = {"user@example.net"};
  Stage stage = Stage::message;
  Direction direction = Direction::inbound;
  std::int64_t time = noon;
  std::string queue_id = "4X";
  std::string message_id = "<1@contoso.com>";
  std::string author = " Alice <alice@contoso.com>";
  std::string subject;
  std::string outbound_connector;
  std::optional<std::uint64_t> size = 1000;

  Mail() {
    facts.client_address = net::IpAddress::parse("203.0.113.7");
    from("alice@contoso.com");
  }
  Mail& from(const std::string& sender) {
    facts.mail_from = mail::parse_reverse_path("<" + sender + ">");
    return *this;
  }
  Mail& to(std::vector<std::string> whom) {
    recipients = std::move(whom);
    return *this;
  }
  Mail& at(std::int64_t when) {
    time = when;
    return *this;
  }
  Mail& queued_as(const std::string& id) {
    queue_id = id;
    return *this;
  }
  Mail& written_by(const std::string& field) {
    author = field;
    return *this;
  }
  Mail& with_id(const std::string& id) {
    message_id = id;
    return *this;
  }
  Mail& by_client(const std::string& address) {
    facts.client_address = net::IpAddress::parse(address);
    return *this;
  }
  Mail& of(const std::string& connector) {
    decision.connector = connector;
    return *this;
  }
  Mail& over(const std::string& protocol) {
    facts.tls = model::Tls{model::parse_tls_version(protocol).value(), protocol, "TLS_AES_256_GCM_SHA384", 256};
    return *this;
  }
  Mail& refused() {
    decision.action = model::Action::reject;
    decision.reply = model::Reply{550, "5.7.10", "TLS is required"};
    return *this;
  }
  Mail& matching(const std::string& rule, std::vector<std::string> actions, model::Mode mode = model::Mode::enforce) {
    model::RuleHit hit;
    hit.rule = rule;
    hit.mode = mode;
    hit.actions = std::move(actions);
    hit.microseconds = 12;
    decision.rules.push_back(std::move(hit));
    return *this;
  }
  Mail& decided(model::Action action) {
    decision.action = action;
    return *this;
  }

  // Refers to this.
  Entry entry() const {
    return {.facts = facts,
            .decision = decision,
            .recipients = recipients,
            .stage = stage,
            .direction = direction,
            .time = time,
            .connected = time - 2 * second,
            .began = time - second,
            .queue_id = queue_id,
            .message_id = message_id,
            .from = author,
            .subject = subject,
            .size = size,
            .outbound_connector = outbound_connector};
  }
};

inline Delivery delivery(const std::string& queue_id, const std::string& recipient, Status status, std::int64_t time) {
  Delivery made;
  made.queue_id = queue_id;
  made.recipient = recipient;
  made.status = status;
  made.time = time;
  made.relay = "mx.example.net[192.0.2.1]:25";
  made.enhanced = status == Status::delivered ? "2.0.0" : "4.4.1";
  made.text = "250 2.0.0 Ok";
  made.delay = 250;
  return made;
}

// A store in a folder of its own, with a clock that stands.
class TraceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "trace-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::chmod(folder_.c_str(), 0755);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string path() const { return (folder_ / "trace.db").string(); }
  SqliteOptions options() {
    SqliteOptions made;
    made.path = path();
    made.retry = std::chrono::milliseconds(5);
    made.gather = std::chrono::milliseconds(0);
    made.clock = [this] { return now_.load(); };
    return made;
  }
  SqliteStore& open() { return open(options()); }
  SqliteStore& open(SqliteOptions with) {
    store_ = std::make_unique<SqliteStore>(std::move(with), log_);
    store_->start();
    return *store_;
  }
  // What was written gets its terms and volumes when the store is closed.
  void reopen() {
    store_.reset();
    open();
  }

  void append(const Mail& mail) {
    const auto kept = store_->append(mail.entry());
    EXPECT_TRUE(kept.has_value()) << kept.error();
  }
  // The number of its first row.
  std::int64_t append_and_look(const Mail& mail) {
    append(mail);
    const auto last = archive()->last_row();
    EXPECT_TRUE(last.has_value()) << last.error();
    return last.value_or(0) + 1 - static_cast<std::int64_t>(std::max<std::size_t>(mail.recipients.size(), 1));
  }
  void record(LogBatch batch) {
    const auto recorded = store_->record(batch);
    ASSERT_TRUE(recorded.has_value()) << recorded.error();
  }
  std::unique_ptr<Archive> archive() const {
    auto opened = open_sqlite_archive(path());
    EXPECT_TRUE(opened.has_value()) << opened.error();
    return opened ? std::move(*opened) : nullptr;
  }
  Page search(const Query& query = {}) const {
    auto page = archive()->search(query);
    EXPECT_TRUE(page.has_value()) << page.error();
    return page.value_or(Page{});
  }
  MessageTraceDetail detail(std::int64_t row) const {
    auto story = archive()->detail(row);
    if (!story || !*story) {
      ADD_FAILURE() << "there is no row " << row;
      return {};
    }
    return std::move(**story);
  }
  Report report(const ReportQuery& query) const {
    auto made = archive()->report(query);
    EXPECT_TRUE(made.has_value()) << made.error();
    return made.value_or(Report{});
  }
  // The queue IDs of what is found, newest first.
  std::string found(const Query& query = {}) const {
    std::string text;
    for (const Row& row : search(query).rows) text += (text.empty() ? "" : " ") + row.message->queue_id;
    return text;
  }

  // Waits for what another thread does.
  static bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool logged(const std::string& part) const { return times_logged(part) > 0; }
  std::size_t times_logged(const std::string& part) const {
    std::size_t count = 0;
    for (const std::string& line : log_.lines()) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }

  std::filesystem::path folder_;
  connectord::test::RecordingLog log_;
  std::atomic<std::int64_t> now_ = noon;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace connectord::trace::test
