// Fills a message trace, writes it to a fleet's PostgreSQL as a member does, and searches it there. Reports in one JSON
// object what a message costs on the host, how many rows a second the database takes, and how long searches last. Ends
// by itself.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectord/fleet/archive.h"
#include "connectord/fleet/database.h"
#include "connectord/trace/feed.h"
#include "connectord/trace/sqlite_store.h"
#include "fleet/postgres_target.h"
#include "fleet/trace_pump.h"
#include "trace_measures.h"
#include "traced_message.h"

namespace connectord::bench {
namespace {

struct Options {
  std::string folder;
  std::string database;
  std::size_t rows = 500'000;
  std::size_t searches = 50;
  bool is_filled = false;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

model::Configuration configuration_of(const Options& options) {
  model::Configuration made;
  made.server.host_name = "bench.example.net";
  made.trace.emplace().store = "sqlite:" + options.folder + "/trace.db";
  made.trace->keep = std::chrono::hours(24 * 90);
  made.fleet.emplace().database = options.database;
  made.fleet->name = "bench";
  made.fleet->state = options.folder;
  return made;
}

// A month of mail, each message with what became of it.
void fill(const model::Configuration& configuration, const Options& options) {
  LogToErrors log;
  trace::SqliteOptions with{.path = configuration.trace->file()};
  with.feed_bytes = std::uint64_t{1} << 40U;
  trace::SqliteStore store(with, log);
  store.start();
  constexpr std::size_t together = 2'000;
  const std::int64_t begin = now() - 30 * day;
  for (std::size_t first = 0; first < options.rows; first += together) {
    std::vector<TracedMessage> messages;
    trace::LogBatch batch;
    trace::LogBatch deliveries;
    for (std::size_t i = first; i < std::min(first + together, options.rows); ++i) {
      TracedMessage& one = messages.emplace_back(i);
      one.time = begin + static_cast<std::int64_t>(i) * (30 * day) / static_cast<std::int64_t>(options.rows);
    }
    for (const TracedMessage& message : messages) {
      batch.refusals.push_back(message.entry());
      trace::Delivery delivery;
      delivery.queue_id = message.queue_id;
      delivery.recipient = message.recipients.front();
      delivery.time = message.time + 1'000;
      delivery.relay = "mx.example.net[192.0.2.1]:25";
      delivery.enhanced = "2.0.0";
      delivery.text = "250 2.0.0 Ok: queued as 4X";
      delivery.delay = 500;
      deliveries.deliveries.push_back(std::move(delivery));
    }
    for (const trace::LogBatch* some : {&batch, &deliveries}) {
      if (const auto kept = store.record(*some); !kept) throw std::runtime_error(kept.error());
    }
  }
}

Json send(const model::Configuration& configuration) {
  fleet::PostgresTarget target(configuration, {});
  const auto feed = trace::make_feed(configuration.trace->file());
  fleet::TracePump pump(*feed, target);
  if (const auto ready = target.look_after_tables(); !ready) throw std::runtime_error(ready.error().reason);
  std::size_t messages = 0;
  std::size_t reports = 0;
  const double cpu = cpu_seconds();
  const auto begin = Clock::now();
  for (bool more = true; more;) {
    const auto done = pump.step(true);
    if (!done) throw std::runtime_error(done.error().reason);
    messages += done->messages;
    reports += done->reports;
    more = done->has_more;
  }
  const double seconds = seconds_since(begin);
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  // A message, its recipient and its delivery.
  const auto rows = static_cast<double>(2 * messages + reports);
  return {{"messages", messages},
          {"reports", reports},
          {"seconds", seconds},
          {"rows_per_second", rows / seconds},
          {"messages_per_second", static_cast<double>(messages) / seconds},
          {"cpu_us_per_message", (cpu_seconds() - cpu) * 1e6 / static_cast<double>(std::max<std::size_t>(messages, 1))},
          {"most_memory_kib", used.ru_maxrss}};
}

Json search(const model::Configuration& configuration, const Options& options) {
  const auto archive = fleet::open_trace(configuration);
  if (!archive) throw std::runtime_error(archive.error());
  constexpr std::int64_t days = 30;
  return timed_searches(**archive, options.searches, options.rows, days, [&] {
    if (const auto why = (*archive)->why_this_host_alone(); !why.empty()) throw std::runtime_error(why);
  });
}

int run(const Options& options) {
  const model::Configuration configuration = configuration_of(options);
  Json result;
  if (!options.is_filled) {
    const auto begin = Clock::now();
    fill(configuration, options);
    result["filled_s"] = seconds_since(begin);
  }
  result["send"] = send(configuration);
  result["search"] = search(configuration, options);
  std::printf("%s\n", result.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  connectord::bench::Options options;
  CLI::App app{"Writes a message trace to a fleet's PostgreSQL, and searches it there."};
  app.add_option("--folder", options.folder, "Where the trace and this host's number are")->required();
  app.add_option("--database", options.database, "The address of the fleet's database, which has its tables")
      ->required();
  app.add_option("--rows", options.rows, "How many messages")->check(CLI::PositiveNumber);
  app.add_option("--searches", options.searches, "How often each search is timed")->check(CLI::PositiveNumber);
  app.add_flag("--filled", options.is_filled, "The trace is there already");
  CLI11_PARSE(app, argc, argv);
  try {
    return connectord::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fleet_bench: %s\n", error.what());
    return 1;
  }
}
