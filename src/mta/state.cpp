#include "connectord/mta/state.h"

#include "connectord/mta/files.h"
#include "connectord/mta/listener_access.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/mta/sendmail_host.h"
#include "connectord/mta/sendmail_mc.h"
#include "connectord/mta/sendmail_plan.h"
#include "connectord/net/listener.h"
#include "connectord/runtime/load_policy.h"

namespace connectord::mta {
namespace {

using Json = nlohmann::ordered_json;

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? value.get<std::string>() : otherwise;
}

class StateReader {
 public:
  StateReader(const std::string& file, const MailServerPlaces& places) : file_(file), places_(places) {}

  State run() && {
    const runtime::LoadedPolicy loaded =
        runtime::load_policy(file_, runtime::environment_of_host(), runtime::SecretFiles::leave);
    loads_ = loaded.policy != nullptr;
    if (loads_) {
      server_ = loaded.policy->configuration().server;
      wanted_ = wanted_by(file_, loaded.policy->configuration());
    } else {
      state_.missing.push_back({file_ + " does not load, so connectord would neither start nor reload with it",
                                "see what is wrong: connectorctl check --config " + file_});
    }
    look_at_daemon();
    // Without a configuration it is not known what the mail server should do.
    if (loads_) look_at_mail_server();
    return std::move(state_);
  }

 private:
  void look_at_daemon() {
    auto health = ask_running_daemon(file_, server_.user);
    if (!health) {
      state_.missing.push_back(
          {health.error(), "systemctl start connectord, as root; if it ends again: journalctl -u connectord"});
      return;
    }
    state_.health = std::move(*health);
    for (const Json& odd : state_.health.value("odd", Json::array())) {
      state_.missing.push_back({"what the running connectord tells of itself is odd: " + text_or(odd, "?"),
                                "systemctl restart connectord, so that it is of this version"});
    }
    if (state_.health["reload"].value("failed", false)) {
      state_.missing.push_back({"the last reload failed at " +
                                    text_or(state_.health["reload"]["at"], "an unknown time") +
                                    ", so an older configuration runs",
                                "connectorctl check --config " + file_ + ", then: systemctl reload connectord"});
    }
    look_at_trace();
    if (!loads_) return;
    compare_listener("milter", server_.milter);
    compare_listener("policy", server_.policy);
    compare_listener("socketmap", server_.socketmap);
  }

  void look_at_trace() {
    const auto trace = trace_health(state_.health);
    if (!trace) return;
    if (!trace->is_written) {
      state_.missing.push_back({"the message trace cannot be written since " + trace->since + ": " + trace->reason,
                                "make room, or mend the file; connectord tries again every second"});
    }
    if (trace->losses == 0) return;
    state_.notes.push_back(
        {"a file of the message trace was removed or replaced while connectord had it open, last at " +
             trace->last_loss,
         "find out who did, since rows may be missing: journalctl -u connectord -g trace"});
  }

  void compare_listener(const std::string& key, const std::optional<net::Endpoint>& wanted) {
    const std::string open = text_or(state_.health["listeners"][key], "none");
    const std::string written = wanted ? wanted->to_string() : "none";
    if (open == written) return;
    if (const auto place = wanted ? net::missing_place_of(*wanted) : std::nullopt; place && open == "none") {
      state_.missing.push_back(
          {"there is no mail server for server." + key + ": " + *place + " is not there, so connectord is idle",
           "install Postfix, or name a place of Sendmail's; then: systemctl restart connectord"});
      return;
    }
    state_.missing.push_back({"server." + key + " is " + written + ", and the running connectord has " + open,
                              "systemctl restart connectord"});
  }

  void look_at_mail_server() {
    const MailServers servers = mail_servers_of(places_, state_.health);
    if (servers.postfix) look_at_postfix();
    if (servers.sendmail) look_at_sendmail(SendmailHost(places_.sendmail_mc));
    if (servers.postfix || servers.sendmail) return;
    state_.notes.push_back(
        {"there is no Postfix with its main.cf in " + places_.folder + ", and no Sendmail with its " +
             places_.sendmail_mc,
         "name it with --postfix-config or --sendmail-mc; a mail server on another machine is looked at "
         "there"});
  }

  void look_at_sendmail(const SendmailHost& host) {
    state_.sendmail_cf = host.cf().string();
    const auto text = read_file(host.cf());
    if (!text) {
      state_.missing.push_back({text.error(), "make it of sendmail.mc: make -C " + host.cf().parent_path().string()});
      return;
    }
    const SendmailCf cf = read_sendmail_cf(*text);
    state_.sendmail_version = cf.version;
    const SendmailPlan plan = plan_sendmail(cf, wanted_);
    const auto mc = read_file(host.mc());
    const bool made_before = mc && has_our_lines(*mc) && !plan.changes.empty();
    for (const SendmailChange& change : plan.changes) {
      state_.missing.push_back({change.what, made_before
                                                 ? "connectorctl attach sendmail --yes makes sendmail.cf of the "
                                                   "sendmail.mc that has the lines"
                                                 : change.lines});
    }
    for (const auto& more : {plan.refusals, plan.open, plan.configuration})
      state_.missing.insert(state_.missing.end(), more.begin(), more.end());
    if (!SendmailHost::process(cf)) {
      state_.missing.push_back({"Sendmail does not run (by " + cf.pid_file + ")", "systemctl start sendmail"});
    }
    if (!plan.changes.empty() && plan.refusals.empty()) state_.attachable = Attachable::sendmail;
  }

  void look_at_postfix() {
    const auto setup = read_postfix(places_.folder);
    if (!setup) {
      state_.missing.push_back({setup.error(), "see what postconf says: postconf -c " + places_.folder + " -n"});
      return;
    }
    state_.postfix_version = setup->version;
    const Plan plan = plan_postfix(*setup, wanted_);
    for (const Change& change : plan.changes) {
      state_.missing.push_back(
          {change.parameter + (change.before ? " is \"" + *change.before + "\"" : " is not set") + ": " + change.reason,
           postconf_line(*setup, change.parameter + " = " + change.after)});
    }
    for (const auto& more :
         {plan.refusals, plan.open,
          state_.health.is_null() ? std::vector<Advice>() : unreachable_listeners(*setup, wanted_)}) {
      state_.missing.insert(state_.missing.end(), more.begin(), more.end());
    }
    state_.notes.insert(state_.notes.end(), plan.warnings.begin(), plan.warnings.end());
    if (!plan.changes.empty() && plan.refusals.empty()) state_.attachable = Attachable::postfix;
  }

  const std::string& file_;
  const MailServerPlaces& places_;
  bool loads_ = false;  // the configuration file, now
  model::Server server_;
  Wanted wanted_;
  State state_;
};

}  // namespace

State look_at(const std::string& configuration, const MailServerPlaces& places) {
  return StateReader(configuration, places).run();
}

}  // namespace connectord::mta
