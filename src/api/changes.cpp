// Making, changing and deleting connectors. A connector of the API's is a file of its own in a folder that
// server.include covers; of files that people wrote nothing is changed but the word behind `enabled`.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "connectord/base/ascii_case.h"
#include "connectord/base/files.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/connector_name.h"
#include "lookup.h"

namespace connectord::api {
namespace {

using model::Configuration;

constexpr mode_t new_file = 0640;

struct Change {
  std::string_view action;  // for the audit log
  config::FileChange file;
  mode_t mode = new_file;
  std::string name;
  std::string direction;
  Json before;  // null for none
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
std::string field_of(const model::Problem& problem, const std::string& direction) {
  const std::string prefix = direction + ".";
  return problem.key.starts_with(prefix) ? problem.key.substr(prefix.size()) : std::string();
}

Response refusal(const runtime::Reloader::Result& result, const Change& change) {
  std::vector<FieldError> errors;
  bool elsewhere = false;
  for (const model::Problem& found : result.problems) {
    if (found.severity != model::Problem::Severity::error) continue;
    const bool here = found.location.file && *found.location.file == change.file.path;
    elsewhere = elsewhere || !here;
    const std::string field = here ? field_of(found, change.direction) : std::string();
    errors.push_back({field, here ? found.message : to_string(found)});
  }
  if (errors.empty()) return problem(500, result.failure + "; nothing was changed");
  if (elsewhere) {
    return problem(409, "the configuration would not load with this change; nothing was changed", errors);
  }
  return problem(422, "the connector is not valid; nothing was changed", errors);
}

// Writes beside, then into the audit log, then into place, so that a change that is seen stands in the log.
tl::expected<void, std::string> commit(Context& context, const Call& call, const Change& change, const Json& after) {
  std::optional<base::FileReplacement> replacement;
  if (change.file.text) {
    auto prepared = base::FileReplacement::prepare(change.file.path, *change.file.text, {change.mode});
    if (!prepared) {
      return tl::unexpected(prepared.error() + "; connectord must be able to write in " +
                            base::folder_of(change.file.path) + ": make that folder its user's, and see docs/api.md");
    }
    replacement.emplace(std::move(*prepared));
  }
  Json entry{{"who", call.caller.name}, {"role", to_string(call.caller.role)}, {"peer", call.request.peer.address}};
  entry["action"] = change.action;
  entry["connector"] = change.name;
  entry["direction"] = change.direction;
  entry["file"] = change.file.path;
  entry["before"] = change.before;
  entry["after"] = after;
  if (auto written = context.audit.write(entry); !written) return written;
  auto done = replacement ? replacement->publish() : base::remove_file(change.file.path);
  if (!done) {
    entry["failed"] = done.error();
    if (auto told = context.audit.write(entry); !told) context.setup.services.log.error("api", told.error());
  }
  return done;
}

Response carry_out(Context& context, const Call& call, const runtime::Reloader::Held& held, const Change& change,
                   const Json& after) {
  const auto result =
      context.setup.reloader.change(held, change.file, [&] { return commit(context, call, change, after); });
  if (!result.loaded) return refusal(result, change);
  context.setup.services.log.info(
      "api", change.action, {{"connector", change.name}, {"direction", change.direction}, {"who", call.caller.name}});
  return {};
}

// The connector as it runs now; what was made of a body may differ in form.
Response current(Context& context, const std::string& name, const std::string& direction, const Call& call,
                 unsigned status) {
  Call again{call.request, call.target, name, call.caller, {}};
  again.target.query["direction"] = direction;
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), again);
  return found ? connector_response(found->json(), status) : found.error();
}

// RFC 9110, 13.1.1.
std::optional<Response> check_if_match(const Call& call, const Json& connector, bool required) {
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
    if (tag == etag_of(connector)) return std::nullopt;
  }
  return problem(412, "the connector has been changed since; GET it again");
}

std::string place_of(const Found& found) {
  return *found.location().file + " line " + std::to_string(found.location().line);
}

// What a file with one connector says; null where it cannot be read by itself.
Json json_in(const std::string& text, const std::string& path) {
  const config::Loaded alone = config::parse(text, path, {"localhost"});
  const Configuration& configuration = alone.configuration;
  if (configuration.inbound.size() == 1) return Found{&configuration.inbound.front(), nullptr}.json();
  if (configuration.outbound.size() == 1) return Found{nullptr, &configuration.outbound.front()}.json();
  return nullptr;
}

// A new file would take the place of a link, and leave what it leads to as it was.
std::optional<Response> check_no_link(const Found& found) {
  struct stat status {};
  if (::lstat(found.location().file->c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return std::nullopt;
  return problem(409, "the connector stands in " + place_of(found) +
                          ", which is a symbolic link: change the file that it leads to, and reload connectord");
}

// Nobody edited the file by hand, and what runs is what it says.
std::optional<Response> check_ours(const Found& found, const std::string& text) {
  if (auto refused = check_no_link(found)) return refused;
  if (!config::is_sealed(text)) {
    return problem(409, "the connector stands in " + place_of(found) +
                            ", which people wrote: change it there and reload connectord. The API changes nothing in "
                            "such a file but the word behind enabled (PUT …/status)");
  }
  if (json_in(text, *found.location().file) == found.json()) return std::nullopt;
  return problem(409, "the file " + *found.location().file + " has changed since it was loaded: reload connectord");
}

template <class Connector>
std::optional<Response> check_free(const std::vector<Connector>& connectors, const std::string& name) {
  for (const Connector& connector : connectors) {
    if (!base::equals_ignoring_case(connector.name, name)) continue;
    return problem(409, "there is a connector \"" + connector.name + "\" already, at " + to_string(connector.location),
                   {{"name", "write another name, or change that connector"}});
  }
  return std::nullopt;
}

Answered<std::string> word_of(const Json& body, const char* key, std::string_view remedy) {
  if (body.contains(key) && body[key].is_string()) return body[key].get<std::string>();
  return tl::unexpected(problem(422, "the connector is not valid; nothing was changed",
                                {{key, "is missing or no string; write " + std::string(remedy)}}));
}

Answered<std::string> name_in(const Json& body) {
  return word_of(body, "name", "a name").and_then([](std::string name) -> Answered<std::string> {
    // Their alphabet has no slash, so that a name leads to no other folder.
    if (config::is_connector_name(name)) return name;
    return tl::unexpected(problem(422, "the connector is not valid; nothing was changed",
                                  {{"name", "is no connector's name; " + std::string(config::connector_name_remedy)}}));
  });
}

Answered<std::string> direction_in(const Json& body) {
  return word_of(body, "direction", "inbound or outbound").and_then([](std::string direction) -> Answered<std::string> {
    if (direction == "inbound" || direction == "outbound") return direction;
    return tl::unexpected(
        problem(422, "the connector is not valid; nothing was changed", {{"direction", "write inbound or outbound"}}));
  });
}

// Where a new connector's file is to be.
Answered<std::string> new_path(const Context& context, const Configuration& configuration, const std::string& name,
                               const std::string& direction) {
  const std::string& main_file = context.setup.reloader.main_file();
  const auto path =
      config::included_path(configuration.server.include, main_file, "api-" + direction + "-" + name + ".toml");
  if (!path) {
    return tl::unexpected(
        problem(409, "no folder takes new connectors: write include = [\"connectors.d/*.toml\"] in [server] of " +
                         main_file + ", and make that folder connectord's user's"));
  }
  if (exists(*path)) {
    return tl::unexpected(
        problem(409, "the file " + *path + " exists already and is not loaded; reload connectord, or move it away"));
  }
  return *path;
}

// Body to document; an error names the field.
Answered<std::string> document_of(const Json& body) {
  return config::sealed_toml(body).map_error([](const config::Unwritable& wrong) {
    return problem(422, "the connector is not valid; nothing was changed", {{wrong.key, wrong.message}});
  });
}

}  // namespace

Response create_connector(Context& context, const Call& call) {
  const auto name = name_in(call.body);
  if (!name) return name.error();
  const auto direction = direction_in(call.body);
  if (!direction) return direction.error();
  const auto text = document_of(call.body);
  if (!text) return text.error();
  const auto held = context.setup.reloader.hold();
  const auto policy = context.setup.services.policies.current().policy;
  const Configuration& configuration = policy->configuration();
  const auto taken =
      *direction == "inbound" ? check_free(configuration.inbound, *name) : check_free(configuration.outbound, *name);
  if (taken) return *taken;
  const auto path = new_path(context, configuration, *name, *direction);
  if (!path) return path.error();
  const Change change{"create", {*path, *text}, new_file, *name, *direction, nullptr};
  if (Response refused = carry_out(context, call, held, change, call.body); refused.status != 200) return refused;
  Response response = current(context, *name, *direction, call, 201);
  response.headers.emplace_back("Location", "/api/exchange/connectors/" + *name + "?direction=" + *direction);
  return response;
}

Response replace_connector(Context& context, const Call& call) {
  const auto held = context.setup.reloader.hold();
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), call);
  if (!found) return found.error();
  const Json before = found->json();
  if (auto refused = check_if_match(call, before, true)) return *refused;
  Json body = call.body;
  for (const auto& [key, value] : {std::pair("name", call.id), std::pair("direction", found->direction())}) {
    if (!body.contains(key)) body[key] = value;
    if (body[key] != value) {
      return problem(422, "the connector is not valid; nothing was changed",
                     {{key, "cannot be changed; write \"" + value + "\", or make a new connector"}});
    }
  }
  const std::string path = *found->location().file;
  if (auto refused = check_ours(*found, base::read_file(path).value_or(""))) return *refused;
  const auto text = document_of(body);
  if (!text) return text.error();
  const Change change{"update", {path, *text}, mode_of(path), call.id, found->direction(), before};
  if (Response refused = carry_out(context, call, held, change, body); refused.status != 200) return refused;
  return current(context, call.id, change.direction, call, 200);
}

Response delete_connector(Context& context, const Call& call) {
  const auto held = context.setup.reloader.hold();
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), call);
  if (!found) return found.error();
  const Json before = found->json();
  if (auto refused = check_if_match(call, before, true)) return *refused;
  const std::string path = *found->location().file;
  if (auto refused = check_ours(*found, base::read_file(path).value_or(""))) return *refused;
  const Change change{"delete", {path, std::nullopt}, new_file, call.id, found->direction(), before};
  if (Response refused = carry_out(context, call, held, change, nullptr); refused.status != 200) return refused;
  return {204, "", "", {}};
}

Response set_status(Context& context, const Call& call) {
  if (call.body.size() != 1 || !call.body.contains("enabled") || !call.body["enabled"].is_boolean()) {
    return problem(422, "the status is not valid; nothing was changed",
                   {{"enabled", "write {\"enabled\": true} or {\"enabled\": false}, and nothing else"}});
  }
  const bool enabled = call.body["enabled"].get<bool>();
  const auto held = context.setup.reloader.hold();
  const auto policy = context.setup.services.policies.current().policy;
  const auto found = find_connector(policy->configuration(), call);
  if (!found) return found.error();
  const Json before = found->json();
  if (auto refused = check_if_match(call, before, false)) return *refused;
  if (before["enabled"] == enabled) return connector_response(before);
  const std::string path = *found->location().file;
  const std::string old_text = base::read_file(path).value_or("");
  Json after = before;
  after["enabled"] = enabled;
  const bool ours = config::is_sealed(old_text);
  if (auto refused = ours ? check_ours(*found, old_text) : check_no_link(*found)) return *refused;
  const auto text = ours ? config::sealed_toml(after).map_error([](const auto& wrong) { return wrong.message; })
                         : config::with_enabled(old_text, found->direction(), call.id, enabled);
  if (!text) {
    return problem(409, "the connector stands in " + place_of(*found) + ", and " + text.error() +
                            ": change it there and reload connectord");
  }
  if (::access(path.c_str(), W_OK) != 0) {
    return problem(409, "the connector stands in " + place_of(*found) +
                            ", which connectord may not write: change it there and reload connectord");
  }
  const Change change{
      enabled ? "enable" : "disable", {path, *text}, mode_of(path), call.id, found->direction(), before};
  if (Response refused = carry_out(context, call, held, change, after); refused.status != 200) return refused;
  return current(context, call.id, change.direction, call, 200);
}

}  // namespace connectord::api
