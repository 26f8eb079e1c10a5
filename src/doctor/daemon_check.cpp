#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/net/listener.h"

namespace connectord::doctor {
namespace {

using Json = nlohmann::ordered_json;

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? value.get<std::string>() : otherwise;
}

class DaemonCheck {
 public:
  DaemonCheck(const Context& context, Findings& findings)
      : file_(context.configuration_file),
        configuration_(context.configuration),
        health_(context.health),
        findings_(findings) {}

  void run() {
    oddities();
    reload();
    trace();
    const bool milter = has("milter", configuration_.server.milter);
    const bool policy = has("policy", configuration_.server.policy);
    const bool socketmap = has("socketmap", configuration_.server.socketmap);
    // The restart that another listener needs loads the files too.
    if (milter && policy && socketmap) edited_files();
    findings_.seen("connectord", "runs, " + health_.value("version", std::string()));
  }

 private:
  void oddities() {
    for (const Json& odd : health_.value("odd", Json::array())) {
      findings_.critical("connectord", "what the running connectord tells of itself is odd: " + text_or(odd, "?"),
                         "systemctl restart connectord, so that it is of this version");
    }
  }

  void reload() {
    const Json& reload = health_["reload"];
    if (!reload.value("failed", false)) return;
    findings_.critical(
        "configuration",
        "the last reload failed at " + text_or(reload["at"], "an unknown time") + ", so an older configuration runs",
        "connectorctl check --config " + file_ + ", then: systemctl reload connectord");
  }

  // What the files say now, against what they said when they were loaded. A failed reload is reported by itself.
  void edited_files() {
    const Json& loaded = health_["configuration"];
    const std::string running = loaded.value("sha256", std::string());
    if (running.empty() || running == configuration_.sources.sha256 || health_["reload"].value("failed", false)) return;
    const std::string since = text_or(loaded["loaded"], "an unknown time");
    std::string edited;
    for (const std::string& name : configuration_.sources.files) {
      struct stat info {};
      if (::stat(name.c_str(), &info) != 0 || base::utc_text(info.st_mtim.tv_sec) < since) continue;
      edited += (edited.empty() ? "" : ", ") + name + " (" + base::utc_text(info.st_mtim.tv_sec) + ")";
    }
    findings_.add({Severity::critical, "configuration",
                   (edited.empty() ? "the configuration's files were edited" : "edited and not loaded: " + edited) +
                       "; what runs was loaded at " + since,
                   "connectorctl check --config " + file_ + " && systemctl reload connectord",
                   "mail is decided by what the files said before"});
  }

  void trace() {
    const auto trace = mta::trace_health(health_);
    if (!trace) return;
    if (!trace->is_written) outage(*trace);
    if (trace->losses == 0) return;
    findings_.warn(
        "trace",
        "a file of the message trace was removed or replaced while connectord had it open, last at " + trace->last_loss,
        "find out who did, since rows may be missing: journalctl -u connectord -g trace");
  }

  void outage(const mta::TraceHealth& trace) {
    const bool defers = !configuration_.trace || configuration_.trace->on_failure == model::OnTraceFailure::defer;
    std::string write = "make room, or mend the file; connectord tries again every second";
    if (configuration_.trace) {
      const std::string& file = configuration_.trace->file();
      write += "\ndf -h " + file.substr(0, file.rfind('/') + 1);
      if (defers) {
        write += "\nor, to take mail without a trace, in [trace] of " + file_ +
                 ": on_failure = \"accept\", then: systemctl reload connectord";
      }
    }
    findings_.add({Severity::critical, "trace",
                   defers ? "all mail is deferred (451 4.3.0) since " + trace.since
                          : "mail is taken without a trace since " + trace.since,
                   std::move(write), "the message trace cannot be written: " + trace.reason});
  }

  bool has(const std::string& key, const std::optional<net::Endpoint>& wanted) {
    const std::string open = text_or(health_["listeners"][key], "none");
    const std::string written = wanted ? wanted->to_string() : "none";
    if (open == written) return true;
    if (const auto place = wanted ? net::missing_place_of(*wanted) : std::nullopt; place && open == "none") {
      findings_.critical(
          "connectord",
          "there is no mail server for server." + key + ": " + *place + " is not there, so connectord is idle",
          "install Postfix, or name a place of Sendmail's; then: systemctl restart connectord");
      return false;
    }
    findings_.critical("connectord", "server." + key + " is " + written + ", and the running connectord has " + open,
                       "systemctl restart connectord");
    return false;
  }

  const std::string& file_;
  const model::Configuration& configuration_;
  const Json& health_;
  Findings& findings_;
};

}  // namespace

void examine_daemon(Context& context, Findings& findings) {
  auto health = mta::ask_running_daemon(context.configuration_file, context.configuration.server.user);
  if (!health) return findings.add(Severity::critical, "connectord", std::move(health.error()));
  context.health = std::move(*health);
  context.daemon = context.health.value("pid", pid_t{0});
  DaemonCheck(context, findings).run();
}

}  // namespace connectord::doctor
