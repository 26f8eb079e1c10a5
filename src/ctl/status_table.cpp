#include "status_table.h"

#include <cstdint>
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

void add_fleet(const Json& health, Rows& rows) {
  const Json fleet = health.value("fleet", Json());
  if (!fleet.is_object()) return;
  const auto number = [&fleet](const char* key) {
    const Json value = fleet.value(key, Json());
    return value.is_number_integer() ? std::to_string(value.get<std::int64_t>()) : std::string("?");
  };
  const Json connected = fleet.value("connected", Json());
  const std::string reason = text_or(fleet.value("reason", Json()), "");
  rows.push_back({"fleet", "generation " + number("generation") +
                               (connected == true ? ", connected" : ", its database is away: " + reason)});
  const std::string error = text_or(fleet.value("generation_error", Json()), "");
  if (!error.empty()) rows.push_back({"", "generation " + number("wanted") + " does not load here: " + error});
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
