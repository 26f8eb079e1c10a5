#include "connectord/model/rule.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"

namespace connectord::model {

Rule::Rule() = default;
Rule::Rule(const Rule&) = default;
Rule::Rule(Rule&&) noexcept = default;
Rule& Rule::operator=(const Rule&) = default;
Rule& Rule::operator=(Rule&&) noexcept = default;
Rule::~Rule() = default;

RuleConditions::RuleConditions() = default;
RuleConditions::RuleConditions(const RuleConditions&) = default;
RuleConditions::RuleConditions(RuleConditions&&) noexcept = default;
RuleConditions& RuleConditions::operator=(const RuleConditions&) = default;
RuleConditions& RuleConditions::operator=(RuleConditions&&) noexcept = default;
RuleConditions::~RuleConditions() = default;

RuleAction::RuleAction() = default;
RuleAction::RuleAction(const RuleAction&) = default;
RuleAction::RuleAction(RuleAction&&) noexcept = default;
RuleAction& RuleAction::operator=(const RuleAction&) = default;
RuleAction& RuleAction::operator=(RuleAction&&) noexcept = default;
RuleAction::~RuleAction() = default;

bool holds_original(const std::vector<IncidentContent>& content) {
  return std::find(content.begin(), content.end(), IncidentContent::original) != content.end();
}

std::string comparable_address(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return base::to_lower(address);
  const auto domain = net::normalize_domain(address.substr(at + 1));
  if (!domain) return base::to_lower(address);
  return base::to_lower(address.substr(0, at)) + "@" + *domain;
}

std::string_view domain_of_address(std::string_view comparable) {
  const auto at = comparable.rfind('@');
  return at == std::string_view::npos ? std::string_view() : comparable.substr(at + 1);
}

}  // namespace connectord::model
