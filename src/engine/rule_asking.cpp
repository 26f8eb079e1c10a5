#include "rule_asking.h"

#include <algorithm>

namespace connectord::engine {

bool is_mail_of_ours(const Policy& policy, const model::Facts& facts, const model::Decision& decision) {
  if (facts.local_submission || !facts.sasl_username.empty()) return true;
  const auto* connector = policy.find(decision.connector);
  return connector != nullptr && connector->scenario == model::Scenario::on_premises &&
         decision.identified_by != model::IdentifiedBy::sender_domain && !connector->enhanced_filtering;
}

bool holds_now(const model::Rule& rule, std::int64_t now) {
  return (!rule.activate_at || *rule.activate_at <= now) && (!rule.expire_at || now < *rule.expire_at);
}

std::vector<RuleNumber> candidates_for(const RuleMessage& message) {
  const RuleBook& book = message.policy().rules();
  std::vector<RuleNumber> numbers;
  const auto add = [&numbers](RuleNumber number) { numbers.push_back(number); };
  book.visit_unindexed(message.is_ours(), add);
  book.visit_sender(message.envelope_sender(), add);
  for (const std::string& author : message.author_addresses()) book.visit_sender(author, add);
  for (const RuleMessage::Recipient& recipient : message.recipients()) {
    if (!recipient.is_gone) book.visit_recipient(recipient.address, add);
  }
  book.visit_connector(message.inbound_connector(), add);
  if (message.facts().client_address) book.visit_client(*message.facts().client_address, add);
  message.visit_hits([&](match::TextSet::Owner owner) {
    if (const auto number = book.found_by(owner)) numbers.push_back(*number);
  });
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

model::Reply reply_of(const model::RuleAction& action) {
  const bool is_reject = action.kind == model::RuleActionKind::reject;
  const std::string text =
      is_reject ? "Delivery not authorized, message refused" : "Delivery deferred; try again later";
  return {action.code != 0 ? static_cast<int>(action.code) : (is_reject ? 550 : 451),
          !action.status.empty() ? action.status : (is_reject ? "5.7.1" : "4.7.1"),
          action.text.empty() ? text : action.text};
}

// One message's way through the rules.

}  // namespace connectord::engine
