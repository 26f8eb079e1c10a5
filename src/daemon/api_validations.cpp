#include "api_validations.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connectord/probe/results.h"

namespace connectord::daemon {
namespace {

using Json = nlohmann::ordered_json;

probe::Direction direction(bool inbound) {
  return inbound ? probe::Direction::inbound : probe::Direction::outbound;
}

}  // namespace

api::Validations validations_of(probe::OnDemand& validator, const session::PolicyStore& policies) {
  api::Validations made;
  made.validate =
      [&validator](const api::Validations::Question& question) -> tl::expected<Json, api::Validations::Refused> {
    const auto report =
        validator.validate({direction(question.inbound), question.connector, question.recipient, question.sender});
    if (report) return probe::to_json(*report);
    return tl::unexpected(
        api::Validations::Refused{report.error().reason, static_cast<int>(report.error().again.count())});
  };
  made.last = [&policies](bool inbound, std::string_view connector) {
    const probe::Results results(policies.current().policy->configuration().validation.state);
    return probe::to_json(results.find(direction(inbound), connector));
  };
  return made;
}

}  // namespace connectord::daemon
