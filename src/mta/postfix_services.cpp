// What master.cf says otherwise than main.cf, and who runs in a chroot.
#include <algorithm>
#include <filesystem>

#include "connectord/base/ascii_case.h"
#include "connectord/mta/postfix_plan.h"
#include "connectord/net/ip_address.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

// loopback: takes mail back from a content filter, mostly. submission: its mail is of our own users.
enum class Purpose { inbound, submission, loopback };

bool says(const PostfixService& service, const std::string& parameter, const std::string& value) {
  const auto found = service.overrides.find(parameter);
  return found != service.overrides.end() && base::equals_ignoring_case(found->second, value);
}

Purpose purpose_of(const PostfixService& service) {
  const std::size_t colon = service.name.rfind(':');
  const std::string host = colon == std::string::npos ? "" : service.name.substr(0, colon);
  const std::string port = colon == std::string::npos ? service.name : service.name.substr(colon + 1);
  for (const char* name : {"submission", "submissions", "smtps", "587", "465"}) {
    if (port == name) return Purpose::submission;
  }
  if (says(service, "smtpd_sasl_auth_enable", "yes")) return Purpose::submission;
  const auto address = net::IpAddress::parse(host);
  const bool loopback = host == "localhost" || (address && address->is_loopback());
  return loopback ? Purpose::loopback : Purpose::inbound;
}

class ServicePlanner {
 public:
  ServicePlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    bool any = false;
    bool asked = false;
    for (const PostfixService& service : setup_.services) {
      if (!is_smtpd(service)) continue;
      any = true;
      asked |= asks_connectord(service, setup_, required_);
      judge(service);
    }
    if (!any) {
      plan_.refusals.push_back({"no service of " + master() + " takes mail in over SMTP", "attach another instance"});
    } else if (!asked && (required_.milter || required_.policy)) {
      plan_.refusals.push_back({"every smtpd service of " + master() +
                                    " overrides what attaches connectord, so none would "
                                    "ask it",
                                "take these overrides out of the one that gets mail from outside"});
    }
    judge_sockets();
  }

 private:
  std::string master() const { return setup_.folder + "/master.cf"; }

  std::string override_line(const PostfixService& service, const std::string& assignment) const {
    return "postconf -c " + setup_.folder + " -P '" + service.label() + "/" + assignment + "'";
  }

  void report(const PostfixService& service, const std::string& parameter, const std::string& effect,
              const std::string& write) {
    const auto found = service.overrides.find(parameter);
    const std::string value = found == service.overrides.end() ? "" : found->second;
    const std::string what =
        service.label() + " in " + master() + " has \"-o " + parameter + "=" + value + "\": " + effect;
    if (purpose_of(service) == Purpose::loopback) {
      plan_.warnings.push_back(
          {what, "right for a service that takes mail back from a content filter; otherwise: " + write});
    } else if (purpose_of(service) == Purpose::submission) {
      plan_.warnings.push_back({what, write});
    } else {
      plan_.refusals.push_back({what, write});
    }
  }

  void judge(const PostfixService& service) {
    if (required_.milter) judge_milter(service);
    if (required_.policy) judge_policy(service);
    if (says(service, "smtpd_tls_ask_ccert", "no") && purpose_of(service) == Purpose::inbound) {
      report(service, "smtpd_tls_ask_ccert", "clients are not asked for a certificate there",
             override_line(service, "smtpd_tls_ask_ccert=yes"));
    }
  }

  void judge_milter(const PostfixService& service) {
    const auto milters = service.overrides.find("smtpd_milters");
    if (milters != service.overrides.end()) {
      judge_milters(service, milters->second);
    }
    const auto filter = service.overrides.find("smtpd_proxy_filter");
    if (filter != service.overrides.end() && !filter->second.empty()) {
      report(service, "smtpd_proxy_filter", std::string(proxy_filter_effect).substr(2),
             "make that filter a milter behind connectord, or a content_filter");
    }
    const auto action = service.overrides.find("milter_default_action");
    if (action != service.overrides.end() && action->second != "tempfail") {
      report(service, "milter_default_action", "its mail is not deferred while connectord does not answer",
             override_line(service, "milter_default_action=tempfail"));
    }
    const auto options = service.overrides.find("receive_override_options");
    if (options != service.overrides.end() && options->second.find("no_milters") != std::string::npos) {
      report(service, "receive_override_options", "no milter is asked about its mail",
             "take no_milters out of it in " + master());
    }
  }

  void judge_milters(const PostfixService& service, const std::string& list) {
    const std::vector<ListWord> words = list_words(list);
    const std::size_t place = find_milter(words, *required_.milter, setup_.queue_directory);
    if (place == words.size()) {
      const std::string word = service_word(*required_.milter, setup_.queue_directory);
      return report(service, "smtpd_milters", "its mail does not pass connectord, and forged tags stay",
                    override_line(service, "smtpd_milters=" + with_first(word, list)));
    }
    if (place == 0) return;
    plan_.warnings.push_back({service.label() + " in " + master() + " has another milter before connectord: " +
                                  std::string(words[0].text) + fooled_by_order,
                              override_line(service, "smtpd_milters=" + with_milter_first(list, *required_.milter,
                                                                                          setup_.queue_directory))});
  }

  void judge_policy(const PostfixService& service) {
    // Of authenticated users no fingerprint is needed.
    if (purpose_of(service) == Purpose::submission) return;
    const auto restrictions = service.overrides.find("smtpd_recipient_restrictions");
    if (restrictions == service.overrides.end()) return;
    const std::vector<ListWord> words = list_words(restrictions->second);
    if (find_policy_service(words, *required_.policy, setup_.queue_directory) < words.size()) return;
    const std::string ours = "check_policy_service " + service_word(*required_.policy, setup_.queue_directory);
    report(service, "smtpd_recipient_restrictions",
           "connectord is not told the fingerprints of its clients' certificates",
           override_line(service, "smtpd_recipient_restrictions=" + with_first(ours, restrictions->second)));
  }

  void judge_sockets() {
    judge_socket("milter", required_.milter, {"smtpd", "cleanup"});
    judge_socket("policy", required_.policy, {"smtpd"});
    judge_socket("socketmap", required_.socketmap, {"cleanup", "trivial-rewrite", "smtp"});
  }

  // What runs in the chroot sees nothing outside of the queue directory.
  void judge_socket(const std::string& key, const std::optional<net::Endpoint>& endpoint,
                    const std::vector<std::string>& programs) {
    if (!endpoint || endpoint->kind != net::Endpoint::Kind::unix_socket) return;
    if (!service_word(*endpoint, setup_.queue_directory).starts_with("unix:/")) return;
    const auto jailed = std::find_if(setup_.services.begin(), setup_.services.end(), [&](const auto& service) {
      return service.chroot && std::find(programs.begin(), programs.end(), service.program) != programs.end();
    });
    if (jailed == setup_.services.end()) return;
    if (is_of_another_instance(*endpoint)) return offer_inet(key, *endpoint);
    const std::string name = std::filesystem::path(endpoint->path).filename().string();
    plan_.refusals.push_back({jailed->label() + " runs in the chroot " + setup_.queue_directory +
                                  " (the column chroot of " + master() + ") and cannot reach " + endpoint->to_string(),
                              "in [server] of " + required_.file + ": " + key + " = \"unix:" + setup_.queue_directory +
                                  "/connectord/" + name + "\", then restart connectord"});
  }

  // Below the queue of another Postfix, which would lose it if it went elsewhere.
  bool is_of_another_instance(const net::Endpoint& endpoint) const {
    std::error_code error;
    for (auto folder = std::filesystem::path(endpoint.path).parent_path(); folder != folder.root_path();
         folder = folder.parent_path()) {
      if (folder == setup_.queue_directory) return false;
      if (std::filesystem::is_directory(folder / "maildrop", error)) return true;
    }
    return false;
  }

  void offer_inet(const std::string& key, const net::Endpoint& endpoint) {
    const std::string port = key == "milter" ? "8891" : key == "policy" ? "8892" : "8893";
    plan_.refusals.push_back(
        {endpoint.to_string() + " lies in the queue of another Postfix, and this one, which runs in the chroot " +
             setup_.queue_directory + ", cannot reach it",
         "a listener that both reach; in [server] of " + required_.file + ": " + key + " = \"inet:127.0.0.1:" + port +
             "\" and inet_clients = [\"127.0.0.1\"]\nthen restart connectord, and attach both: connectorctl attach "
             "postfix --yes, and again with --postfix-config " +
             setup_.folder});
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

bool asks_connectord(const PostfixService& service, const PostfixSetup& setup, const MtaRequirements& required) {
  const auto options = service.overrides.find("receive_override_options");
  if (options != service.overrides.end() && options->second.find("no_milters") != std::string::npos) return false;
  const auto lacks = [&](const std::string& parameter, const auto& find, const auto& endpoint) {
    const auto found = service.overrides.find(parameter);
    if (!endpoint || found == service.overrides.end()) return false;
    const std::vector<ListWord> words = list_words(found->second);
    return find(words, *endpoint, setup.queue_directory) == words.size();
  };
  return !lacks("smtpd_milters", find_milter, required.milter) &&
         !lacks("smtpd_recipient_restrictions", find_policy_service, required.policy);
}

void plan_services(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  ServicePlanner(setup, required, plan).run();
}

}  // namespace connectord::mta
