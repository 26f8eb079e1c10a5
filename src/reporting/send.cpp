#include "connectord/reporting/send.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/dns/lookup_driver.h"
#include "connectord/engine/index.h"
#include "connectord/outbox/compose.h"
#include "connectord/reporting/aggregate_xml.h"
#include "connectord/reporting/recipients.h"
#include "gzip.h"

namespace connectord::reporting {
namespace {

using Result = outbox::HandedOver::Result;
using Status = Entry::Status;

// Whose addresses are looked for at the same time.
constexpr std::size_t domains_at_once = 50;
constexpr std::chrono::seconds dns_timeout{30};
// So many in a row that our server takes none of: it is away.
constexpr int max_failures_in_a_row = 5;

bool is_skipped(const engine::Policy& policy, const std::string& domain) {
  const auto& skip = policy.configuration().reports.skip;
  return std::any_of(skip.begin(), skip.end(), [&domain](const auto& pattern) { return pattern.matches(domain); });
}

// Reads the day's messages until `is_enough`.
tl::expected<void, std::string> read_rows(trace::Archive& archive, Day day, const std::function<bool()>& is_enough,
                                          const trace::TakeDmarcRow& take) {
  trace::DmarcRows which{.since = day.begin() * base::second_ms, .until = day.end() * base::second_ms};
  while (!is_enough()) {
    const auto end = archive.dmarc_rows(which, take);
    if (!end) return tl::unexpected(end.error());
    if (!*end) return {};
    which.after = **end;
  }
  return {};
}

// Of all domains that the collection takes.
tl::expected<void, std::string> collect(trace::Archive& archive, Day day, Collection& collection,
                                        const std::function<bool()>& is_enough) {
  return read_rows(archive, day, is_enough, [&collection](const trace::DmarcRow& row) { collection.add(row); });
}

// The domains with the most messages, as many as are asked for.
class Largest {
 public:
  explicit Largest(std::size_t most) : most_(most) {}

  void add(const std::string& domain, std::uint64_t messages) {
    ++seen_;
    by_messages_.emplace(messages, domain);
    if (by_messages_.size() > most_) by_messages_.erase(by_messages_.begin());
  }
  std::size_t beyond() const { return seen_ - by_messages_.size(); }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [messages, domain] : by_messages_) names.insert(domain);
    return names;
  }

 private:
  std::size_t most_;
  std::size_t seen_ = 0;
  std::set<std::pair<std::uint64_t, std::string>> by_messages_;
};

class Sending {
 public:
  Sending(const Tools& tools, Day day, Ledger& ledger, bool at_once)
      : tools_(tools),
        day_(day),
        ledger_(ledger),
        reporter_(reporter_of(tools.policy.configuration())),
        is_first_(!ledger.record().is_done) {
    const auto due = ledger.record().due(tools.unix_time(), at_once);
    due_.insert(due.begin(), due.end());
  }

  tl::expected<Round, std::string> run() {
    if (!is_first_ && due_.empty()) return round_;
    if (auto done = is_first_ ? send_first() : send_in_passes(); !done) return tl::unexpected(done.error());
    if (round_.is_cut || must_stop()) {
      round_.is_cut = true;
      return round_;
    }
    if (auto noted = note_vanished(); !noted) return tl::unexpected(noted.error());
    if (is_first_) {
      if (auto noted = note_beyond(); !noted) return tl::unexpected(noted.error());
      if (auto noted = ledger_.note_done(tools_.unix_time()); !noted) return tl::unexpected(noted.error());
    }
    return round_;
  }

 private:
  using Done = tl::expected<void, std::string>;

  bool must_stop() const { return round_.is_cut || tools_.stop.stop_requested(); }

  bool is_wanted(const std::string& domain) const {
    if (due_.count(domain) > 0) return true;
    return is_first_ && chosen_.count(domain) > 0;
  }

  std::size_t max_domains() const { return tools_.policy.configuration().reports.max_domains; }

  // A usual day fits into memory, and is read once. Of a larger one it must be known first whose reports are sent.
  Done send_first() {
    Collection whole(
        "", [this](const std::string& domain) { return due_.count(domain) > 0 || is_reported(domain); },
        tools_.max_bytes);
    auto read = collect(tools_.archive, day_, whole, [&] { return must_stop() || !whole.end_of_pass().empty(); });
    if (!read || must_stop()) return read;
    if (!whole.end_of_pass().empty()) return choose().and_then([this] { return send_in_passes(); });
    choose_of(whole);
    return send(whole);
  }

  Done send_in_passes() {
    std::string after;
    do {
      Collection collection(
          after, [this](const std::string& domain) { return is_wanted(domain); }, tools_.max_bytes);
      auto done = collect(tools_.archive, day_, collection, [this] { return must_stop(); }).and_then([&] {
        return send(collection);
      });
      if (!done) return done;
      after = collection.end_of_pass();
    } while (!after.empty() && !must_stop());
    return {};
  }

  bool is_reported(const std::string& domain) const { return why_not_about(tools_.policy, domain).empty(); }

  void choose_of(Collection& whole) {
    Largest largest(max_domains());
    std::set<std::string> others;
    for (const auto& [domain, messages] : whole.domains()) {
      std::uint64_t number = 0;
      for (const auto& [key, count] : messages.counts) number += count;
      if (is_reported(domain)) largest.add(domain, number);
      others.insert(domain);
    }
    take(largest);
    for (const std::string& domain : others) {
      if (!is_wanted(domain)) whole.forget(domain);
    }
  }

  void take(const Largest& largest) {
    chosen_ = largest.names();
    round_.beyond = largest.beyond();
  }

  // Whoever writes mail chooses whose name it has, and may have a record for every name below a domain of his own. What
  // a message says does not count here, so that as many domains as there may be are counted within a few readings.
  Done choose() {
    Largest largest(max_domains());
    std::string after;
    do {
      Collection counts(
          after, [this](const std::string& domain) { return is_reported(domain); }, tools_.max_bytes);
      const auto is_enough = [this] { return must_stop(); };
      auto done = read_rows(tools_.archive, day_, is_enough, [&counts](const trace::DmarcRow& row) {
        counts.add({.time = row.time, .policy_domain = row.policy_domain, .key = {}});
      });
      if (!done) return done;
      for (const auto& [domain, messages] : counts.domains()) largest.add(domain, messages.counts.begin()->second);
      after = counts.end_of_pass();
    } while (!after.empty() && !must_stop());
    take(largest);
    return {};
  }

  // One line for all of them, since there may be any number.
  Done note_beyond() {
    if (round_.beyond == 0) return {};
    return note({.domain = "*", .address = {}}, Status::left,
                std::to_string(round_.beyond) + " domains with fewer messages get none: reports.max_domains is " +
                    std::to_string(max_domains()));
  }

  Done send(const Collection& collection) {
    std::vector<const std::string*> names;
    for (const auto& [name, messages] : collection.domains()) names.push_back(&name);
    for (std::size_t begin = 0; begin < names.size() && !must_stop(); begin += domains_at_once) {
      const std::size_t end = std::min(begin + domains_at_once, names.size());
      const auto recipients = find_all(names, begin, end);
      for (std::size_t i = begin; i < end && !must_stop(); ++i) {
        const auto& messages = collection.domains().find(*names[i])->second;
        if (auto done = report(*names[i], messages, recipients[i - begin]); !done) return done;
      }
      ledger_.flush();
    }
    return {};
  }

  std::vector<Recipients> find_all(const std::vector<const std::string*>& names, std::size_t begin, std::size_t end) {
    std::vector<Recipients> found(end - begin);
    std::vector<std::unique_ptr<dns::LookupDriver>> lookups;
    const std::function<bool(const std::string&)> skips = [this](const std::string& domain) {
      return is_skipped(tools_.policy, domain);
    };
    for (std::size_t i = begin; i < end; ++i) {
      lookups.push_back(std::make_unique<dns::LookupDriver>(tools_.resolver));
      lookups.back()->start([&, i](dns::DnsAnswers& answers) {
        auto result = find_recipients(*names[i], skips, answers);
        if (result) found[i - begin] = std::move(*result);
        return result.has_value();
      });
    }
    const auto deadline = std::chrono::steady_clock::now() + dns_timeout;
    for (const auto& one : lookups) one->wait_until(deadline, tools_.stop);
    lookups.clear();
    return found;
  }

  // The report about one domain to all who are to have it and have not.
  Done report(const std::string& domain, const Collection::Domain& messages, const Recipients& recipients) {
    ++round_.domains;
    seen_.insert(domain);
    std::set<std::string> named;
    for (const Recipients::Left& left : recipients.left) {
      named.insert(left.address);
      Entry entry = entry_of(domain, left.address);
      if (!is_open(entry)) continue;
      if (auto noted = note(std::move(entry), left.is_temporary ? Status::waiting : Status::left, left.why); !noted) {
        return noted;
      }
    }
    std::optional<std::string> packed;
    for (const Recipients::To& to : recipients.to) {
      named.insert(to.address);
      if (must_stop()) return {};
      Entry entry = entry_of(domain, to.address);
      if (!is_open(entry)) continue;
      if (!packed) packed = packed_report(domain, messages, recipients.problem);
      if (auto sent = send_to(std::move(entry), to, *packed); !sent) return sent;
    }
    return close_others(domain, named);
  }

  Entry entry_of(const std::string& domain, const std::string& address) const {
    const auto& entries = ledger_.record().entries;
    const auto found = entries.find({domain, address});
    if (found != entries.end()) return found->second;
    return {.domain = domain, .address = address};
  }

  std::vector<Entry> open_entries(const std::string& domain) const {
    std::vector<Entry> open;
    const auto& entries = ledger_.record().entries;
    for (auto one = entries.lower_bound({domain, {}}); one != entries.end() && one->first.first == domain; ++one) {
      if (is_open(one->second)) open.push_back(one->second);
    }
    return open;
  }

  static bool is_open(const Entry& entry) { return entry.status == Status::waiting; }

  // Empty where no message of the domain is reported.
  std::string packed_report(const std::string& domain, const Collection::Domain& messages, const std::string& problem) {
    const auto report = make_report(domain, messages, day_, reporter_, problem);
    return report.rows.empty() ? std::string() : gzip_.packed(to_xml(report));
  }

  Done send_to(Entry entry, const Recipients::To& to, const std::string& packed) {
    if (packed.empty()) return note(std::move(entry), Status::left, "there is nothing to report");
    const outbox::Mail mail = compose(entry, packed);
    if (to.max_bytes && mail.content.size() > *to.max_bytes) {
      return note(std::move(entry), Status::left,
                  "it has " + std::to_string(mail.content.size()) + " bytes, and at most " +
                      std::to_string(*to.max_bytes) + " are wanted");
    }
    Entry under_way = entry;
    under_way.status = Status::under_way;
    under_way.time = tools_.unix_time();
    if (auto noted = ledger_.note(under_way); !noted) return noted;
    const outbox::HandedOver handed = tools_.hand_over(mail);
    failures_ = handed.result == Result::temporary ? failures_ + 1 : 0;
    if (failures_ == max_failures_in_a_row) round_.is_cut = true;
    const Status status = handed.is_accepted()                 ? Status::sent
                          : handed.result == Result::temporary ? Status::waiting
                                                               : Status::failed;
    return note(std::move(entry), status, handed.words);
  }

  outbox::Mail compose(const Entry& entry, const std::string& packed) const {
    const ReportName name = name_of(entry.domain, day_, reporter_);
    const outbox::AttachedReport report{
        .subject = name.subject,
        .to = entry.address,
        .text = "This is an aggregate report of DMARC (RFC 9990): how mail in the name of\n" + entry.domain +
                "\ndid here on " + to_string(day_) + " (UTC). The record at\n_dmarc." + entry.domain +
                "\nasks for it (rua). Programs read it.\n",
        .file_name = name.file_name,
        .media_type = "application/gzip",
        .bytes = packed,
        .identity = name.id + '\0' + entry.address};
    const outbox::Author author{
        .host_name = reporter_.host_name, .address = reporter_.address, .name = reporter_.organization};
    return outbox::compose_attached_report(report, author, tools_.key, tools_.unix_time());
  }

  // Those whose messages the trace has no more.
  Done note_vanished() {
    for (const std::string& domain : due_) {
      if (seen_.count(domain) > 0) continue;
      for (Entry& entry : open_entries(domain)) {
        auto noted = note(std::move(entry), Status::failed, "its messages are not in the trace any more");
        if (!noted) return noted;
      }
    }
    return {};
  }

  // What waited for an address that is not named now waits for nothing.
  Done close_others(const std::string& domain, const std::set<std::string>& named) {
    for (Entry& entry : open_entries(domain)) {
      if (named.count(entry.address) > 0) continue;
      const char* why = entry.address.empty() ? "DNS has answered since" : "the record names it no more";
      if (auto noted = note(std::move(entry), Status::left, why); !noted) return noted;
    }
    return {};
  }

  Done note(Entry entry, Status status, const std::string& words) {
    entry.time = tools_.unix_time();
    if (entry.first == 0) entry.first = entry.time;
    ++entry.attempts;
    entry.words = base::printable(words, 300);
    const bool is_over = status == Status::waiting && entry.time - entry.first >= keep_trying;
    entry.status = is_over ? Status::failed : status;
    count(entry.status);
    auto noted = ledger_.note(entry);
    if (noted) tools_.progress(entry);
    return noted;
  }

  void count(Status status) {
    switch (status) {
      case Status::sent:
        ++round_.sent;
        break;
      case Status::waiting:
        ++round_.waiting;
        break;
      case Status::failed:
        ++round_.failed;
        break;
      case Status::left:
      case Status::under_way:
        ++round_.left;
        break;
    }
  }

  const Tools& tools_;
  Day day_;
  Ledger& ledger_;
  Reporter reporter_;
  bool is_first_;  // not all domains were gone through
  std::set<std::string> due_;
  std::set<std::string> chosen_;  // those that get a report, where they are gone through
  std::set<std::string> seen_;    // of those
  Round round_;
  Gzip gzip_;
  int failures_ = 0;
};

}  // namespace

Reporter reporter_of(const model::Configuration& configuration) {
  const std::string& sender = configuration.reports.sender;
  Reporter reporter{.organization = configuration.organization.name,
                    .domain = sender.substr(sender.rfind('@') + 1),
                    .address = sender,
                    .host_name = configuration.server.host_name};
  if (reporter.organization.empty()) reporter.organization = reporter.domain;
  return reporter;
}

std::string why_none(const model::Configuration& configuration) {
  if (!configuration.reports.dmarc) return "no reports are sent; write dmarc = true in [reports]";
  return configuration.trace ? "" : "reports are made from the trace, and there is no [trace]";
}

std::string why_not_about(const engine::Policy& policy, const std::string& domain) {
  if (policy.index().accepted_domains().matches(domain)) return "it is one of our own domains";
  return is_skipped(policy, domain) ? "reports.skip leaves it out" : "";
}

tl::expected<Round, std::string> send_reports(const Tools& tools, Day day, Ledger& ledger, bool at_once) {
  return Sending(tools, day, ledger, at_once).run();
}

tl::expected<std::optional<reports::AggregateReport>, std::string> report_about(const engine::Policy& policy,
                                                                                trace::Archive& archive,
                                                                                const std::string& domain, Day day) {
  constexpr std::size_t enough = std::size_t{256} << 20U;
  Collection collection(
      {}, [&domain](const std::string& one) { return one == domain; }, enough);
  if (auto done = collect(archive, day, collection, [] { return false; }); !done) return tl::unexpected(done.error());
  const auto found = collection.domains().find(domain);
  if (found == collection.domains().end()) return std::nullopt;
  auto report = make_report(domain, found->second, day, reporter_of(policy.configuration()), {});
  if (report.rows.empty()) return std::nullopt;
  return report;
}

}  // namespace connectord::reporting
