#include "inbound_history.h"

#include <map>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/engine/decide.h"
#include "connectord/mail/certificate_name.h"
#include "connectord/mail/path.h"
#include "connectord/trace/trace_json.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

constexpr std::size_t max_rows = 2'000;   // of one search
constexpr std::size_t max_searches = 20;  // domains and networks that are searched for
constexpr std::size_t max_history_text = 400;

// A message of the past as the engine would see it, up to RCPT.
model::Facts facts_of(const trace::Message& message) {
  model::Facts facts;
  facts.client_address = net::IpAddress::parse(message.client_address);
  facts.helo = message.helo;
  facts.sasl_username = message.sasl_username;
  if (!message.tls.empty()) {
    facts.tls = model::Tls{model::parse_tls_version(message.tls).value_or(model::TlsVersion::none), message.tls,
                           message.cipher, 0};
  }
  const auto set = [](const std::string& name, std::string& whole, std::string& common) {
    if (name.starts_with('/')) whole = name;
    common = name.starts_with('/') ? mail::common_name(name) : name;
  };
  const trace::Certificate& certificate = message.certificate;
  set(certificate.subject, facts.certificate.subject_name, facts.certificate.subject_common_name);
  set(certificate.issuer, facts.certificate.issuer_name, facts.certificate.issuer_common_name);
  facts.certificate.sha256 = certificate.sha256;
  facts.certificate.public_key_sha256 = certificate.public_key_sha256;
  facts.mail_from = mail::parse_reverse_path("<" + message.mail_from + ">");
  return facts;
}

std::string described(std::int64_t row, const trace::Message& message) {
  constexpr std::size_t to_the_second = 19;
  std::string time = trace::iso_time(message.time).substr(0, to_the_second) + "Z";
  return "row " + std::to_string(row) + " (" + time + ", <" + message.mail_from + "> from [" +
         (message.client_address.empty() ? "unknown" : message.client_address) + "])";
}

// Messages that have something in common, with the newest of them.
struct Kind {
  std::size_t number = 0;
  std::string example;
  std::string hint;
};

std::string counted(std::size_t number) {
  return std::to_string(number) + (number == 1 ? " message" : " messages");
}

class History {
 public:
  History(const engine::Policy& policy, const model::InboundConnector& connector, std::chrono::hours reach,
          StepLog& steps)
      : policy_(policy), connector_(connector), reach_(reach), steps_(steps) {}

  void run() {
    const std::int64_t now = steps_.services().unix_time();
    since_ = (now - std::chrono::duration_cast<std::chrono::seconds>(reach_).count()) * base::second_ms;
    trace::Query taken;
    taken.connector = connector_.name;
    if (!search(std::move(taken))) return;
    for (const trace::Query& query : sources()) {
      if (!search(query)) return;
    }
    for (const auto& [id, row] : messages_) look_at(row);
    report_taken();
    report_failures();
    report_missed();
  }

 private:
  // What of the connector's identify can be searched for.
  std::vector<trace::Query> sources() const {
    std::vector<trace::Query> queries;
    for (const auto& domain : connector_.identify.sender_domains) {
      if (!domain.name().empty()) queries.emplace_back().sender = domain.name();
    }
    for (const auto& network : connector_.identify.client_networks) queries.emplace_back().client = network;
    if (queries.size() > max_searches) queries.resize(max_searches);
    return queries;
  }

  bool search(trace::Query query) {
    query.since = since_;
    query.limit = max_rows;
    const auto page = steps_.services().archive->search(query);
    if (!page) {
      steps_.warn({.check = model::check::history,
                   .outcome = Outcome::temperror,
                   .expected = "the message trace",
                   .seen = base::printable(page.error(), max_history_text)});
      return false;
    }
    cut_ = cut_ || !page->next.empty();
    for (const trace::Row& row : page->rows) {
      const auto& message = *row.message;
      if (message.direction == trace::Direction::validation) continue;
      const bool is_outbound = message.direction == trace::Direction::outbound && message.connector.empty();
      if (!is_outbound && message.sasl_username.empty()) messages_.try_emplace(message.id, row);
    }
    return true;
  }

  void look_at(const trace::Row& row) {
    const trace::Message& message = *row.message;
    const std::string example = described(row.id, message);
    if (message.connector == connector_.name) {
      ++taken_[message.stage == trace::Stage::mta ? "refused by the mail server itself"
                                                  : model::to_string(message.action)];
    } else {
      note_missed(message, example);
    }
    for (const model::Finding& finding : message.findings) {
      const bool bad = finding.outcome == Outcome::fail || finding.outcome == Outcome::temperror;
      if (bad && finding.connector == connector_.name) note(failures_[finding.check], finding, example);
    }
  }

  static void note(Kind& kind, const model::Finding& finding, const std::string& example) {
    ++kind.number;
    kind.example = example + ": expected " + finding.expected + ", seen " + finding.seen;
    kind.hint = finding.hint;
  }

  // Why it went elsewhere, and whether it still would.
  void note_missed(const trace::Message& message, const std::string& example) {
    const std::string by = message.identified_by.empty() ? "" : ", by its " + message.identified_by;
    const std::string where = message.connector.empty() ? "no connector" : message.connector + by;
    const model::Decision now = engine::decide(policy_, facts_of(message));
    Kind& kind = missed_[where];
    ++kind.number;
    kind.example = example;
    if (now.connector == connector_.name) {
      kind.hint = "with the configuration as it is now, this connector takes it";
    } else if (!connector_.enabled) {
      kind.hint = "the connector is disabled";
    } else {
      kind.hint = (now.connector.empty() ? "no connector takes it now either"
                                         : now.connector + " takes it now too, by its " +
                                               std::string(model::to_string(now.identified_by))) +
                  "; a certificate counts before the client's network, and that before the sender's domain";
    }
  }

  std::string span() const { return "in the last " + std::to_string(reach_.count() / 24) + " days"; }

  void report_taken() {
    Finding finding{.check = model::check::history_taken, .expected = "mail that the connector takes"};
    if (taken_.empty()) {
      finding.outcome = Outcome::not_applicable;
      finding.seen = "none " + span();
      finding.hint = "nobody sends, or the mail does not match `identify`";
      return steps_.warn(std::move(finding));
    }
    for (const auto& [action, number] : taken_) {
      finding.seen += (finding.seen.empty() ? "" : ", ") + std::to_string(number) + " " + std::string(action);
    }
    finding.seen += " " + span() + (cut_ ? " (the newest only)" : "");
    steps_.add(std::move(finding));
  }

  void report_failures() {
    for (const auto& [check, kind] : failures_) {
      steps_.warn({.check = model::check::history_failed,
                   .outcome = Outcome::fail,
                   .expected = check,
                   .seen = base::printable(counted(kind.number) + ", such as " + kind.example, max_history_text),
                   .hint = kind.hint});
    }
  }

  void report_missed() {
    for (const auto& [where, kind] : missed_) {
      steps_.warn({.check = model::check::history_missed,
                   .outcome = Outcome::fail,
                   .expected = "mail of its senders and networks is attributed to it",
                   .seen = base::printable(counted(kind.number) + " to " + where + ", such as " + kind.example,
                                           max_history_text),
                   .hint = kind.hint});
    }
  }

  const engine::Policy& policy_;
  const model::InboundConnector& connector_;
  std::chrono::hours reach_;
  StepLog& steps_;
  std::int64_t since_ = 0;
  bool cut_ = false;
  std::map<std::int64_t, trace::Row> messages_;  // by their numbers, each once
  std::map<std::string_view, std::size_t> taken_;
  std::map<std::string, Kind> failures_;  // by check
  std::map<std::string, Kind> missed_;    // by where it went
};

}  // namespace

void report_history(const engine::Policy& policy, const model::InboundConnector& connector, std::chrono::hours reach,
                    StepLog& steps) {
  if (steps.services().archive != nullptr) History(policy, connector, reach, steps).run();
}

}  // namespace connectord::probe
