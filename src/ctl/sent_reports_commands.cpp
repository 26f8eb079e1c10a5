// reports list, show, send: the DMARC reports that we send.
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "clock_text.h"
#include "commands.h"
#include "connectord/base/accounts.h"
#include "connectord/base/acting_as.h"
#include "connectord/base/time.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/domain_name.h"
#include "connectord/outbox/sender.h"
#include "connectord/reporting/aggregate_xml.h"
#include "connectord/reporting/send.h"
#include "connectord/reports/judgement.h"
#include "connectord/runtime/folders.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/trace/sqlite_store.h"
#include "expected.h"
#include "finding_text.h"
#include "json_output.h"
#include "reports_text.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using reporting::Day;
using reporting::Entry;
using EntryStatus = reporting::Entry::Status;

struct SentReportsArguments {
  std::string domain;
  std::string day;
  bool xml = false;
};

// The last whole day, unless another one is named.
Expected<Day> day_of(const SentReportsArguments& arguments) {
  auto day = reporting::whole_day(arguments.day, base::unix_time());
  if (!day) return tl::unexpected("--day: " + day.error());
  return *day;
}

const char* colour_of(EntryStatus status) {
  if (status == EntryStatus::sent) return green;
  if (status == EntryStatus::failed) return red;
  return status == EntryStatus::left ? faint : yellow;
}

void add_to(Table& table, Day day, const Entry& entry) {
  table.add({to_string(day), harmless(entry.domain), harmless(entry.address.empty() ? "-" : entry.address),
             Cell(std::string(model::word_of(entry.status)), colour_of(entry.status)), harmless(entry.words)});
}

Table make_table() {
  return Table({{"DAY"}, {"DOMAIN"}, {"TO"}, {"STATUS"}, {"WHY", true}});
}

Expected<void> list_reports(const Common& common, const SentReportsArguments& arguments, const engine::Policy& policy,
                            const Terminal& terminal) {
  const std::string& folder = policy.configuration().reports.state;
  std::vector<Day> days = reporting::days_in(folder);
  if (!arguments.day.empty()) {
    const auto day = day_of(arguments);
    if (!day) return tl::unexpected(day.error());
    days = {*day};
  }
  Json all = Json::array();
  Table table = make_table();
  for (const Day day : days) {
    for (const auto& [key, entry] : reporting::read_day(folder, day).entries) {
      all.push_back(to_json(day, entry));
      add_to(table, day, entry);
    }
  }
  if (common.json) {
    print_json(all, terminal.out);
  } else if (all.empty()) {
    terminal.out << "no reports are known\n";
  } else {
    table.print(terminal);
  }
  return {};
}

Expected<void> show_report(const Common& common, const SentReportsArguments& arguments, const engine::Policy& policy,
                           const Terminal& terminal) {
  const auto day = day_of(arguments);
  if (!day) return tl::unexpected(day.error());
  const std::string why = reporting::why_none(policy.configuration());
  if (!why.empty()) return tl::unexpected(why);
  const auto domain = net::normalize_domain(arguments.domain);
  if (!domain) return tl::unexpected("\"" + arguments.domain + "\" is no domain");
  const auto archive = trace::open_sqlite_archive(policy.configuration().trace->file());
  if (!archive) return tl::unexpected(archive.error());
  const auto report = reporting::report_about(policy, **archive, *domain, *day);
  if (!report) return tl::unexpected(report.error());
  if (!*report) {
    return tl::unexpected("no mail of " + to_string(*day) + " was judged by a DMARC record of " + *domain);
  }
  if (arguments.xml) {
    terminal.out << reporting::to_xml(**report);
    return {};
  }
  if (common.json) {
    print_json(reports::to_json(reports::Report(**report)), terminal.out);
    return {};
  }
  print_in_words(**report, terminal);
  const std::string none = reporting::why_not_about(policy, *domain);
  if (!none.empty()) terminal.out << "it is not sent: " << none << '\n';
  Table table = make_table();
  bool is_known = false;
  for (const auto& [key, entry] : reporting::read_day(policy.configuration().reports.state, *day).entries) {
    if (entry.domain != *domain) continue;
    add_to(table, *day, entry);
    is_known = true;
  }
  if (is_known) table.print(terminal);
  return {};
}

// What is written with: as the daemon's user, whose files they are.
struct Own {
  std::shared_ptr<const outbox::Key> key;
  reporting::Ledger ledger;
};

Expected<Own> open_own(const model::Configuration& configuration, Day day, outbox::Sender& sender) {
  const auto reader = config::reader_of_secrets(configuration.server.user);
  if (!reader) return tl::unexpected(reader.error());
  const base::Account account{reader->name, reader->uid, reader->gid, {}};
  if (auto ready = runtime::hand_over(runtime::Kept::reports, configuration, account); !ready) {
    return tl::unexpected(ready.error());
  }
  const base::ActingAs acting(account);
  if (!acting.is_in_force()) return tl::unexpected("cannot act as " + account.name);
  auto key = sender.key();
  if (!key) return tl::unexpected(key.error());
  auto ledger = reporting::Ledger::open(configuration.reports.state, day);
  if (!ledger) return tl::unexpected(ledger.error());
  return Own{std::move(*key), std::move(*ledger)};
}

Expected<reporting::Round> send_day(const engine::Policy& policy, Day day,
                                    const std::function<void(const Entry&)>& progress) {
  const model::Configuration& configuration = policy.configuration();
  const std::string why = reporting::why_none(configuration);
  if (!why.empty()) return tl::unexpected(why);
  const auto resolver = runtime::make_resolver(configuration.dns);
  if (!resolver) return tl::unexpected(resolver.error());
  outbox::Sender sender(configuration.server.mail_key, configuration.server.user, smtp::make_network());
  const auto archive = trace::open_sqlite_archive(configuration.trace->file());
  if (!archive) return tl::unexpected(archive.error());
  auto own = open_own(configuration, day, sender);
  if (!own) return tl::unexpected(own.error());
  const outbox::Way way{configuration.mail_through(), configuration.server.host_name};
  const reporting::Tools tools{.policy = policy,
                               .archive = **archive,
                               .resolver = **resolver,
                               .key = *own->key,
                               .hand_over =
                                   [&](const outbox::Mail& mail) {
                                     return sender.hand_over(
                                         mail, way, std::chrono::steady_clock::now() + reporting::hand_over_timeout);
                                   },
                               .unix_time = base::unix_time,
                               .progress = progress};
  return reporting::send_reports(tools, day, own->ledger, true);
}

Expected<void> send_reports(const CommandLine& line, const SentReportsArguments& arguments,
                            const engine::Policy& policy) {
  const Terminal& terminal = line.terminal;
  const auto day = day_of(arguments);
  if (!day) return tl::unexpected(day.error());
  Json all = Json::array();
  const auto round = send_day(policy, *day, [&](const Entry& entry) {
    all.push_back(to_json(*day, entry));
    if (line.common.json) return;
    const Paint paint(terminal.colour);
    terminal.out << paint(std::string(model::word_of(entry.status)), colour_of(entry.status)) << "  "
                 << harmless(entry.domain) << (entry.address.empty() ? "" : " to " + harmless(entry.address)) << ": "
                 << harmless(entry.words) << std::endl;
  });
  if (!round) return tl::unexpected(round.error());
  if (line.common.json) {
    print_json(all, terminal.out);
  } else {
    terminal.out << to_string(*day) << ": " << round->sent << " sent, " << round->waiting << " waiting, "
                 << round->failed << " failed, " << round->left << " left\n";
    if (round->is_cut) terminal.out << "our mail server takes nothing now; the rest is for later\n";
  }
  if (round->is_cut || round->waiting > 0 || round->failed > 0) line.status = Status::not_passed;
  return {};
}

using Arguments = std::shared_ptr<SentReportsArguments>;

void perform(const CommandLine& line, const std::function<Expected<void>(const engine::Policy&)>& work) {
  const auto policy = running_or_complain(line.common, false, line.terminal);
  line.status = policy ? Status::answered : Status::wrong_input;
  if (!policy) return;
  if (const auto done = work(*policy); !done) {
    line.terminal.error << "connectorctl: " << harmless(done.error()) << '\n';
    line.status = Status::wrong_input;
  }
}

void add_day(const Subcommand& command, const Arguments& arguments, const char* help) {
  command.add_option("--day", arguments->day, help);
}

}  // namespace

void add_sent_reports_commands(const CommandLine& below) {
  const auto arguments = std::make_shared<SentReportsArguments>();
  const Subcommand list = below.command("list", "Say which DMARC reports were sent, and which were not and why");
  add_day(list, arguments, "A day of UTC, as 2026-11-28; default: all that are known");
  list.callback([below, arguments] {
    perform(below, [&](const auto& policy) { return list_reports(below.common, *arguments, policy, below.terminal); });
  });
  const Subcommand show = below.command("show", "Show our DMARC report about one domain");
  show.add_option("domain", arguments->domain, "The domain whose DMARC record counts").required();
  add_day(show, arguments, "A day of UTC, as 2026-11-28; default: the last one that is over");
  show.add_flag("--xml", arguments->xml, "As it is sent");
  show.callback([below, arguments] {
    perform(below, [&](const auto& policy) { return show_report(below.common, *arguments, policy, below.terminal); });
  });
  const Subcommand send = below.command("send", "Send the DMARC reports of a day that were not sent yet");
  add_day(send, arguments, "A day of UTC, as 2026-11-28; default: the last one that is over");
  send.callback([below, arguments] {
    perform(below, [&](const auto& policy) { return send_reports(below, *arguments, policy); });
  });
}

}  // namespace connectord::ctl
