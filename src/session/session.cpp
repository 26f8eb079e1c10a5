#include "connectord/session/session.h"

#include <iterator>
#include <utility>

#include "authenticator.h"
#include "connectord/engine/admission.h"
#include "connectord/engine/decide.h"
#include "connectord/engine/enhanced_filtering.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/path.h"
#include "connectord/session/message_log.h"
#include "header_edit.h"
#include "message_signer.h"
#include "message_trace.h"

namespace connectord::session {
namespace {

// Beyond these a client is asked to send the rest as another message (RFC 5321, 4.5.3.1.10).
constexpr std::size_t max_recipients = 50'000;
constexpr std::size_t max_recipient_bytes = std::size_t{4} << 20;
// What is kept of a name from outside; RFC 5321, 4.5.3.1.2 allows 255 octets.
constexpr std::size_t max_name_length = 1024;

constexpr std::string_view no_policy_request =
    "no policy request came for this connection: add check_policy_service with connectord's policy socket at the "
    "beginning of smtpd_recipient_restrictions; Sendmail cannot tell it";

bool goes_on(const model::Decision& decision) {
  return decision.action == model::Action::accept || decision.action == model::Action::quarantine;
}

Answer to_answer(const model::Decision& decision) {
  return {decision.action, decision.reply, decision.quarantine};
}

}  // namespace

Session::Session(const runtime::Services& services, Intake& intake)
    : services_(services), intake_(intake), trace_(std::make_unique<MessageTrace>(services_)) {}

Session::~Session() {
  end_message();
}

void Session::connected(Connection connection) {
  end_message();
  live_.reset();
  facts_ = {};
  trace_->connected();
  facts_.client_name = connection.client_name.substr(0, max_name_length);
  facts_.client_address = connection.client_address;
  facts_.client_port = connection.client_port;
  facts_.local_submission = connection.local_submission;
  if (connection.client_address && connection.client_port != 0) {
    live_ = services_.live.enter({*connection.client_address, connection.client_port}, connection.server_port);
  }
}

void Session::helo(std::string_view name) {
  facts_.helo = name.substr(0, max_name_length);
}

void Session::secured(std::optional<model::Tls> tls, model::ClientCertificate certificate) {
  tls_ = std::move(tls);
  certificate_ = std::move(certificate);
}

// False if the message cannot be looked at as the configuration wants.
bool Session::begin_message() {
  end_message();
  generation_ = services_.policies.current();
  const model::Configuration& configuration = generation_.policy->configuration();
  if (wants_body(*generation_.policy) && !has_body_) return false;
  in_message_ = true;
  intake_.begin();
  header_edit_ = std::make_unique<HeaderEdit>(configuration);
  if (!configuration.signing.empty()) {
    signer_ = std::make_unique<MessageSigner>(*generation_.policy, generation_.secrets.signing_keys);
  }
  return true;
}

bool Session::wants_body(const engine::Policy& policy) {
  const model::AuthenticationSettings& settings = policy.configuration().authentication;
  return settings.verifies_signatures() || settings.arc || !policy.configuration().signing.empty();
}

void Session::end_message() {
  if (!in_message_) return;
  in_message_ = false;
  // First, since it looks into the rest.
  authenticator_.reset();
  header_edit_.reset();
  signer_.reset();
  generation_ = {};
  joined_.reset();
  envelope_decision_.reset();
  route_ = {};
  split_logged_ = false;
  in_content_ = false;
  filtering_ = nullptr;
  refusal_logged_ = false;
  recipient_bytes_ = 0;
  facts_.recipients = {};
  facts_.authentication = {};
  facts_.original.reset();
  facts_.no_skip_listing = {};
  facts_.forwarded = false;
  facts_.author.reset();
  facts_.forged = {};
  intake_.end();
}

Answer Session::mail_from(std::string_view path, std::string_view sasl_username) {
  facts_.mail_from = mail::parse_reverse_path(path);
  facts_.sasl_username = sasl_username.substr(0, max_name_length);
  trace_->begin_message();
  if (!intake_.open()) return refuse_message("connectord is stopping; try again in a minute");
  if (!begin_message()) return refuse_message("The configuration has changed; connect anew");
  const model::AuthenticationSettings& settings = generation_.policy->configuration().authentication;
  const bool is_submission = facts_.local_submission || !facts_.sasl_username.empty();
  if (settings.checks_anything() && !is_submission) {
    authenticator_ = std::make_unique<Authenticator>(
        Authenticator::Context{generation_.resolver, services_.workers, &settings,
                               generation_.policy->configuration().server.authserv_id, services_.unix_time()});
    authenticator_->start(facts_);
  }
  return {};
}

// Certificate names and TLS come from the milter where it has them, fingerprints from the policy service alone.
void Session::join_policy_facts() {
  facts_.tls = tls_;
  facts_.certificate = certificate_;
  joined_ = live_ ? live_->policy_facts() : nullptr;
  // What was told before STARTTLS says nothing of the certificate shown then, and what anybody could tell says nothing.
  const bool current = joined_ != nullptr && (joined_->tls.has_value() || !tls_.has_value()) &&
                       engine::believes_policy_requests(*generation_.policy);
  if (!current) {
    if (facts_.certificate.unknown_because.empty()) facts_.certificate.unknown_because = no_policy_request;
    return;
  }
  if (!facts_.tls) facts_.tls = joined_->tls;
  model::ClientCertificate& mine = facts_.certificate;
  const model::ClientCertificate& theirs = joined_->certificate;
  if (mine.subject_common_name.empty()) mine.subject_common_name = theirs.subject_common_name;
  if (mine.issuer_common_name.empty()) mine.issuer_common_name = theirs.issuer_common_name;
  mine.sha256 = theirs.sha256;
  mine.public_key_sha256 = theirs.public_key_sha256;
  mine.unknown_because = theirs.unknown_because;
}

model::Decision Session::decide(model::Facts::Stage stage) {
  facts_.stage = stage;
  return engine::decide(*generation_.policy, facts_);
}

// Before it has begun.
Answer Session::refuse_message(std::string text) {
  model::Decision decision;
  decision.action = model::Action::defer;
  decision.reply = model::Reply{451, "4.3.2", std::move(text)};
  facts_.tls = tls_;
  facts_.certificate = certificate_;
  trace_->keep(*services_.policies.current().policy, trace::Stage::mail_from, facts_, {}, "", decision);
  return to_answer(decision);
}

Answer Session::rcpt_to(std::string_view path, std::string_view queue_id, bool delivered_here) {
  if (!in_message_) return {model::Action::defer, model::Reply{451, "4.3.0", "connectord was not told of MAIL"}};
  const std::string_view recipient = mail::without_brackets(path);
  if (facts_.recipients.size() >= max_recipients || recipient_bytes_ + recipient.size() > max_recipient_bytes) {
    return {model::Action::defer, model::Reply{452, "4.5.3", "Too many recipients; send the rest in another message"}};
  }
  facts_.recipients.emplace_back(recipient);
  recipient_bytes_ += recipient.size();
  decide_envelope();
  if (envelope_decision_->action == model::Action::accept) return admit(recipient, queue_id, delivered_here);
  return refuse_recipient(queue_id, *envelope_decision_, Refusal::by_envelope);
}

// The last one, which is none of the message's then.
Answer Session::refuse_recipient(std::string_view queue_id, model::Decision decision, Refusal kind) {
  trace_->keep(*generation_.policy, trace::Stage::rcpt_to, facts_, {facts_.recipients.back()}, queue_id, decision);
  bool& is_logged = kind == Refusal::by_route ? split_logged_ : refusal_logged_;
  if (!std::exchange(is_logged, true)) log(queue_id, decision);
  recipient_bytes_ -= facts_.recipients.back().size();
  facts_.recipients.pop_back();
  return to_answer(decision);
}

void Session::decide_envelope() {
  // A message of thousands of recipients is decided once, unless a policy request has told something new since.
  const bool news = live_ != nullptr && live_->policy_facts() != joined_;
  if (envelope_decision_ && !news) return;
  const metrics::Stopwatch stopwatch(services_.metrics->stages.with({"envelope"}));
  join_policy_facts();
  envelope_decision_ = decide(model::Facts::Stage::envelope);
  if (route_.empty()) route_ = engine::MessageRoute(*generation_.policy, envelope_decision_->tag);
}

// Whether it may leave along the route that the message has so far.
Answer Session::admit(std::string_view recipient, std::string_view queue_id, bool delivered_here) {
  engine::MessageRoute::Admission admission = route_.admit({recipient, delivered_here});
  if (admission.admitted) {
    trace_->admitted(*generation_.policy, recipient, delivered_here);
    return {};
  }
  model::Decision split = *envelope_decision_;
  split.action = model::Action::defer;
  split.reply = std::move(admission.reply);
  split.findings.push_back(std::move(admission.finding));
  return refuse_recipient(queue_id, std::move(split), Refusal::by_route);
}

// The route was found recipient by recipient for the tag that the message had then.
void Session::take_route(model::Decision& decision) const {
  if (!goes_on(decision)) return;
  if (!route_.empty() && decision.tag != route_.tag()) {
    decision.action = model::Action::defer;
    decision.reply = model::Reply{451, "4.3.0", "What is known of this connection has changed; send the message again"};
    return;
  }
  route_.record(decision.findings);
  if (route_.connector() != nullptr) decision.outbound = route_.connector()->name;
}

void Session::begin_content() {
  in_content_ = true;
  const mail::SkipRules* rules = nullptr;
  if (envelope_decision_) {
    const auto choice = engine::filtering_of(*generation_.policy, *envelope_decision_, facts_);
    filtering_ = choice.filtering;
    facts_.no_skip_listing = choice.why_not;
    rules = choice.rules;
  }
  if (authenticator_) authenticator_->begin_content(rules);
}

void Session::header(std::string_view name, std::string_view value) {
  if (!in_message_) return;
  if (!in_content_) begin_content();
  if (facts_.local_submission && mail::is_named(name, "Received")) facts_.forwarded = true;
  header_edit_->note(name, value);
  trace_->header(name, value);
  if (authenticator_) authenticator_->header(name, value);
  if (signer_) signer_->header(name, value);
}

void Session::end_of_headers() {
  if (!in_message_) return;
  if (!in_content_) begin_content();
  if (authenticator_) authenticator_->end_of_headers();
  if (signer_) signer_->end_of_headers();
}

void Session::body(std::string_view chunk) {
  if (!in_message_) return;
  trace_->body(chunk);
  if (authenticator_) authenticator_->body(chunk);
  if (signer_) signer_->body(chunk);
}

Ending Session::end_of_message(std::string_view queue_id) {
  Ending ending;
  if (!in_message_) {
    ending.answer = {model::Action::defer, model::Reply{451, "4.3.0", "connectord was not told of MAIL"}};
    return ending;
  }
  const metrics::Stopwatch stopwatch(services_.metrics->stages.with({"end_of_message"}));
  join_policy_facts();
  std::string received_spf;
  if (authenticator_) {
    const metrics::Stopwatch waiting(services_.metrics->stages.with({"authentication"}));
    const model::Configuration& configuration = generation_.policy->configuration();
    authenticator_->finish(std::chrono::steady_clock::now() + configuration.dns.budget, facts_);
    if (configuration.authentication.received_spf) received_spf = authenticator_->received_spf(facts_);
  }
  if (signer_) facts_.author = signer_->author();
  facts_.forged = header_edit_->forged();
  ending.decision = decide(model::Facts::Stage::message);
  take_route(ending.decision);
  if (goes_on(ending.decision)) {
    ending.header_changes = header_edit_->changes(facts_, ending.decision, filtering_, received_spf);
  }
  if (signer_) sign(queue_id, ending);
  trace_->keep(*generation_.policy, trace::Stage::message, facts_, facts_.recipients, queue_id, ending.decision);
  ending.answer = to_answer(ending.decision);
  log(queue_id, ending.decision);
  ending.authentication = std::move(facts_.authentication);
  ending.original = std::move(facts_.original);
  end_message();
  return ending;
}

// Last of all changes, and so on top.
void Session::sign(std::string_view queue_id, Ending& ending) {
  auto signatures = signer_->sign(ending.decision.signatures, services_.unix_time());
  if (!signatures) {
    services_.log.error(queue_id.empty() ? "NOQUEUE" : queue_id, "cannot sign; deferring",
                        {{"problem", signatures.error()}});
    ending.decision.action = model::Action::defer;
    ending.decision.reply = model::Reply{451, "4.3.0", "Cannot sign the message"};
    return;
  }
  ending.header_changes.insert(ending.header_changes.end(), std::make_move_iterator(signatures->begin()),
                               std::make_move_iterator(signatures->end()));
}

void Session::abort() {
  end_message();
}

void Session::log(std::string_view queue_id, const model::Decision& decision) const {
  runtime::count_decision(*services_.metrics, facts_, decision);
  const std::uint64_t removed = goes_on(decision) ? header_edit_->forged().count : 0;
  log_decision(services_.log, queue_id, facts_, decision, removed);
}

}  // namespace connectord::session
