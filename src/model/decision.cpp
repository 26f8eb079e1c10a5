#include "connectord/model/decision.h"

#include "connectord/base/text.h"

namespace connectord::model {

Decision::Decision() = default;
Decision::Decision(const Decision&) = default;
Decision::Decision(Decision&&) noexcept = default;
Decision& Decision::operator=(const Decision&) = default;
Decision& Decision::operator=(Decision&&) noexcept = default;
Decision::~Decision() = default;

std::string_view to_string(Action action) {
  return word_of(action);
}

std::string_view to_string(IdentifiedBy identified_by) {
  return word_of(identified_by);
}

std::string to_string(const Reply& reply) {
  return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

std::string title_of(const RuleHit& hit) {
  return hit.rule + (hit.mode == Mode::audit ? " (audit): " : ": ");
}

std::string actions_of(const RuleHit& hit) {
  return hit.actions.empty() ? "stop" : base::joined(hit.actions);
}

std::string_view to_string(Outcome outcome) {
  return word_of(outcome);
}

}  // namespace connectord::model
