// connectorctl status
#include <ostream>

#include "attach_commands.h"
#include "attach_report.h"
#include "connectord/base/display_control.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/mta/state.h"
#include "table.h"

namespace connectord::ctl {
namespace {

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? value.get<std::string>() : otherwise;
}

class StatePrinter {
 public:
  StatePrinter(const mta::State& state, const std::string& folder, const Terminal& terminal)
      : state_(state), health_(state.health), folder_(folder), terminal_(terminal) {}

  void print_json() const {
    Json object;
    object["ok"] = state_.is_well();
    object["running"] = !state_.health.is_null();
    object["connectord"] = state_.health;
    object["postfix"] = state_.postfix_version.empty()
                            ? Json(nullptr)
                            : Json{{"version", state_.postfix_version}, {"configuration_directory", folder_}};
    object["sendmail"] = state_.sendmail_version.empty()
                             ? Json(nullptr)
                             : Json{{"version", state_.sendmail_version}, {"sendmail_cf", state_.sendmail_cf}};
    object["missing"] = ctl::to_json(state_.missing);
    object["notes"] = ctl::to_json(state_.notes);
    terminal_.out << base::escape_display_controls(object.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
  }

  void print_text() {
    std::vector<std::vector<std::string>> rows;
    if (state_.health.is_null()) {
      rows.push_back({"connectord", "does not run, or does not tell"});
    } else {
      add_daemon(rows);
    }
    if (!state_.postfix_version.empty()) {
      rows.push_back({"Postfix", state_.postfix_version + " in " + folder_});
    }
    if (!state_.sendmail_version.empty())
      rows.push_back({"Sendmail", state_.sendmail_version + " by " + state_.sendmail_cf});
    write_table(terminal_.out, rows);
    print_advice(terminal_.out, "note", state_.notes);
    print_advice(terminal_.out, "missing", state_.missing);
    if (state_.attachable == mta::Attachable::postfix) {
      terminal_.out << "connectorctl attach postfix shows and does all that postconf lacks here\n";
    } else if (state_.attachable == mta::Attachable::sendmail) {
      terminal_.out << "connectorctl attach sendmail shows and does all that sendmail.mc lacks here\n";
    }
    if (state_.is_well()) terminal_.out << "all is well\n";
  }

  void add_daemon(std::vector<std::vector<std::string>>& rows) {
    const Json& configuration = health_["configuration"];
    rows.push_back({"connectord", health_.value("version", "") + ", runs since " + text_or(health_["started"], "?") +
                                      ", process " + std::to_string(health_.value("pid", 0))});
    rows.push_back({"configuration", configuration.value("file", "") + ", generation " +
                                         std::to_string(configuration.value("generation", 0)) + ", loaded " +
                                         text_or(configuration["loaded"], "?")});
    const Json& asking = health_["mta"];
    rows.push_back({"asked by", asking["version"].is_string() ? text_or(asking["version"], "") + " on " +
                                                                    text_or(asking["host"], "an unknown host")
                                                              : "no mail server yet"});
    add_counter(rows, "milter", "sessions");
    add_counter(rows, "policy", "requests");
    add_counter(rows, "socketmap", "lookups");
    if (const auto trace = mta::trace_health(health_)) {
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

  const mta::State& state_;
  Json health_;
  const std::string& folder_;  // of main.cf
  const Terminal& terminal_;
};

}  // namespace

Status status_of(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  const mta::State state = mta::look_at(common.configuration, arguments);
  StatePrinter printer(state, arguments.folder, terminal);
  common.json ? printer.print_json() : printer.print_text();
  return state.is_well() ? Status::answered : Status::wrong_input;
}

}  // namespace connectord::ctl
