#include "running_policy.h"

#include <ostream>
#include <utility>

#include "configuration_file.h"
#include "connectord/mta/running_daemon.h"
#include "finding_text.h"
#include "table.h"

namespace connectord::ctl {
namespace {

constexpr std::size_t max_changes = 1000;

// What is loud must be seen before the answer, and must not be taken for a part of it.
void say_what_differs(const std::vector<config::SettingChange>& pending, const Common& common,
                      const Terminal& terminal) {
  if (pending.empty()) return;
  constexpr std::size_t max_shown = 5;
  const Paint paint(terminal.colour);
  terminal.error << paint("This is what runs. " + common.configuration + " says something else:", yellow) << '\n';
  for (std::size_t i = 0; i < std::min(pending.size(), max_shown); ++i) {
    terminal.error << "  " << harmless(to_string(pending[i])) << '\n';
  }
  if (pending.size() > max_shown) {
    terminal.error << "  and " << pending.size() - max_shown << " more; see: connectorctl changes\n";
  }
  terminal.error << "connectorctl reload has it run; --file-only answers for the file\n";
}

// Where a daemon runs that does not answer us.
void say_why_not_known(const std::string& why, const Common& common, const Terminal& terminal) {
  if (why.starts_with("connectord does not run")) return;
  terminal.error << "connectorctl: this is what " << common.configuration << " says; " << why << '\n';
}

runtime::LoadedPolicy load_running(const runtime::RunningConfiguration& running) {
  config::Environment environment = runtime::environment_of_host();
  environment.files = std::make_shared<const config::SourceTexts>(running.files);
  const std::string main_file = running.files.empty() ? std::string() : running.files.front().path;
  return runtime::load_policy(main_file, environment, runtime::SecretFiles::leave);
}

// The answer decides which files whoever asks reads and writes, root too, always with the rights of server.user. So
// that user is the one that the file names: whoever has connectord's own could otherwise answer in its place, and name
// root.
bool names_another_user(const engine::Policy& running, const config::Loaded& files) {
  return running.configuration().server.user != files.configuration.server.user;
}

ConfigurationInUse in_files(const Common& common, const Terminal& terminal) {
  runtime::LoadedPolicy loaded = load_all_or_complain(common, terminal);
  return {std::move(loaded.policy), std::move(loaded.sources)};
}

}  // namespace

config::Loaded files_of(const Common& common) {
  return config::load(common.configuration, runtime::environment_of_host());
}

tl::expected<runtime::RunningConfiguration, std::string> running_configuration(const Common& common,
                                                                               const std::string& user) {
  return mta::ask_running_configuration(common.configuration, user).map_error([](const mta::Advice& advice) {
    return advice.what;
  });
}

std::vector<config::SettingChange> pending_changes(const runtime::RunningConfiguration& running,
                                                   const config::Loaded& files) {
  return config::setting_changes(running.files, files.sources, max_changes);
}

ConfigurationInUse in_use_or_complain(const Common& common, bool file_only, const Terminal& terminal) {
  if (file_only) return in_files(common, terminal);
  const config::Loaded files = files_of(common);
  auto running = running_configuration(common, files.configuration.server.user);
  if (!running) {
    say_why_not_known(running.error(), common, terminal);
    return in_files(common, terminal);
  }
  auto loaded = load_running(*running);
  if (!loaded.policy) {
    terminal.error << "connectorctl: what connectord reports of its configuration does not load; try --file-only\n";
    return {nullptr};
  }
  if (names_another_user(*loaded.policy, files)) {
    terminal.error << "connectorctl: what runs has another server.user than " << common.configuration
                   << " says, and is not believed; start connectord anew, or write --file-only\n";
    return {nullptr};
  }
  say_what_differs(pending_changes(*running, files), common, terminal);
  return {std::move(loaded.policy), std::move(running->files)};
}

std::shared_ptr<const engine::Policy> running_or_complain(const Common& common, bool file_only,
                                                          const Terminal& terminal) {
  return in_use_or_complain(common, file_only, terminal).policy;
}

std::shared_ptr<const engine::Policy> running_if_known(const Common& common) {
  const config::Loaded files = files_of(common);
  const auto running = running_configuration(common, files.configuration.server.user);
  auto policy = running ? load_running(*running).policy : nullptr;
  if (policy && !names_another_user(*policy, files)) return policy;
  return load(common, runtime::SecretFiles::leave).policy;
}

void add_file_only_option(const Subcommand& command, bool& file_only) {
  command.add_flag("--file-only", file_only, "Answer for the file, whatever runs");
}

}  // namespace connectord::ctl
