// Plays the mail server: parallel SMTP sessions that hand messages to a filter over the milter protocol. Reports in one
// JSON object what the filter's process has used for them, and how long a message took. Ends by itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mail_message.h"
#include "milter_client.h"
#include "process_usage.h"

namespace connectord::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Options {
  std::string endpoint;
  pid_t process = 0;
  unsigned parallel = 8;
  unsigned connections = 10;
  unsigned messages = 10;
  unsigned idle = 0;
  unsigned seconds = 60;
  unsigned rate = 0;  // messages a second, of all sessions together; 0: as many as can be
  std::size_t headers = 20;
  std::size_t body = 5000;
  unsigned recipients = 1;
  std::string file;
  std::string client_address = "203.0.113.7";
  std::string mail_from = "ann@partner.example";
};

// What all workers have seen, together.
struct Tally {
  std::vector<Clock::duration> latencies;
  std::size_t passed = 0;
  std::size_t refused = 0;
  std::size_t failed = 0;  // connections that broke
  std::string problem;     // of the first of them
  std::size_t headers_inserted = 0;
  std::vector<std::string> last_inserted;
};

MilterClient::Macros macros_of(const Options& options) {
  return {{"j", "mx.example.net"},
          {"{daemon_name}", "mx.example.net"},
          {"{daemon_addr}", "192.0.2.25"},
          {"{daemon_port}", "25"},
          {"{client_addr}", options.client_address},
          {"v", "Postfix 3.7.11"},
          {"_", "mail.partner.example [" + options.client_address + "]"},
          {"{tls_version}", "TLSv1.3"},
          {"{cipher}", "TLS_AES_256_GCM_SHA384"},
          {"{cipher_bits}", "256"},
          {"{mail_addr}", options.mail_from},
          {"{mail_host}", "mx.example.net"},
          {"{mail_mailer}", "smtp"},
          {"{rcpt_addr}", "bob@example.net"},
          {"{rcpt_host}", "mx.example.net"},
          {"{rcpt_mailer}", "local"}};
}

std::string_view domain_of(std::string_view address) {
  return address.substr(std::min(address.find('@') + 1, address.size()));
}

class Load {
 public:
  Load(const Options& options, net::Endpoint endpoint, MailMessage message)
      : options_(options), endpoint_(std::move(endpoint)), message_(std::move(message)) {}

  // All messages, or as many as the time allows.
  Tally run() {
    began_ = Clock::now();
    const auto end = began_ + std::chrono::seconds(options_.seconds);
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 0; i < options_.parallel; ++i) workers.emplace_back([this, end] { work(end); });
      watch();
    }
    return std::move(tally_);
  }

  // Opens the idle sessions and keeps them until the usage has been read.
  template <class Use>
  void with_idle_sessions(Use&& use) {
    std::vector<MilterClient> sessions;
    sessions.reserve(options_.idle);
    for (unsigned i = 0; i < options_.idle; ++i) {
      const Client client = next_client();
      sessions.emplace_back(endpoint_, macros_for(client)).begin(client);
    }
    std::this_thread::sleep_for(500ms);
    use();
    for (MilterClient& session : sessions) session.end();
  }

  long max_threads() const { return max_threads_; }

 private:
  // A port of its own for each connection, as a mail server sees them.
  Client next_client() {
    constexpr unsigned first = 1024;
    constexpr unsigned ports = 64'000;
    Client client;
    client.address = options_.client_address;
    client.port = static_cast<std::uint16_t>(first + clients_.fetch_add(1) % ports);
    return client;
  }

  MilterClient::Macros macros_for(const Client& client) const {
    auto macros = macros_of(options_);
    macros["{client_port}"] = std::to_string(client.port);
    return macros;
  }

  void work(Clock::time_point end) {
    Tally mine;
    for (unsigned i = 0; i < options_.connections && Clock::now() < end; ++i) {
      try {
        serve_connection(mine, end);
      } catch (const ProtocolError& error) {
        if (mine.failed++ == 0) mine.problem = error.what();
      }
    }
    add(mine);
    workers_done_.fetch_add(1);
  }

  void serve_connection(Tally& mine, Clock::time_point end) {
    const Client client = next_client();
    MilterClient session(endpoint_, macros_for(client));
    session.begin(client);
    for (unsigned i = 0; i < options_.messages && Clock::now() < end; ++i) {
      const unsigned number = messages_.fetch_add(1);
      const std::string queue_id = "4YRd" + std::to_string(number);
      wait_for_turn(number);
      const auto began = Clock::now();
      const bool passed = session.send(message_, queue_id);
      mine.latencies.push_back(Clock::now() - began);
      ++(passed ? mine.passed : mine.refused);
    }
    session.end();
    mine.headers_inserted += session.headers_inserted();
    mine.last_inserted = session.last_inserted();
  }

  // Mail comes when it comes, however long the message before it took.
  void wait_for_turn(unsigned number) const {
    if (options_.rate > 0)
      std::this_thread::sleep_until(began_ + std::chrono::nanoseconds(1s) * number / options_.rate);
  }

  void add(const Tally& mine) {
    const std::scoped_lock lock(mutex_);
    tally_.latencies.insert(tally_.latencies.end(), mine.latencies.begin(), mine.latencies.end());
    tally_.passed += mine.passed;
    tally_.refused += mine.refused;
    tally_.failed += mine.failed;
    tally_.headers_inserted += mine.headers_inserted;
    if (tally_.problem.empty()) tally_.problem = mine.problem;
    tally_.last_inserted = mine.last_inserted;
  }

  void watch() {
    while (workers_done_.load() < options_.parallel) {
      if (const auto usage = usage_of(options_.process)) max_threads_ = std::max(max_threads_, usage->threads);
      std::this_thread::sleep_for(20ms);
    }
  }

  const Options& options_;
  net::Endpoint endpoint_;
  MailMessage message_;
  Clock::time_point began_;
  std::atomic<unsigned> clients_ = 0;
  std::atomic<unsigned> messages_ = 0;
  std::atomic<unsigned> workers_done_ = 0;
  long max_threads_ = 0;
  std::mutex mutex_;
  Tally tally_;
};

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

nlohmann::json percentiles(std::vector<Clock::duration> latencies) {
  if (latencies.empty()) return nullptr;
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&latencies](std::size_t percent) {
    return milliseconds(latencies[(latencies.size() - 1) * percent / 100]);
  };
  return {{"p50", at(50)}, {"p95", at(95)}, {"p99", at(99)}, {"max", at(100)}};
}

double microseconds_each(std::chrono::nanoseconds time, std::size_t count) {
  return count == 0 ? 0 : std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(count);
}

nlohmann::json measure_load(const Options& options, Load& load) {
  const auto before = usage_of(options.process);
  const auto began = Clock::now();
  const Tally tally = load.run();
  const auto took = Clock::now() - began;
  // The last sessions' ends are the filter's work too.
  std::this_thread::sleep_for(50ms);
  const auto after = usage_of(options.process);
  if (!before || !after) return {{"problem", "the filter's process is gone"}, {"failed", tally.failed}};
  const std::size_t messages = tally.passed + tally.refused;
  return {{"passed", tally.passed},
          {"refused", tally.refused},
          {"failed", tally.failed},
          {"problem", tally.problem},
          {"headers_inserted", tally.headers_inserted},
          {"last_inserted", tally.last_inserted},
          {"seconds", std::chrono::duration<double>(took).count()},
          {"cpu_us", microseconds_each(after->cpu - before->cpu, messages)},
          {"system_us", microseconds_each(after->system - before->system, messages)},
          {"latency_ms", percentiles(tally.latencies)},
          {"peak_kib", after->peak_kib},
          {"threads", std::max(load.max_threads(), after->threads)}};
}

nlohmann::json measure_idle(const Options& options, Load& load) {
  const auto before = usage_of(options.process);
  std::optional<ProcessUsage> during;
  load.with_idle_sessions([&] { during = usage_of(options.process); });
  if (!before || !during) return {{"problem", "the filter's process is gone"}};
  const long grown = during->resident_kib - before->resident_kib;
  return {{"sessions", options.idle},
          {"resident_kib_before", before->resident_kib},
          {"resident_kib", during->resident_kib},
          {"kib_each", static_cast<double>(grown) / options.idle},
          {"threads", during->threads}};
}

int run(const Options& options) {
  auto endpoint = net::Endpoint::parse(options.endpoint);
  if (!endpoint) {
    std::fprintf(stderr, "milter_load: %s\n", endpoint.error().c_str());
    return 2;
  }
  auto message = options.file.empty() ? made_message(domain_of(options.mail_from), options.headers, options.body)
                                      : read_message(options.file);
  if (!message) {
    std::fprintf(stderr, "milter_load: %s\n", message.error().c_str());
    return 2;
  }
  message->mail_from = options.mail_from;
  for (unsigned i = 0; i < options.recipients; ++i) {
    message->rcpt_to.push_back((i == 0 ? "bob" : "bob" + std::to_string(i)) + "@example.net");
  }
  Load load(options, std::move(*endpoint), std::move(*message));
  const nlohmann::json result = options.idle > 0 ? measure_idle(options, load) : measure_load(options, load);
  std::printf("%s\n", result.dump().c_str());
  return result.value("problem", "").empty() ? 0 : 1;
}

void declare(CLI::App& program, Options& options) {
  program.add_option("--endpoint", options.endpoint, "Where the filter listens: unix:/path or inet:address:port")
      ->required();
  program.add_option("--pid", options.process, "The filter's process")->required();
  program.add_option("--parallel", options.parallel, "Sessions side by side")->capture_default_str();
  program.add_option("--connections", options.connections, "Sessions one after the other, of each of these")
      ->capture_default_str();
  program.add_option("--messages", options.messages, "Messages in each session")->capture_default_str();
  program.add_option("--idle", options.idle, "Instead: so many sessions that have said HELO and no more");
  program.add_option("--seconds", options.seconds, "No new message after these")->capture_default_str();
  program.add_option("--rate", options.rate, "Messages a second, of all sessions together; 0: as many as can be")
      ->capture_default_str();
  program.add_option("--headers", options.headers, "Header fields of a message")->capture_default_str();
  program.add_option("--body", options.body, "Octets of a message's body")->capture_default_str();
  program.add_option("--recipients", options.recipients, "Recipients of a message")->capture_default_str();
  program.add_option("--message", options.file, "A file to send instead");
  program.add_option("--client-address", options.client_address, "The SMTP client's IPv4 address")
      ->capture_default_str();
  program.add_option("--mail-from", options.mail_from, "The sender's address")->capture_default_str();
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  connectord::bench::Options options;
  CLI::App program("A mail server's load for a milter");
  connectord::bench::declare(program, options);
  CLI11_PARSE(program, argc, argv);
  try {
    return connectord::bench::run(options);
  } catch (const connectord::bench::ProtocolError& error) {
    std::fprintf(stderr, "milter_load: %s\n", error.what());
    return 1;
  }
}
