// Fills a message trace and searches it. Tells in one JSON object what a message costs that is added while sessions
// wait, what a large trace takes on disk, and how long searches and reports last. Ends by itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "connectord/mail/path.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

struct Options {
  std::string file;
  std::size_t rows = 10'000'000;
  std::size_t added = 100'000;
  unsigned parallel = 8;
  std::size_t searches = 50;
  std::size_t transaction = 0;
  bool is_filled = false;
};

constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t kept_days = 89;
constexpr std::size_t connectors = 50;
constexpr std::size_t users = 5'000;
constexpr std::size_t senders = 200'000;

class NoLog : public log::Logger {
 public:
  void write(const log::Record& record) override { std::fprintf(stderr, "%s\n", format_text(record).c_str()); }
};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// A partner's message: over TLS, authenticated, all requirements checked.
struct Message {
  model::Facts facts;
  model::Decision decision;
  std::vector<std::string> recipients;
  std::string queue_id;
  std::string message_id;
  std::string from;
  std::int64_t time = 0;

  explicit Message(std::size_t number) {
    std::mt19937_64 random(number);  // NOLINT: the same messages in every run
    const std::string connector = "partner-" + std::to_string(random() % connectors);
    const std::string domain = connector + ".example";
    const std::string sender = "sender" + std::to_string(random() % senders) + "@" + domain;
    facts.client_address = net::IpAddress::from_v4({203, 0, 113, static_cast<std::uint8_t>(random() % 256)});
    facts.client_port = static_cast<std::uint16_t>(1024 + random() % 60'000);
    facts.client_name = "mail." + domain;
    facts.helo = "mail." + domain;
    facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256};
    facts.certificate.subject_common_name = "mail." + domain;
    facts.certificate.issuer_common_name = "Example Issuing CA";
    facts.certificate.sha256 = std::string(64, 'a');
    facts.certificate.public_key_sha256 = std::string(64, 'b');
    facts.mail_from = mail::parse_reverse_path("<" + sender + ">");
    authenticate(domain);
    decide(connector, domain);
    recipients = {recipient(number)};
    queue_id = "4W" + std::to_string(random() % 1'000'000'000) + "z" + std::to_string(number);
    message_id = "<" + std::to_string(random()) + "." + std::to_string(number) + "@" + domain + ">";
    from = " A Sender <" + sender + ">";
  }

  static std::string recipient(std::size_t number) {
    std::mt19937_64 random(number + 1);  // NOLINT
    return "user" + std::to_string(random() % users) + "@example.net";
  }

  trace::Entry entry() const {
    return {.facts = facts,
            .decision = decision,
            .recipients = recipients,
            .time = time,
            .connected = time - 300,
            .began = time - 100,
            .queue_id = queue_id,
            .message_id = message_id,
            .from = from,
            .size = 5'000};
  }

 private:
  void authenticate(const std::string& domain) {
    auto& results = facts.authentication;
    results.spf =
        model::SpfOutcome{model::SpfResult::pass, model::SpfOutcome::Identity::mail_from, domain, "mx", "", ""};
    results.dkim.emplace().push_back(
        {model::DkimResult::pass, domain, "s2026", "", "rsa-sha256", 2048, false, false, "abcdefgh", ""});
    results.dmarc = model::DmarcOutcome{model::DmarcResult::pass,   domain, domain, domain, model::DmarcPolicy::reject,
                                        model::DmarcPolicy::reject, false,  true,   true,   ""};
  }
  void decide(const std::string& connector, const std::string& domain) {
    decision.connector = connector;
    decision.identified_by = model::IdentifiedBy::sender_domain;
    decision.tag = connector;
    const std::string address = facts.client_address->to_string();
    decision.findings = {{"attribution", connector, model::Outcome::pass, "identified by sender_domain", domain, ""},
                         {"require.tls", connector, model::Outcome::pass, "TLS", "TLSv1.3", ""},
                         {"require.tls_version", connector, model::Outcome::pass, "TLSv1.2 or later", "TLSv1.3", ""},
                         {"require.client_networks", connector, model::Outcome::pass, "203.0.113.0/24", address, ""},
                         {"spf", "", model::Outcome::not_applicable, "", "pass for " + domain + " by mx", ""},
                         {"dkim", "", model::Outcome::not_applicable, "", "pass for " + domain, ""},
                         {"dmarc", "", model::Outcome::pass, "the author domain's policy is fulfilled",
                          "pass for " + domain + ", policy reject", ""}};
  }
};

// Until what is done after the answers is done too: a store does it when it was quiet for a second.
void settle() {
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
}

// Appends the messages from `first` on as a session does, or in a transaction of their own that the spool has no part
// in.
std::size_t failures_of(trace::Store& store, std::span<const Message> messages, bool is_transaction) {
  if (!is_transaction) return store.append(messages.front().entry()) ? 0 : 1;
  trace::LogBatch batch;
  for (const Message& message : messages) batch.refusals.push_back(message.entry());
  return store.record(batch) ? 0 : messages.size();
}

// As sessions add messages: many threads, each waits for its answer.
Json add(trace::Store& store, const Options& options, std::size_t first) {
  std::vector<Message> messages;
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
    std::vector<Message> messages;
    trace::LogBatch batch;
    for (std::size_t i = first; i < std::min(first + together, options.rows); ++i) {
      messages.emplace_back(i).time =
          begin + static_cast<std::int64_t>(i) * (kept_days * day) / static_cast<std::int64_t>(options.rows);
    }
    for (const Message& message : messages) batch.refusals.push_back(message.entry());
    if (const auto kept = store.record(batch); !kept) throw std::runtime_error(kept.error());
  }
}

// Median and longest of several of a kind.
template <class Ask>
Json timed(std::size_t times, Ask&& ask) {
  std::vector<double> taken;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    rows += ask(i);
    taken.push_back(milliseconds(Clock::now() - begin));
  }
  std::sort(taken.begin(), taken.end());
  return {{"median_ms", taken[taken.size() / 2]}, {"max_ms", taken.back()}, {"rows", rows}};
}

Json search(const Options& options) {
  auto archive = trace::open_sqlite_archive(options.file);
  if (!archive) throw std::runtime_error(archive.error());
  std::mt19937_64 random(7);  // NOLINT
  const auto any = [&] { return static_cast<std::size_t>(random() % options.rows); };
  const auto rows_of = [&](const trace::Query& query) {
    const auto page = (*archive)->search(query);
    if (!page) throw std::runtime_error(page.error());
    return page->rows.size();
  };
  Json found;
  found["recipient"] = timed(options.searches, [&](std::size_t) {
    trace::Query query;
    query.recipient = Message::recipient(any());
    return rows_of(query);
  });
  found["message_id"] = timed(options.searches, [&](std::size_t) {
    trace::Query query;
    query.message_id = Message(any()).message_id;
    return rows_of(query);
  });
  found["nobody"] = timed(options.searches, [&](std::size_t i) {
    trace::Query query;
    query.recipient = "nobody" + std::to_string(i) + "@example.org";
    return rows_of(query);
  });
  found["newest"] = timed(options.searches, [&](std::size_t) { return rows_of({}); });
  found["report"] = timed(options.searches, [&](std::size_t i) {
    const std::int64_t begin = now() - static_cast<std::int64_t>(2 + i % 80) * day;
    const auto report = (*archive)->report({trace::Grouping::connector, trace::Interval::whole, begin, begin + day});
    if (!report) throw std::runtime_error(report.error());
    return report->volumes.size();
  });
  return found;
}

Json fill_and_add(const Options& options) {
  NoLog log;
  Json result;
  {
    trace::SqliteStore store({.path = options.file}, log);
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
  app.add_option("--rows", options.rows, "How many messages to fill it with");
  app.add_option("--added", options.added, "How many to add as sessions do, afterwards");
  app.add_option("--parallel", options.parallel, "How many sessions");
  app.add_option("--transaction", options.transaction,
                 "Without the spool: so many of the added messages are one transaction, which is waited for");
  app.add_option("--searches", options.searches, "How often each search is timed");
  CLI11_PARSE(app, argc, argv);
  try {
    return connectord::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "trace_bench: %s\n", error.what());
    return 1;
  }
}
