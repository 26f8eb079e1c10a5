#include "connectord/session/session.h"

#include <algorithm>
#include <utility>

#include "connectord/engine/decide.h"
#include "connectord/mail/path.h"
#include "connectord/session/message_log.h"

namespace connectord::session {
namespace {

// Beyond these a client is asked to send the rest as another message (RFC 5321, 4.5.3.1.10).
constexpr std::size_t most_recipients = 50'000;
constexpr std::size_t most_recipient_bytes = std::size_t{4} << 20;
// What is kept of a name from outside; RFC 5321, 4.5.3.1.2 allows 255 octets.
constexpr std::size_t longest_name = 1024;

constexpr std::string_view no_policy_request =
    "no policy request came for this connection: add check_policy_service with connectord's policy socket at the "
    "beginning of smtpd_recipient_restrictions; Sendmail cannot tell it";

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&lower](char x, char y) { return lower(x) == lower(y); });
}

Answer to_answer(const model::Decision& decision) {
  return {decision.action, decision.reply};
}

}  // namespace

Session::Session(const Services& services, Intake& intake) : services_(services), intake_(intake) {}

Session::~Session() {
  end_message();
}

void Session::connected(Connection connection) {
  end_message();
  live_.reset();
  facts_ = {};
  facts_.client_name = connection.client_name.substr(0, longest_name);
  facts_.client_address = connection.client_address;
  facts_.client_port = connection.client_port;
  facts_.local_submission = connection.local_submission;
  if (connection.client_address && connection.client_port != 0) {
    live_ = services_.live.enter({*connection.client_address, connection.client_port}, connection.server_port);
  }
}

void Session::helo(std::string_view name) {
  facts_.helo = name.substr(0, longest_name);
}

void Session::secured(std::optional<model::Tls> tls, model::ClientCertificate certificate) {
  tls_ = std::move(tls);
  certificate_ = std::move(certificate);
}

void Session::begin_message() {
  end_message();
  in_message_ = true;
  intake_.begin();
  policy_ = services_.policies.current();
  facts_.recipients.clear();
  recipient_bytes_ = 0;
  incoming_tags_ = 0;
  refusal_logged_ = false;
}

void Session::end_message() {
  if (!in_message_) return;
  in_message_ = false;
  policy_.reset();
  joined_.reset();
  envelope_decision_.reset();
  facts_.recipients.clear();
  facts_.recipients.shrink_to_fit();
  intake_.end();
}

Answer Session::mail_from(std::string_view path, std::string_view sasl_username) {
  if (!intake_.open()) {
    return {model::Action::defer, model::Reply{451, "4.3.2", "connectord is stopping; try again in a minute"}};
  }
  begin_message();
  facts_.mail_from = mail::parse_reverse_path(path);
  facts_.sasl_username = sasl_username.substr(0, longest_name);
  return {};
}

// Certificate names and TLS come from the milter where it has them, fingerprints from the policy service alone.
void Session::join_policy_facts() {
  facts_.tls = tls_;
  facts_.certificate = certificate_;
  joined_ = live_ ? live_->policy_facts() : nullptr;
  // What was told before STARTTLS says nothing of the certificate shown then.
  const bool current = joined_ != nullptr && (joined_->tls.has_value() || !tls_.has_value());
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
  return engine::decide(*policy_, facts_);
}

Answer Session::rcpt_to(std::string_view path, std::string_view queue_id) {
  if (!in_message_) return {model::Action::defer, model::Reply{451, "4.3.0", "connectord was not told of MAIL"}};
  const std::string_view recipient = mail::without_brackets(path);
  if (facts_.recipients.size() >= most_recipients || recipient_bytes_ + recipient.size() > most_recipient_bytes) {
    return {model::Action::defer, model::Reply{452, "4.5.3", "Too many recipients; send the rest in another message"}};
  }
  facts_.recipients.emplace_back(recipient);
  recipient_bytes_ += recipient.size();
  // A message of thousands of recipients is decided once, unless a policy request has told something new since.
  const bool news = live_ != nullptr && live_->policy_facts() != joined_;
  if (!envelope_decision_ || news) {
    join_policy_facts();
    envelope_decision_ = decide(model::Facts::Stage::envelope);
  }
  if (envelope_decision_->action != model::Action::accept && !refusal_logged_) {
    log(queue_id, *envelope_decision_);
    refusal_logged_ = true;
  }
  return to_answer(*envelope_decision_);
}

void Session::header(std::string_view name, std::string_view) {
  if (!in_message_) return;
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  if (same_name(name, policy_->configuration().tag.header)) ++incoming_tags_;
}

Ending Session::end_of_message(std::string_view queue_id) {
  Ending ending;
  if (!in_message_) {
    ending.answer = {model::Action::defer, model::Reply{451, "4.3.0", "connectord was not told of MAIL"}};
    return ending;
  }
  join_policy_facts();
  ending.decision = decide(model::Facts::Stage::message);
  ending.answer = to_answer(ending.decision);
  ending.header_changes = header_changes(ending.decision);
  log(queue_id, ending.decision);
  end_message();
  return ending;
}

void Session::abort() {
  end_message();
}

// Every tag of the message's own goes, the last first, since the MTA counts anew after each (CVE-2022-48521).
std::vector<model::HeaderChange> Session::header_changes(const model::Decision& decision) const {
  std::vector<model::HeaderChange> changes;
  const std::string& tag = policy_->configuration().tag.header;
  changes.reserve(incoming_tags_ + 1);
  for (std::uint32_t position = incoming_tags_; position > 0; --position) {
    changes.push_back({model::HeaderChange::Kind::remove, tag, {}, position});
  }
  if (!decision.tag.empty()) changes.push_back({model::HeaderChange::Kind::insert, tag, decision.tag, 0});
  return changes;
}

void Session::log(std::string_view queue_id, const model::Decision& decision) const {
  log_decision(services_.log, queue_id, facts_, decision, incoming_tags_);
}

}  // namespace connectord::session
