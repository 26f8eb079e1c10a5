// delivery show: how mail to a domain would be protected on its way, and why.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/engine/routing.h"
#include "connectord/net/domain_name.h"
#include "destination.h"
#include "finding_text.h"
#include "json_output.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
struct DeliveryArguments {
  std::string domain;
  bool file_only = false;
};

Json json_of(const sts::KeptPolicy& kept) {
  return {{"id", kept.id},
          {"mode", to_string(kept.policy.mode)},
          {"mx", kept.policy.mx},
          {"max_age", kept.policy.max_age.count()},
          {"fetched", base::utc_text(kept.fetched)},
          {"ends", base::utc_text(kept.ends())}};
}

Json json_of(const delivery::Hop& hop, const std::optional<delivery::Look>& look) {
  Json object = delivery::to_json(hop);
  object["dane"] = nullptr;
  object["mta_sts"] = nullptr;
  if (!look) return object;
  if (look->question.wish.dane) {
    object["dane"] = {{"state", model::word_of(look->dane.state)}, {"seen", look->dane.words}};
  }
  if (look->question.wish.mta_sts) {
    object["mta_sts"] = {{"record", look->record_id.empty() ? Json(nullptr) : Json(look->record_id)},
                         {"policy", look->policy ? json_of(*look->policy) : Json(nullptr)},
                         {"kept", look->is_kept},
                         {"problem", look->problem.empty() ? Json(nullptr) : Json(look->problem)}};
  }
  return object;
}

std::string text_of(const delivery::Look& look) {
  std::string text = look.record_id.empty() ? "no record" : "record with id " + look.record_id;
  if (!look.problem.empty()) text += " (" + look.problem + ")";
  if (!look.policy) return text + ", no policy";
  const sts::KeptPolicy& kept = *look.policy;
  text += ", policy with mode " + std::string(to_string(kept.policy.mode));
  for (const std::string& host : kept.policy.mx) text += (&host == &kept.policy.mx.front() ? ", mx " : " ") + host;
  return text + (look.is_kept ? ", kept since " + base::utc_text(kept.fetched) : ", fetched now") + ", until " +
         base::utc_text(kept.ends());
}

void print(const delivery::Hop& hop, const std::optional<delivery::Look>& look, const Terminal& terminal) {
  const Paint paint(terminal.colour);
  std::ostream& out = terminal.out;
  out << "next hop   " << paint(harmless(hop.name), bold) << ", "
      << (hop.connector == nullptr ? "no outbound connector" : "outbound connector " + hop.connector->name) << '\n';
  if (look && look->question.wish.dane) {
    out << "DANE       " << model::word_of(look->dane.state) << ": " << harmless(look->dane.words) << '\n';
  }
  if (look && look->question.wish.mta_sts) out << "MTA-STS    " << harmless(text_of(*look)) << '\n';
  const bool waits = hop.advice && hop.advice->kind == delivery::Advice::Kind::wait;
  out << "TLS        " << paint(harmless(delivery::answer_of(hop)), waits ? red : green) << '\n';
  out << "why        " << harmless(delivery::why_of(hop)) << '\n';
}

Status show(const Common& common, const DeliveryArguments& arguments, const Terminal& terminal) {
  const auto complain = [&terminal](const std::string& problem) {
    terminal.error << "connectorctl: " << problem << '\n';
    return Status::wrong_input;
  };
  const auto policy = running_or_complain(common, arguments.file_only, terminal);
  if (!policy) return Status::wrong_input;
  const auto domain = net::normalize_domain(arguments.domain.substr(arguments.domain.rfind('@') + 1));
  if (!domain) return complain("\"" + arguments.domain + "\" is no domain; write contoso.com");
  auto hops = delivery::hops_of(*policy, engine::route_of_any_origin(*policy, {"@" + *domain}), *domain);
  std::vector<delivery::Hop*> all_hops;
  for (delivery::Hop& hop : hops) all_hops.push_back(&hop);
  const auto looks = look_at(all_hops, policy->configuration());
  if (!looks) return complain(looks.error());
  if (common.json) {
    Json all = Json::array();
    for (std::size_t i = 0; i < hops.size(); ++i) all.push_back(json_of(hops[i], (*looks)[i]));
    print_json({{"domain", *domain}, {"next_hops", std::move(all)}}, terminal.out);
    return Status::answered;
  }
  for (std::size_t i = 0; i < hops.size(); ++i) print(hops[i], (*looks)[i], terminal);
  return Status::answered;
}

}  // namespace

void add_delivery_commands(const CommandLine& line) {
  const CommandLine below = line.group("delivery", "Say how mail is protected on its way out");
  const Subcommand command = below.command("show", "Say with which TLS a message to a domain would leave now, and why");
  const auto arguments = std::make_shared<DeliveryArguments>();
  command.add_option("domain", arguments->domain, "The domain, as it stands behind the @").required();
  add_file_only_option(command, arguments->file_only);
  command.callback([line, arguments] { line.status = show(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
