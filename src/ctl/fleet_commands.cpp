// fleet migrate, join, status, show, diff, apply, release, changes, rollback, leave: what several mail hosts have in
// common.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <tuple>

#include "clock_text.h"
#include "commands.h"
#include "connectord/base/time.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/config/fleet_keys.h"
#include "connectord/config/setting_changes.h"
#include "connectord/fleet/database.h"
#include "connectord/runtime/load_policy.h"
#include "finding_text.h"
#include "fleet_change.h"
#include "input.h"
#include "json_output.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using fleet::Database;
using model::Configuration;

constexpr std::size_t max_changes = 200;
constexpr std::string_view mark = "# generation ";
constexpr std::string_view behind_mark = " of the fleet; connectorctl fleet apply takes this line off";

struct FleetArguments {
  std::string file;
  std::string database;
  std::string comment;
  std::string canary;
  std::string host;
  std::int64_t generation = -1;
  std::int64_t over = -1;
  std::int64_t most = 10;
};
using Arguments = std::shared_ptr<FleetArguments>;

std::vector<config::SettingChange> changes_between(const std::string& before, const std::string& after) {
  // By one name, so that the same connectors are compared.
  return config::setting_changes({{"fleet.toml", before}}, {{"fleet.toml", after}}, max_changes);
}

void print_changes(const std::vector<config::SettingChange>& changes, const Terminal& terminal) {
  for (const auto& change : changes) terminal.out << "  " << harmless(to_string(change)) << '\n';
  if (changes.size() >= max_changes) terminal.out << "  and more\n";
}

Json to_json(const std::vector<config::SettingChange>& changes) {
  Json list = Json::array();
  for (const auto& change : changes) list.push_back(config::to_json(change));
  return list;
}

// A document without the line that `show` puts above it, and the generation that the line names.
struct Edited {
  std::string document;
  std::optional<std::int64_t> made_from;
};

Edited edited(std::string text) {
  if (!text.starts_with(mark)) return {std::move(text), std::nullopt};
  const std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + mark.size(), line.data() + line.size(), number);
  const std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
  if (error != std::errc() || rest != behind_mark) return {std::move(text), std::nullopt};
  return {text.substr(std::min(text.size(), line.size() + 1)), number};
}

Expected<void> migrate(const CommandLine& line, const FleetArguments& arguments) {
  std::string address = arguments.database;
  std::string password;
  if (address.empty()) {
    const auto configuration = member_configuration(line.common);
    if (!configuration) return tl::unexpected(configuration.error());
    auto access = Database::address_of(*configuration);
    if (!access) return tl::unexpected(access.error());
    std::tie(address, password) = std::move(*access);
  }
  const auto before = Database::migrate(address, password);
  if (!before) return tl::unexpected(before.error());
  if (line.common.json) {
    print_json(Json{{"version_before", *before}, {"version", fleet::schema_version_of_tables()}}, line.terminal.out);
  } else if (*before == fleet::schema_version_of_tables()) {
    line.terminal.out << "the tables are as this connectord wants them (version " << *before << ")\n";
  } else {
    line.terminal.out << (*before == 0 ? "made the tables" : "brought the tables up") << " (version "
                      << fleet::schema_version_of_tables() << "); who logs in for a host must be a member of "
                      << "connectord_ingest, and of connectord_admin where changes are made\n";
  }
  return {};
}

Expected<void> join(const CommandLine& line, const FleetArguments& /*arguments*/) {
  const auto configuration = member_configuration(line.common);
  if (!configuration) return tl::unexpected(configuration.error());
  const std::string& state = configuration->fleet->state;
  const auto copy = config::current_fleet_copy(state);
  if (!copy) return tl::unexpected(copy.error());
  if (*copy) {
    line.terminal.out << "this host is a member already, and has generation " << **copy << '\n';
    return {};
  }
  const auto taken = fleet::take_first_generation(line.common.configuration, *configuration);
  if (!taken) return tl::unexpected(taken.error());
  line.terminal.out << "this host is a member now, and has generation " << *taken << " in " << state
                    << "; its own files count as before. Start connectord, or restart it\n";
  return {};
}

// Work that needs the database.
using Work = std::function<Expected<void>(const Configuration& configuration, Database& database)>;

Expected<void> with_database(const CommandLine& line, const Work& work) {
  const auto configuration = member_configuration(line.common);
  if (!configuration) return tl::unexpected(configuration.error());
  auto database = Database::open(*configuration);
  if (!database) return tl::unexpected(database.error());
  return work(*configuration, *database);
}

std::string ago(std::int64_t seconds) {
  return duration_text(std::max<std::int64_t>(seconds, 0) * base::second_ms) + " ago";
}

bool is_away(const fleet::HostStatus& host) {
  return host.seen_ago > fleet::gone_after;
}

Json to_json(const fleet::HostStatus& host) {
  const auto number = [](const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(nullptr); };
  const auto text = [](const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); };
  return {{"host", host.name},
          {"version", host.version},
          {"seen_ago", host.seen_ago},
          {"has_left", host.has_left},
          {"generation", number(host.generation)},
          {"generation_error", text(host.generation_error)},
          {"clock_ahead_ms", host.clock_ahead_ms},
          {"waiting_rows", host.waiting_rows},
          {"waiting_seconds", number(host.waiting_for)},
          {"dropped_rows", host.dropped_rows},
          {"trace_error", text(host.trace_error)}};
}

const char* colour_of(const fleet::HostStatus& host) {
  if (host.has_left || is_away(host)) return faint;
  return host.generation_error.empty() && host.trace_error.empty() ? nullptr : red;
}

// The server has a part in the words, and they may be several lines.
void print_lines(std::string_view text, std::string_view indent, std::ostream& out) {
  do {
    const auto end = std::min(text.find('\n'), text.size());
    out << indent << harmless(text.substr(0, end)) << '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  } while (!text.empty());
}

void print_errors(const fleet::HostStatus& host, const Terminal& terminal) {
  for (const auto& [what, text] : {std::pair("generation", &host.generation_error), {"trace", &host.trace_error}}) {
    if (text->empty()) continue;
    terminal.out << harmless(host.name) << ", " << what << ":\n";
    print_lines(*text, "  ", terminal.out);
  }
}

void print_status(const fleet::Current& current, const std::vector<fleet::HostStatus>& hosts,
                  const Terminal& terminal) {
  const Paint paint(terminal.colour);
  terminal.out << "generation " << current.n << " is for all";
  if (current.trial) terminal.out << "; " << harmless(current.trial_host) << " tries out generation " << *current.trial;
  terminal.out << '\n';
  Table table({{"HOST"}, {"GENERATION"}, {"SEEN"}, {"TRACE WAITS"}, {"CLOCK", true}, {"VERSION", true}});
  for (const auto& host : hosts) {
    const char* colour = colour_of(host);
    std::string waits = host.waiting_rows == 0 ? "nothing" : std::to_string(host.waiting_rows) + " rows";
    if (host.waiting_for && host.waiting_rows > 0) waits += ", " + duration_text(*host.waiting_for * base::second_ms);
    if (host.dropped_rows > 0) waits += ", " + std::to_string(host.dropped_rows) + " lost";
    const std::string seen = host.has_left ? "has left" : ago(host.seen_ago);
    std::string generation = host.generation ? std::to_string(*host.generation) : "none";
    if (!host.generation_error.empty()) generation += ", and cannot take the next";
    const std::string clock = (host.clock_ahead_ms < 0 ? "-" : "+") + duration_text(std::abs(host.clock_ahead_ms));
    table.add(
        {{harmless(host.name), colour}, {generation, colour}, {seen, colour}, waits, clock, harmless(host.version)});
  }
  table.print(terminal);
  for (const auto& host : hosts) print_errors(host, terminal);
}

Expected<void> status(const CommandLine& line, Database& database) {
  const auto current = database.current();
  if (!current) return tl::unexpected(current.error());
  const auto hosts = database.hosts();
  if (!hosts) return tl::unexpected(hosts.error());
  const bool is_good = std::all_of(hosts->begin(), hosts->end(), [](const fleet::HostStatus& host) {
    return host.has_left || (!is_away(host) && host.generation_error.empty() && host.trace_error.empty());
  });
  if (!is_good) line.status = Status::warned;
  if (!line.common.json) {
    print_status(*current, *hosts, line.terminal);
    return {};
  }
  Json list = Json::array();
  for (const auto& host : *hosts) list.push_back(to_json(host));
  Json document{{"generation", current->n}, {"newest", current->newest}};
  document["trial"] =
      current->trial ? Json{{"generation", *current->trial}, {"host", current->trial_host}} : Json(nullptr);
  document["hosts"] = std::move(list);
  print_json(document, line.terminal.out);
  return {};
}

// What a generation is edited from: the newest one, unless another is named.
Expected<fleet::Generation> named_generation(Database& database, std::int64_t number) {
  if (number >= 0) return database.generation(number);
  return database.current().and_then(
      [&](const fleet::Current& current) { return database.generation(current.newest); });
}

Expected<void> show(const CommandLine& line, const FleetArguments& arguments, Database& database) {
  const auto generation = named_generation(database, arguments.generation);
  if (!generation) return tl::unexpected(generation.error());
  if (line.common.json) {
    print_json(Json{{"generation", generation->n},
                    {"made", base::utc_text(generation->made)},
                    {"who", generation->who},
                    {"comment", generation->comment},
                    {"sha256", generation->sha256},
                    {"document", generation->document}},
               line.terminal.out);
    return {};
  }
  line.terminal.out << mark << generation->n << behind_mark << '\n' << generation->document;
  return {};
}

// Whether a connector, a rule or a setting that is the fleet's stands in this host's own files.
std::vector<config::SettingChange> own_entries(const CommandLine& line, const Configuration& configuration) {
  const config::Loaded loaded = config::load(line.common.configuration, runtime::environment_of_host());
  config::SourceTexts own;
  for (const config::SourceText& source : loaded.sources) {
    if (!config::generation_of_copy(configuration.fleet->state, source.path)) own.push_back(source);
  }
  auto all = config::setting_changes({}, own, max_changes);
  std::erase_if(all, [](const config::SettingChange& one) {
    const std::string key = one.name.empty() && !one.key.empty() ? one.table + "." + one.key : one.table;
    return config::owner_of(key).whose != config::Whose::fleet;
  });
  return all;
}

// What a file would change.
Expected<void> diff_to_file(const CommandLine& line, const std::string& file, Database& database) {
  const Terminal& terminal = line.terminal;
  auto text = read_input(file, terminal.in);
  if (!text) return tl::unexpected(text.error());
  const auto newest = named_generation(database, -1);
  if (!newest) return tl::unexpected(newest.error());
  const auto changes = changes_between(newest->document, edited(std::move(*text)).document);
  if (line.common.json) {
    print_json(Json{{"from", newest->n}, {"changes", to_json(changes)}}, terminal.out);
  } else {
    terminal.out << (changes.empty() ? "nothing differs from generation " : "from generation ") << newest->n << '\n';
    print_changes(changes, terminal);
  }
  return {};
}

// What stands in this host's own files alone.
Expected<void> diff_to_host(const CommandLine& line, const Configuration& configuration, Database& database) {
  const Terminal& terminal = line.terminal;
  const auto current = database.current();
  if (!current) return tl::unexpected(current.error());
  const auto copy = config::current_fleet_copy(configuration.fleet->state);
  if (!copy) return tl::unexpected(copy.error());
  const auto own = own_entries(line, configuration);
  if (line.common.json) {
    print_json(
        Json{{"generation", *copy ? Json(**copy) : Json(nullptr)}, {"newest", current->newest}, {"own", to_json(own)}},
        terminal.out);
    return {};
  }
  terminal.out << "this host has generation " << (*copy ? std::to_string(**copy) : "none") << ", the newest is "
               << current->newest << '\n';
  if (own.empty()) {
    terminal.out << "nothing of its own stands beside what the fleet has in common\n";
    return {};
  }
  terminal.out << "in its own files, and on no other host:\n";
  for (const auto& one : own) {
    terminal.out << "  " << harmless(one.name.empty() ? "[" + one.table + "] " + one.key : one.table + " " + one.name)
                 << "  (" << harmless(one.file) << ")\n";
  }
  return {};
}

Expected<void> diff(const CommandLine& line, const FleetArguments& arguments, const Configuration& configuration,
                    Database& database) {
  return arguments.file.empty() ? diff_to_host(line, configuration, database)
                                : diff_to_file(line, arguments.file, database);
}

Expected<std::int64_t> base_of(const FleetArguments& arguments, const Edited& text, std::int64_t newest) {
  if (arguments.over >= 0) return arguments.over;
  if (text.made_from) return *text.made_from;
  if (newest == 0) return 0;
  return tl::unexpected(
      "the file does not say which generation it was made from, so somebody's change might be lost. Edit what "
      "connectorctl fleet show prints, or write --over " +
      std::to_string(newest) + " to put the file in the place of all that the fleet has in common");
}

void report(const CommandLine& line, std::int64_t n, const std::string& canary,
            const std::vector<config::SettingChange>& changes) {
  if (line.common.json) {
    print_json(Json{{"generation", n}, {"changes", to_json(changes)}}, line.terminal.out);
    return;
  }
  print_changes(changes, line.terminal);
  line.terminal.out << "generation " << n
                    << (canary.empty()
                            ? " is for all hosts"
                            : " is for " + harmless(canary) + " alone; when it does well: connectorctl fleet release")
                    << '\n';
}

Expected<void> apply(const CommandLine& line, const FleetArguments& arguments, const Configuration& configuration,
                     Database& database) {
  auto text = read_input(arguments.file, line.terminal.in);
  if (!text) return tl::unexpected(text.error());
  const Edited change = edited(std::move(*text));
  const auto newest = named_generation(database, -1);
  if (!newest) return tl::unexpected(newest.error());
  const auto made_from = base_of(arguments, change, newest->n);
  if (!made_from) return tl::unexpected(made_from.error());
  if (*made_from == newest->n && change.document == newest->document) {
    line.terminal.out << "nothing differs from generation " << newest->n << '\n';
    return {};
  }
  const auto made = apply_to_fleet(line.common, configuration, database,
                                   {*made_from, change.document, arguments.comment, arguments.canary}, line.terminal);
  if (!made) return tl::unexpected(made.error());
  report(line, *made, arguments.canary, changes_between(newest->document, change.document));
  return {};
}

Expected<void> roll_back(const CommandLine& line, const FleetArguments& arguments, const Configuration& configuration,
                         Database& database) {
  const auto newest = named_generation(database, -1);
  if (!newest) return tl::unexpected(newest.error());
  const auto wanted = database.generation(arguments.generation);
  if (!wanted) return tl::unexpected(wanted.error());
  const std::string comment =
      arguments.comment.empty() ? "back to generation " + std::to_string(wanted->n) : arguments.comment;
  const auto made =
      apply_to_fleet(line.common, configuration, database, {newest->n, wanted->document, comment}, line.terminal);
  if (!made) return tl::unexpected(made.error());
  report(line, *made, "", changes_between(newest->document, wanted->document));
  return {};
}

Expected<void> release(const CommandLine& line, Database& database) {
  const auto n = database.release();
  if (!n) return tl::unexpected(n.error());
  if (line.common.json) {
    print_json(Json{{"generation", *n}}, line.terminal.out);
  } else {
    line.terminal.out << "generation " << *n << " is for all hosts\n";
  }
  return {};
}

Expected<void> changes(const CommandLine& line, const FleetArguments& arguments, Database& database) {
  const auto generations = database.generations(static_cast<int>(arguments.most) + 1);
  if (!generations) return tl::unexpected(generations.error());
  const Clock clock(trace::Zone::local);
  Json list = Json::array();
  std::string after;
  for (std::size_t i = 0; i < generations->size(); ++i) {
    const auto one = database.generation((*generations)[i].n);
    if (!one) return tl::unexpected(one.error());
    if (i > 0) {
      const fleet::Generation& newer = (*generations)[i - 1];
      const auto differences = changes_between(one->document, after);
      list.push_back({{"generation", newer.n},
                      {"made", base::utc_text(newer.made)},
                      {"who", newer.who},
                      {"comment", newer.comment},
                      {"changes", to_json(differences)}});
      if (!line.common.json) {
        line.terminal.out << newer.n << "  " << clock.date_and_time(newer.made * base::second_ms) << "  "
                          << harmless(newer.who) << (newer.comment.empty() ? "" : ": " + harmless(newer.comment))
                          << '\n';
        print_changes(differences, line.terminal);
      }
    }
    after = one->document;
  }
  if (line.common.json) {
    print_json(list, line.terminal.out);
  } else if (list.empty()) {
    line.terminal.out << "nothing has changed yet\n";
  }
  return {};
}

Expected<void> leave(const CommandLine& line, const FleetArguments& arguments, const Configuration& configuration,
                     Database& database) {
  const std::string own =
      configuration.fleet->name.empty() ? configuration.server.host_name : configuration.fleet->name;
  const std::string host = arguments.host.empty() ? own : arguments.host;
  const auto left = database.leave(host);
  if (!left) return tl::unexpected(left.error());
  if (!*left) return tl::unexpected("the fleet has no host " + host);
  line.terminal.out << harmless(host) << " has left the fleet; its trace stays there\n";
  if (host != own) return {};
  const auto copy = config::current_fleet_copy(configuration.fleet->state);
  line.terminal.out << "take [fleet] out of " << line.common.configuration << " and restart connectord, or this host "
                    << "joins again with its next start";
  if (copy && *copy) {
    line.terminal.out << "; what it had in common stands in "
                      << config::fleet_copy_path(configuration.fleet->state, **copy);
  }
  line.terminal.out << '\n';
  return {};
}

void perform(const CommandLine& line, const std::function<Expected<void>()>& work) {
  line.status = Status::answered;
  const auto done = work();
  if (done) return;
  line.terminal.error << "connectorctl: ";
  print_lines(done.error(), "", line.terminal.error);
  line.status = Status::wrong_input;
}

void add_first_commands(const CommandLine& below, const Arguments& arguments) {
  const Subcommand migrate_command =
      below.command("migrate", "Make the fleet's tables in PostgreSQL, or bring them to this version");
  migrate_command.add_option("--database", arguments->database,
                             "Whom to log in as, and where; default: fleet.database");
  migrate_command.callback([below, arguments] { perform(below, [&] { return migrate(below, *arguments); }); });
  const Subcommand join_command = below.command("join", "Make this host a member, as a first start of connectord does");
  join_command.callback([below, arguments] { perform(below, [&] { return join(below, *arguments); }); });
  const Subcommand leave_command = below.command("leave", "No longer expect a host; nothing is deleted");
  leave_command.add_option("host", arguments->host, "The host; default: this one");
  leave_command.callback([below, arguments] {
    perform(below, [&] {
      return with_database(below, [&](const auto& own, auto& all) { return leave(below, *arguments, own, all); });
    });
  });
}

void add_looking_commands(const CommandLine& below, const Arguments& arguments) {
  below.command("status", "Show every host: its generation, what its trace waits with, and what is wrong")
      .callback([below] {
        perform(below, [&] {
          return with_database(below, [&](const auto& /*own*/, auto& all) { return status(below, all); });
        });
      });
  const Subcommand show_command =
      below.command("show", "Print what the hosts have in common, to be edited and applied");
  show_command.add_option("generation", arguments->generation, "Another one than the newest");
  show_command.callback([below, arguments] {
    below.keep_lines();
    perform(below, [&] {
      return with_database(below, [&](const auto& /*own*/, auto& all) { return show(below, *arguments, all); });
    });
  });
  const Subcommand diff_command =
      below.command("diff", "Show what stands in this host's own files alone, or what a file would change");
  diff_command.add_option("file", arguments->file, "A file for `fleet apply`; - for standard input");
  diff_command.callback([below, arguments] {
    perform(below, [&] {
      return with_database(below, [&](const auto& own, auto& all) { return diff(below, *arguments, own, all); });
    });
  });
  const Subcommand changes_command = below.command("changes", "Show who changed what for all hosts");
  changes_command.add_option("--limit", arguments->most, "How many generations").between(1, 1000).capture_default_str();
  changes_command.callback([below, arguments] {
    perform(below, [&] {
      return with_database(below, [&](const auto& /*own*/, auto& all) { return changes(below, *arguments, all); });
    });
  });
}

void add_changing_commands(const CommandLine& below, const Arguments& arguments) {
  const Subcommand apply_command = below.command("apply", "Make a file what the hosts have in common");
  apply_command.add_option("file", arguments->file, "The whole, in TOML; - for standard input").required();
  apply_command.add_option("--comment", arguments->comment, "Why, for the others");
  apply_command.add_option("--canary", arguments->canary, "For this host alone at first");
  apply_command.add_option("--over", arguments->over,
                           "The generation that it takes the place of, where the file does not say");
  apply_command.callback([below, arguments] {
    perform(below, [&] {
      return with_database(below, [&](const auto& own, auto& all) { return apply(below, *arguments, own, all); });
    });
  });
  below.command("release", "Make what one host tries out all hosts'").callback([below] {
    perform(below,
            [&] { return with_database(below, [&](const auto& /*own*/, auto& all) { return release(below, all); }); });
  });
  const Subcommand rollback_command = below.command("rollback", "Make an earlier generation a new one");
  rollback_command.add_option("generation", arguments->generation, "Its number").required();
  rollback_command.add_option("--comment", arguments->comment, "Why, for the others");
  rollback_command.callback([below, arguments] {
    perform(below, [&] {
      return with_database(below, [&](const auto& own, auto& all) { return roll_back(below, *arguments, own, all); });
    });
  });
}

}  // namespace

void add_fleet_commands(const CommandLine& line) {
  const CommandLine below = line.group("fleet", "What several mail hosts have in common: connectors, rules, the trace");
  const auto arguments = std::make_shared<FleetArguments>();
  add_first_commands(below, arguments);
  add_looking_commands(below, arguments);
  add_changing_commands(below, arguments);
}

}  // namespace connectord::ctl
