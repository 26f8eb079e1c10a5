#include "connectord/trace/matcher.h"

#include <algorithm>

#include "author_names.h"
#include "connectord/base/ascii_case.h"
#include "encode.h"
#include "terms.h"

namespace connectord::trace {
namespace {

bool is_domain(std::string_view text) {
  return text.find('@') == std::string_view::npos || text.starts_with('@');
}

// "contoso.com" and "@contoso.com" are a domain, all else is an address.
std::string comparable(std::string_view text) {
  if (text.empty() || text == "<>") return std::string(text);
  text = without_angle_brackets(text);
  if (text.starts_with('@')) text.remove_prefix(1);
  return text.find('@') == std::string_view::npos ? canonical_domain(text) : canonical_address(text);
}

bool address_holds(const std::string& wanted, std::string_view address) {
  const std::string canonical = canonical_address(address);
  if (!is_domain(wanted)) return canonical == wanted;
  return domain_part(canonical) == wanted || canonical == wanted;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Sought by(SoughtBy what, TermKind kind, std::string_view text) {
  return {what, static_cast<std::int32_t>(term(kind, text))};
}

}  // namespace

Matcher::Matcher(const Query& query)
    : sender_(comparable(query.sender)),
      recipient_(comparable(query.recipient)),
      author_(comparable(query.author)),
      message_id_(base::to_lower(without_angle_brackets(query.message_id))),
      queue_id_(query.queue_id),
      rule_(base::to_lower(query.rule)) {
  const bool is_single = query.client && query.client->first() == query.client->last();
  if (is_single) client_ = address_bytes(query.client->first());
}

std::vector<Sought> Matcher::sought() const {
  const bool has_sender = !sender_.empty() && !wants_null_sender();
  if (!message_id_.empty()) return {by(SoughtBy::message_id, TermKind::message_id, message_id_)};
  if (!queue_id_.empty()) return {by(SoughtBy::queue_id, TermKind::queue_id, queue_id_)};
  if (!recipient_.empty() && !is_domain(recipient_)) return {by(SoughtBy::recipient, TermKind::recipient, recipient_)};
  if (has_sender && !is_domain(sender_)) return {by(SoughtBy::sender, TermKind::sender, sender_)};
  if (!client_.empty()) return {by(SoughtBy::client, TermKind::client, client_)};
  if (!rule_.empty()) return {by(SoughtBy::rule, TermKind::rule, rule_)};
  if (has_sender) return {by(SoughtBy::sender_domain, TermKind::sender_domain, sender_)};
  if (!recipient_.empty()) return {by(SoughtBy::recipient_domain, TermKind::recipient_domain, recipient_)};
  if (author_.empty()) return {};
  // An author who is the sender too has the sender's terms.
  if (is_domain(author_)) {
    return {by(SoughtBy::author_domain, TermKind::author_domain, author_),
            by(SoughtBy::sender_domain, TermKind::sender_domain, author_)};
  }
  return {by(SoughtBy::author, TermKind::author, author_), by(SoughtBy::sender, TermKind::sender, author_)};
}

bool Matcher::sender_holds(std::string_view mail_from) const {
  if (wants_null_sender()) return mail_from.empty();
  return sender_.empty() || address_holds(sender_, mail_from);
}

bool Matcher::author_holds(std::string_view header_from) const {
  if (author_.empty()) return true;
  const AuthorNames names = author_names(header_from);
  return contains(names.addresses, author_) || contains(names.domains, author_);
}

bool Matcher::recipient_holds(std::string_view rcpt_to) const {
  return recipient_.empty() || address_holds(recipient_, rcpt_to);
}

bool Matcher::rules_hold(const std::vector<model::RuleHit>& rules) const {
  if (rule_.empty()) return true;
  return std::any_of(rules.begin(), rules.end(), [this](const auto& hit) { return base::to_lower(hit.rule) == rule_; });
}

}  // namespace connectord::trace
