#include "api_validations.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connectord/probe/results.h"
#include "connectord/probe/validate.h"
#include "connectord/smtp/smtp_client.h"

namespace connectord::daemon {
namespace {

using Json = nlohmann::ordered_json;

probe::Direction direction(bool inbound) {
  return inbound ? probe::Direction::inbound : probe::Direction::outbound;
}

}  // namespace

api::Validations validations_of(probe::OnDemand& validator, const runtime::PolicyStore& policies) {
  api::Validations made;
  made.validate =
      [&validator](const api::Validations::Question& question) -> tl::expected<Json, api::Validations::Refused> {
    for (const auto& [parameter, address] :
         {std::pair("rcpt_to", question.recipient), std::pair("mail_from", question.sender)}) {
      if (address.empty() || smtp::is_plain_address(address)) continue;
      return tl::unexpected(api::Validations::Refused{"is no address; write user@contoso.com, in ASCII", 0, parameter});
    }
    const auto report =
        validator.validate({direction(question.inbound), question.connector, question.recipient, question.sender});
    if (report) return probe::to_json(*report);
    return tl::unexpected(
        api::Validations::Refused{report.error().reason, static_cast<int>(report.error().again.count())});
  };
  made.results = [&policies]() -> api::Validations::Last {
    auto find = probe::Results(policies.current().policy->configuration().validation.state).finder();
    return [find = std::move(find)](bool inbound, std::string_view connector) {
      return probe::to_json(find(direction(inbound), connector));
    };
  };
  return made;
}

}  // namespace connectord::daemon
