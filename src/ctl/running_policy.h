#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "command_line.h"
#include "connectord/config/setting_changes.h"
#include "connectord/engine/policy.h"
#include "connectord/runtime/configuration_history.h"

// What runs, which may be something else than what the files say.
namespace connectord::ctl {

// What the files say; where they have errors, as far as they are read, so that server.user is known from them too.
config::Loaded files_of(const Common& common);

// `user` is server.user. On failure says why it is not known, as where no connectord runs with this file.
tl::expected<runtime::RunningConfiguration, std::string> running_configuration(const Common& common,
                                                                               const std::string& user);

// What a reload would change.
std::vector<config::SettingChange> pending_changes(const runtime::RunningConfiguration& running,
                                                   const config::Loaded& files);

// The policy that runs, where a connectord does and answers us, and else that of the files; with `file_only` always
// that of the files. Where the two differ, that is said on the error output. nullptr, and the problems are printed,
// where there is none.
std::shared_ptr<const engine::Policy> running_or_complain(const Common& common, bool file_only,
                                                          const Terminal& terminal);

// The same with the texts of the files that it was read from.
struct ConfigurationInUse {
  std::shared_ptr<const engine::Policy> policy;  // nullptr, and the problems are printed
  config::SourceTexts files{};
};
ConfigurationInUse in_use_or_complain(const Common& common, bool file_only, const Terminal& terminal);

// The same for who can do without: nothing is printed, and nullptr is no error.
std::shared_ptr<const engine::Policy> running_if_known(const Common& common);

// The option that a command takes for that.
void add_file_only_option(const Subcommand& command, bool& file_only);

}  // namespace connectord::ctl
