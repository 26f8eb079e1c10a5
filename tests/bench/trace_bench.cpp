// Fills a message trace and searches it. Reports in one JSON object what a message costs that is added while sessions
// wait, what a large trace takes on disk, and how long searches and reports last. Ends by itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "connectord/trace/feed.h"
#include "connectord/trace/sqlite_store.h"
#include "trace_measures.h"
#include "traced_message.h"

namespace connectord::bench {
namespace {

struct Options {
  std::string file;
  std::size_t rows = 10'000'000;
  std::size_t added = 100'000;
  unsigned parallel = 8;
  std::size_t searches = 50;
  std::size_t transaction = 0;
  bool is_filled = false;
  bool has_feed = false;
};

constexpr std::int64_t kept_days = 89;

// Until what is done after the answers is done too: a store does it when it was quiet for a second.
void settle() {
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
}

// Appends the messages from `first` on as a session does, or in a transaction of their own that the spool has no part
// in.
std::size_t failures_of(trace::Store& store, std::span<const TracedMessage> messages, bool is_transaction) {
  if (!is_transaction) return store.append(messages.front().entry()) ? 0 : 1;
  trace::LogBatch batch;
  for (const TracedMessage& message : messages) batch.refusals.push_back(message.entry());
  return store.record(batch) ? 0 : messages.size();
}

// As sessions add messages: many threads, each waits for its answer.
Json add(trace::Store& store, const Options& options, std::size_t first) {
  std::vector<TracedMessage> messages;
  messages.reserve(options.added);
  for (std::size_t i = 0; i < options.added; ++i) messages.emplace_back(first + i).time = now();
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> failed = 0;
  std::vector<std::vector<double>> latencies(options.parallel);
  const double cpu = cpu_seconds();
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> sessions;
    for (unsigned t = 0; t < options.parallel; ++t) {
      sessions.emplace_back([&, t] {
        const std::size_t together = std::max<std::size_t>(options.transaction, 1);
        for (std::size_t i = next.fetch_add(together); i < messages.size(); i = next.fetch_add(together)) {
          const auto some = std::span(messages).subspan(i, std::min(together, messages.size() - i));
          const auto asked = Clock::now();
          failed += failures_of(store, some, options.transaction > 0);
          latencies[t].push_back(milliseconds(Clock::now() - asked));
        }
      });
    }
  }
  const double wall = milliseconds(Clock::now() - begin);
  settle();
  const double used = cpu_seconds() - cpu;
  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  const auto count = static_cast<double>(messages.size());
  return {{"failed", failed.load()},
          {"cpu_us", used * 1e6 / count},
          {"messages_per_second", count / wall * 1000},
          {"p50_ms", all[all.size() / 2]},
          {"p99_ms", all[all.size() * 99 / 100]},
          {"max_ms", all.back()}};
}

// Ninety days of mail. By the batch, which is quicker than one by one.
void fill(trace::Store& store, const Options& options) {
  const std::int64_t begin = now() - kept_days * day;
  constexpr std::size_t together = 2'000;
  for (std::size_t first = 0; first < options.rows; first += together) {
    std::vector<TracedMessage> messages;
    trace::LogBatch batch;
    for (std::size_t i = first; i < std::min(first + together, options.rows); ++i) {
      messages.emplace_back(i).time =
          begin + static_cast<std::int64_t>(i) * (kept_days * day) / static_cast<std::int64_t>(options.rows);
    }
    for (const TracedMessage& message : messages) batch.refusals.push_back(message.entry());
    if (const auto kept = store.record(batch); !kept) throw std::runtime_error(kept.error());
  }
}

Json search(const Options& options) {
  auto archive = trace::open_sqlite_archive(options.file);
  if (!archive) throw std::runtime_error(archive.error());
  constexpr std::int64_t days = 85;
  return timed_searches(**archive, options.searches, options.rows, days, [] {});
}

// Takes all and keeps nothing.
class NullTaker : public trace::FeedTaker {
 public:
  void take(const trace::KeptText& /*text*/) override {}
  void take(const trace::KeptMessage& message, const trace::MessageTerms& /*terms*/,
            std::span<const std::string> /*rules*/) override {
    bytes += message.details.size() + message.findings.size();
  }
  void take(const trace::KeptRecipient& recipient) override { bytes += recipient.address.size(); }
  void take(const trace::KeptDelivery& /*delivery*/) override {}
  void take(const trace::KeptStatus& /*status*/) override {}
  void take(const trace::KeptRequeueing& /*child*/) override {}
  void take(const trace::KeptSize& /*size*/) override {}

  std::size_t bytes = 0;
};

// What it costs to read messages back for a second place.
Json feed(const Options& options) {
  const auto feed = trace::make_feed(options.file);
  NullTaker taker;
  trace::FeedCursor cursor;
  std::size_t messages = 0;
  const double cpu = cpu_seconds();
  while (true) {
    const auto part = feed->read(cursor, {}, taker);
    if (!part) throw std::runtime_error(part.error());
    if (part->messages == 0 && !part->has_more) break;
    messages += part->messages;
    cursor = part->end;
  }
  return {{"messages", messages},
          {"cpu_us", (cpu_seconds() - cpu) * 1e6 / static_cast<double>(messages)},
          {"bytes", static_cast<double>(taker.bytes) / static_cast<double>(messages)}};
}

Json fill_and_add(const Options& options) {
  LogToErrors log;
  Json result;
  {
    trace::SqliteOptions with{.path = options.file};
    if (options.has_feed) with.feed_bytes = std::uint64_t{1} << 40U;
    trace::SqliteStore store(with, log);
    store.start();
    const auto begin = Clock::now();
    if (!options.is_filled) fill(store, options);
    result["filled_s"] = milliseconds(Clock::now() - begin) / 1000;
    settle();
    result["add"] = add(store, options, options.rows);
  }
  const auto bytes = static_cast<double>(std::filesystem::file_size(options.file));
  if (!options.is_filled) result["bytes_a_message"] = bytes / static_cast<double>(options.rows + options.added);
  return result;
}

int run(const Options& options) {
  Json result = fill_and_add(options);
  if (options.has_feed) result["feed"] = feed(options);
  result["search"] = search(options);
  std::printf("%s\n", result.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  connectord::bench::Options options;
  CLI::App app{"Fills a message trace and searches it."};
  app.add_option("--file", options.file, "The trace")->required();
  app.add_flag("--filled", options.is_filled, "It is there already, with --rows messages");
  app.add_flag("--feed", options.has_feed, "As on a member of a fleet; reads all messages back as for the database");
  app.add_option("--rows", options.rows, "How many messages to fill it with");
  app.add_option("--added", options.added, "How many to add as sessions do, afterwards");
  app.add_option("--parallel", options.parallel, "How many sessions");
  app.add_option("--transaction", options.transaction,
                 "Without the spool: so many of the added messages are one transaction, which is waited for");
  app.add_option("--searches", options.searches, "How often each search is timed");
  for (const char* counted : {"--rows", "--added", "--parallel", "--searches"})
    app.get_option(counted)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    return connectord::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "trace_bench: %s\n", error.what());
    return 1;
  }
}
