#include "written_file.h"

#include <sys/stat.h>

#include <ostream>
#include <utility>

#include "configuration_file.h"
#include "connectord/base/files.h"
#include "connectord/base/json.h"
#include "connectord/config/connector_edit.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/connector_json.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/config/named_files.h"
#include "connectord/config/rule_json.h"
#include "connectord/model/entry_named.h"
#include "connectord/mta/main_cf.h"
#include "expected.h"
#include "finding_text.h"
#include "fleet_change.h"
#include "reload_daemon.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

// A file of the configuration, or the host's copy of what the fleet's hosts have in common.
Expected<std::string> read_written(const model::Configuration& configuration, const std::string& path) {
  return config::read_named_text(configuration, {std::make_shared<const std::string>(path)}, path);
}

template <class Connectors>
void look_in(const model::Configuration& configuration, const Connectors& connectors, const std::string& name,
             const char* table, std::optional<WrittenFile>& found) {
  const auto* connector = model::entry_named(connectors, name);
  if (connector == nullptr || !connector->location.file) return;
  const auto text = read_written(configuration, *connector->location.file);
  if (text && !config::is_sealed(*text)) found = WrittenFile{*connector->location.file, table};
}

Json entry_in(const model::Configuration& configuration, const WrittenFile& file, const std::string& name) {
  if (file.table == "rule") return config::to_json(*model::entry_named(configuration.rules, name));
  if (file.table == "inbound") return config::to_json(*model::entry_named(configuration.inbound, name));
  return config::to_json(*model::entry_named(configuration.outbound, name));
}

// What the file says, and is to say.
struct Texts {
  std::string before;
  std::string after;
};

Expected<Texts> texts_of(const Common& common, const WrittenFile& file, const std::string& name,
                         const ConnectorChange& change, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return tl::unexpected(std::string("the configuration does not load, so nothing was changed"));
  auto text = read_written(policy->configuration(), file.path);
  if (!text) return tl::unexpected(file.path + ": " + text.error());
  const Json before = entry_in(policy->configuration(), file, name);
  return change(before).and_then([&](const Json& after) -> Expected<Texts> {
    const auto changes = config::differences(before, after);
    auto changed = config::with_changes(*text, file.table, name, changes);
    if (changed) return Texts{std::move(*text), std::move(*changed)};
    std::string message = changed.error() + "; change it in " + file.path + " yourself, to:";
    for (const config::KeyChange& one : changes) message += "\n  " + one.key() + " = " + base::json_text(one.after);
    return tl::unexpected(std::move(message));
  });
}

Expected<void> check(const Common& common, const WrittenFile& file, const std::string& text, const Terminal& terminal) {
  config::Environment environment = runtime::environment_of_host();
  environment.change = config::FileChange{file.path, text};
  const auto loaded = runtime::load_policy(common.configuration, environment, runtime::SecretFiles::read);
  if (loaded.policy) return {};
  print_problems(loaded.problems, terminal);
  return tl::unexpected(std::string("the configuration would not load with this change; nothing was changed"));
}

// A new file would take the place of a link, and leave what it leads to as it was.
Expected<base::FileRights> rights_of(const std::string& path) {
  constexpr mode_t permissions = 07777;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return tl::unexpected(path + " is no plain file: change what it leads to, and run connectorctl reload");
  }
  return base::FileRights{status.st_mode & permissions, status.st_uid, status.st_gid};
}

Expected<void> write(const WrittenFile& file, const Texts& texts) {
  const auto rights = rights_of(file.path);
  if (!rights) return tl::unexpected(rights.error());
  if (base::read_file(file.path).value_or("") != texts.before) {
    return tl::unexpected(file.path + " has just been changed by somebody else; look at it, and try again");
  }
  return base::replace_file(file.path, texts.after, *rights);
}

// Of what all hosts of the fleet have in common.
Expected<std::string> change_for_all(const Common& common, std::int64_t generation, const std::string& name,
                                     const std::string& document, bool yes, const Terminal& terminal) {
  if (!yes)
    return std::string("nothing was changed yet, since all hosts of the fleet have it; to change it so, add --yes");
  const auto configuration = member_configuration(common);
  if (!configuration) return tl::unexpected(configuration.error());
  auto database = fleet::Database::open(*configuration);
  if (!database) return tl::unexpected(database.error());
  const auto made =
      apply_to_fleet(common, *configuration, *database, {generation, document, "update " + name}, terminal);
  if (!made) return tl::unexpected(made.error());
  return "updated for all hosts of the fleet (its generation " + std::to_string(*made) + ")";
}

std::optional<std::int64_t> fleets_generation(const Common& common, const std::string& path) {
  const auto policy = load(common, runtime::SecretFiles::leave).policy;
  if (!policy || !policy->configuration().fleet) return std::nullopt;
  return config::generation_of_copy(policy->configuration().fleet->state, path);
}

}  // namespace

std::optional<WrittenFile> written_file_of(const Common& common, const std::string& name,
                                           const std::string& direction) {
  const auto loaded = load(common, runtime::SecretFiles::leave);
  std::optional<WrittenFile> found;
  if (!loaded.policy) return found;
  const model::Configuration& configuration = loaded.policy->configuration();
  if (direction != "outbound") look_in(configuration, configuration.inbound, name, "inbound", found);
  if (direction != "inbound" && !found) look_in(configuration, configuration.outbound, name, "outbound", found);
  return found;
}

std::optional<WrittenFile> written_file_of_rule(const Common& common, const std::string& name) {
  const auto loaded = load(common, runtime::SecretFiles::leave);
  std::optional<WrittenFile> found;
  if (loaded.policy) look_in(loaded.policy->configuration(), loaded.policy->configuration().rules, name, "rule", found);
  return found;
}

Expected<std::string> change_written_file(const Common& common, const WrittenFile& file, const std::string& name,
                                          const ConnectorChange& change, bool yes, const Terminal& terminal) {
  const auto texts = texts_of(common, file, name, change, terminal);
  if (!texts) return tl::unexpected(texts.error());
  if (texts->before == texts->after) return "nothing to change in " + file.path;
  if (!common.json) terminal.out << mta::unified_diff(file.path, texts->before, texts->after);
  if (const auto generation = fleets_generation(common, file.path)) {
    return change_for_all(common, *generation, name, texts->after, yes, terminal);
  }
  if (auto good = check(common, file, texts->after, terminal); !good) return tl::unexpected(good.error());
  if (!yes) return "nothing was changed yet, since people wrote " + file.path + "; to change it so, add --yes";
  if (auto written = write(file, *texts); !written) return tl::unexpected(written.error());
  const auto policy = load_or_complain(common, terminal);
  const auto generation = reload_daemon(common.configuration, policy ? policy->configuration().server.user : "");
  return "updated in " + file.path + "; " +
         (generation ? "connectord has loaded it (generation " + std::to_string(*generation) + ")"
                     : "not running yet: " + generation.error());
}

}  // namespace connectord::ctl
