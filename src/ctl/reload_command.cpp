// The commands about what runs: reload, changes.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "clock_text.h"
#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "json_output.h"
#include "reload_daemon.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Load = runtime::ConfigurationHistory::Load;

Status reload(const Common& common, const Terminal& terminal) {
  const runtime::LoadedPolicy loaded = load(common, runtime::SecretFiles::read);
  print_problems(loaded.problems, terminal);
  if (!loaded.policy) {
    terminal.error << "connectorctl: nothing was reloaded; the running configuration stays\n";
    return Status::wrong_input;
  }
  const std::string& user = loaded.policy->configuration().server.user;
  const auto generation = reload_daemon(common.configuration, user);
  if (!generation) {
    terminal.error << "connectorctl: " << generation.error() << '\n';
    return Status::wrong_input;
  }
  const auto running = running_configuration(common, user);
  const std::vector<std::string> waiting = running ? running->waits_for_restart : std::vector<std::string>();
  if (common.json) {
    print_json(Json{{"generation", *generation}, {"waits_for_restart", waiting}}, terminal.out);
    return Status::answered;
  }
  terminal.out << "reloaded; generation " << *generation << " runs\n";
  const bool has_changed = running && !running->loads.empty() && running->loads.back().generation == *generation;
  if (running && !has_changed) terminal.out << "nothing has changed\n";
  if (has_changed) {
    for (const auto& change : running->loads.back().changes)
      terminal.out << "  " << harmless(to_string(change)) << '\n';
  }
  if (!waiting.empty()) {
    terminal.out << "these take effect after a restart only (systemctl restart connectord): "
                 << harmless(base::joined(waiting)) << '\n';
  }
  return Status::answered;
}

Json to_json(const std::vector<config::SettingChange>& changes) {
  Json array = Json::array();
  for (const auto& change : changes) array.push_back(to_json(change));
  return array;
}

Json to_json(const std::vector<runtime::FileMark>& marks) {
  Json array = Json::array();
  for (const auto& mark : marks) {
    array.push_back({{"path", mark.path}, {"owner", mark.owner}, {"modified", base::utc_text(mark.modified)}});
  }
  return array;
}

std::string about(const config::SettingChange& change) {
  return change.name.empty() ? "[" + change.table + "]" : change.table + " " + change.name;
}

void add_rows(Table& table, const std::string& time, const std::string& who,
              const std::vector<config::SettingChange>& changes) {
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("-") : harmless(value); };
  for (const auto& change : changes) {
    table.add({time, harmless(who), harmless(about(change)), shown(change.key), shown(change.before),
               shown(change.after), harmless(change.file)});
  }
}

// Who edited a file is not known; what it says of itself is.
void print_marks(const std::vector<runtime::FileMark>& marks, const std::string& until, const Clock& clock,
                 std::ostream& out) {
  for (const runtime::FileMark& mark : marks) {
    out << harmless(mark.path) << ": of " << harmless(mark.owner) << ", last written "
        << clock.date_and_time(mark.modified * base::second_ms) << ", " << until << '\n';
  }
}

void print_files(const runtime::RunningConfiguration& running, const std::vector<config::SettingChange>& pending,
                 const Clock& clock, std::ostream& out) {
  constexpr std::size_t max_shown = 5;
  const std::size_t number = running.loads.size();
  for (std::size_t i = number > max_shown ? number - max_shown : 0; i < number; ++i) {
    const Load& load = running.loads[i];
    print_marks(load.files, "loaded " + clock.date_and_time(load.time * base::second_ms), clock, out);
  }
  print_marks(runtime::file_marks(pending), "not loaded", clock, out);
}

void print(const runtime::RunningConfiguration& running, const std::vector<config::SettingChange>& pending, bool utc,
           const Terminal& terminal) {
  const Clock clock(utc ? trace::Zone::utc : trace::Zone::local);
  const std::int64_t latest = running.loads.empty() ? 0 : running.loads.back().time * base::second_ms;
  Table table(
      {{"TIME (" + clock.zone_name(latest) + ")"}, {"WHO", true}, {"WHAT"}, {"KEY"}, {"FROM"}, {"TO"}, {"FILE", true}});
  for (const Load& load : running.loads) {
    add_rows(table, clock.date_and_time(load.time * base::second_ms), load.who, load.changes);
  }
  add_rows(table, "not yet", "the next reload", pending);
  if (running.loads.empty() && pending.empty()) {
    terminal.out << "nothing has changed, as far as connectord remembers\n";
  } else {
    table.print(terminal);
    print_files(running, pending, clock, terminal.out);
  }
  if (!running.waits_for_restart.empty()) {
    terminal.out << "waits for a restart (systemctl restart connectord): "
                 << harmless(base::joined(running.waits_for_restart)) << '\n';
  }
}

Status changes(const Common& common, bool utc, const Terminal& terminal) {
  const config::Loaded files = files_of(common);
  const auto running = running_configuration(common, files.configuration.server.user);
  if (!running) {
    terminal.error << "connectorctl: " << running.error() << "; what runs keeps the history\n";
    return Status::wrong_input;
  }
  const auto pending = pending_changes(*running, files);
  if (!common.json) {
    print(*running, pending, utc, terminal);
    return Status::answered;
  }
  Json object{{"generation", running->generation}, {"loads", Json::array()}};
  for (const Load& load : running->loads) {
    object["loads"].push_back({{"generation", load.generation},
                               {"time", base::utc_text(load.time)},
                               {"who", load.who},
                               {"changes", to_json(load.changes)},
                               {"files", to_json(load.files)}});
  }
  object["pending"] = to_json(pending);
  object["pending_files"] = to_json(runtime::file_marks(pending));
  object["waits_for_restart"] = running->waits_for_restart;
  print_json(object, terminal.out);
  return Status::answered;
}

}  // namespace

void add_reload_commands(const CommandLine& line) {
  line.command("reload", "Check the configuration, have connectord load it, and wait until it has").callback([line] {
    line.status = reload(line.common, line.terminal);
  });
  const Subcommand command =
      line.command("changes", "Tell what each load has changed, by whom, and what waits to be loaded");
  const auto utc = std::make_shared<bool>(false);
  command.add_flag("--utc", *utc, "Show times in UTC");
  command.callback([line, utc] { line.status = changes(line.common, *utc, line.terminal); });
}

}  // namespace connectord::ctl
