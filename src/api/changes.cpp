// Making, changing and deleting connectors and rules. One of the API's is a file of its own in a folder that
// server.include covers; of files that people wrote nothing is changed but the word behind `enabled`.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "audited.h"
#include "connectord/base/digest.h"
#include "connectord/base/files.h"
#include "connectord/base/percent.h"
#include "connectord/config/connector_edit.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/config/secret_file.h"
#include "connectord/model/entry_named.h"
#include "lookup.h"

namespace connectord::api {
namespace {

using model::Configuration;

constexpr mode_t new_file = 0640;

struct Change {
  const Collection& of;
  std::string_view action;  // for the audit log
  config::FileChange file;
  mode_t mode = new_file;
  std::string name;
  std::string table;
  Json before;  // null for none
  Json after;
  // Of a change for all hosts of the fleet: the generation that it was made from. `file` is what the next one will be.
  std::optional<std::int64_t> made_from{};

  bool has_direction() const { return &of == &connector_collection; }
};

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

mode_t mode_of(const std::string& path) {
  constexpr mode_t rights = 0777;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & rights : new_file;
}

// "inbound.require.tls" is the field "require.tls".
std::string field_of(const model::Problem& problem, const std::string& table) {
  const std::string prefix = table + ".";
  return problem.key.starts_with(prefix) ? problem.key.substr(prefix.size()) : std::string();
}

Response refusal(const runtime::Reloader::Result& result, const Change& change) {
  std::vector<FieldError> errors;
  bool elsewhere = false;
  for (const model::Problem& found : result.problems) {
    if (found.severity != model::Problem::Severity::error) continue;
    const bool here = found.location.file && *found.location.file == change.file.path;
    elsewhere = elsewhere || !here;
    const std::string field = here ? field_of(found, change.table) : std::string();
    errors.push_back({field, here ? found.message : to_string(found)});
  }
  if (errors.empty() && change.made_from) return problem(409, result.failure);
  if (errors.empty()) return problem(500, result.failure + "; nothing was changed");
  if (elsewhere) {
    return problem(409, "the configuration would not load with this change; nothing was changed", errors);
  }
  return not_valid(change.of.noun, errors);
}

// A file that root writes stays whose it was, and a new one is for the group of the user that connectord becomes.
base::FileRights rights_of(const Context& context, const Change& change) {
  base::FileRights rights{change.mode};
  struct stat status {};
  if (::geteuid() != 0) return rights;
  if (::stat(change.file.path.c_str(), &status) == 0) rights.owner = status.st_uid;
  if (rights.owner) {
    rights.group = status.st_gid;
    return rights;
  }
  const auto policy = context.setup.services.policies.current().policy;
  if (const auto reader = config::reader_of_secrets(policy->configuration().server.user)) rights.group = reader->gid;
  return rights;
}

// Its line of the audit log.
Json entry_of(const Call& call, const Change& change) {
  Json entry = audit_entry(call, change.action);
  entry[std::string(change.of.noun)] = change.name;
  if (change.has_direction()) entry["direction"] = change.table;
  entry["file"] = change.file.path;
  entry["before"] = change.before;
  entry["after"] = change.after;
  return entry;
}

// All hosts get it, and this one with it.
tl::expected<void, std::string> commit_for_all(Context& context, const Call& call, const Change& change) {
  return audited(context, entry_of(call, change), [&]() -> tl::expected<void, std::string> {
    if (!context.setup.change_fleet) return tl::unexpected(std::string("this process does not follow the fleet"));
    return context.setup.change_fleet({.made_from = *change.made_from,
                                       .who = call.caller.name + " through the API",
                                       .comment = std::string(change.action) + " " + change.name,
                                       .document = *change.file.text});
  });
}

// Writes beside, then into the audit log, then into place, so that a change that is seen stands in the log.
tl::expected<void, std::string> commit(Context& context, const Call& call, const Change& change) {
  if (change.made_from) return commit_for_all(context, call, change);
  std::optional<base::FileReplacement> replacement;
  if (change.file.text) {
    auto prepared = base::FileReplacement::prepare(change.file.path, *change.file.text, rights_of(context, change));
    if (!prepared) {
      return tl::unexpected(prepared.error() + "; connectord must be able to write in " +
                            base::folder_of(change.file.path) + ": make that folder its user's, and see docs/api.md");
    }
    replacement.emplace(std::move(*prepared));
  }
  return audited(context, entry_of(call, change),
                 [&] { return replacement ? replacement->publish() : base::remove_file(change.file.path); });
}

Response carry_out(Context& context, const Call& call, const runtime::Reloader::Held& held, const Change& change) {
  const auto result = context.setup.reloader.change(held, change.file, call.caller.name + " through the API",
                                                    [&] { return commit(context, call, change); });
  if (!result.loaded) return refusal(result, change);
  log::Fields fields = {{change.of.noun, change.name}};
  if (change.has_direction()) fields.emplace_back("direction", change.table);
  fields.emplace_back("who", call.caller.name);
  context.setup.services.log.info("api", change.action, std::move(fields));
  return {};
}

// The entry as it runs now; what was made of a body may differ in form.
Response current(Context& context, const Change& change, const Call& call, unsigned status) {
  Call again{call.request, call.target, change.name, call.caller, {}};
  if (change.has_direction()) again.target.query["direction"] = change.table;
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = change.of.find(policy->configuration(), again);
  return found ? entry_response(found->json(), status) : found.error();
}

// RFC 9110, 13.1.1.
std::optional<Response> check_if_match(const Call& call, const Collection& of, const Json& entry, bool required) {
  const std::string& wanted = call.request.if_match;
  if (wanted.empty()) {
    if (!required) return std::nullopt;
    return problem(428, "write If-Match with the ETag that GET gave, so that nobody else's change is lost");
  }
  if (wanted == "*") return std::nullopt;
  std::istringstream tags(wanted);
  for (std::string tag; std::getline(tags, tag, ',');) {
    tag.erase(0, tag.find_first_not_of(' '));
    tag.erase(tag.find_last_not_of(' ') + 1);
    if (tag == etag_of(entry)) return std::nullopt;
  }
  return problem(412, "the " + std::string(of.noun) + " has been changed since; read it again");
}

std::string place_of(const Found& found) {
  return *found.location().file + " line " + std::to_string(found.location().line);
}

// What a file with one entry says; null where it cannot be read by itself.
Json json_in(const std::string& text, const std::string& path) {
  const config::Loaded alone = config::parse(text, path, {"localhost"});
  const Configuration& configuration = alone.configuration;
  if (configuration.inbound.size() == 1) return Found{&configuration.inbound.front(), nullptr}.json();
  if (configuration.outbound.size() == 1) return Found{nullptr, &configuration.outbound.front()}.json();
  if (configuration.rules.size() == 1) return Found{nullptr, nullptr, &configuration.rules.front()}.json();
  return nullptr;
}

// A new file would take the place of a link, and leave what it leads to as it was.
std::optional<Response> check_no_link(const Collection& of, const Found& found) {
  struct stat status {};
  if (::lstat(found.location().file->c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return std::nullopt;
  return problem(409, "the " + std::string(of.noun) + " stands in " + place_of(found) +
                          ", which is a symbolic link: change the file that it leads to, and reload connectord");
}

// Nobody edited the file by hand, and what runs is what it says.
std::optional<Response> check_ours(const Collection& of, const Found& found, const std::string& text) {
  if (auto refused = check_no_link(of, found)) return refused;
  if (!config::is_sealed(text)) {
    return problem(
        409,
        "the " + std::string(of.noun) + " stands in " + place_of(found) +
            ", which people wrote: change it there and reload connectord. connectorctl and the API change nothing in "
            "such a file but the word behind enabled");
  }
  if (json_in(text, *found.location().file) == found.json()) return std::nullopt;
  return problem(409, "the file " + *found.location().file + " has changed since it was loaded: reload connectord");
}

// "Keine Programme!" is "Keine-Programme--1f3a2b4c": names of files keep to letters, digits, ".", "-" and "_".
std::string file_name_of(const NewEntry& entry) {
  constexpr std::size_t enough = 8;
  std::string name = entry.name;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !is_letter && c != '.' && c != '-' && c != '_';
      },
      '-');
  if (name != entry.name) name += "-" + base::sha256_hex(entry.name).substr(0, enough);
  return "api-" + entry.table + "-" + name + ".toml";
}

// Where a new entry's file is to be.
Answered<std::string> new_path(const Context& context, const Configuration& configuration, const Collection& of,
                               const NewEntry& entry) {
  const std::string& main_file = context.setup.reloader.main_file();
  const auto path = config::included_path(configuration.server.include, main_file, file_name_of(entry));
  if (!path) {
    return tl::unexpected(problem(409, "no folder takes new " + std::string(of.noun) +
                                           "s: write include = [\"connectors.d/*.toml\"] in [server] of " + main_file +
                                           ", and make that folder connectord's user's"));
  }
  if (exists(*path)) {
    return tl::unexpected(
        problem(409, "the file " + *path + " exists already and is not loaded; reload connectord, or move it away"));
  }
  return *path;
}

// Body to document; an error names the field.
Answered<std::string> document_of(const Collection& of, const Json& body, const std::string& table) {
  return config::sealed_toml(body, table).map_error([&of](const config::Unwritable& wrong) {
    return not_valid(of.noun, {{wrong.key, wrong.message}});
  });
}

// What the hosts of a fleet have in common, as it runs here.
struct InCommon {
  std::int64_t generation = 0;
  std::string text;

  // The change that makes this text of it.
  void become(Change& change, const std::string& state, std::string text_after) const {
    change.made_from = generation;
    change.file = {config::fleet_copy_path(state, generation + 1), std::move(text_after)};
  }
};

Answered<InCommon> in_common(const Configuration& configuration) {
  const std::string& state = configuration.fleet->state;
  const auto generation = config::current_fleet_copy(state);
  if (!generation || !*generation) {
    return tl::unexpected(
        problem(409, generation ? "this host has nothing yet of what the fleet has in common" : generation.error()));
  }
  auto text = base::read_file(config::fleet_copy_path(state, **generation), std::size_t{64} << 20U);
  if (!text) return tl::unexpected(problem(500, "cannot read generation " + std::to_string(**generation)));
  return InCommon{**generation, std::move(*text)};
}

// What becomes of an entry that all hosts have in common; null: it is taken out.
Answered<Change> change_for_all(const Configuration& configuration, const Collection& of, std::string_view action,
                                const std::string& name, const std::string& table, const Json& before,
                                const Json& after) {
  const auto now = in_common(configuration);
  if (!now) return tl::unexpected(now.error());
  auto text = after.is_null() ? config::without_entry(now->text, table, name)
                              : config::with_changes(now->text, table, name, config::differences(before, after));
  if (!text && !after.is_null()) {
    text = config::without_entry(now->text, table, name).and_then([&](const std::string& others) {
      return config::with_entry(others, table, after);
    });
  }
  if (!text) {
    return tl::unexpected(problem(409, "the " + std::string(of.noun) + " is the fleet's, and " + text.error() +
                                           ": change it with connectorctl fleet show and connectorctl fleet apply"));
  }
  Change change{of, action, {}, new_file, name, table, before, after};
  now->become(change, configuration.fleet->state, std::move(*text));
  return change;
}

// What making the entry that a body asks for changes, if its name is free.
Answered<Change> creation(const Context& context, const Call& call, const Collection& of) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto entry = of.begin(policy->configuration(), call.body);
  if (!entry) return tl::unexpected(entry.error());
  const auto text = document_of(of, entry->body, entry->table);
  if (!text) return tl::unexpected(text.error());
  if (policy->configuration().fleet) {
    const auto now = in_common(policy->configuration());
    if (!now) return tl::unexpected(now.error());
    auto all = config::with_entry(now->text, entry->table, entry->body);
    if (!all) return tl::unexpected(problem(400, all.error()));
    Change change{of, "create", {}, new_file, entry->name, entry->table, nullptr, entry->body};
    now->become(change, policy->configuration().fleet->state, std::move(*all));
    return change;
  }
  const auto path = new_path(context, policy->configuration(), of, *entry);
  if (!path) return tl::unexpected(path.error());
  return Change{of, "create", {*path, *text}, new_file, entry->name, entry->table, nullptr, entry->body};
}

Response create(Context& context, const Call& call, const Collection& of) {
  const auto held = context.setup.reloader.hold();
  const auto change = creation(context, call, of);
  if (!change) return change.error();
  if (Response refused = carry_out(context, call, held, *change); refused.status != 200) return refused;
  Response response = current(context, *change, call, 201);
  response.headers.emplace_back("Location", std::string(of.path) + "/" + base::percent_encoded(change->name) +
                                                (change->has_direction() ? "?direction=" + change->table : ""));
  return response;
}

// An entry that runs, and where it stands.
struct Standing {
  std::shared_ptr<const engine::Policy> policy;  // which `found` is of
  Found found;
  Json json;
  std::string path;

  bool is_fleets() const {
    const auto& fleet = policy->configuration().fleet;
    return fleet && config::generation_of_copy(fleet->state, path);
  }
};

// The one that a call is about, if it is as the call wants it to be.
Answered<Standing> standing(const Context& context, const Call& call, const Collection& of, bool needs_match) {
  auto policy = context.setup.services.policies.current().policy;
  const auto found = of.find(policy->configuration(), call);
  if (!found) return tl::unexpected(found.error());
  Json json = found->json();
  if (auto refused = check_if_match(call, of, json, needs_match)) return tl::unexpected(*refused);
  return Standing{std::move(policy), *found, std::move(json), *found->location().file};
}

// Keys that a change must leave, which the body need not have.
std::optional<Response> keep_keys(const Call& call, const Collection& of, const Standing& now, Json& body) {
  std::vector<std::pair<const char*, std::string>> kept = {{"name", call.id}};
  if (&of == &connector_collection) kept.emplace_back("direction", now.found.table());
  // A rule stays at its place where nothing is said of it.
  if (&of == &rule_collection && !body.contains("priority")) body["priority"] = now.json["priority"];
  for (const auto& [key, value] : kept) {
    if (!body.contains(key)) body[key] = value;
    if (body[key] == value) continue;
    return not_valid(of.noun,
                     {{key, "cannot be changed; write \"" + value + "\", or make a new " + std::string(of.noun)}});
  }
  return std::nullopt;
}

Response change_all_hosts(Context& context, const Call& call, const runtime::Reloader::Held& held, const Collection& of,
                          std::string_view action, const Standing& now, const Json& after) {
  const auto change =
      change_for_all(now.policy->configuration(), of, action, call.id, now.found.table(), now.json, after);
  if (!change) return change.error();
  if (Response refused = carry_out(context, call, held, *change); refused.status != 200) return refused;
  if (after.is_null()) return {204, "", "", {}};
  return current(context, *change, call, 200);
}

Response replace(Context& context, const Call& call, const Collection& of) {
  const auto held = context.setup.reloader.hold();
  const auto now = standing(context, call, of, true);
  if (!now) return now.error();
  Json body = call.body;
  if (auto refused = keep_keys(call, of, *now, body)) return *refused;
  if (now->is_fleets()) return change_all_hosts(context, call, held, of, "update", *now, body);
  if (auto refused = check_ours(of, now->found, base::read_file(now->path).value_or(""))) return *refused;
  const std::string table = now->found.table();
  const auto text = document_of(of, body, table);
  if (!text) return text.error();
  const Change change{of, "update", {now->path, *text}, mode_of(now->path), call.id, table, now->json, body};
  if (Response refused = carry_out(context, call, held, change); refused.status != 200) return refused;
  return current(context, change, call, 200);
}

Response remove(Context& context, const Call& call, const Collection& of) {
  const auto held = context.setup.reloader.hold();
  const auto now = standing(context, call, of, true);
  if (!now) return now.error();
  if (now->is_fleets()) return change_all_hosts(context, call, held, of, "delete", *now, nullptr);
  if (auto refused = check_ours(of, now->found, base::read_file(now->path).value_or(""))) return *refused;
  const Change change{of,        "delete", {now->path, std::nullopt}, new_file, call.id, now->found.table(),
                      now->json, nullptr};
  if (Response refused = carry_out(context, call, held, change); refused.status != 200) return refused;
  return {204, "", "", {}};
}

Response switch_to(Context& context, const Call& call, const Collection& of) {
  if (call.body.size() != 1 || !call.body.contains("enabled") || !call.body["enabled"].is_boolean()) {
    return not_valid("status", {{"enabled", "write {\"enabled\": true} or {\"enabled\": false}, and nothing else"}});
  }
  const bool enabled = call.body["enabled"].get<bool>();
  const auto held = context.setup.reloader.hold();
  const auto now = standing(context, call, of, false);
  if (!now) return now.error();
  if (now->json["enabled"] == enabled) return entry_response(now->json);
  const auto& [policy, found, before, path] = *now;
  Json after = before;
  after["enabled"] = enabled;
  if (now->is_fleets()) {
    return change_all_hosts(context, call, held, of, enabled ? "enable" : "disable", *now, after);
  }
  const std::string old_text = base::read_file(path).value_or("");
  const bool ours = config::is_sealed(old_text);
  if (auto refused = ours ? check_ours(of, found, old_text) : check_no_link(of, found)) return *refused;
  const auto text =
      ours ? config::sealed_toml(after, found.table()).map_error([](const auto& wrong) { return wrong.message; })
           : config::with_enabled(old_text, found.table(), call.id, enabled);
  const std::string stands = "the " + std::string(of.noun) + " stands in " + place_of(found) + ", ";
  if (!text) {
    return problem(409, stands + "and " + text.error() + ": change it there and reload connectord");
  }
  if (::access(path.c_str(), W_OK) != 0) {
    return problem(409, stands + "which connectord may not write: change it there and reload connectord");
  }
  const Change change{
      of, enabled ? "enable" : "disable", {path, *text}, mode_of(path), call.id, found.table(), before, after};
  if (Response refused = carry_out(context, call, held, change); refused.status != 200) return refused;
  return current(context, change, call, 200);
}

}  // namespace

Answered<config::FileChange> change_for(const Context& context, const Configuration& configuration,
                                        const NewEntry& entry) {
  const auto text = document_of(rule_collection, entry.body, entry.table);
  if (!text) return tl::unexpected(text.error());
  const model::Rule* same = model::entry_named(configuration.rules, entry.name);
  if (same == nullptr) {
    if (const auto path = new_path(context, configuration, rule_collection, entry))
      return config::FileChange{*path, *text};
    // Where no folder takes new files, it is tried at the end of the main one.
    const std::string& main_file = context.setup.reloader.main_file();
    return config::FileChange{main_file, base::read_file(main_file).value_or("") + "\n" + *text};
  }
  const std::string& path = *same->location.file;
  const std::string written = base::read_file(path).value_or("");
  if (config::is_sealed(written)) return config::FileChange{path, *text};
  auto changed = config::with_changes(written, entry.table, entry.name,
                                      config::differences(Found{nullptr, nullptr, same}.json(), entry.body));
  if (changed) return config::FileChange{path, std::move(*changed)};
  return tl::unexpected(
      problem(409, "the rule stands in " + path + ", and " + changed.error() + ": try it under another name"));
}

// As create() up to the point of no return.
Response check_connector(Context& context, const Call& call) {
  const auto held = context.setup.reloader.hold();
  const auto change = creation(context, call, connector_collection);
  if (!change) return change.error();
  const config::FileChange& file = change->file;
  bool is_sound = false;
  const auto result = context.setup.reloader.change(held, file, call.caller.name, [&is_sound] {
    is_sound = true;
    return tl::expected<void, std::string>(tl::unexpect, "it was only tried out");
  });
  if (!is_sound) return refusal(result, *change);
  Json warnings = Json::array();
  for (const model::Problem& found : result.problems) {
    if (found.location.file && *found.location.file == file.path) warnings.push_back(found.message);
  }
  const auto toml = document_of(change->of, change->after, change->table);
  return json_response({{"file", file.path}, {"toml", *toml}, {"warnings", std::move(warnings)}});
}

namespace {

std::string_view who_wrote(const model::Configuration& configuration, const std::string& file) {
  if (configuration.fleet && config::generation_of_copy(configuration.fleet->state, file)) return "fleet";
  const auto text = base::read_file(file);
  return text && config::is_sealed(*text) ? "api" : "people";
}

Response place(Context& context, const Call& call, const Collection& of) {
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = of.find(policy->configuration(), call);
  if (!found) return found.error();
  const std::string& file = *found->location().file;
  return json_response(
      {{"file", file}, {"line", found->location().line}, {"written_by", who_wrote(policy->configuration(), file)}});
}

}  // namespace

Response get_place(Context& context, const Call& call) {
  return place(context, call, connector_collection);
}
Response get_rule_place(Context& context, const Call& call) {
  return place(context, call, rule_collection);
}

Response create_connector(Context& context, const Call& call) {
  return create(context, call, connector_collection);
}
Response replace_connector(Context& context, const Call& call) {
  return replace(context, call, connector_collection);
}
Response delete_connector(Context& context, const Call& call) {
  return remove(context, call, connector_collection);
}
Response set_status(Context& context, const Call& call) {
  return switch_to(context, call, connector_collection);
}
Response create_rule(Context& context, const Call& call) {
  return create(context, call, rule_collection);
}
Response replace_rule(Context& context, const Call& call) {
  return replace(context, call, rule_collection);
}
Response delete_rule(Context& context, const Call& call) {
  return remove(context, call, rule_collection);
}
Response set_rule_status(Context& context, const Call& call) {
  return switch_to(context, call, rule_collection);
}

}  // namespace connectord::api
