#include "connectord/simulate/backtest.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "certificate_names.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/config/rule_json.h"
#include "connectord/engine/decide.h"
#include "connectord/engine/enhanced_filtering.h"
#include "connectord/mail/path.h"
#include "connectord/trace/trace_json.h"

namespace connectord::simulate {
namespace {

using Json = nlohmann::ordered_json;
using model::Action;
using model::Decision;

constexpr std::size_t max_groups = 10'000;
constexpr std::size_t max_examples = 3;

// Of [rule.when] and [rule.unless]: what the trace has of each message.
constexpr std::array<std::string_view, 24> keys_in_trace = {"direction",
                                                            "inbound_connectors",
                                                            "outbound_connectors",
                                                            "authenticated",
                                                            "tls",
                                                            "client_networks",
                                                            "sender",
                                                            "sender_domains",
                                                            "sender_words",
                                                            "sender_patterns",
                                                            "senders_file",
                                                            "sender_scope",
                                                            "sender_location",
                                                            "recipient",
                                                            "recipient_domains",
                                                            "recipient_words",
                                                            "recipient_patterns",
                                                            "recipients_file",
                                                            "recipient_scope",
                                                            "message_size_over",
                                                            "spf",
                                                            "dkim",
                                                            "dmarc",
                                                            "arc"};

template <class Connector>
void put_in(std::vector<Connector>& connectors, const std::vector<Connector>& drafts) {
  for (const Connector& draft : drafts) {
    const auto same = std::find_if(connectors.begin(), connectors.end(), [&](const Connector& one) {
      return base::equals_ignoring_case(one.name, draft.name);
    });
    if (same == connectors.end()) {
      connectors.push_back(draft);
    } else {
      *same = draft;
    }
  }
}

// What a trace does not say may be because there was none: a client without TLS has no certificate. Of one that had, an
// empty fingerprint means that nobody passed it.
std::optional<std::string> fingerprint_of(const trace::Message& message, const std::string& kept) {
  const bool has_certificate = !message.certificate.subject.empty() || !message.certificate.issuer.empty();
  if (kept.empty() && has_certificate) return std::nullopt;
  return kept;
}

model::ClientCertificate certificate_of(const trace::Message& message) {
  model::ClientCertificate certificate;
  read_name(message.certificate.subject, certificate.subject_common_name, certificate.subject_name);
  read_name(message.certificate.issuer, certificate.issuer_common_name, certificate.issuer_name);
  certificate.sha256 = fingerprint_of(message, message.certificate.sha256);
  certificate.public_key_sha256 = fingerprint_of(message, message.certificate.public_key_sha256);
  certificate.unknown_because = "the trace has none of this message";
  return certificate;
}

bool lets_in(Action action) {
  return action == Action::accept || action == Action::quarantine;
}

// What could not be known, though the engine asked: by a finding of the connection, or of the message's content.
bool is_open(const model::Finding& finding) {
  if (finding.outcome == model::Outcome::temperror) return true;
  return finding.outcome == model::Outcome::not_applicable && model::check::is_requirement(finding.check);
}

// What the draft alone asks for and the trace lacks.
const model::Finding* newly_open(const Decision& now, const Decision& then) {
  for (const model::Finding& finding : then.findings) {
    if (!is_open(finding)) continue;
    const bool open_now = std::any_of(now.findings.begin(), now.findings.end(), [&](const model::Finding& one) {
      return is_open(one) && one.check == finding.check && one.connector == finding.connector;
    });
    if (!open_now) return &finding;
  }
  return nullptr;
}

// The addresses of a message's hops are not kept, so who would be found behind other gateways, and what SPF and DMARC
// would say of that client, is not known. Empty where both policies look through the same ones.
std::string other_gateways(const engine::Policy& running, const engine::Policy& draft, const Decision& now,
                           const Decision& then, const model::Facts& facts) {
  if (facts.stage != model::Facts::Stage::message) return "";
  const auto looks_through = [&facts](const engine::Policy& policy, const Decision& decision) {
    const auto* filtering = engine::filtering_of(policy, decision, facts).filtering;
    return filtering == nullptr ? model::EnhancedFiltering() : *filtering;
  };
  const model::EnhancedFiltering a = looks_through(running, now);
  const model::EnhancedFiltering b = looks_through(draft, then);
  const bool same_skip_last = a.skip_last == b.skip_last;
  if (same_skip_last && a.skip_networks == b.skip_networks) return "";
  return std::string("enhanced_filtering.") + (same_skip_last ? "skip_networks" : "skip_last") + " of " +
         (then.connector.empty() ? now.connector : then.connector) +
         " has another client judged, and the trace does not have who that was";
}

// Whatever the message's content would have shown.
bool is_refused_by_envelope(const engine::Policy& policy, model::Facts facts) {
  facts.stage = model::Facts::Stage::envelope;
  return engine::decide(policy, facts).action == Action::reject;
}

std::optional<Change> change_between(const Decision& now, const Decision& then) {
  if (then.action != Action::reject && newly_open(now, then) != nullptr) return Change::not_known;
  if (lets_in(now.action) != lets_in(then.action)) return lets_in(now.action) ? Change::refused : Change::let_in;
  if (!lets_in(now.action)) return std::nullopt;
  if (now.action != then.action) return then.action == Action::quarantine ? Change::quarantined : Change::released;
  if (now.connector != then.connector || now.tag != then.tag) return Change::other_connector;
  return std::nullopt;
}

std::string reason_of(Change change, const Decision& now, const Decision& then) {
  if (const auto* open = newly_open(now, then); change == Change::not_known && open != nullptr) {
    return std::string(open->check) + " asks for " + open->expected;
  }
  const Decision& decisive = change == Change::let_in || change == Change::released ? now : then;
  if (decisive.reply) return to_string(*decisive.reply);
  return decisive.quarantine;
}

// "mark: prepend_subject", "watch (audit): reject"
std::string text_of_hit(const model::RuleHit& hit) {
  return title_of(hit) + (hit.matched ? actions_of(hit) : hit.skipped_because);
}

class Replay {
 public:
  Replay(const engine::Policy& running, const engine::Policy& draft, const std::vector<std::string>& rules)
      : running_(running), draft_(draft), rules_(rules) {}

  // The rows of a message follow each other.
  void take(const trace::Row& row) {
    if (row.message->stage == trace::Stage::mta || row.message->direction == trace::Direction::validation) return;
    if (row_ && row_->message->id != row.message->id) replay();
    if (!row_) row_ = row;
    if (!row.rcpt_to.empty() && recipients_.size() < max_recipients) recipients_.push_back(row.rcpt_to);
  }

  Backtest result() && {
    if (row_) replay();
    for (auto& [key, group] : groups_) result_.groups.push_back(std::move(group));
    std::stable_sort(result_.groups.begin(), result_.groups.end(),
                     [](const ChangedGroup& a, const ChangedGroup& b) { return a.messages > b.messages; });
    return std::move(result_);
  }

 private:
  static constexpr std::size_t max_recipients = 1'000;  // of a message that are looked at

  void replay() {
    const trace::Row row = *std::exchange(row_, std::nullopt);
    model::Facts facts = facts_of(*row.message, "");
    facts.recipients = std::exchange(recipients_, {});
    replay(row, facts);
  }

  void replay(const trace::Row& row, const model::Facts& facts) {
    const trace::Message& message = *row.message;
    ++result_.messages;
    const Decision now = engine::decide(running_, facts);
    if (lets_in(now.action) != lets_in(message.action)) ++result_.unlike_then;
    const Decision then = engine::decide(draft_, facts);
    for (const model::RuleHit& hit : then.rules) {
      if (std::find(rules_.begin(), rules_.end(), hit.rule) == rules_.end()) continue;
      return keep(hit.matched ? Change::matched : Change::not_known, row, facts.mail_from.domain, now, then,
                  text_of_hit(hit));
    }
    const std::string unknown = other_gateways(running_, draft_, now, then, facts);
    if (!unknown.empty() && !is_refused_by_envelope(draft_, facts)) {
      return keep(Change::not_known, row, facts.mail_from.domain, now, then, unknown);
    }
    if (const auto change = change_between(now, then)) {
      keep(*change, row, facts.mail_from.domain, now, then, reason_of(*change, now, then));
    }
  }

  using Key = std::tuple<Change, std::string, std::string>;

  void keep(Change change, const trace::Row& row, const std::string& domain, const Decision& now, const Decision& then,
            const std::string& why) {
    ++result_.changes[static_cast<std::size_t>(change)];
    const trace::Message& message = *row.message;
    const Key key(change, domain, message.client_address);
    auto found = groups_.find(key);
    if (found == groups_.end()) {
      if (groups_.size() == max_groups) {
        ++result_.messages_of_no_group;
        return;
      }
      found = groups_.emplace(key, ChangedGroup{change, domain, message.client_address, 0, {}}).first;
    }
    ChangedGroup& group = found->second;
    ++group.messages;
    if (group.examples.size() == max_examples) return;
    group.examples.push_back(
        {row.id, message.time, message.mail_from, row.rcpt_to, now.connector, then.connector, why});
  }

  const engine::Policy& running_;
  const engine::Policy& draft_;
  const std::vector<std::string>& rules_;
  std::optional<trace::Row> row_;  // of the message that is gathered
  std::vector<std::string> recipients_;
  std::map<Key, ChangedGroup> groups_;
  Backtest result_;
};

Json name_or_null(const std::string& name) {
  return name.empty() ? Json() : Json(name);
}

Json to_json(const ChangedGroup& group) {
  Json examples = Json::array();
  for (const Example& example : group.examples) {
    examples.push_back({{"id", example.row},
                        {"time", trace::iso_time(example.time)},
                        {"mail_from", example.mail_from},
                        {"rcpt_to", example.rcpt_to},
                        {"connector_now", name_or_null(example.connector_now)},
                        {"connector_then", name_or_null(example.connector_then)},
                        {"why", example.why}});
  }
  return {{"change", to_string(group.change)},
          {"sender_domain", group.sender_domain},
          {"client_address", name_or_null(group.client_address)},
          {"messages", group.messages},
          {"examples", std::move(examples)}};
}

}  // namespace

model::Facts facts_of(const trace::Message& message, const std::string& recipient) {
  model::Facts facts;
  facts.stage = message.stage == trace::Stage::message ? model::Facts::Stage::message : model::Facts::Stage::envelope;
  if (auto address = net::IpAddress::parse(message.client_address)) facts.client_address = *address;
  facts.client_port = message.client_port;
  facts.client_name = message.client_name;
  facts.helo = message.helo;
  if (!message.tls.empty()) {
    const auto version = model::parse_tls_version(message.tls);
    facts.tls = model::Tls{version.value_or(model::TlsVersion::none), message.tls, message.cipher, 0};
  }
  facts.certificate = certificate_of(message);
  facts.sasl_username = message.sasl_username;
  facts.mail_from = mail::parse_reverse_path("<" + message.mail_from + ">");
  if (!recipient.empty()) facts.recipients.push_back(recipient);
  facts.authentication = message.authentication;
  facts.unix_time = message.time / 1000;
  if (message.stage == trace::Stage::message) {
    // All that rules about the envelope look at beside it.
    facts.header.emplace();
    if (!message.from.empty()) facts.header->push_back({"From", " " + message.from, message.from});
    if (message.size) facts.content.emplace().size = *message.size;
  }
  if (auto original = net::IpAddress::parse(message.original_client)) {
    facts.original = model::OriginalClient{*original, {}, "as the trace has it", true, {}};
  }
  return facts;
}

std::string_view to_string(Change change) {
  return model::word_of(change);
}

std::string key_not_in_trace(const model::Rule& rule) {
  const Json whole = config::to_json(rule);
  for (const char* table : {"when", "unless"}) {
    if (!whole.contains(table)) continue;
    for (const auto& [key, value] : whole[table].items()) {
      if (std::find(keys_in_trace.begin(), keys_in_trace.end(), key) == keys_in_trace.end()) {
        return std::string(table) + "." + key;
      }
    }
  }
  return {};
}

model::Configuration without_unknown_rules(model::Configuration configuration) {
  std::erase_if(configuration.rules, [](const model::Rule& rule) { return !key_not_in_trace(rule).empty(); });
  return configuration;
}

engine::Policy::Compiled policy_for_replay(model::Configuration configuration) {
  return engine::Policy::compile(without_unknown_rules(std::move(configuration)));
}

model::Configuration with_draft(model::Configuration configuration, const model::Configuration& draft) {
  put_in(configuration.inbound, draft.inbound);
  put_in(configuration.outbound, draft.outbound);
  put_in(configuration.rules, draft.rules);
  return configuration;
}

tl::expected<Backtest, std::string> backtest(trace::Archive& archive, trace::Query query, const engine::Policy& running,
                                             const engine::Policy& draft, const std::vector<std::string>& rules) {
  constexpr std::size_t page_size = 1000;
  Replay replay(running, draft, rules);
  query.limit = page_size;
  query.cursor.clear();
  do {
    const auto page = archive.search(query);
    if (!page) return tl::unexpected(page.error());
    for (const trace::Row& row : page->rows) replay.take(row);
    query.cursor = page->next;
  } while (!query.cursor.empty());
  return std::move(replay).result();
}

Json to_json(const Backtest& backtest) {
  Json changes = Json::object();
  static_assert(model::counts_from_zero<Change>());
  for (std::size_t kind = 0; kind < kinds_of_change; ++kind) {
    changes[std::string(model::words<Change>.at(kind).word)] = backtest.changes.at(kind);
  }
  Json groups = Json::array();
  for (const ChangedGroup& group : backtest.groups) groups.push_back(to_json(group));
  return {{"messages", backtest.messages},
          {"unlike_then", backtest.unlike_then},
          {"changes", std::move(changes)},
          {"groups", std::move(groups)},
          {"messages_of_no_group", backtest.messages_of_no_group}};
}

}  // namespace connectord::simulate
