#include "authenticator.h"

#include <algorithm>
#include <utility>

#include "connectord/mail/author.h"
#include "connectord/mail/header_field.h"
#include "connectord/net/domain_name.h"

namespace connectord::session {
namespace {

constexpr std::size_t max_received_bytes = std::size_t{128} << 10;

// The mailbox of a reverse path without its source route, as SPF's macros want it.
std::string mailbox_of(const model::Sender& sender) {
  if (sender.domain.empty()) return {};
  std::string_view address = sender.address;
  if (address.starts_with('@')) address.remove_prefix(address.find(':') + 1);
  const auto at = address.rfind('@');
  return std::string(address.substr(0, at)) + "@" + sender.domain;
}

std::string trail_of(const mail::OriginalClient& original) {
  std::string text;
  for (const mail::Hop& hop : original.trail) text += (text.empty() ? "" : "; ") + to_string(hop);
  return original.stopped.empty() ? text : text + "; ended there: " + original.stopped;
}

// Whose share of the workers and of DNS a message takes: the clients of one network, as it is handed out to one
// customer.
std::string share_of(const std::optional<net::IpAddress>& client) {
  if (!client) return {};
  constexpr std::ptrdiff_t v4_bytes = 15;  // a /24 behind the IPv4-mapped prefix
  constexpr std::ptrdiff_t v6_bytes = 7;   // a /56
  const auto& bytes = client->bytes();
  return {bytes.begin(), bytes.begin() + (client->is_v4() ? v4_bytes : v6_bytes)};
}

}  // namespace

Authenticator::Authenticator(Context context) : context_(std::move(context)) {}

Authenticator::~Authenticator() = default;

void Authenticator::start(const model::Facts& facts) {
  lookups_.emplace(*context_.resolver, dns::LookupDriverHelp{context_.workers, share_of(facts.client_address)});
  if (facts.client_address) client_ = {*facts.client_address, facts.helo, facts.client_name};
  sender_domain_ = facts.mail_from.domain;
  direct_.query = {client_.address,   facts.helo,         mailbox_of(facts.mail_from),
                   context_.receiver, context_.unix_time, model::SpfOutcome::Identity::mail_from};
  if (context_.settings->spf && facts.client_address) start_spf(direct_);
}

void Authenticator::start_spf(Spf& spf) {
  const bool native = context_.settings->spf_engine == model::SpfEngine::native;
  if (native) spf.check.emplace(spf.query);
  lookups_->start([&spf](dns::DnsAnswers& answers) {
    spf.outcome = spf.check ? spf.check->run(answers) : auth::check_spf_with_libspf2(spf.query, answers);
    return spf.outcome.has_value();
  });
}

void Authenticator::begin_content(const mail::SkipRules* rules) {
  has_content_ = true;
  skip_rules_ = rules;
  if (context_.settings->verifies_signatures()) dkim_.emplace(auth::DkimLimits{}, context_.unix_time);
  if (context_.settings->arc) arc_.emplace(auth::DkimLimits{}, context_.unix_time);
}

void Authenticator::header(std::string_view name, std::string_view value) {
  if (dkim_) dkim_->header(name, value);
  if (arc_) arc_->header(name, value);
  if (mail::is_named(name, "From") && from_values_.size() <= mail::max_from_fields) {
    from_values_.emplace_back(value.substr(0, mail::max_read_value_length + 1));
  }
  if (skip_rules_ == nullptr || !mail::is_named(name, "Received")) return;
  if (received_values_.size() >= mail::max_received_fields || received_bytes_ + value.size() > max_received_bytes)
    return;
  received_values_.emplace_back(value);
  received_bytes_ += value.size();
}

void Authenticator::end_of_headers() {
  author_ = mail::parse_author({from_values_.begin(), from_values_.end()});
  if (author_) mail::complete_author(*author_, sender_domain_, server_name());
  if (dkim_) dkim_->end_of_headers();
  if (arc_) arc_->end_of_headers();
  if (skip_rules_ != nullptr) find_original_client();
  ask_ahead();
}

std::string Authenticator::server_name() const {
  return net::normalize_domain(context_.receiver).value_or(std::string());
}

void Authenticator::find_original_client() {
  original_ = mail::find_original_client(client_, {received_values_.begin(), received_values_.end()}, *skip_rules_);
  if (original_->header == 0 || !context_.settings->spf) return;
  behind_gateway_.query = direct_.query;
  behind_gateway_.query.client = original_->address;
  behind_gateway_.query.helo = original_->helo;
  start_spf(behind_gateway_);
}

// All questions whose names are known go out together, so that the end of the message finds them answered. Nothing
// waits for them before.
void Authenticator::ask_ahead() {
  std::vector<dns::Question> questions;
  std::vector<std::string> domains;
  if (dkim_) questions = dkim_->key_questions();
  if (arc_) {
    for (auto& question : arc_->key_questions()) questions.push_back(std::move(question));
  }
  if (context_.settings->dmarc != model::DmarcMode::off && author_) {
    domains = author_->domains;
    if (std::find(domains.begin(), domains.end(), sender_domain_) == domains.end()) domains.push_back(sender_domain_);
  }
  lookups_->start([questions = std::move(questions), domains = std::move(domains)](dns::DnsAnswers& answers) {
    for (const auto& domain : domains) {
      if (!domain.empty()) auth::prefetch_dmarc(domain, answers);
    }
    for (const auto& question : questions) answers.ask(question);
    return true;
  });
}

void Authenticator::body(std::string_view chunk) {
  if (dkim_) dkim_->body(chunk);
  if (arc_) arc_->body(chunk);
}

void Authenticator::finish(std::chrono::steady_clock::time_point deadline, model::Facts& facts) {
  lookups_->wait_until(deadline);
  const bool moved = original_ && original_->header != 0;
  facts.authentication = {};
  facts.original.reset();
  if (original_) {
    facts.original = model::OriginalClient{original_->address,         original_->helo, trail_of(*original_), moved, {},
                                           mail::origin_of(*original_)};
    facts.original->without_skipping.spf = direct_.outcome;
  }
  facts.authentication.spf = moved ? behind_gateway_.outcome : direct_.outcome;
  if (has_content_) finish_content(deadline, facts);
}

void Authenticator::finish_content(std::chrono::steady_clock::time_point deadline, model::Facts& facts) {
  model::Authentication& results = facts.authentication;
  // The keys are there, so these run at once and on this thread.
  lookups_->start([&](dns::DnsAnswers& answers) {
    if (dkim_) results.dkim = dkim_->finish(answers);
    return !dkim_ || results.dkim.has_value();
  });
  lookups_->start([&](dns::DnsAnswers& answers) {
    if (arc_) results.arc = arc_->finish(answers);
    return !arc_ || results.arc.has_value();
  });
  lookups_->wait_until(deadline);
  if (context_.settings->dmarc == model::DmarcMode::off) return;
  signatures_ = results.dkim.value_or(std::vector<model::DkimSignature>{});
  // Verified for DMARC's sake alone, they are not reported.
  if (!context_.settings->dkim) results.dkim.reset();
  const auto judge = [this](const std::optional<model::SpfOutcome>& spf, std::optional<model::DmarcOutcome>& outcome) {
    auth::DmarcQuery query{author_, auth::dmarc_identifiers(spf, signatures_, context_.settings->trust_body_length)};
    const auto check = std::make_shared<auth::DmarcCheck>(std::move(query));
    lookups_->start([check, &outcome](dns::DnsAnswers& answers) {
      outcome = check->run(answers);
      return outcome.has_value();
    });
  };
  judge(results.spf, results.dmarc);
  if (facts.original && facts.original->moved) {
    judge(direct_.outcome, facts.original->without_skipping.dmarc);
  }
  lookups_->wait_until(deadline);
}

std::string Authenticator::received_spf(const model::Facts& facts) const {
  if (!facts.authentication.spf) return {};
  const bool moved = facts.original && facts.original->moved;
  return auth::received_spf(moved ? behind_gateway_.query : direct_.query, *facts.authentication.spf);
}

}  // namespace connectord::session
