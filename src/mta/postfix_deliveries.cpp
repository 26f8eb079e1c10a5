// The delivery services that outbound connectors need for themselves: what Postfix has by service, and not by next hop.
#include <algorithm>
#include <map>

#include "connectord/mail/postfix_terms.h"
#include "connectord/mta/postfix_plan.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

class DeliveryPlanner {
 public:
  DeliveryPlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    if (required_.socketmap) {
      for (const DeliveryNeeds& needs : required_.deliveries) want(needs);
    }
    for (ServiceChange& change : own_services_to_remove(setup_, required_.deliveries)) {
      plan_.services.push_back(std::move(change));
    }
  }

 private:
  void want(const DeliveryNeeds& needs) {
    const std::map<std::string, std::string> wanted = parameters_of(needs);
    const auto there = std::find_if(setup_.services.begin(), setup_.services.end(), [&](const PostfixService& service) {
      return service.name == needs.service && service.type == "unix";
    });
    const bool is_there = there != setup_.services.end();
    const bool is_right =
        is_there && there->program == "smtp" && there->chroot == in_chroot() && there->overrides == wanted;
    if (is_right) return;
    plan_.services.push_back({needs.service, lines_of(needs, wanted), reason_for(needs)});
  }

  std::map<std::string, std::string> parameters_of(const DeliveryNeeds& needs) const {
    const std::string maps = "socketmap:" + service_word(*required_.socketmap, setup_.queue_directory) + ":";
    std::map<std::string, std::string> parameters{
        {"smtp_sasl_password_maps", maps + "sasl-password/" + needs.connector},
        {"smtp_tls_policy_maps", with_first(maps + "tls-policy/" + needs.connector, other_policies(maps))}};
    if (needs.credentials) {
      parameters["smtp_sasl_auth_enable"] = "yes";
      parameters["smtp_sasl_tls_security_options"] = "noanonymous";
    }
    // It counts before all other parameters that name a certificate (postconf(5)).
    if (!needs.certificate.empty()) parameters["smtp_tls_chain_files"] = needs.key + "," + needs.certificate;
    if (needs.implicit_tls) parameters["smtp_tls_wrappermode"] = "yes";
    return parameters;
  }

  // The site's own, for what the connector leaves to the mail server.
  std::string other_policies(const std::string& ours) const {
    std::string others;
    for (const ListWord& word : list_words(setup_.effective("smtp_tls_policy_maps"))) {
      if (!word.text.starts_with(ours)) others = with_last(others, std::string(word.text));
    }
    return others;
  }

  // As the service that delivers all other mail.
  bool in_chroot() const {
    return std::any_of(setup_.services.begin(), setup_.services.end(),
                       [](const PostfixService& service) { return service.label() == "smtp/unix" && service.chroot; });
  }

  std::string lines_of(const DeliveryNeeds& needs, const std::map<std::string, std::string>& parameters) const {
    std::string lines = std::string(service_comment) + "what leaves by the outbound connector " + needs.connector +
                        "; connectorctl attach postfix keeps it\n" + needs.service + " unix - - " +
                        (in_chroot() ? "y" : "n") + " - - smtp\n";
    for (const auto& [parameter, value] : parameters) {
      const bool is_plain = value.find_first_of(" \t") == std::string::npos;
      lines += "    -o " + (is_plain ? parameter + "=" + value : "{ " + parameter + " = " + value + " }") + "\n";
    }
    return lines;
  }

  static std::string reason_for(const DeliveryNeeds& needs) {
    std::string what;
    const auto add = [&what](bool is_so, const char* words) {
      if (is_so) what += (what.empty() ? "" : ", ") + std::string(words);
    };
    add(!needs.certificate.empty(), "a certificate of its own");
    add(needs.implicit_tls, "TLS from the first byte");
    add(needs.credentials, "a password of its own");
    return "mail of the outbound connector " + needs.connector + " leaves by it, with " + what;
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

std::vector<ServiceChange> own_services_to_remove(const PostfixSetup& setup, const std::vector<DeliveryNeeds>& needed) {
  std::vector<ServiceChange> changes;
  for (const PostfixService& service : setup.services) {
    if (service.type != "unix" || service.program != "smtp" || !service.name.starts_with(mail::own_service_prefix))
      continue;
    const bool is_needed = std::any_of(
        needed.begin(), needed.end(), [&service](const DeliveryNeeds& needs) { return needs.service == service.name; });
    if (!is_needed) changes.push_back({service.name, "", "no outbound connector needs it"});
  }
  return changes;
}

void plan_deliveries(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  DeliveryPlanner(setup, required, plan).run();
}

Advice advice_of(const PostfixSetup& setup, const ServiceChange& change) {
  const std::string where = setup.folder == "/etc/postfix" ? "" : " --postfix-config " + setup.folder;
  const bool is_there = std::any_of(
      setup.services.begin(), setup.services.end(),
      [&change](const PostfixService& service) { return service.name == change.service && service.type == "unix"; });
  const std::string what = change.lines.empty() ? " is left over"
                           : is_there           ? " is not as its connector needs it"
                                                : " is missing, so mail waits";
  return {"the service " + change.service + " in " + setup.folder + "/master.cf" + what,
          "connectorctl attach postfix --yes" + where, change.reason};
}

}  // namespace connectord::mta
