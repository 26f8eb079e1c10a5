#include "status_table.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "connectord/mta/running_daemon.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? value.get<std::string>() : otherwise;
}

void add_counter(const Json& health, const std::string& front_end, const std::string& what, Rows& rows) {
  const Json& listener = health["listeners"][front_end];
  if (!listener.is_string()) return;
  const Json& counter = health[front_end];
  rows.push_back({front_end, listener.get<std::string>() + ", " + std::to_string(counter.value(what, 0)) + " " + what +
                                 ", last " + text_or(counter["last"], "never")});
}

// In a line or two; what is wrong is among the issues, in full.
void add_fleet(const Json& health, Rows& rows) {
  const Json fleet = health.value("fleet", Json());
  if (!fleet.is_object()) return;
  const auto number = [](const Json& value) {
    return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : std::string("?");
  };
  const std::string running = number(fleet.value("generation", Json()));
  const std::string wanted = number(fleet.value("wanted", Json()));
  const bool is_newest = wanted == running || wanted == "?";
  const bool is_connected = fleet.value("connected", Json()) == true;
  const bool is_away = !is_connected && fleet.value("reason", Json()).is_string();
  rows.push_back({"fleet", text_or(fleet.value("host", Json()), "?") + " in " +
                               text_or(fleet.value("database", Json()), "?") + ", generation " + running +
                               (is_newest ? "" : " of " + wanted) +
                               (is_connected ? ", connected"
                                : is_away    ? ", its database is away"
                                             : ", not connected yet")});
  const Json trace = fleet.value("trace", Json());
  if (!trace.is_object()) return;
  const Json rejected = trace.value("rejected", Json::object());
  const Json lost = trace.value("lost", Json::object());
  std::string text = trace.value("writable", Json()) == true ? "is written" : "cannot be written";
  text += ", " + number(trace.value("waiting", Json())) + " rows waiting for " +
          number(trace.value("lag_seconds", Json())) + " s";
  for (const auto& [part, words] : {std::pair(&rejected, " set aside"), std::pair(&lost, " dropped")}) {
    const std::string count = part->is_object() ? number(part->value("rows", Json())) : "?";
    if (count != "0") text += ", " + count + words;
  }
  rows.push_back({"joint trace", text});
}

void add_daemon(const Json& health, Rows& rows) {
  const Json& configuration = health["configuration"];
  rows.push_back({"connectord", health.value("version", "") + ", runs since " + text_or(health["started"], "?") +
                                    ", process " + std::to_string(health.value("pid", 0))});
  rows.push_back({"configuration", configuration.value("file", "") + ", generation " +
                                       std::to_string(configuration.value("generation", 0)) + ", loaded " +
                                       text_or(configuration["loaded"], "?")});
  if (const std::string change = text_or(configuration.value("last_change", Json()), ""); !change.empty()) {
    rows.push_back({"last change", change + "; all: connectorctl changes"});
  }
  std::string waiting;
  for (const Json& key : configuration.value("waits_for_restart", Json::array())) {
    waiting += (waiting.empty() ? "" : ", ") + text_or(key, "");
  }
  if (!waiting.empty()) rows.push_back({"needs a restart", waiting});
  const Json& asking = health["mta"];
  rows.push_back({"asked by", asking["version"].is_string()
                                  ? text_or(asking["version"], "") + " on " + text_or(asking["host"], "an unknown host")
                                  : "no mail server yet"});
  add_counter(health, "milter", "sessions", rows);
  add_counter(health, "policy", "requests", rows);
  add_counter(health, "socketmap", "lookups", rows);
  if (const auto trace = mta::trace_health(health)) {
    rows.push_back({"message trace", std::string(trace->is_written ? "is written" : "cannot be written") + ", " +
                                         std::to_string(trace->waiting) + " entries waiting"});
  }
  add_fleet(health, rows);
}

}  // namespace

void print_status_table(const doctor::Report& report, const std::string& folder, const Terminal& terminal) {
  Rows rows;
  if (report.health.is_object()) {
    add_daemon(report.health, rows);
  } else {
    rows.push_back({"connectord", "does not run, or does not tell"});
  }
  if (!report.postfix_version.empty()) rows.push_back({"Postfix", report.postfix_version + " in " + folder});
  if (!report.sendmail_version.empty())
    rows.push_back({"Sendmail", report.sendmail_version + " by " + report.sendmail_cf});
  write_table(terminal, rows);
}

}  // namespace connectord::ctl
