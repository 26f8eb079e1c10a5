// connectorctl status
#include <ostream>

#include "../configuration_file.h"
#include "../table.h"
#include "attach_commands.h"
#include "connectord/net/display_control.h"
#include "connectord/net/listener.h"
#include "files.h"
#include "reach.h"
#include "report.h"
#include "running_daemon.h"
#include "sendmail_host.h"
#include "sendmail_mc.h"
#include "sendmail_plan.h"

namespace connectord::ctl {
namespace {

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? value.get<std::string>() : otherwise;
}

class StatusReport {
 public:
  StatusReport(const AttachArguments& arguments, const Common& common, const Terminal& terminal)
      : arguments_(arguments), common_(common), terminal_(terminal) {}

  Status run() {
    const session::LoadedPolicy loaded = load(common_, session::SecretFiles::leave);
    loads_ = loaded.policy != nullptr;
    if (loads_) {
      server_ = loaded.policy->configuration().server;
      wanted_ = wanted_by(common_.configuration, loaded.policy->configuration());
    } else {
      missing_.push_back(
          {common_.configuration + " does not load, so connectord would neither start nor reload with it",
           "see what is wrong: connectorctl check --config " + common_.configuration});
    }
    look_at_daemon();
    // Without a configuration it is not known what the mail server should do.
    if (loads_) look_at_mail_server();
    const bool well = missing_.empty();
    if (common_.json) {
      print_json(well);
    } else {
      print_text(well);
    }
    return well ? Status::answered : Status::wrong_input;
  }

 private:
  void look_at_daemon() {
    auto health = ask_running_daemon(common_.configuration, server_.user);
    if (!health) {
      missing_.push_back(
          {health.error(), "systemctl start connectord, as root; if it ends again: journalctl -u connectord"});
      return;
    }
    health_ = std::move(*health);
    for (const Json& odd : health_.value("odd", Json::array())) {
      missing_.push_back({"what the running connectord tells of itself is odd: " + text_or(odd, "?"),
                          "systemctl restart connectord, so that it is of this version"});
    }
    if (health_["reload"].value("failed", false)) {
      missing_.push_back(
          {"the last reload failed at " + text_or(health_["reload"]["at"], "an unknown time") +
               ", so an older configuration runs",
           "connectorctl check --config " + common_.configuration + ", then: systemctl reload connectord"});
    }
    look_at_trace();
    if (!loads_) return;
    compare_listener("milter", server_.milter);
    compare_listener("policy", server_.policy);
    compare_listener("socketmap", server_.socketmap);
  }

  void look_at_trace() {
    const auto trace = trace_health(health_);
    if (!trace) return;
    if (!trace->is_written) {
      missing_.push_back({"the message trace cannot be written since " + trace->since + ": " + trace->reason,
                          "make room, or mend the file; connectord tries again every second"});
    }
    if (trace->losses == 0) return;
    notes_.push_back({"a file of the message trace was removed or replaced while connectord had it open, last at " +
                          trace->last_loss,
                      "find out who did, since rows may be missing: journalctl -u connectord -g trace"});
  }

  void compare_listener(const std::string& key, const std::optional<net::Endpoint>& wanted) {
    const std::string open = text_or(health_["listeners"][key], "none");
    const std::string written = wanted ? wanted->to_string() : "none";
    if (open == written) return;
    if (const auto place = wanted ? net::missing_place_of(*wanted) : std::nullopt; place && open == "none") {
      missing_.push_back(
          {"there is no mail server for server." + key + ": " + *place + " is not there, so connectord is idle",
           "install Postfix, or name a place of Sendmail's; then: systemctl restart connectord"});
      return;
    }
    missing_.push_back({"server." + key + " is " + written + ", and the running connectord has " + open,
                        "systemctl restart connectord"});
  }

  void look_at_mail_server() {
    const MailServers servers = mail_servers_of(arguments_, health_);
    if (servers.postfix) look_at_postfix();
    if (servers.sendmail) look_at_sendmail(SendmailHost(arguments_.sendmail_mc));
    if (servers.postfix || servers.sendmail) return;
    notes_.push_back({"there is no Postfix with its main.cf in " + arguments_.folder + ", and no Sendmail with its " +
                          arguments_.sendmail_mc,
                      "name it with --postfix-config or --sendmail-mc; a mail server on another machine is looked at "
                      "there"});
  }

  Json mta() const { return health_.is_null() ? Json::object() : health_["mta"]; }

  void look_at_sendmail(const SendmailHost& host) {
    sendmail_ = host.cf().string();
    const auto text = read_file(host.cf());
    if (!text) {
      missing_.push_back({text.error(), "make it of sendmail.mc: make -C " + host.cf().parent_path().string()});
      return;
    }
    const SendmailCf cf = read_sendmail_cf(*text);
    sendmail_version_ = cf.version;
    const SendmailPlan plan = plan_sendmail(cf, wanted_);
    const auto mc = read_file(host.mc());
    const bool made_before = mc && has_our_lines(*mc) && !plan.changes.empty();
    for (const SendmailChange& change : plan.changes) {
      missing_.push_back({change.what, made_before ? "connectorctl attach sendmail --yes makes sendmail.cf of the "
                                                     "sendmail.mc that has the lines"
                                                   : change.lines});
    }
    for (const auto& more : {plan.refusals, plan.open, plan.configuration})
      missing_.insert(missing_.end(), more.begin(), more.end());
    if (!SendmailHost::process(cf)) {
      missing_.push_back({"Sendmail does not run (by " + cf.pid_file + ")", "systemctl start sendmail"});
    }
    if (!plan.changes.empty() && plan.refusals.empty()) attachable_ = "sendmail shows and does all that sendmail.mc";
  }

  void look_at_postfix() {
    const auto setup = read_postfix(arguments_.folder);
    if (!setup) {
      missing_.push_back({setup.error(), "see what postconf says: postconf -c " + arguments_.folder + " -n"});
      return;
    }
    postfix_version_ = setup->version;
    const Plan plan = plan_postfix(*setup, wanted_);
    for (const Change& change : plan.changes) {
      missing_.push_back(
          {change.parameter + (change.before ? " is \"" + *change.before + "\"" : " is not set") + ": " + change.reason,
           postconf_line(*setup, change.parameter + " = " + change.after)});
    }
    for (const auto& more : {plan.refusals, plan.open,
                             health_.is_null() ? std::vector<Advice>() : unreachable_listeners(*setup, wanted_)}) {
      missing_.insert(missing_.end(), more.begin(), more.end());
    }
    notes_.insert(notes_.end(), plan.warnings.begin(), plan.warnings.end());
    if (!plan.changes.empty() && plan.refusals.empty()) attachable_ = "postfix shows and does all that postconf";
  }

  void print_json(bool well) {
    Json object;
    object["ok"] = well;
    object["running"] = !health_.is_null();
    object["connectord"] = health_;
    object["postfix"] = postfix_version_.empty()
                            ? Json(nullptr)
                            : Json{{"version", postfix_version_}, {"configuration_directory", arguments_.folder}};
    object["sendmail"] =
        sendmail_version_.empty() ? Json(nullptr) : Json{{"version", sendmail_version_}, {"sendmail_cf", sendmail_}};
    object["missing"] = to_json(missing_);
    object["notes"] = to_json(notes_);
    terminal_.out << net::escape_display_controls(object.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
  }

  void print_text(bool well) {
    std::vector<std::vector<std::string>> rows;
    if (health_.is_null()) {
      rows.push_back({"connectord", "does not run, or does not tell"});
    } else {
      add_daemon(rows);
    }
    if (!postfix_version_.empty()) {
      rows.push_back({"Postfix", postfix_version_ + " in " + arguments_.folder});
    }
    if (!sendmail_version_.empty()) rows.push_back({"Sendmail", sendmail_version_ + " by " + sendmail_});
    write_table(terminal_.out, rows);
    print_advice(terminal_.out, "note", notes_);
    print_advice(terminal_.out, "missing", missing_);
    if (!attachable_.empty()) terminal_.out << "connectorctl attach " << attachable_ << " lacks here\n";
    if (well) terminal_.out << "all is well\n";
  }

  void add_daemon(std::vector<std::vector<std::string>>& rows) {
    const Json& configuration = health_["configuration"];
    rows.push_back({"connectord", health_.value("version", "") + ", runs since " + text_or(health_["started"], "?") +
                                      ", process " + std::to_string(health_.value("pid", 0))});
    rows.push_back({"configuration", configuration.value("file", "") + ", generation " +
                                         std::to_string(configuration.value("generation", 0)) + ", loaded " +
                                         text_or(configuration["loaded"], "?")});
    Json asking = mta();
    rows.push_back({"asked by", asking["version"].is_string() ? text_or(asking["version"], "") + " on " +
                                                                    text_or(asking["host"], "an unknown host")
                                                              : "no mail server yet"});
    add_counter(rows, "milter", "sessions");
    add_counter(rows, "policy", "requests");
    add_counter(rows, "socketmap", "lookups");
    if (const auto trace = trace_health(health_)) {
      rows.push_back({"message trace", std::string(trace->is_written ? "is written" : "cannot be written") + ", " +
                                           std::to_string(trace->waiting) + " entries waiting"});
    }
  }

  void add_counter(std::vector<std::vector<std::string>>& rows, const std::string& front_end, const std::string& what) {
    const Json& listener = health_["listeners"][front_end];
    if (!listener.is_string()) return;
    const Json& counter = health_[front_end];
    rows.push_back({front_end, listener.get<std::string>() + ", " + std::to_string(counter.value(what, 0)) + " " +
                                   what + ", last " + text_or(counter["last"], "never")});
  }

  const AttachArguments& arguments_;
  const Common& common_;
  const Terminal& terminal_;
  bool loads_ = false;  // the configuration file, now
  model::Server server_;
  Wanted wanted_;
  Json health_;
  std::string postfix_version_;
  std::string sendmail_;  // its sendmail.cf
  std::string sendmail_version_;
  std::string attachable_;  // what attach would do, in words
  std::vector<Advice> missing_;
  std::vector<Advice> notes_;
};

}  // namespace

Status status_of(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return StatusReport(arguments, common, terminal).run();
}

}  // namespace connectord::ctl
