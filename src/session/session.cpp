#include "connectord/session/session.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "authenticator.h"
#include "connectord/base/text.h"
#include "connectord/engine/admission.h"
#include "connectord/engine/decide.h"
#include "connectord/engine/enhanced_filtering.h"
#include "connectord/engine/rule_book.h"
#include "connectord/engine/rules.h"
#include "connectord/inspect/inspector.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/path.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/mime/structure.h"
#include "connectord/outbox/sender.h"
#include "connectord/session/validation_mark.h"
#include "content_reader.h"
#include "copy_apart.h"
#include "header_edit.h"
#include "kept_body.h"
#include "line_lengths.h"
#include "message_log.h"
#include "message_signer.h"
#include "message_trace.h"
#include "original_message.h"
#include "rule_carrier.h"
#include "rule_mail.h"
#include "seal_message.h"

namespace connectord::session {
namespace {

// Beyond these a client is asked to send the rest as another message (RFC 5321, 4.5.3.1.10).
constexpr std::size_t max_recipients = 50'000;
constexpr std::size_t max_recipient_bytes = std::size_t{4} << 20;
// What is kept of a name from outside; RFC 5321, 4.5.3.1.2 allows 255 octets.
constexpr std::size_t max_name_length = 1024;

// What is kept of a header for rules; Postfix takes 100 kB (header_size_limit), and so does nearly everybody.
constexpr std::size_t max_kept_header_bytes = std::size_t{1} << 20;

constexpr std::string_view no_policy_request =
    "no policy request came for this connection: add check_policy_service with connectord's policy socket at the "
    "beginning of smtpd_recipient_restrictions; Sendmail cannot tell it";

bool goes_on(const model::Decision& decision) {
  return decision.action == model::Action::accept || decision.action == model::Action::quarantine;
}

Answer to_answer(const model::Decision& decision) {
  return {decision.action, decision.reply, decision.quarantine};
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - time).count();
}

// By which the engine measures rules.
std::int64_t steady_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Whether mail may come by that we wrote ourselves.
bool knows_own_mail(const engine::Policy& policy) {
  return policy.rules().needs().mail || policy.configuration().reports.dmarc;
}

}  // namespace

Session::Session(const runtime::Services& services, InFlight& intake)
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
  if (generation_.policy->rules().needs().content) kept_body_ = std::make_shared<KeptBody>();
  if (knows_own_mail(*generation_.policy)) original_ = std::make_unique<OriginalMessage>();
  if (!configuration.signing.empty()) {
    signer_ = std::make_unique<MessageSigner>(*generation_.policy, generation_.secrets.signing_keys);
  }
  if (signer_ || configuration.sealing) lines_ = std::make_unique<LineLengths>();
  return true;
}

bool Session::wants_body(const engine::Policy& policy) {
  const model::AuthenticationSettings& settings = policy.configuration().authentication;
  const engine::RuleNeeds& needs = policy.rules().needs();
  return settings.verifies_signatures() || settings.arc || !policy.configuration().signing.empty() || needs.size ||
         needs.content || knows_own_mail(policy);
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
  rule_logged_ = false;
  recipient_paths_.clear();
  kept_header_bytes_ = 0;
  kept_body_.reset();
  original_.reset();
  lines_.reset();
  message_bytes_ = 0;
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
  facts_.is_own_mail = facts_.is_copy = facts_.copy_is_ours = false;
  facts_.apart = {};
  facts_.header.reset();
  facts_.header_incomplete = {};
  facts_.content.reset();
  intake_.end();
}

Answer Session::mail_from(std::string_view path, std::string_view sasl_username, std::string_view envelope_id) {
  facts_.mail_from = mail::parse_reverse_path(path);
  facts_.own_validation =
      services_.mail_key != nullptr &&
      is_dialogue_mark(*services_.mail_key, envelope_id, facts_.mail_from.address, services_.unix_time());
  facts_.sasl_username = sasl_username.substr(0, max_name_length);
  facts_.unix_time = services_.unix_time();
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
  // What came before STARTTLS says nothing of the certificate shown then, and what anybody could claim says nothing.
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
  return engine::decide(*generation_.policy, facts_, steady_nanoseconds);
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
  if (envelope_decision_->action != model::Action::accept) {
    return refuse_recipient(queue_id, *envelope_decision_, Refusal::by_envelope);
  }
  if (auto refusal =
          engine::refusal_by_rule(*generation_.policy, facts_, recipient, *envelope_decision_, steady_nanoseconds)) {
    return refuse_recipient(queue_id, std::move(*refusal), Refusal::by_rule);
  }
  if (auto split = split_from_first(recipient)) return refuse_recipient(queue_id, std::move(*split), Refusal::by_rule);
  Answer answer = admit(recipient, queue_id, delivered_here);
  if (answer.action == model::Action::accept && generation_.policy->rules().needs().recipients) {
    recipient_paths_.emplace_back(path);
  }
  return answer;
}

// The last one, which is none of the message's then.
Answer Session::refuse_recipient(std::string_view queue_id, model::Decision decision, Refusal kind) {
  trace_->keep(*generation_.policy, trace::Stage::rcpt_to, facts_, {facts_.recipients.back()}, queue_id, decision);
  bool& is_logged = kind == Refusal::by_route  ? split_logged_
                    : kind == Refusal::by_rule ? rule_logged_
                                               : refusal_logged_;
  if (!std::exchange(is_logged, true)) log(queue_id, decision);
  recipient_bytes_ -= facts_.recipients.back().size();
  facts_.recipients.pop_back();
  return to_answer(decision);
}

void Session::decide_envelope() {
  // A message of thousands of recipients is decided once, unless a policy request has brought something new since.
  const bool news = live_ != nullptr && live_->policy_facts() != joined_;
  if (envelope_decision_ && !news) return;
  const metrics::Stopwatch stopwatch(services_.metrics->stages.with({"envelope"}));
  join_policy_facts();
  envelope_decision_ = decide(model::Facts::Stage::envelope);
  if (route_.empty())
    route_ = engine::MessageRoute(*generation_.policy, {envelope_decision_->tag, facts_.mail_from.address});
}

// Whether it may leave along the route that the message has so far.
Answer Session::admit(std::string_view recipient, std::string_view queue_id, bool delivered_here) {
  engine::MessageRoute::Admission admission = route_.admit({recipient, delivered_here});
  if (admission.admitted) {
    trace_->admitted(*generation_.policy, facts_.mail_from.address, {recipient, delivered_here});
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
  if (!decision.outbound.empty()) return;  // as a rule says, for all recipients
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
  if (original_) original_->header(name, value);
  const bool stays = !header_edit_->note(name, value);
  if (stays && generation_.policy->rules().needs().header) keep_field(name, value);
  constexpr std::size_t colon_and_line_end = 3;
  message_bytes_ += name.size() + value.size() + colon_and_line_end;
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

// For rules, up to a bound.
void Session::keep_field(std::string_view name, std::string_view value) {
  if (!facts_.header_incomplete.empty()) return;
  kept_header_bytes_ += name.size() + value.size();
  if (kept_header_bytes_ > max_kept_header_bytes) {
    facts_.header_incomplete = "its header is larger than rules look at";
    return;
  }
  if (value.find("=?", mail::max_read_value_length) != std::string_view::npos) {
    facts_.header_incomplete = "a header field is longer than is decoded";
  }
  if (!facts_.header) {
    constexpr std::size_t usual = 32;
    facts_.header.emplace().reserve(usual);
  }
  std::string text = mime::decode_header_text(value);
  if (const auto trimmed = base::trimmed(text); trimmed.size() < text.size()) text = std::string(trimmed);
  facts_.header->push_back({std::string(name), std::string(value), std::move(text)});
}

// With all that is known at the end, which a large message has in memory until then.
std::optional<Apart> Session::judge(model::Decision& decision) {
  base::Gate::Pass place;
  gather_content(place);
  recognize_own_mail();
  decision = decide(model::Facts::Stage::message);
  const auto decide_anew = [this] { return decide(model::Facts::Stage::message); };
  auto apart = set_apart({*generation_.policy, facts_, original_.get(), kept_body_.get(), decide_anew}, decision);
  forget_texts();
  return apart;
}

// What rules ask for that is known at the end only.
void Session::gather_content(base::Gate::Pass& place) {
  facts_.unix_time = services_.unix_time();
  const engine::RuleNeeds& needs = generation_.policy->rules().needs();
  if (needs.header && !facts_.header) facts_.header.emplace();
  if (!needs.size && !needs.content) return;
  facts_.content.emplace();
  if (kept_body_ != nullptr) read_message(place);
  facts_.content->size = message_bytes_;
}

void Session::read_message(base::Gate::Pass& place) {
  model::MessageContent& content = *facts_.content;
  content.unreadable = facts_.header_incomplete.empty() ? kept_body_->problem() : std::string(facts_.header_incomplete);
  if (!content.unreadable.empty()) return;
  std::vector<mail::HeaderField> header;
  for (const model::MessageField& field : *facts_.header) header.push_back({field.name, field.raw});
  const engine::RuleNeeds& needs = generation_.policy->rules().needs();
  const auto structures = mime::read_structure(header, *kept_body_);
  const bool looks_into = needs.attachments && !structures.empty() && services_.unpacker != nullptr;
  // Before there is a place, since an archive may take its time.
  model::Inspection inspection;
  if (looks_into) inspection = inspect::inspect_message(structures, *kept_body_, *services_.unpacker);
  if (kept_body_->size() > KeptBody::max_in_memory) place = intake_.reading_room().enter();
  content = read_content(header, *kept_body_, structures, needs);
  content.inspection = std::move(inspection);
  if (needs.attachments && services_.unpacker == nullptr && content.unreadable.empty()) {
    content.unreadable = "there is nothing here that looks into attachments";
  }
}

// What comes after the decision may take a while, as mail that is handed over does.
void Session::forget_texts() {
  if (!facts_.content) return;
  facts_.content->texts = {};
  for (model::Attachment& attachment : facts_.content->inspection.attachments) attachment.contents.texts = {};
}

void Session::body(std::string_view chunk) {
  if (!in_message_) return;
  message_bytes_ += chunk.size();
  if (lines_) lines_->update(chunk);
  if (kept_body_) kept_body_->add(chunk);
  if (original_) original_->body(chunk);
  trace_->body(chunk);
  if (authenticator_) authenticator_->body(chunk);
  if (signer_) signer_->body(chunk);
}

EndOfMessageResult Session::end_of_message(std::string_view queue_id) {
  EndOfMessageResult ending;
  if (!in_message_) {
    ending.answer = {model::Action::defer, model::Reply{451, "4.3.0", "connectord was not told of MAIL"}};
    return ending;
  }
  const metrics::Stopwatch stopwatch(services_.metrics->stages.with({"end_of_message"}));
  const auto began = std::chrono::steady_clock::now();
  trace::StageTimes took;
  join_policy_facts();
  std::string received_spf;
  if (authenticator_) {
    const auto asked = std::chrono::steady_clock::now();
    const metrics::Stopwatch waiting(services_.metrics->stages.with({"authentication"}));
    const model::Configuration& configuration = generation_.policy->configuration();
    authenticator_->finish(std::chrono::steady_clock::now() + configuration.dns.budget, facts_);
    if (configuration.authentication.received_spf) received_spf = authenticator_->received_spf(facts_);
    took.authentication = milliseconds_since(asked);
  }
  if (signer_) facts_.author = signer_->author();
  facts_.forged = header_edit_->forged();
  const std::optional<Apart> apart = judge(ending.decision);
  take_route(ending.decision);
  CarriedOut carried_out;
  if (goes_on(ending.decision)) carried_out = carry_out(facts_, kept_body_, ending.decision);
  if (goes_on(ending.decision)) {
    const model::RuleChanges& changes = ending.decision.changes;
    for (const std::size_t number : changes.removed_recipients) {
      ending.removed_recipients.push_back(recipient_paths_[number]);
    }
    ending.added_recipients = changes.added_recipients;
    ending.body = carried_out.body;
    ending.header_changes = std::move(carried_out.header_changes);
    auto own = facts_.is_copy ? changes_of_copy(original_->fields(), generation_.policy->configuration().tag.header)
                              : header_edit_->changes(facts_, ending.decision, filtering_, received_spf);
    ending.header_changes.insert(ending.header_changes.end(), std::make_move_iterator(own.begin()),
                                 std::make_move_iterator(own.end()));
  }
  if (signer_ && goes_on(ending.decision)) sign(queue_id, ending, carried_out.header ? &*carried_out.header : nullptr);
  if (ending.decision.seals && goes_on(ending.decision) && carried_out.header) seal(ending, *carried_out.header);
  note_long_lines(ending);
  if (original_) {
    const Reported about{generation_.policy->configuration(), facts_, *original_, kept_body_.get(), queue_id};
    write_mail_of_rules(services_, about, ending.decision);
    if (apart && ending.decision.action != model::Action::defer && ending.decision.action != model::Action::reject) {
      hand_over_apart(services_, about, *apart,
                      header_edit_->changes(facts_, apart->decision, filtering_, received_spf), ending.decision);
    }
  }
  took.end_of_message = milliseconds_since(began);
  trace_->took(took);
  const auto recipients = trace_->after(facts_, ending.decision.changes, *generation_.policy);
  trace_->keep(*generation_.policy, trace::Stage::message, facts_, recipients, queue_id, ending.decision);
  ending.answer = to_answer(ending.decision);
  log(queue_id, ending.decision);
  ending.authentication = std::move(facts_.authentication);
  ending.original = std::move(facts_.original);
  end_message();
  return ending;
}

// Where no key is to be had, our mail is a stranger's.
void Session::recognize_own_mail() {
  if (original_ == nullptr || !original_->has_token() || services_.outbox == nullptr) return;
  const auto key = services_.outbox->key();
  if (!key) return;
  const auto copy = original_->copy_made_with(
      **key, {.sender = facts_.mail_from.address, .recipients = facts_.recipients}, facts_.unix_time);
  facts_.is_copy = copy.has_value();
  facts_.copy_is_ours = copy == outbox::CopyOf::ours;
  facts_.is_own_mail = copy.has_value() || original_->is_written_with(**key, facts_.unix_time);
}

// Last of all changes, and so on top.
void Session::sign(std::string_view queue_id, EndOfMessageResult& ending,
                   const std::vector<mail::HeaderField>* changed_header) {
  auto signatures = signer_->sign(ending.decision.signatures, services_.unix_time(), changed_header, ending.body.get());
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

// What breaks them behind us breaks the signature and the seal with them.
void Session::note_long_lines(EndOfMessageResult& ending) const {
  const bool is_signed = !ending.decision.signatures.empty();
  if (lines_ == nullptr || !goes_on(ending.decision) || (!is_signed && !ending.decision.seals)) return;
  if (!lines_->leave_long(ending.body.get())) return;
  ending.decision.findings.push_back(long_lines_finding(is_signed ? model::check::signing : model::check::sealing));
}

// Above all else, with what was seen before the change.
void Session::seal(EndOfMessageResult& ending, const std::vector<mail::HeaderField>& changed_header) {
  const bool is_kept = kept_body_ != nullptr && kept_body_->problem().empty();
  const mime::Bytes* body = ending.body != nullptr ? ending.body.get() : is_kept ? kept_body_.get() : nullptr;
  const Sealed sealed = seal_message({.configuration = generation_.policy->configuration(),
                                      .facts = facts_,
                                      .decision = ending.decision,
                                      .identity = generation_.secrets.sealing.get(),
                                      .header = changed_header,
                                      .body = body});
  ending.decision.findings.push_back(sealed.finding);
  ending.header_changes.insert(ending.header_changes.end(), sealed.header_changes.begin(), sealed.header_changes.end());
}

// The deferral of a recipient that may not be in one message with the first one.
std::optional<model::Decision> Session::split_from_first(std::string_view recipient) const {
  if (facts_.recipients.size() < 2 || !generation_.policy->rules().needs().splits) return std::nullopt;
  const auto group_of = [this](std::string_view one) {
    return engine::split_group(*generation_.policy, facts_, one, *envelope_decision_);
  };
  if (group_of(facts_.recipients.front()) == group_of(recipient)) return std::nullopt;
  model::Decision split = *envelope_decision_;
  split.action = model::Action::defer;
  split.reply = model::Reply{452, "4.5.3", "A rule treats this recipient differently; send it in another message"};
  split.findings.push_back({.check = model::check::rule,
                            .outcome = model::Outcome::temperror,
                            .expected = "recipients that the same rules with split = \"split\" are for",
                            .seen = std::string(recipient),
                            .hint = "nothing is to be done: the client sends the message to it by itself"});
  return split;
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
