#include "message_trace.h"

#include <algorithm>

#include "connectord/engine/routing.h"
#include "connectord/mail/header_field.h"
#include "connectord/session/validation_mark.h"

namespace connectord::session {
namespace {

// The store cuts them shorter.
constexpr std::size_t max_kept_length = 2048;

void keep_first(std::string& kept, std::string_view value) {
  if (kept.empty()) kept = value.substr(0, max_kept_length);
}

bool is_submission(const model::Facts& facts) {
  return facts.local_submission || !facts.sasl_username.empty();
}

void defer(model::Decision& decision, const std::string& reason) {
  decision.action = model::Action::defer;
  decision.reply = model::Reply{451, "4.3.0", "The message trace cannot be written now; try again later"};
  decision.quarantine.clear();
  decision.findings.push_back({.check = model::check::trace,
                               .outcome = model::Outcome::temperror,
                               .expected = "an entry in the message trace",
                               .seen = reason,
                               .hint = "make room or mend the file; trace.on_failure = \"accept\" does without"});
}

}  // namespace

void MessageTrace::connected() {
  connected_ = services_.unix_milliseconds();
}

void MessageTrace::begin_message() {
  began_ = services_.unix_milliseconds();
  outbound_.clear();
  message_id_.clear();
  token_.clear();
  from_.clear();
  subject_.clear();
  header_bytes_ = 0;
  body_bytes_.reset();
  stages_.reset();
}

void MessageTrace::admitted(const engine::Policy& policy, std::string_view sender, const engine::Recipient& recipient) {
  if (services_.trace == nullptr) return;
  const model::OutboundConnector* connector = engine::route_from(policy, sender, recipient);
  outbound_.emplace_back(connector == nullptr ? std::string() : connector->name);
}

void MessageTrace::header(std::string_view name, std::string_view value) {
  if (services_.trace == nullptr) return;
  const auto breaks = static_cast<std::size_t>(std::count(value.begin(), value.end(), '\n'));
  header_bytes_ += name.size() + value.size() + breaks + 3;  // the colon, and CRLF
  if (mail::is_named(name, "Message-ID")) keep_first(message_id_, value);
  if (mail::is_named(name, outbox::Key::token_header)) keep_first(token_, value);
  if (mail::is_named(name, "From")) keep_first(from_, value);
  if (mail::is_named(name, "Subject")) keep_first(subject_, value);
}

std::vector<std::string> MessageTrace::after(const model::Facts& facts, const model::RuleChanges& changes,
                                             const engine::Policy& policy) {
  std::vector<std::string> recipients;
  std::vector<std::string> outbound;
  auto removed = changes.removed_recipients.begin();
  for (std::size_t number = 0; number < facts.recipients.size(); ++number) {
    const bool is_removed = removed != changes.removed_recipients.end() && *removed == number;
    if (is_removed) ++removed;
    if (is_removed) continue;
    recipients.push_back(facts.recipients[number]);
    if (number < outbound_.size()) outbound.push_back(std::move(outbound_[number]));
  }
  outbound_ = std::move(outbound);
  for (const model::AddedRecipient& added : changes.added_recipients) {
    recipients.push_back(added.address);
    admitted(policy, facts.mail_from.address, {added.address, false});
  }
  return recipients;
}

// The route of the whole message counts before those of its recipients.
void MessageTrace::add_route(const model::Decision& decision, trace::Entry& entry) const {
  const auto differs = [this](const std::string& name) { return name != outbound_.front(); };
  if (!decision.outbound.empty()) {
    entry.outbound_connector = decision.outbound;
  } else if (std::any_of(outbound_.begin(), outbound_.end(), differs)) {
    entry.outbound_connectors = outbound_;
  } else if (!outbound_.empty()) {
    entry.outbound_connector = outbound_.front();
  }
}

trace::Direction MessageTrace::direction_of(const trace::Entry& entry) const {
  const bool is_test = entry.stage == trace::Stage::message && services_.mail_key != nullptr &&
                       is_message_mark(*services_.mail_key, token_, message_id_, services_.unix_time());
  if (entry.facts.own_validation || is_test) return trace::Direction::validation;
  const bool leaves =
      is_submission(entry.facts) || !entry.outbound_connector.empty() || !entry.outbound_connectors.empty();
  return leaves ? trace::Direction::outbound : trace::Direction::inbound;
}

void MessageTrace::keep(const engine::Policy& policy, trace::Stage stage, const model::Facts& facts,
                        const std::vector<std::string>& recipients, std::string_view queue_id,
                        model::Decision& decision) const {
  const auto& settings = policy.configuration().trace;
  if (services_.trace == nullptr || !settings) return;
  trace::Entry entry{.facts = facts, .decision = decision, .recipients = recipients, .stage = stage};
  if (stage == trace::Stage::message) add_route(decision, entry);
  entry.direction = direction_of(entry);
  entry.time = services_.unix_milliseconds();
  entry.connected = connected_;
  entry.began = began_;
  entry.queue_id = queue_id;
  entry.message_id = message_id_;
  entry.from = from_;
  if (settings->subject) entry.subject = subject_;
  if (body_bytes_) entry.size = header_bytes_ + 2 + *body_bytes_;
  if (stage == trace::Stage::message) entry.stages = stages_;
  entry.is_reported = policy.configuration().reports.dmarc && stage == trace::Stage::message && !is_submission(facts) &&
                      !facts.is_own_mail;
  const auto kept = services_.trace->append(entry);
  if (kept || settings->on_failure == model::OnTraceFailure::accept) return;
  if (decision.action != model::Action::defer) defer(decision, kept.error());
}

void keep_answer(const runtime::Services& services, const engine::Policy& policy, const model::Facts& facts,
                 std::string_view queue_id, model::Decision& decision) {
  MessageTrace(services).keep(policy, trace::Stage::rcpt_to, facts, facts.recipients, queue_id, decision);
}

}  // namespace connectord::session
