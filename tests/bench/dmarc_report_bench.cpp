// Fills a message trace with a day's mail and makes its DMARC reports. Reports in one JSON object how long that took,
// and the most memory; the mail server that takes them is a function. Ends by itself.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "connectord/mail/path.h"
#include "connectord/reporting/send.h"
#include "connectord/trace/sqlite_store.h"
#include "dns/zone.h"

namespace connectord::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

struct Options {
  std::string folder;
  std::size_t messages = 1'000'000;
  std::size_t domains = 10'000;
  std::size_t clients = 20;  // of each domain
  bool is_filled = false;
};

// 2026-11-21
constexpr reporting::Day day{20'778};

class NoLog : public log::Logger {
 public:
  void write(const log::Record& record) override { std::fprintf(stderr, "%s\n", format_text(record).c_str()); }
};

std::string domain_of(std::size_t number) {
  return "domain-" + std::to_string(number) + ".example";
}

void append(trace::Store& store, const Options& options, std::size_t number) {
  constexpr std::size_t much = 50'000;
  // The store's own thread has the last right to run, so that it may be far behind on a machine that is busy.
  while (number % 1000 == 0 && store.waiting() > much) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const std::size_t of = number % options.domains;
  const std::string domain = domain_of(of);
  const std::size_t client = (number / options.domains) % options.clients;
  model::Facts facts;
  facts.client_address = net::IpAddress::parse("10." + std::to_string(of / 256) + "." + std::to_string(of % 256) + "." +
                                               std::to_string(client));
  facts.helo = facts.client_name = "mail." + domain;
  facts.mail_from = mail::parse_reverse_path("<user" + std::to_string(number) + "@" + domain + ">");
  model::SpfOutcome& spf = facts.authentication.spf.emplace();
  spf.result = model::SpfResult::pass;
  spf.domain = domain;
  spf.mechanism = "ip4:10.0.0.0/8";
  model::DkimSignature& signature = facts.authentication.dkim.emplace().emplace_back();
  signature.result = client % 2 == 0 ? model::DkimResult::pass : model::DkimResult::fail;
  signature.domain = domain;
  signature.selector = "s1";
  signature.algorithm = "rsa-sha256";
  model::DmarcOutcome& dmarc = facts.authentication.dmarc.emplace();
  dmarc.result = model::DmarcResult::pass;
  dmarc.from_domain = dmarc.record_domain = dmarc.organizational_domain = domain;
  dmarc.record = "p=reject; adkim=s";
  dmarc.policy = dmarc.published = model::DmarcPolicy::reject;
  dmarc.spf_aligned = true;
  model::Decision decision;
  decision.findings.push_back({.check = "dmarc", .outcome = model::Outcome::pass, .seen = "pass for " + domain});
  const std::vector<std::string> recipients = {"somebody@example.net"};
  const std::int64_t time = day.begin() * 1000 + static_cast<std::int64_t>(number * 86'000'000 / options.messages);
  trace::Entry entry{.facts = facts, .decision = decision, .recipients = recipients, .time = time};
  entry.queue_id = "4X" + std::to_string(number);
  entry.is_reported = true;
  if (const auto kept = store.append(entry); !kept) throw std::runtime_error(kept.error());
}

void fill(const std::string& file, const Options& options) {
  NoLog log;
  trace::SqliteOptions with;
  with.path = file;
  with.clock = [] { return day.end() * 1000; };
  trace::SqliteStore store(with, log);
  store.start();
  for (std::size_t i = 0; i < options.messages; ++i) append(store, options, i);
  store.stop();
}

Json send(const std::string& file, const Options& options) {
  dns::testing::Zone zone;
  for (std::size_t i = 0; i < options.domains; ++i) {
    zone.txt("_dmarc." + domain_of(i), "v=DMARC1; p=reject; adkim=s; rua=mailto:d@" + domain_of(i));
  }
  dns::testing::ZoneResolver resolver(zone);
  model::Configuration configuration;
  configuration.server.host_name = "mx.example.net";
  configuration.reports.sender = "dmarc@example.net";
  const engine::Policy policy(configuration);
  const auto archive = trace::open_sqlite_archive(file);
  if (!archive) throw std::runtime_error(archive.error());
  const std::string state = options.folder + "/reports";
  std::filesystem::remove_all(state);
  auto ledger = reporting::Ledger::open(state, day);
  if (!ledger) throw std::runtime_error(ledger.error());
  const outbox::Key key(std::string(32, 'k'));
  std::size_t bytes = 0;
  const reporting::Tools tools{.policy = policy,
                               .archive = **archive,
                               .resolver = resolver,
                               .key = key,
                               .hand_over =
                                   [&bytes](const outbox::Mail& mail) {
                                     bytes += mail.content.size();
                                     return outbox::HandedOver{outbox::HandedOver::Result::accepted, "250 Ok"};
                                   },
                               .unix_time = [] { return day.end(); }};
  const auto began = Clock::now();
  const auto round = reporting::send_reports(tools, day, *ledger, false);
  if (!round) throw std::runtime_error(round.error());
  const std::chrono::duration<double> seconds = Clock::now() - began;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {{"messages", options.messages},
          {"reports", round->sent},
          {"seconds", seconds.count()},
          {"bytes", bytes},
          {"peak_kib", usage.ru_maxrss}};
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  using namespace connectord::bench;
  Options options;
  CLI::App app("Measures how long the DMARC reports of a day take");
  app.add_option("folder", options.folder, "Where the trace and the state of reports are")->required();
  app.add_option("--messages", options.messages)->capture_default_str();
  app.add_option("--domains", options.domains)->capture_default_str();
  app.add_option("--clients", options.clients)->capture_default_str();
  app.add_flag("--filled", options.is_filled, "The trace is there already");
  CLI11_PARSE(app, argc, argv);
  try {
    const std::string file = options.folder + "/trace.db";
    if (!options.is_filled) fill(file, options);
    std::printf("%s\n", send(file, options).dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dmarc_report_bench: %s\n", error.what());
    return 1;
  }
}
